"""Write configs/README.md from the first line of every configuration.

python -m docs.configs_index
"""

from pathlib import Path

CONFIGS = Path(__file__).parents[1] / "configs"
PAGE = CONFIGS / "README.md"
HEADER = """# Configurations

`python -m docs.configs_index` writes this page from the first line of each file. The comments of an
experiment hold the command that runs it. `--config` can be given several times: a later file
replaces values of the earlier ones. A part can be used wherever a value of its kind is expected:
`--model.init_args.loss configs/losses/top_k.yaml`.

Most times are estimates: the processor time of a few steps or images on one core of a busy AMD
EPYC, in single precision, times their number. Several cores or a GPU take less. Times on CIFAR-10
are for 2,000 training images of each class and the number of test images in the command; trainings
whose line does not say "single precision" were timed in bfloat16.
"""
SECTIONS = {
    "experiments/shapes": "Experiments on Shapes",
    "experiments/cifar10": "Experiments on CIFAR-10",
    "experiments/imagenet": "Experiments on ImageNet",
    "experiments/heo2019": "The experiments of Heo et al. (2019)",
    "networks": "Networks",
    "interpreters": "Interpreters",
    "composites": "Composites of LRP rules",
    "losses": "Losses",
    "attacks": "Attacks",
    "data": "Data",
}


def first_line(path: Path) -> str:
    """Return the comment in a file's first line.

    Raises:
        ValueError: the first line is a command or no comment.
    """
    line = path.read_text().split("\n", 1)[0]
    if not line.startswith("# ") or "--config" in line:
        raise ValueError(f"the first line of {path} must be a comment: what is the file for?")
    return line.removeprefix("# ")


def evaluates(path: Path) -> bool:
    """Return whether an experiment evaluates networks; the others train one."""
    return path.name.startswith("evaluate")


def table(paths: list[Path]) -> str:
    """Return a table with a row for each file."""
    rows = [f"| [{p.stem}]({p.relative_to(CONFIGS)}) | {first_line(p)} |" for p in paths]
    return "\n".join(["| file | what it is for |", "|---|---|", *rows]) + "\n"


def section(folder: str) -> str:
    """Return the tables of a folder: experiments in two, parts in one."""
    paths = sorted((CONFIGS / folder).glob("*.yaml"))
    if not folder.startswith("experiments/"):
        return table(paths)
    trainings = [path for path in paths if not evaluates(path)]
    studies = [path for path in paths if evaluates(path)]
    return f"### Train\n{table(trainings)}\n### Evaluate\n{table(studies)}"


def index() -> str:
    """Return the whole page."""
    parts = [f"## {title}\n{section(folder)}" for folder, title in SECTIONS.items()]
    return "\n".join([HEADER, *parts])


if __name__ == "__main__":
    PAGE.write_text(index())
