"""Configurations are options by name, each once, and errors say where they stand."""

from pathlib import Path

import pytest

from trompe.configurations import CONFIGS
from trompe.layout import LayoutError, check_layout
from trompe.places import given_files, places


def doubled(levels: int) -> str:
    """Text of a few lines that stands for 2 to the power of `levels` entries."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]" for n in range(levels)]
    return "\n".join(lines)


def test_what_is_shipped_is_well_written() -> None:
    for path in CONFIGS.rglob("*.yaml"):
        check_layout(path.read_text())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "it holds seq, expected options by name"),
        ("", "it holds nothing"),
        ("7", "it holds int"),
        ("run: [1", "it is not YAML: while parsing a flow sequence .* line 1"),
        ("run: \x00", "it is not YAML: unacceptable character"),
        ("run: a\nmodel: {}\nrun: b", "line 1: `run` stands there twice"),
        ("model:\n  class_path: [a]", "line 2: `class_path` is seq, expected the dotted name"),
        ("model: {class_path: 1.0e+30}", "line 1: `class_path` is float 1.0e[+]30, expected"),
        ("model:\n  init_args: 3", "line 2: `init_args` is int 3, expected options by name"),
        ("model:\n  CLASS_PATH: a", "line 2: no key `CLASS_PATH`; did you mean `class_path`"),
        ("model: {class_path: a, init_arg: {}}", "no key `init_arg`; did you mean `init_args`"),
        ("model: {class_path: a, lr: 1}", "`lr` stands beside class_path; put .* `init_args`"),
        ("model: &a\n  init_args: *a", "its aliases stand for over 100000 entries"),
        (doubled(20), "its aliases stand for over 100000 entries"),
        ("run: " + "[" * 5000 + "]" * 5000, "it is nested too deep"),
    ],
)
def test_other_layouts_are_refused(text: str, message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        check_layout(text)


def test_names_of_the_user_are_free() -> None:
    check_layout("model: {init_args: {networks: {class: {class_path: a}, init: b}}}")
    check_layout(doubled(5))
    check_layout("a: &a {b: 1}\nc: {<<: *a, d: 2}")


def test_errors_say_where_a_name_stands(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("run: runs/mine\n")
    second.write_text("trainer:\n  # max_epoch: of these\n  max_epoch: 3\n")
    files = given_files(["fit", f"--config={first}", "--config", str(second), "none.yaml"])
    assert files == [first, second]
    (said,) = places("no option `trainer.max_epoch`", files)
    assert said == f"given: {first}, {second} (line 3)"
    assert places("no option `trainer.max_epoch`", []) == []
