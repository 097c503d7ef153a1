"""Attacks on the heatmaps of images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor, nn

from attacks import Attack, TopKAttack
from interpreters import GradCam, Interpreter
from losses import spearman
from metrics import top_k_intersection
from networks import calls_relu, evaluating
from seeds import generator
from trompe.explaining import Explained, explain, of_each_image
from trompe.loading import in_unit_range


@dataclass(frozen=True)
class Attacked:
    """Images before and after an attack, with their heatmaps for the same class."""

    before: Explained
    after: Explained

    @property
    def images(self) -> Tensor:
        """The perturbed images, shape (N, C, H, W), in [0, 1]."""
        return self.after.images

    @property
    def top_k_intersection(self) -> Tensor:
        """Share of the tenth of highest positions that stayed among them, in [0, 1], shape (N,)."""
        return top_k_intersection(self.after.heatmap, self.before.heatmap)

    @property
    def rank_correlation(self) -> Tensor:
        """Spearman's rank correlation of the heatmaps before and after, in [-1, 1], shape (N,)."""
        return spearman(self.after.heatmap, self.before.heatmap)


def attack(
    network: nn.Module,
    images: Tensor,
    labels: Tensor | Sequence[int] | int | None = None,
    interpreter: Interpreter | None = None,
    *,
    epsilon: float | str | None = None,
    steps: int = 50,
    method: Attack | None = None,
    seed: int = 0,
) -> Attacked:
    """Perturb images imperceptibly so that their heatmap changes and the prediction stays.

    An image that the network does not classify as its label stays as it is.

    Args:
        network: From images in [0, 1] to logits (N, K); attacked in evaluation mode.
        images: shape (N, C, H, W), in [0, 1].
        labels: The class that is explained; the predictions if not given.
        interpreter: The interpreter that is attacked; GradCam() if not given.
        epsilon: Largest change of a value of a pixel; that of `method`, or 8/255, if not given.
        steps: Number of steps of 1/255, if no `method` is given.
        method: One of `trompe.attacks`; by default the top-k attack of Ghorbani et al. (2019) on a
            fifth of the positions.
        seed: Seed of attacks that are random.
    """
    interpreter = GradCam() if interpreter is None else interpreter
    before = explain(network, images, labels, interpreter)
    kept = before.predictions if labels is None else of_each_image(labels, before.images)
    network = in_unit_range(network, before.images)
    with evaluating(network):
        if method is None:
            smooth = calls_relu(network, before.images[:1])
            beta = 10.0 if smooth else None
            method = TopKAttack(k=0.2, beta=beta, steps=steps, step_size="1/255")
        if epsilon is not None:
            method = replace(method, epsilon=epsilon)
        generators = [generator(seed, number) for number in range(len(images))]
        attacker = method.against(interpreter)
        changed = attacker(network, before.images, kept, generators)
    return Attacked(before, explain(network, changed, kept, interpreter))
