"""Build the wheel, install it into a fresh environment, and use it from another folder.

The environment sees the installed dependencies and not the checkout: python tests/check_wheel.py
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
# of the checkout only
SCRIPTS = {"evaluate.py", "explain.py", "setup.py", "train.py"}
UNSHIPPED = {"benchmarks", "docs", "tests"} | SCRIPTS
SHIPPED = {".html", ".py", ".safetensors", ".yaml"}
FOREIGN = 'raise RuntimeError("this module is not trompe\'s")\n'
IDENTITY = """
import trompe
from trompe.losses import Location
from trompe.losses.location import Location as Same
import losses, trompe.seeds, seeds
assert Location is losses.Location is Same
assert trompe.losses is losses and callable(losses.location)  # not the module of that name
assert Location.__module__ == "losses.location" and losses.__spec__.name == "losses"
assert trompe.seeds is seeds
import evaluate
assert evaluate.MINE
"""
ALREADY_IMPORTED = """
import sys, types
sys.modules["metrics"] = types.ModuleType("metrics")
sys.modules["metrics"].__file__ = "theirs/metrics.py"
import trompe
"""
TINY = "{class_path: datamodules.Shapes, init_args: {train: 24, validation: 12, batch_size: 8}}"
LOSS = "{class_path: trompe.losses.TopK}"


def build(folder: Path) -> Path:
    """Build the wheel from a copy, so that nothing is left in the checkout."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in output.split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    command = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "dist"]
    subprocess.run([*PIP, *command, "."], cwd=folder, check=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    check_contents(wheel, names)
    return wheel


def check_contents(wheel: Path, names: Sequence[str]) -> None:
    """The wheel holds one name, and every module, configuration, template and weight file."""
    held = ZipFile(wheel).namelist()
    tops = sorted({name.partition("/")[0] for name in held})
    assert tops == ["trompe", wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"], tops
    wanted = {
        name if name.startswith("trompe/") else f"trompe/{name}"
        for name in names
        if Path(name).parts[0] not in UNSHIPPED and Path(name).suffix in SHIPPED
    }
    wanted = {name for name in wanted if "/." not in name} | {"trompe/py.typed"}
    missing = sorted(wanted - set(held))
    assert not missing, f"the wheel lacks {', '.join(missing)}; packages need an __init__.py"


def install(wheel: Path, environment: Path) -> Path:
    """Make an environment of the wheel, the dependencies, and another package `evaluate`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (site / "evaluate.py").write_text("MINE = True\n")
    python = environment / "bin" / "python"
    options = ["install", "--no-deps", "--no-index"]
    subprocess.run([*PIP, "--python", python, *options, wheel], check=True)
    return python.parent


def use(commands: Path, folder: Path) -> None:
    """Import, fit two steps and evaluate 24 images beside modules of the user's own."""
    (folder / "losses").mkdir(parents=True)
    for name in ("metrics.py", "losses/__init__.py"):
        (folder / name).write_text(FOREIGN)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"  # threads only wait for each other on tiny networks

    def run(name: str, *arguments: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            [commands / name, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, output
        return output

    said = run("python", "-c", IDENTITY)
    assert f"losses/__init__.py, not {folder}/losses/__init__.py; rename" in said, said
    said = run("python", "-c", ALREADY_IMPORTED, succeeds=False)
    assert "ModuleNameError: `metrics` is already imported from theirs/metrics.py" in said, said
    quiet = ["--trainer.enable_progress_bar", "false", "--trainer.accelerator", "cpu"]
    fool = ["--config", "experiments/shapes/fool.yaml", f"--data={TINY}", *quiet]
    run("trompe", "fit", *fool, f"--model.init_args.loss={LOSS}", "--trainer.max_steps", "2")
    assert (folder / "runs/quickstart/weights.safetensors").is_file()
    study = ["--config", "experiments/shapes/evaluate.yaml", *quiet, "--limit_images", "24"]
    study += ["--data.init_args.test", "48"]
    said = run("trompe", "evaluate", *study)
    assert (folder / "runs/quickstart/report/index.html").is_file(), said
    said = run("trompe", "compare", "runs/quickstart", "runs/quickstart")
    assert "accuracy top1" in said, said


def main() -> None:
    with TemporaryDirectory() as folder:
        wheel = build(Path(folder, "copy"))
        commands = install(wheel, Path(folder, "environment"))
        use(commands, Path(folder, "elsewhere"))


if __name__ == "__main__":
    main()
