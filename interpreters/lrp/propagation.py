"""Layer-wise relevance propagation (Bach et al. 2015)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.branches import check_branches
from interpreters.full_precision import in_full_precision
from interpreters.lrp.composites import Composite, EpsilonPlus
from interpreters.lrp.operations import OPERATIONS, nonnegative, summed
from interpreters.lrp.pixels import SHIFTS, bounds, preprocessing
from interpreters.lrp.scores import scores
from interpreters.passes import explanation, for_each, one_hot, summed_map
from interpreters.tape import ATTENTION, Call, Recording, propagate_back, record
from interpreters.tape.decompositions import COMPOUND
from interpreters.tape.folding import folded, gated
from interpreters.tape.layers import LAYERS, affine
from interpreters.tape.names import SUMS

DECOMPOSED = ATTENTION | COMPOUND
KNOWN = {*LAYERS, *OPERATIONS, *SUMS}


@dataclass(frozen=True)
class LRP(Interpreter):
    """Layer-wise relevance propagation from the label's logit (Bach et al. 2015).

    Args:
        layer: Dotted name of the layer at whose output to explain, or "last"; the
            pixels if not given.
        composite: Assignment of rules to layers.
        absolute: Sum absolute values over channels (Ghorbani et al. 2019).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> LRP()(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    layer: str | None = None
    composite: Composite = EpsilonPlus()
    absolute: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.composite, Composite):
            raise TypeError(
                "`composite` must be a composite such as interpreters.lrp.EpsilonPlus(), or in a "
                f"configuration a file of configs/composites, got {self.composite!r}"
            )

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return relevance, or |.|, summed over channels, shape (N, L, h, w).

        A network in float16, or under its autocast, is run and explained in single precision.
        """
        return in_full_precision(self._explained_by_tape, network, images, labels)

    def _explained_by_tape(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        recording = record(network, images, self.layer, KNOWN, DECOMPOSED, gates=True)
        check_branches(network, images, self.layer)
        with torch.set_grad_enabled(recording.differentiable):
            return self._explain(recording, network, images, labels)

    def _explain(
        self, recording: Recording, network: nn.Module, images: Tensor, labels: Tensor
    ) -> Explanation:
        calls = recording.calls
        before = preprocessing(calls, recording.start) if self.layer is None else []
        pixels = before[-1].outputs[0] if before else recording.start
        if self.composite.folds:
            calls = folded(calls)
        positive = nonnegative(calls)
        first = None
        if self.layer is None:
            first = next((call for call in calls if call.name in LAYERS), None)
        if self.composite.gates:
            calls = gated(calls, first)
        operations = {**OPERATIONS, **summed(self.composite.sums)}
        shifts = {id(call) for call in before if call.name in SHIFTS}
        ends = bounds(before, recording.start) if self.layer is None else None

        def propagate(call: Call, relevance: tuple[Tensor, ...]) -> list[Tensor]:
            # a pixel is relevant from wherever it is counted
            if id(call) in shifts:
                return list(relevance)
            if call.name not in LAYERS:
                return list(operations[call.name](call, relevance))
            at_pixels = call is first and call.inputs[0] is pixels
            layer = affine(call, id(call.inputs[0]) in positive, ends if at_pixels else None)
            return [self.composite.rule(call.name, call is first)(layer, relevance[0])]

        logits = recording.logits
        end = scores(calls, logits)

        def relevance(label: Tensor) -> Tensor:
            seed = end * one_hot(logits, label).view_as(end)
            values = propagate_back(calls, recording.start, end, seed, propagate)
            return summed_map(values, network, images, self.absolute)

        return explanation(logits, for_each(self.explained(logits, labels), relevance))
