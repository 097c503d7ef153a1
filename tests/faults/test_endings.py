"""A command ends in a few lines, and the traceback of a fault that nobody expects is kept."""

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datamodules import Shapes
from datamodules.image_files import ImageFolderError
from endings import Stopped, in_brief, in_short, open_ended
from files import StoredFileError, check_regular, replacing
from trompe.train import RunFolderError, check_checkpoint


def caught(function: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as raised:  # noqa: PT011  # any
        function()
    return raised.value


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "run/last.ckpt")


def wrapped() -> None:
    try:
        full()
    except OSError as error:
        raise RuntimeError("unexpected pos 704 vs 598") from error


def looping() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def killed() -> None:
    raise RuntimeError("DataLoader worker (pid 9) is killed by signal: Bus error. It is possible")


def refuse(kind: type[Exception]) -> None:
    raise kind("refused")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (full, "No space left on device: run/last.ckpt; free some space"),
        (wrapped, "No space left on device: run/last.ckpt; free some space"),
        (killed, "--data.init_args.workers 0"),
        (lambda: Path("nowhere", "x").read_text(), "No such file or directory: nowhere/x; check"),
        (lambda: os.stat(b"nowhere"), "No such file or directory: nowhere; check"),
        (lambda: check_regular(Path("nowhere")), "no file at"),
        (lambda: check_checkpoint("file:///x", Path()), "`ckpt_path` must be a file"),
        (lambda: refuse(RunFolderError), "refused"),
        (lambda: Shapes(batch_size=0), "`batch_size` must be at least 1, got 0\n(/"),
    ],
)
def test_what_is_told_in_short(function: Callable[[], object], said: str) -> None:
    found = in_short(caught(function))
    assert found is not None
    assert said in found
    assert len(found.splitlines()) <= 2


@pytest.mark.parametrize(
    "function",
    [
        lambda: int("x"),
        lambda: vars()["x"],
        # a fault of ours, in a function that ours calls
        lambda: check_regular(None),  # type: ignore[arg-type]
        # raised on purpose, and not by us
        lambda: refuse(ValueError),
        looping,
    ],
)
def test_what_keeps_its_traceback(function: Callable[[], object]) -> None:
    assert in_short(caught(function)) is None


def test_an_error_in_a_loading_process_is_told_by_its_own_words() -> None:
    text = "Caught ImageFolderError in DataLoader worker process 0.\nOriginal Traceback (most"
    text += " recent call last):\n  File x\ndatamodules.image_files.ImageFolderError: cannot read x"
    assert in_short(ImageFolderError(text)) == "cannot read x"


def test_the_end_of_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended, in_brief():
        raise StoredFileError("x is damaged")
    assert ended.value.code == "error: x is damaged"
    noted = StoredFileError("x is damaged")
    noted.add_note("y is whole")
    with pytest.raises(SystemExit) as ended, in_brief():
        raise noted
    assert ended.value.code == "error: x is damaged\ny is whole"
    with pytest.raises(ZeroDivisionError), in_brief():
        raise ZeroDivisionError
    with pytest.raises(SystemExit, match="2"), in_brief():
        sys.exit(2)
    monkeypatch.setenv("TROMPE_TRACEBACK", "1")
    with pytest.raises(StoredFileError), in_brief():
        raise StoredFileError("x is damaged")


@pytest.fixture
def heeded() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell's background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_in_one_line(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, in_brief():
        os.kill(os.getpid(), number)
    assert ended.value.code == 128 + number
    assert capsys.readouterr().err == "interrupted; the files in the run's folder are whole\n"
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_code_of_a_signal_that_lightning_has_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def exiting() -> None:
        try:
            raise Stopped(signal.SIGTERM)
        except KeyboardInterrupt:
            sys.exit(1)

    with pytest.raises(SystemExit) as ended, in_brief():
        exiting()
    assert ended.value.code == 143
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("function", "said"), [(full, ""), (lambda: 1 / 0, "ZeroDivisionError")])
def test_the_errors_of_threads(
    function: Callable[[], object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """TensorBoard's writer raises its own again in the main thread."""
    with in_brief():
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()
    assert bool(said) == bool(found := capsys.readouterr().err)
    assert said in found


def test_any_character_can_be_written(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        stream = open_ended(file)
        stream.write("é ∞")
        stream.flush()
    assert (tmp_path / "out").read_text() == r"\xe9 \u221e"


def test_a_reader_may_leave() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as file:
        stream = open_ended(file)
        stream.write("read")
        stream.flush()
        assert os.read(reader, 9) == b"read"
        os.close(reader)
        for _ in range(3):
            stream.write("unread")
            stream.flush()
    memory = io.StringIO()
    assert open_ended(memory) is memory


def test_a_full_disk_is_told_with_its_file(tmp_path: Path) -> None:
    def write() -> None:
        with replacing(tmp_path / "x"):
            raise OSError(errno.ENOSPC, "No space left on device")

    error = caught(write)
    assert isinstance(error, OSError)
    assert error.filename == str(tmp_path / "x")
    assert not any(tmp_path.iterdir())
