"""A convolution with a gate gives the relevance that the convolution, ReLU and BatchNorm give."""

from collections.abc import Sequence

import pytest
import torch
from families import images_for, member
from torch import Tensor, nn

from interpreters import LRP
from interpreters.lrp import AlphaBeta, ByKind, Epsilon, EpsilonPlusFlat, Gamma, Heo, Rule, ZPlus
from interpreters.lrp.propagation import DECOMPOSED, KNOWN
from interpreters.tape import Call, record
from interpreters.tape.folding import folded, gated

LABELS, TINY = torch.tensor([2, 0]), 1e-13


class PreActivation(nn.Module):
    """BatchNorm, ReLU and a convolution, some of it read once more."""

    def __init__(self, again: str = "", by_name: bool = False) -> None:
        super().__init__()
        self.by_name = by_name
        self.first, self.norm = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
        self.last, self.again = nn.Conv2d(6, 4, 3), again
        for tensor in (self.norm.weight, self.norm.bias, self.norm.running_mean):
            nn.init.normal_(tensor)  # type: ignore[arg-type]  # it has statistics

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (N, 4)."""
        # read by more than the BatchNorm, so that it cannot be folded
        before = self.first(images)
        scaled = self.norm(before)
        opened = scaled.relu()
        extra = {"": before, "scaled": scaled, "opened": opened}[self.again]
        return (
            self.last(opened).mean((2, 3)) + extra.mean((2, 3))[:, :4] + before.mean((2, 3))[:, 2:]
        )


def explained(network: nn.Module, images: Tensor, rule: Rule) -> list[Tensor]:
    """The heatmap, and its gradient in every parameter."""
    composite = ByKind(convolution=rule, linear=Epsilon(TINY))
    heatmap = LRP(composite=composite)(network, images, LABELS).heatmap
    wanted = [*network.parameters()]
    gradients = torch.autograd.grad(heatmap.square().sum(), wanted, materialize_grads=True)
    return [heatmap, *gradients]


def ungated(calls: Sequence[Call], first: Call | None) -> Sequence[Call]:
    return calls


@pytest.mark.parametrize("rule", [Epsilon(TINY), ZPlus(epsilon=TINY)], ids=repr)
@pytest.mark.parametrize("name", ["DenseNet", "made"])
def test_gates_change_nothing(name: str, rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    network: nn.Module = PreActivation().double().eval() if name == "made" else member(name)
    images = torch.rand(2, 3, 9, 9).double() if name == "made" else images_for(name)
    with_gates = explained(network, images, rule)
    monkeypatch.setattr("interpreters.lrp.propagation.gated", ungated)
    for fast, slow in zip(with_gates, explained(network, images, rule), strict=True):
        # less the stabiliser of the BatchNorm
        torch.testing.assert_close(fast, slow, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("again", "taken"), [("", True), ("scaled", False), ("opened", False)])
def test_only_what_nothing_else_reads_is_taken_in(again: str, taken: bool) -> None:
    network, images = PreActivation(again).double().eval(), torch.rand(2, 3, 9, 9).double()
    calls = folded(record(network, images, None, KNOWN, DECOMPOSED, gates=True).calls)
    names = [call.name for call in gated(calls)]
    assert ("batch_norm" in names, "relu" in names) == (not taken, not taken)
    (layer,) = (call for call in gated(calls) if call.gate) if taken else (None,)
    if layer is not None:
        assert layer.gate is not None
        assert layer.inputs == layer.gate.inputs


def test_a_convolution_may_be_called_by_name() -> None:
    network, images = PreActivation().double().eval(), torch.rand(2, 3, 9, 9).double()
    expected = explained(network, images, ZPlus())
    network.by_name = True
    for actual, other in zip(explained(network, images, ZPlus()), expected, strict=True):
        torch.testing.assert_close(actual, other)


def test_the_first_layer_is_no_gate() -> None:
    """It may follow a rule of its own, such as sharing equally."""
    layers = [nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1)]
    nn.init.constant_(layers[0].bias, 0.3)  # type: ignore[arg-type]  # as BatchNorm's is
    network = nn.Sequential(*layers, nn.Flatten()).double().eval()
    images = torch.rand(2, 3, 6, 6).double()
    _, heatmap = LRP(composite=EpsilonPlusFlat())(network, images, LABELS)
    _, behind = LRP(layer="1", composite=ByKind(convolution=ZPlus()))(network, images, LABELS)
    # each channel of the BatchNorm has one input, which takes all
    torch.testing.assert_close(heatmap, behind)


@pytest.mark.parametrize(
    ("composite", "gates"),
    [
        (ByKind(convolution=ZPlus()), True),
        (ByKind(convolution=Epsilon()), True),
        (ByKind(convolution=AlphaBeta(1.0, 0.0)), True),
        (ByKind(convolution=AlphaBeta(2.0, 1.0)), False),
        (ByKind(convolution=Gamma()), False),
        (ByKind(convolution=ZPlus(), batch_norm=Epsilon()), False),
        (Heo(), False),
    ],
    ids=repr,
)
def test_gates_are_for_rules_that_know_them(composite: ByKind, gates: bool) -> None:
    assert composite.gates == gates
