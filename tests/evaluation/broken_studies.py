"""Every study of heatmaps, with an interpreter or network that is not finite for bright images."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from helpers import tiny_network
from torch import Tensor, nn

from attacks import PGD, MassCenterAttack, RandomSign, TopKAttack
from evaluation import (
    ActiveFooling,
    Attribution,
    Curvature,
    Defended,
    Defense,
    Fooling,
    Fragility,
    ImageNoise,
    Infidelity,
    Influence,
    MaxSensitivity,
    Perturbation,
    Randomization,
    Stability,
    Study,
    TriggeredFooling,
    WeightNoise,
)
from interpreters import Explanation, GradCam, Interpreter
from interpreters.influence import Exact, InfluenceFunctions
from losses import Location, Swap, TargetMap

# 5 of the 24 test images are brighter, and no change of an image here makes another one so
BRIGHT = 0.58


def bright(images: Tensor, limit: float = BRIGHT) -> Tensor:
    return images.mean((1, 2, 3)) > limit


@dataclass(frozen=True, kw_only=True)
class Broken(Interpreter):
    """GradCam whose heatmaps of bright images have one position that is not finite."""

    limit: float = BRIGHT
    value: float = torch.nan
    inner: Interpreter = field(default_factory=GradCam)

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        logits, heatmap = self.inner(network, images, labels)
        broken = torch.zeros_like(heatmap, dtype=torch.bool)
        broken[..., 1, 1] = bright(images, self.limit)[:, None]
        return Explanation(logits, torch.where(broken, self.value, heatmap))


class BrokenNormalize(nn.Module):
    """Normalisation that makes bright images NaN, once it is `on`."""

    on = False

    def __init__(self, inner: nn.Module, limit: float) -> None:
        super().__init__()
        self.inner, self.limit = inner, limit

    def forward(self, images: Tensor) -> Tensor:
        normalized: Tensor = self.inner(images)
        if not self.on:
            return normalized
        broken = bright(images.detach(), self.limit)[:, None, None, None]
        return normalized * torch.where(broken, torch.nan, 1.0).to(images)


def broken_network(limit: float) -> nn.Module:
    network = tiny_network(seed=1)
    network.normalize = BrokenNormalize(network.normalize, limit)  # type: ignore[assignment]
    return network


def one_class() -> nn.Module:
    """A network that gives all images the class of a bright and of a dark image."""
    network = tiny_network(seed=3)
    with torch.no_grad():
        network.get_parameter("network.7.bias")[2] = 9.0
    return network


def fooling(maps: dict[str, Interpreter], limit: float) -> Study:
    return Fooling(tiny_network(seed=1), tiny_network(seed=2), maps, Location())


def active(maps: dict[str, Interpreter], limit: float) -> Study:
    return ActiveFooling(tiny_network(seed=1), tiny_network(seed=2), maps, Swap())


def triggered(maps: dict[str, Interpreter], limit: float) -> Study:
    loss = TargetMap(shape="corner")
    return TriggeredFooling(tiny_network(seed=1), tiny_network(seed=2), maps, loss)


def defense(maps: dict[str, Interpreter], limit: float) -> Study:
    defended = {"standard": Defended(tiny_network(seed=1), {"fooled": tiny_network(seed=2)})}
    return Defense(defended, maps, Location(), PGD(epsilon=0.01, step_size=0.01, steps=1))


def stability(maps: dict[str, Interpreter], limit: float) -> Study:
    noise = {"weights": WeightNoise((0.1,)), "images": ImageNoise((0.01,))}
    return Stability(tiny_network(seed=1), tiny_network(seed=2), maps, Location(), noise)


def randomization(maps: dict[str, Interpreter], limit: float) -> Study:
    return Randomization(tiny_network(seed=1), maps, stages=2)


def perturbation(maps: dict[str, Interpreter], limit: float) -> Study:
    return Perturbation(tiny_network(seed=1), tiny_network(seed=2), maps, region=20, steps=3)


def attribution(maps: dict[str, Interpreter], limit: float) -> Study:
    measures = {"infidelity": Infidelity(squares=3), "sensitivity": MaxSensitivity(samples=1)}
    given = {"whole": GradCam(), **maps}
    return Attribution(tiny_network(seed=1), given, measures=measures, steps=3)


def fragility(maps: dict[str, Interpreter], limit: float) -> Study:
    attacks = {"random": RandomSign(), "top_k": TopKAttack(steps=2, k=20)}
    attacks["center"] = MassCenterAttack(steps=2)
    return Fragility({"original": one_class()}, maps, attacks, epsilons=(2,), k=0.2)


def influence(maps: dict[str, Interpreter], limit: float) -> Study:
    return Influence(
        {"original": broken_network(limit)},
        {"broken": InfluenceFunctions(inverse=Exact())},
        {"random": RandomSign()},
        epsilons=(2,),
        training_images=12,
        k=3,
    )


def curvature(maps: dict[str, Interpreter], limit: float) -> Study:
    networks: dict[str, nn.Module] = {"original": broken_network(limit)}
    return Curvature(networks, steps=3, leading=1, directions=2, epsilons=(2,))


Make = Callable[[dict[str, Interpreter], float], Study]
STUDIES = [fooling, active, triggered, defense, stability, randomization, perturbation]
STUDIES += [attribution, fragility, influence, curvature]
