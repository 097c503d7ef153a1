"""Files of any origin are read as what they should be, and nothing else is."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from attacks import MaskFile
from datamodules.image_files import ImageFolderError, decode
from files import (
    SUFFIXES,
    FolderInUseError,
    StoredFileError,
    opened_image,
    read_bytes,
    replace,
    replacing,
    sole_writer,
)
from interpreters import ExpectedGradients
from losses import TargetMap

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"


def written(picture: Image.Image, form: str) -> bytes:
    file = BytesIO()
    picture.save(file, form)
    return file.getvalue()


def png() -> bytes:
    picture = Image.new("RGB", (4, 3), "red")
    picture.putpixel((0, 0), (0, 0, 0))
    return written(picture, "PNG")


NO_IMAGES: dict[str, bytes] = {
    "PostScript": POSTSCRIPT,
    "a format that few have": written(Image.new("P", (4, 3)), "BLP"),
    "PDF": written(Image.new("RGB", (4, 3)), "PDF"),
    "half a PNG": png()[:60],
    "a damaged JPEG": written(Image.new("RGB", (64, 64)), "JPEG")[:200],
    "nothing": b"",
    "text": b"hello",
}


def masked(path: Path) -> object:
    return MaskFile(str(path)).weights(torch.rand(1, 3, 3, 4), torch.rand(1, 1, 3, 4))


READERS: dict[str, Callable[[Path], object]] = {
    "data": lambda path: decode(path, path),
    "a target": lambda path: TargetMap(image=str(path))._picture,
    "a mask": masked,
    "references": lambda path: ExpectedGradients(references=[str(path)])._pictures,
}


@pytest.mark.parametrize("content", NO_IMAGES)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_image(reader: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(NO_IMAGES[content])
    with pytest.raises(ValueError, match="cannot read") as error:
        READERS[reader](path)
    assert str(error.value).isprintable()
    path.write_bytes(png())
    READERS[reader](path)


def test_masks_and_references_of_16_bits(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((3, 4), 51400, np.uint16)).save(path)
    for reader in ("a mask", "references"):
        found: Any = READERS[reader](path)
        pixels = found[0] if isinstance(found, list) else found
        torch.testing.assert_close(pixels, torch.full_like(pixels, 200 / 255))


def test_pipes_and_folders_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path, kind in ((tmp_path / "pipe.jpg", "a pipe"), (tmp_path, "a folder")):
        with pytest.raises(ImageFolderError, match=f"but {kind}"):
            decode(path, path)
        with pytest.raises(StoredFileError, match=f"but {kind}"):
            read_bytes(path)


def test_an_image_that_is_too_large_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(written(Image.new("1", (300, 100)), "PNG"))
    with pytest.raises(ImageFolderError, match=r"300 x 100 pixels, and at most 29999 are read"):
        decode(path, path, 29_999)
    assert decode(path, path, 30_000).size == (300, 100)


def test_the_limit_of_pixels_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    (tmp_path / "image.png").write_bytes(png())
    assert decode(tmp_path / "image.png", "image").size == (4, 3)
    assert Image.MAX_IMAGE_PIXELS == 5


def test_any_error_of_a_decoder_is_one() -> None:
    with (
        pytest.raises(StoredFileError, match=r"^AssertionError: \\x1b\[2J$"),
        opened_image(BytesIO(png())),
    ):
        raise AssertionError("\x1b[2J")


def test_suffixes_are_those_of_images() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".tif"} <= SUFFIXES
    assert not {".pdf", ".h5", ".eps", ".mpg"} & SUFFIXES


def test_a_file_is_whole_or_as_before(tmp_path: Path) -> None:
    def stop_in_the_middle() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    path = tmp_path / "file"
    replace(path, "before")
    with pytest.raises(KeyboardInterrupt):
        stop_in_the_middle()
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_one_process_holds_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with (
        sole_writer(folder, "fit"),
        sole_writer(folder, "evaluate"),
        pytest.raises(FolderInUseError, match=f"process {os.getpid()} on .*, since 20"),
        sole_writer(folder, "fit"),
    ):
        pass
    # what a killed process leaves
    replace(folder / ".fit.holder", "process 1 on elsewhere")
    with sole_writer(folder, "fit"):
        assert f"process {os.getpid()} on" in (folder / ".fit.holder").read_text()
    assert not (folder / ".fit.holder").exists()
