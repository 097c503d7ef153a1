"""What an attribution study found, in sentences and a table."""

from itertools import product
from typing import TYPE_CHECKING

from evaluation.results import Number, Results, words
from interpreters.base import snake_case

if TYPE_CHECKING:
    from evaluation.attribution import Attribution

AREAS = {"insertion": "higher", "deletion": "lower", "difference": "higher", "aopc": "higher"}
GAINS = {f"{area}_gain": better for area, better in AREAS.items()}
OWN = "explained"


def with_margin(number: Number, sign: str = "") -> str:
    """A mean, with a plus too where `sign` is one, and half the width of its interval."""
    margin = number.interval[1] - number.value if number.interval else float("nan")
    return f"{number.value:{sign}.3f} ± {margin:.3f}"


def fill_of(study: "Attribution") -> str:
    """What takes the place of pixels, in words."""
    return words(snake_case(type(study.fill).__name__)).removesuffix(" fill")


def ranked(study: "Attribution", results: Results, order: str) -> list[str]:
    """The interpreters that an order has by the area under insertion, the highest first."""

    def height(name: str) -> float:
        return results.find("insertion", network=OWN, interpreter=name, part=order).value

    names = [name for name, other in study.pairs.values() if other == order]
    return sorted(names, key=height, reverse=True)


def sentences(study: "Attribution", results: Results) -> list[str]:
    """Which interpreter is best in each order, and whose heatmaps say nothing."""
    said = []
    for order in study.orders:
        if names := ranked(study, results, order):
            highest, lowest = (
                results.find("insertion", network=OWN, interpreter=name, part=order).value
                for name in (names[0], names[-1])
            )
            said.append(
                f"Inserted on a {fill_of(study)} fill in the order of {words(names[0])}, pixels "
                f"bring back {highest:.3f} of the probability on average, in that of "
                f"{words(names[-1])} {lowest:.3f} (order: {words(order)})."
            )
    for name in study.interpreters:
        flat = results.find("constant_attributions", interpreter=name)
        if flat.value:
            said.append(
                f"{words(name).capitalize()} is the same everywhere, or not finite, on "
                f"{100 * flat.value:.1f} % of the images, whose pixels go by their position."
            )
    return said


def summary(study: "Attribution", results: Results) -> list[list[str]]:
    """A line for each order, interpreter, the best first, and network; areas with 95 % margins.

    Gains are over the first interpreter of the order, in the insertion of the same images.
    """
    own_kinds = [*study.measures, *(["pointing_game"] if study.localization else [])]
    firsts = " or ".join(words(name) for name in dict.fromkeys(study.first.values()))
    gained = f"insertion over {firsts}"
    titles = [*map(words, AREAS), gained, *map(words, own_kinds), "seconds", "passes"]
    several = len(study.networks) > 1
    rows = [["", f"order, {fill_of(study)}", *(["scored on"] if several else []), *titles]]
    for order in study.orders:
        for name, scorer in product(ranked(study, results, order), study.networks):
            cells = [words(name), words(order), *([words(scorer)] if several else [])]
            labels = {"network": scorer, "interpreter": name, "part": order}
            cells += [with_margin(results.find(kind, **labels)) for kind in AREAS]
            over_itself = name == study.first[order]
            gain = "" if over_itself else with_margin(results.find("insertion_gain", **labels), "+")
            cells.append(gain)
            own = {"network": OWN, "interpreter": name}
            cells += [f"{results.find(kind, **own).value:.4f}" for kind in own_kinds]
            seconds, passes = (results.find(kind, **own).value for kind in ("seconds", "passes"))
            rows.append([*cells, f"{seconds:.3g}", f"{passes:g}"])
    return rows
