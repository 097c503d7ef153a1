"""The command that attacks the heatmaps of image files: `trompe attack dog.jpg --network ...`."""

from matplotlib import use
from rich.console import Console
from rich.progress import track

from trompe.attacking import Attacked, attack
from trompe.explaining import joined
from trompe.image_arguments import checked, network_of, parser, save
from trompe.parts import interpreter
from trompe.reading import read
from trompe.showing import show_attack


def main(arguments: list[str] | None = None) -> None:
    """Write a picture of images and heatmaps before and after an attack."""
    description = (
        "Change images imperceptibly so that their heatmap changes and the prediction stays "
        "(Ghorbani et al. 2019)."
    )
    options = parser("attack", description, "attacked.png")
    text = "interpreter that is attacked (default: GradCam)"
    options.add_argument("--interpreter", default="GradCam", help=text)
    text = "largest change of a value of a pixel (default: 8/255)"
    options.add_argument("--epsilon", default="8/255", help=text)
    text = "number of steps, each as dear as two or three heatmaps (default: 50)"
    options.add_argument("--steps", type=int, default=50, help=text)
    given = checked(options.parse_args(arguments))
    method, network = interpreter(given.interpreter), network_of(given)
    found: list[Attacked] = []
    images = [read(file, network) for file in given.images]
    sizes = {"epsilon": given.epsilon, "steps": given.steps}
    for image in track(images, "attacking", console=Console(stderr=True), transient=True):
        found.append(attack(network, image, given.label, method, **sizes))
    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    for file, each in zip(given.images, found, strict=True):
        if each.before.predictions != each.before.labels:
            console.print(f"{file}: {each.before.titles[0]} is not predicted; left as it is")
            continue
        share, correlation = float(each.top_k_intersection), float(each.rank_correlation)
        console.print(
            f"{file}: {each.before.titles[0]}; after the attack {each.after.titles[0]}, "
            f"{100 * share:.0f} % of the top tenth kept, rank correlation {correlation:.2f}"
        )
    use("agg")
    before, after = (
        joined(each, given.interpreter)
        for each in ([a.before for a in found], [a.after for a in found])
    )
    save(show_attack(Attacked(before, after)), given.out)
    console.print(f"picture: {given.out}")
