"""Branches of a network without a gradient: refused beside others, unless they are gates."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from benchmarks.shipped import SMALL
from interpreters import LRP, Captum, DeepLift, GradCam, InputXGradient, SimpleGradient
from networks.last_map import LayerError
from networks.unsupported import UnsupportedError

LABELS = torch.tensor([2, 0])
Joined = Callable[["TwoBranches", Tensor], Tensor]


class TwoBranches(nn.Module):
    """A stem, a branch with a gradient and one that may have none, joined and classified."""

    def __init__(self, joined: Joined) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 3)
        self.trained, self.frozen = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)
        self.head, self.joined = nn.Linear(4, 3), joined
        self.passes = 0

    def without_grad(self, x: Tensor) -> Tensor:
        """Return the frozen branch as torch.no_grad() runs it."""
        with torch.no_grad():
            return self.frozen(x * 1).relu()

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 3)."""
        self.passes += 1
        return self.head(self.joined(self, self.stem(images)).mean((2, 3)))


def in_place(n: TwoBranches, x: Tensor) -> Tensor:
    y = n.trained(x)
    y += n.without_grad(x)
    return y


def in_slices(n: TwoBranches, x: Tensor) -> Tensor:
    out = x.new_zeros(len(x), 4, 4, 4)
    out[:, :2], out[:, 2:] = n.trained(x)[:, :2], n.without_grad(x)[:, 2:]
    return out


def by_doubled_weights(n: TwoBranches, x: Tensor) -> Tensor:
    return n.frozen._conv_forward(x, 2 * n.frozen.weight, None)


CUT: dict[str, Joined] = {
    "added": lambda n, x: n.trained(x) + n.without_grad(x),
    "concatenated": lambda n, x: torch.cat([n.trained(x)[:, :2], n.without_grad(x)[:, 2:]], 1),
    "in place": in_place,
    "in slices": in_slices,
    "detached": lambda n, x: n.trained(x) + n.frozen(x.detach()),
    "data": lambda n, x: n.trained(x) + n.frozen(x.data),
    "by weights made of others": lambda n, x: n.trained(x) + by_doubled_weights(n, x.detach()),
    "inside a product": lambda n, x: (n.trained(x) + n.without_grad(x)) * n.trained(x),
}


