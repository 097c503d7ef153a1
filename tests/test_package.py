"""One package with two names for each part, in the checkout; tests/check_wheel.py has the wheel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trompe import __main__, __version__
from trompe.configurations import shipped, with_paths
from trompe.finder import PARTS
from trompe.wrong_names import suggestion, suggestions

ROOT = Path(__file__).parents[1]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The package as it is installed, with two parts that are quick to import."""
    files = {
        "networks/__init__.py": "",
        "losses/__init__.py": "from losses.location import Location, location",
        "losses/location.py": "class Location: ...\ndef location(): ...",
        "losses/swap.py": "",
        "__init__.py": (ROOT / "trompe/__init__.py").read_text(),
        "finder.py": (ROOT / "trompe/finder.py").read_text(),
    }
    for name, content in files.items():
        path = tmp_path / "site" / "trompe" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "site" / "trompe"


def python(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a new process; modules in the working folder come before installed ones."""
    environment = os.environ | {"PYTHONPATH": str(home.parent)}
    command = [sys.executable, "-c", code]
    folder = home.parents[1]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


ORDERS = (
    "trompe, losses",
    "trompe.losses",
    "trompe.losses.location",
    "trompe, losses.location",
    "trompe.losses.swap, losses.swap",
    "trompe, losses.swap, trompe.losses.swap",
)


@pytest.mark.parametrize("order", ORDERS)
def test_both_names_are_one_module(order: str, home: Path) -> None:
    """In any order of imports; `losses.location` stays the function, not the module."""
    code = f"""
import {order}
import trompe.losses, trompe.losses.location, trompe.losses.swap, losses.location, losses, sys
from trompe import losses as third
from trompe.losses import Location
assert trompe.losses is losses is third is sys.modules["trompe.losses"]
assert sys.modules["trompe.losses.location"] is sys.modules["losses.location"]
assert losses.swap is sys.modules["losses.swap"] is sys.modules["trompe.losses.swap"]
assert losses.Location is Location and callable(losses.location)
for name in ("losses", "losses.location", "losses.swap"):
    assert sys.modules[name].__name__ == sys.modules[name].__spec__.name == name
    assert sys.modules[name].__spec__.parent == sys.modules[name].__package__ == "losses"
"""
    done = python(code, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_parts_that_were_imported_first(home: Path) -> None:
    """As in the checkout, where they are beside the package."""
    path = f"import sys; sys.path.append({str(home)!r})"
    code = f"{path}; import losses.location, trompe.losses.location; from trompe.losses import swap"
    code += "\nassert trompe.losses is losses and losses.swap is swap and callable(losses.location)"
    done = python(code, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


THEIRS = ("losses.py", "losses/__init__.py", "losses/mine.py")


def write(theirs: str, home: Path) -> Path:
    """Write a module into the working folder, and return what an import of `losses` finds."""
    path = home.parents[1] / theirs
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path.parent if theirs.endswith("mine.py") else path


@pytest.mark.parametrize("theirs", THEIRS)
def test_another_module_of_the_name_in_the_working_folder(theirs: str, home: Path) -> None:
    named = write(theirs, home)
    done = python("import trompe.losses, losses; assert losses.Location", home)
    assert done.returncode == 0, done.stderr
    warning = f"`import losses` imports {home}/losses/__init__.py, not {named}; rename the latter"
    assert done.stderr.count(warning) == 1, done.stderr


def test_a_folder_without_modules_is_no_conflict(home: Path) -> None:
    (home.parents[1] / "losses").mkdir()
    done = python("import trompe, losses; assert losses.Location", home)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("theirs", THEIRS)
def test_another_module_of_the_name_that_is_imported(theirs: str, home: Path) -> None:
    named = write(theirs, home)
    done = python("import losses, trompe", home)
    error = f"ModuleNameError: `losses` is already imported from {named}, and trompe needs"
    assert f"{error} this name for {home}/losses/__init__.py; rename the former" in done.stderr


def test_a_module_that_fails_is_imported_under_neither_name(home: Path) -> None:
    (home / "losses/swap.py").write_text("1 / 0")
    code = "import sys\ntry:\n    import trompe.losses.swap\nexcept ZeroDivisionError:\n    pass\n"
    done = python(f"{code}assert not [name for name in sys.modules if 'swap' in name]", home)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_module_runs_as_a_script(home: Path) -> None:
    (home / "losses/swap.py").write_text("print(__name__)")
    command = [sys.executable, "-m", "trompe.losses.swap"]
    done = subprocess.run(command, cwd=home.parent, capture_output=True, text=True)
    assert done.stdout == "__main__\n", done.stderr


def test_missing_modules_are_missing_under_both_names() -> None:
    for name in ("losses.none", "trompe.losses.none", "trompe.none"):
        with pytest.raises(ModuleNotFoundError, match=name):
            __import__(name)


def test_no_part_is_named_as_a_known_package() -> None:
    assert {"losses", "metrics", "networks", "seeds"} <= PARTS
    assert not PARTS & {"evaluate", "train", "tests", "benchmarks", "docs", "trompe"}


def test_shipped_configurations_are_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configs = ROOT / "configs"
    given = ["--config", "experiments/shapes/fool.yaml", "--data=configs/data/shapes.yaml"]
    given += ["--i={a: interpreters/lrp.yaml, b: mine.yaml}", "--run", "data/shapes.yaml.d"]
    assert with_paths(given) == [
        "--config",
        str(configs / "experiments/shapes/fool.yaml"),
        f"--data={configs / 'data/shapes.yaml'}",
        f"--i={{a: {configs / 'interpreters/lrp.yaml'}, b: mine.yaml}}",
        "--run",
        "data/shapes.yaml.d",
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "data/shapes.yaml").touch()
    assert with_paths(["data/shapes.yaml"]) == ["data/shapes.yaml"]
    assert "experiments/shapes/fool.yaml" in shipped()


def test_suggestions_compare_the_ends_of_names() -> None:
    names = ["losses.Location", "losses.Swap", "a/b/fool.yaml", "a/c/fool.yaml"]
    assert suggestion("losses.Locaton", names) == "; did you mean `losses.Location`?"
    assert suggestion("Swop", names) == "; did you mean `losses.Swap`?"
    assert suggestion("fol.yaml", names, "/").endswith("`a/b/fool.yaml` or `a/c/fool.yaml`?")
    assert suggestion("networks.timm_network", names) == ""
    assert suggestions("Option 'margn' is not accepted") == []


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_shows_the_subcommands(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        __main__.main(arguments)
    said = capsys.readouterr().out
    for name in ("fit", "validate", "test", "evaluate", "compare", "redraw"):
        assert f" {name} " in said


def test_a_subcommand_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["evalute"])
    assert "there is no subcommand `evalute`; did you mean `evaluate`?" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        __main__.main(["--version"])
    assert capsys.readouterr().out == f"trompe {__version__}\n"
