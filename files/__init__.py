"""Files: written whole or not at all, and read as data, whatever they contain."""

from files.images import MOST, SUFFIXES, in_8_bits, opened_image
from files.locks import FolderInUseError, sole_writer
from files.reading import StoredFileError, check_regular, read_bytes, read_stored, shown
from files.writing import replace, replacing

__all__ = [
    "MOST",
    "SUFFIXES",
    "FolderInUseError",
    "StoredFileError",
    "check_regular",
    "in_8_bits",
    "opened_image",
    "read_bytes",
    "read_stored",
    "replace",
    "replacing",
    "shown",
    "sole_writer",
]
