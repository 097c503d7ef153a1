"""Branches of a network without a gradient: refused beside others, unless they are gates."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from benchmarks.shipped import SMALL
from interpreters import LRP, Captum, DeepLift, GradCam, InputXGradient, SimpleGradient
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
    """What a gate is for the images of the test, whatever the network is given."""
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


@pytest.mark.parametrize("joined", CUT.values(), ids=CUT)
def test_behind_it_and_beside_it_there_are_heatmaps(joined: Joined) -> None:
    network = TwoBranches(joined).double()
    for explain in (
        GradCam("trained"),
        SimpleGradient("trained"),
        Captum("Occlusion", options={"sliding_window_shapes": (3, 2, 2)}),
    ):
        if joined is not CUT["inside a product"]:
            assert explain(network, images(), LABELS).heatmap.isfinite().all()


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
