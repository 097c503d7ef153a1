"""The benchmark of decoding, on a few images."""

import sys
from pathlib import Path

import pytest

from benchmarks import decoding


@pytest.mark.parametrize("given", [True, False])
def test_every_part_is_timed(
    given: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(decoding, "DRAWN", 2)
    options = ["--images", "3", "--rounds", "1"]
    if given:
        decoding.draw(tmp_path)
        options += ["--root", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["decoding", *options])
    decoding.main()
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert [name.strip() for name, _, _ in rows] == [
        "read and decode",
        "crop, resize and flip, for training",
        "resize and crop, for evaluation",
        "all for training",
    ]
    assert all(int(speed) > 0 and float(share) > 0 for _, speed, share in rows)
    assert float(rows[-1][2]) == 1
