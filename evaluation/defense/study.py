"""The defence study: does a defence keep heatmaps from lying, and what does it cost?"""

from dataclasses import dataclass, replace

from matplotlib.figure import Figure
from torch import nn

from attacks import PGD, Attack
from evaluation.accuracy import counts_of
from evaluation.defense_pictures import defense_pictures
from evaluation.fooling import Fooling
from evaluation.results import Number, Results, words
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch
from losses import Loss
from metrics import MeanCurve, correct, wilson_interval
from seeds import generators


@dataclass
class Defended:
    """A network that was trained with a defence, or with none, and what became of it.

    Args:
        original: The network before any manipulation; heatmaps are compared with its own.
        manipulated: The network after manipulations, and after a later defence, by name.
    """

    original: nn.Module
    manipulated: dict[str, nn.Module]


class Defense(Study):
    """Accuracy, accuracy under attack and success rates of networks with and without a defence.

    Args:
        defenses: Networks by the name of their defence; a figure of the manipulated network `m` of
            the defence `d` is that of the network `d_m`, one of its original is that of `d`.
        interpreters: Interpreters to test by name.
        loss: The loss whose success measure t says how far an image's heatmap was manipulated.
        attack: What the networks are attacked with; PGD if not given.
        seed: Seed of the attack's random starts.
    """

    name = "defense"

    def __init__(
        self,
        defenses: dict[str, Defended],
        interpreters: dict[str, Interpreter],
        loss: Loss,
        attack: Attack | None = None,
        seed: int = 0,
    ) -> None:
        if not defenses:
            raise ValueError("`defenses` is empty; name at least one")
        networks: dict[str, nn.Module] = {}
        for name, defended in defenses.items():
            found = {"original": defended.original, **defended.manipulated}
            named = {network_of(name, role): network for role, network in found.items()}
            if taken := named.keys() & networks.keys():
                raise ValueError(f"two networks would be called {', '.join(sorted(taken))}")
            networks |= named
        super().__init__(networks, interpreters)
        self.loss, self.attack, self.seed = loss, attack or PGD(), seed
        self.foolings = {
            name: Fooling(defended.original, defended.manipulated, interpreters, loss)
            for name, defended in defenses.items()
        }
        # registered, so that they move to the device with this one
        self.studies = nn.ModuleDict(self.foolings)
        self.robust = Metrics({name: MeanCurve() for name in networks})
        self.figures: list[Number] = []

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        for study in self.foolings.values():
            study.trainer, study.given = self.trainer, self.interpreters
            study.setup(stage)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """The fooling study's passes, then the attack on every network."""
        for study in self.foolings.values():
            study.test_step(batch, batch_idx)
        images, labels, indices = batch
        for name, network in self.networks.items():
            starts = generators(indices, self.seed)
            attacked = self.attack(network, images, labels, starts)
            self.robust[name].update(correct(network(attacked), labels, 1)[:, None])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.figures = []
        for name, study in self.foolings.items():
            study.on_test_epoch_end()
            for number in study.numbers():
                against = number.against and network_of(name, number.against)
                named = replace(number, network=network_of(name, number.network), against=against)
                self.figures.append(named)
        for name in self.networks:
            (hits,), images = counts_of(self.robust[name])
            interval = wilson_interval(hits, images)
            self.figures.append(
                Number("robust_accuracy_top1", hits / images, interval, "higher", name, images)
            )

    def numbers(self) -> list[Number]:
        """Every figure of the study."""
        return self.figures

    def sentences(self, results: Results) -> list[str]:
        """Each defence's price, what an attack leaves, and on how many images heatmaps then lie."""
        found = []
        for name, study in self.foolings.items():
            clean, robust = (
                100 * results.find(kind, network=name).value
                for kind in ("accuracy_top1", "robust_accuracy_top1")
            )
            said = (
                f"{words(name).capitalize()}: accuracy {clean:.1f} %, under attack {robust:.1f} %"
            )
            for role in study.manipulated:
                labels = {"network": network_of(name, role)}
                rates = {
                    key: results.find("fooling_success_rate", interpreter=key, **labels).value
                    for key in self.interpreters
                }
                lies = [f"{words(key)} lies on {100 * rate:.1f} %" for key, rate in rates.items()]
                said += f"; {words(role)}, {', '.join(lies)} of the images"
            found.append(f"{said}.")
        return found

    def summary(self, results: Results) -> list[list[str]]:
        """Accuracies, success rates and likeness to the original's maps, a row a network."""
        found = {(n.network, n.name, n.interpreter): n.value for n in results.numbers}
        columns: list[tuple[str, str, str | None]] = [
            ("accuracy top-1", "accuracy_top1", None),
            ("accuracy top-1 under attack", "robust_accuracy_top1", None),
        ]
        for title, name in (
            ("FSR", "fooling_success_rate"),
            ("rank correlation", "rank_correlation"),
        ):
            columns += [(f"{title} {words(key)}", name, key) for key in self.interpreters]
        rows = [["", *(title for title, _, _ in columns)]]
        for network in self.networks:
            cells = [cell(name, found.get((network, name, key))) for _, name, key in columns]
            rows.append([words(network), *cells])
        return rows

    def pictures(self) -> dict[str, Figure]:
        """Accuracies, success rates, and every network's heatmaps of the same images."""
        return defense_pictures(self)


def network_of(defense: str, role: str) -> str:
    """The name of a defence's original or manipulated network in the study."""
    return defense if role == "original" else f"{defense}_{role}"


def cell(name: str, value: float | None) -> str:
    """A figure as text; nothing where there is none, as an original is compared with nothing."""
    if value is None:
        return ""
    return f"{value:.3f}" if name == "rank_correlation" else f"{100 * value:.2f} %"