class Doubled(torch.autograd.Function):
    """Twice the convolution, whose forward pass runs without grad mode."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, n: nn.Module) -> Tensor:
        ctx.save_for_backward(x)
        ctx.layer = n  # type: ignore[attr-defined]  # as PyTorch advises for what is no tensor
        return 2 * n(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]  # set in the forward pass
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            out = 2 * ctx.layer(leaf)  # type: ignore[attr-defined]  # set in the forward pass
        return torch.autograd.grad(out, leaf, gradient)[0], None


GATES: dict[str, tuple[Joined, Joined]] = {
    # each with the network whose gradient it has: the gate is a constant of the image
    "detached factor": (
        lambda n, x: n.trained(x) * n.trained(x).detach().sigmoid(),
        lambda n, x: n.trained(x) * constant(n, lambda m, y: m.trained(y).sigmoid()),
    ),
    "frozen gate": (
        lambda n, x: n.trained(x) * n.without_grad(x),
        lambda n, x: n.trained(x) * constant(n, lambda m, y: m.without_grad(y)),
    ),
    "detached gate with weights": (
        lambda n, x: n.trained(x) * n.frozen(x.detach()).sigmoid(),
        lambda n, x: n.trained(x) * constant(n, lambda m, y: m.frozen(y).sigmoid()),
    ),
    "straight-through rounding": (
        lambda n, x: n.trained(x) + (n.trained(x).round() - n.trained(x)).detach(),
        lambda n, x: n.trained(x),
    ),
    "a function of its own": (
        lambda n, x: n.trained(x) + Doubled.apply(x, n.frozen),
        lambda n, x: n.trained(x) + 2 * n.frozen(x),
    ),
}


def images() -> Tensor:
    source = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, 8, 8, dtype=torch.float64, generator=source)


def constant(n: TwoBranches, gate: Joined) -> Tensor:
    """A gate as it is for the images of the test, for any images."""
    return gate(n, n.stem(images())).detach()


@pytest.mark.parametrize("joined", CUT.values(), ids=CUT)
@pytest.mark.parametrize(
    "interpreter",
    [SimpleGradient(), GradCam("stem"), LRP(), Captum("Saliency"), SMALL["agi"]],
    ids=lambda each: each.name,
)
def test_a_branch_without_a_gradient_is_refused(joined: Joined, interpreter: GradCam) -> None:
    network = TwoBranches(joined).double()
    # the tape has no rule for two of them anyway
    message = r"cuts the gradient at Conv2d\(.*\) at `frozen`, by|no rule for `(setitem|data)`"
    with pytest.raises(UnsupportedError, match=message):
        interpreter(network, images(), LABELS)


def test_a_branch_of_a_half_network_is_refused() -> None:
    network = TwoBranches(CUT["added"]).half()
    for interpreter in (SimpleGradient(), LRP()):
        with pytest.raises(UnsupportedError, match="cuts the gradient at Conv2d"):
            interpreter(network, images().half(), LABELS)


def beside_trained(n: TwoBranches, x: Tensor) -> Tensor:
    return n.trained(x) + n.frozen(x)


# the same functions of the image, with a gradient in every branch
WHOLE: dict[str, Joined] = {
    "added": lambda n, x: n.trained(x) + n.frozen(x).relu(),
    "concatenated": lambda n, x: torch.cat([n.trained(x)[:, :2], n.frozen(x).relu()[:, 2:]], 1),
    "in place": lambda n, x: n.trained(x) + n.frozen(x).relu(),
    "in slices": lambda n, x: torch.cat([n.trained(x)[:, :2], n.frozen(x).relu()[:, 2:]], 1),
    "detached": beside_trained,
    "data": beside_trained,
    "by weights made of others": lambda n, x: n.trained(x) + by_doubled_weights(n, x),
    "inside a product": lambda n, x: (n.trained(x) + n.frozen(x).relu()) * n.trained(x),
}


@pytest.mark.parametrize("name", CUT)
def test_occlusion_is_that_of_the_twin(name: str) -> None:
    explain = Captum("Occlusion", options={"sliding_window_shapes": (3, 2, 2)})
    found, expected = (
        explain(TwoBranches(joined).double(), images(), LABELS).heatmap
        for joined in (CUT[name], WHOLE[name])
    )
    assert expected.any()
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", [name for name in CUT if name != "inside a product"])
def test_beside_it_there_is_the_gradient_of_the_twin(name: str) -> None:
    """No weight behind `trained` is cut off, so that its gradient is whole."""
    network, twin = (TwoBranches(joined).double() for joined in (CUT[name], WHOLE[name]))
    outputs: list[Tensor] = []
    twin.trained.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    logits = twin(images())[[0, 1], LABELS].sum()
    (gradient,) = torch.autograd.grad(logits, outputs)
    found = SimpleGradient("trained")(network, images(), LABELS).heatmap
    torch.testing.assert_close(found, gradient.abs().sum(1, keepdim=True))
    weighted = gradient.mean((2, 3), keepdim=True) * outputs[0]
    found = GradCam("trained")(network, images(), LABELS).heatmap
    torch.testing.assert_close(found, weighted.sum(1, keepdim=True).relu())


@pytest.mark.parametrize("explain", [GradCam("trained"), SimpleGradient("trained")], ids=repr)
def test_a_layer_that_runs_twice_beside_it_is_refused(explain: GradCam | SimpleGradient) -> None:
    network = TwoBranches(CUT["inside a product"]).double()
    with pytest.raises(LayerError, match="`trained` runs more than once"):
        explain(network, images(), LABELS)


def test_deep_lift_follows_what_is_detached() -> None:
    network = TwoBranches(CUT["detached"]).double()
    heatmap = DeepLift()(network, images(), LABELS).heatmap
    rise = network(images()) - network(torch.zeros_like(images()))
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), rise[[0, 1], LABELS])


@pytest.mark.parametrize(("joined", "same"), GATES.values(), ids=GATES)
def test_gates_are_constants(joined: Joined, same: Joined) -> None:
    with torch.no_grad():
        network, twin = TwoBranches(joined).double(), TwoBranches(same).double()
        pixels = images()
    expected = gradient_of(twin, pixels)
    found = InputXGradient()(network, pixels, LABELS).heatmap
    torch.testing.assert_close(found, (pixels * expected).sum(1, keepdim=True))


def gradient_of(network: nn.Module, pixels: Tensor) -> Tensor:
    leaf = pixels.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(leaf)[[0, 1], LABELS].sum(), leaf)
    return gradient


def test_it_is_tried_out_once_for_each_layer() -> None:
    network = TwoBranches(GATES["frozen gate"][0]).double()
    counts = []
    for layer in (None, None, "stem", "stem"):
        before = network.passes
        SimpleGradient(layer)(network, images(), LABELS)
        counts.append(network.passes - before)
    assert counts[0] > counts[1] == 1
    assert counts[2] == 2
    assert counts[3] == 1
