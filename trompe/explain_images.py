"""The command that explains image files: `trompe explain dog.jpg --network resnet50 ...`."""

from matplotlib import use
from rich.console import Console
from rich.progress import track

from trompe.explaining import Explained, explain, joined
from trompe.image_arguments import checked, network_of, parser, save
from trompe.parts import interpreter
from trompe.reading import read
from trompe.showing import show


def main(arguments: list[str] | None = None) -> None:
    """Write a picture of images with their heatmaps, and print what the network predicts."""
    description = "Explain images: a picture with a heatmap by each interpreter."
    options = parser("explain", description, "explained.png")
    text = "interpreters, as `trompe list interpreters` shows them (default: GradCam)"
    options.add_argument("--interpreter", nargs="+", default=["GradCam"], help=text)
    given = checked(options.parse_args(arguments))
    methods = {name: interpreter(name) for name in given.interpreter}
    network = network_of(given)
    found: dict[str, list[Explained]] = {name: [] for name in methods}
    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    images = [read(file, network) for file in given.images]
    for image in track(images, "explaining", console=Console(stderr=True), transient=True):
        for name, method in methods.items():
            found[name].append(explain(network, image, given.label, method))
    first, *_ = found.values()
    for file, each in zip(given.images, first, strict=True):
        console.print(f"{file}: {each.titles[0]}")
    use("agg")
    save(show(*(joined(each, name) for name, each in found.items())), given.out)
    console.print(f"picture: {given.out}")
