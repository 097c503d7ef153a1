"""The experiments that ship with trompe, as nested dictionaries that need no downloads."""

import re
from pathlib import Path
from random import Random
from typing import Any

import yaml

from trompe.configurations import CONFIGS

EXPERIMENTS = sorted((CONFIGS / "experiments").rglob("*.yaml"))
# what is downloaded, and large
LARGE = "networks.torchvision_network", "networks.timm_network", "networks.cifar_resnet"
FOLDERS = "datamodules.Image", "datamodules.CIFAR10"


def command_of(path: Path) -> list[str]:
    """Return the configurations that the first lines of a file say to use together."""
    comment = [line for line in path.read_text().splitlines() if line.startswith("#")]
    command = re.search(r"# python \w+\.py .*?[^\\](?=\n|$)", "\n".join(comment), re.DOTALL)
    return re.findall(r"--config (\S+)", command[0] if command else "")


def read(path: Path, random: Random) -> Any:
    """Return the content of a file, with those that it names inside, or their whole paths."""

    def whole(value: Any, folder: Path) -> Any:
        if isinstance(value, dict):
            return {key: whole(each, folder) for key, each in value.items()}
        if isinstance(value, str) and value.endswith(".yaml"):
            inner = (folder / value).resolve()
            if random.random() < 0.2 and inner.parent.name in ("losses", "interpreters"):
                return str(inner)
            return whole(yaml.safe_load(inner.read_text()), inner.parent)
        return value

    return whole(yaml.safe_load(path.read_text()), path.parent)


def small(tree: Any) -> Any:
    """Replace networks that are downloaded or trained first by the embedded one."""
    if not isinstance(tree, dict):
        return tree
    if tree.get("class_path") in LARGE:
        return {"class_path": "networks.shapes_network"}
    found = {key: small(value) for key, value in tree.items()}
    if str(found.get("class_path", "")).startswith(FOLDERS):
        found["init_args"] = {"root": "images"} | (found.get("init_args") or {})
    found.pop("weights", None)
    return found
