"""Files: written whole or not at all, and read as data, whatever they contain."""

from files.reading import StoredFileError, check_regular, read_bytes, read_stored, shown
from files.writing import replace, replacing

__all__ = [
    "StoredFileError",
    "check_regular",
    "read_bytes",
    "read_stored",
    "replace",
    "replacing",
    "shown",
]
