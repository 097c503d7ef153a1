"""Arguments of `trompe explain` and `trompe attack`: images, a network, a file to write."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from files import replacing
from networks import NormalizedNetwork
from trompe.loading import load


def parser(task: str, description: str, out: str) -> ArgumentParser:
    """Return a parser of the arguments that both commands have."""
    shown = ArgumentParser(f"trompe {task}", description=description, allow_abbrev=False)
    shown.add_argument("images", nargs="+", metavar="IMAGE", help="image files")
    group = shown.add_argument_group("network")
    text = "name of torchvision or timm, such as resnet50 or timm/resnet50, or a folder of a model"
    group.add_argument("--network", required=True, help=f"{text} of Hugging Face")
    group.add_argument("--weights", metavar="FILE", help="weight file (.pth, .pt, .safetensors)")
    group.add_argument("--pretrained", action="store_true", help="download the library's weights")
    text = "number of classes, if neither the weights nor the library say it"
    group.add_argument("--num_classes", type=int, metavar="K", help=text)
    group.add_argument("--classes", metavar="FILE", help="names of the classes, one a line")
    text = "number of the class to explain; what the network predicts, if not given"
    shown.add_argument("--label", type=int, help=text)
    text = "picture to write (.png, .pdf, .svg); an earlier one is replaced"
    shown.add_argument("--out", type=Path, default=Path(out), help=f"{text} (default: {out})")
    return shown


def checked(arguments: Namespace) -> Namespace:
    """Raise ValueError unless there are weights to explain, and the picture can be written."""
    pretrained_folder = Path(arguments.network).is_dir()
    if not (arguments.weights or arguments.pretrained or pretrained_folder):
        raise ValueError(
            f"{arguments.network} has no weights: give --weights FILE, or --pretrained to download "
            "the library's"
        )
    out: Path = arguments.out
    forms = sorted(matplotlib.figure.Figure().canvas.get_supported_filetypes())
    if out.suffix.lower().removeprefix(".") not in forms:
        raise ValueError(
            f"`out` is {out}, expected a name that ends in one of .{', .'.join(forms)}"
        )
    if not out.absolute().parent.is_dir():
        raise ValueError(f"`out` is {out}, and there is no folder {out.absolute().parent}; make it")
    return arguments


def network_of(arguments: Namespace) -> NormalizedNetwork:
    """Return the network, with the names of its classes."""
    names: Sequence[str] = ()
    if arguments.classes is not None:
        names = Path(arguments.classes).read_text().splitlines()
    return load(
        arguments.network,
        arguments.weights,
        pretrained=arguments.pretrained,
        num_classes=arguments.num_classes,
        classes=names,
    )


def save(figure: Figure, out: Path) -> None:
    """Write a figure to a file, whole or not at all, and close it."""
    with replacing(out) as file:
        figure.savefig(file, format=out.suffix.lower().removeprefix("."), dpi=130)
    plt.close(figure)
