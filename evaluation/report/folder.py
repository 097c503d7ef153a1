"""The folder of a report, checked before anything is loaded and changed when a report is whole."""

import shutil
from pathlib import Path

# where a study keeps its counts until the report is written
PARTIAL = "partial"
# where a report is written until it is whole
NEW = "new"


class ReportFolderError(ValueError):
    """A report cannot be written to its folder."""


def prepare(folder: Path, overwrite: bool = False, resume: bool = False) -> None:
    """Make the folder of a report.

    Args:
        folder: the report's folder.
        overwrite: replace an earlier report.
        resume: keep the counts of a study that was stopped, to go on from them.

    Raises: ReportFolderError: it holds a report or such counts, or is not writable.
    """
    # a study that was stopped in the folder of a report was allowed to replace it
    begun = resume and (folder / PARTIAL).exists()
    if (folder / "results.json").exists() and not (overwrite or begun):
        raise ReportFolderError(
            f"{folder} already holds a report; write over it (--overwrite true), choose another "
            "folder (--run) or remove it"
        )
    if (folder / PARTIAL).exists() and not (overwrite or resume):
        raise ReportFolderError(
            f"{folder} holds a study that was stopped; go on with it (--resume true), write over "
            "it (--overwrite true) or choose another folder (--run)"
        )
    if not resume:
        shutil.rmtree(folder / PARTIAL, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may have been faster
    except OSError as error:
        raise ReportFolderError(
            f"the report cannot be written to {folder}: {error}; choose another folder (--run)"
        ) from error


def begin(folder: Path) -> Path:
    """Return an empty folder for a new report, inside that of the earlier one."""
    new = folder / NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    return new


def put_in_place(new: Path, folder: Path) -> None:
    """Replace the files of the earlier report by those of a new one that is whole."""
    (folder / "index.html").unlink(missing_ok=True)
    for path in sorted(new.iterdir(), key=lambda path: path.name == "index.html"):
        if path.is_dir():
            shutil.rmtree(folder / path.name, ignore_errors=True)
        path.replace(folder / path.name)
    new.rmdir()
