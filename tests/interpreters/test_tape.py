"""What a network may do in its forward pass without making a wrong map, and what is refused."""

import gc
import weakref
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from helpers import PREPROCESSING
from torch import Tensor, nn

from interpreters import LRP, DeepLift, InputXGradient, Interpreter
from interpreters.lrp import Epsilon, EpsilonEverywhere
from interpreters.lrp.sums import Proportional
from interpreters.tape import TapeError
from networks import NormalizedNetwork, smoothed
from networks.unsupported import UnsupportedError

EXACT = LRP(
    composite=EpsilonEverywhere(
        convolution=Epsilon(1e-13), linear=Epsilon(1e-13), sums=Proportional(epsilon=1e-13)
    )
)
LABELS = torch.tensor([0, 2])


class Written(nn.Module):
    """Two convolutions, the same function however its forward pass is written."""

    def __init__(self, forward: Callable[["Written", Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.head, self.relu = nn.Linear(4, 3), nn.ReLU()
        self.written = forward

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.written(self, images).mean((2, 3)))


def plain(n: Written, x: Tensor) -> Tensor:
    x = F.relu(n.first(x))
    return F.relu(x + n.second(x))


def in_place_modules(n: Written, x: Tensor) -> Tensor:
    relu = nn.ReLU(inplace=True)
    x = relu(n.first(x))
    y = n.second(x)
    y += x
    return relu(y)


def in_place_without_looking_at_what_comes_back(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    x.relu_()
    y = n.second(x)
    y.add_(x)
    F.relu(y, inplace=True)
    return y


def written_over(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    x.copy_(x.clone().relu())
    y = n.second(x)
    return y.copy_((y + x).relu())


def counts_in_place(n: Written, x: Tensor) -> Tensor:
    x, mask = n.first(x).relu(), torch.zeros(4, 1, 1, dtype=torch.long)
    mask.add_(1)
    return (n.second(x) + mask * x).relu()


def copies_what_is_named(n: Written, x: Tensor) -> Tensor:
    x = n.first(x).relu()
    copy = torch.empty_like(x)
    copy.copy_(other=n.second(x))
    return (copy + x).relu()


def a_source_that_changes_after_its_copy(n: Written, x: Tensor) -> Tensor:
    before = n.first(x)
    copy = torch.empty_like(before)
    copy.copy_(before)
    before.relu_()
    return F.relu(before + n.second(copy.relu()))


def one_module_twice(n: Written, x: Tensor) -> Tensor:
    x = n.relu(n.first(x))
    return n.relu(n.second(x) + x)


def a_list_that_grows(n: Written, x: Tensor) -> Tensor:
    parts = [torch.relu(n.first(x))]
    doubled = torch.cat(parts, 1)
    parts.append(n.second(doubled))
    return torch.stack(parts).sum(0).relu()


def through_pieces(n: Written, x: Tensor) -> Tensor:
    x = n.first(x).relu()
    left, right = x.chunk(2, 1)
    joined = torch.cat([left[:, :1], left[:, 1:], right], dim=1)
    return (n.second(joined.flatten(2).view_as(joined)) + joined).relu()


def with_a_mask_of_its_own(n: Written, x: Tensor) -> Tensor:
    x = n.first(x).relu()
    mask = x.new_zeros(6, 6)
    mask[2:, 1:] = 0
    return (n.second(x) + x + mask + torch.zeros_like(x)).relu()


STYLES = [
    with_a_mask_of_its_own,
    in_place_modules,
    in_place_without_looking_at_what_comes_back,
    written_over,
    counts_in_place,
    copies_what_is_named,
    a_source_that_changes_after_its_copy,
    one_module_twice,
    a_list_that_grows,
    through_pieces,
]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
@pytest.mark.parametrize("interpreter", [EXACT, LRP(), LRP("first"), DeepLift()], ids=repr)
def test_the_same_function_has_the_same_map(
    style: Callable[[Written, Tensor], Tensor], interpreter: LRP | DeepLift
) -> None:
    images = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    expected = interpreter(Written(plain).double(), images, LABELS)
    torch.testing.assert_close(interpreter(Written(style).double(), images, LABELS), expected)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("interpreter", [LRP(), LRP("first"), DeepLift()], ids=repr)
@pytest.mark.parametrize("style", [in_place_modules, in_place_without_looking_at_what_comes_back])
def test_softplus_in_the_place_of_relu_in_place(
    style: Callable[[Written, Tensor], Tensor], interpreter: LRP | DeepLift, scaled: bool
) -> None:
    images = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    expected, found = (
        interpreter(
            smoothed(NormalizedNetwork(Written(each).double(), PREPROCESSING), 5.0, scaled),
            images,
            LABELS,
        )
        for each in (plain, style)
    )
    torch.testing.assert_close(found, expected)
    assert found.heatmap.abs().amax() > 0


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_small_epsilons_give_input_times_gradient(
    style: Callable[[Written, Tensor], Tensor],
) -> None:
    network, images = Written(style).double(), torch.rand(2, 3, 6, 6, dtype=torch.float64)
    expected = InputXGradient()(network, images, LABELS).heatmap
    torch.testing.assert_close(EXACT(network, images, LABELS).heatmap, expected)


def sorts(n: Written, x: Tensor) -> Tensor:
    return n.first(x).sort(1).values


def divides_by_what_is_explained(n: Written, x: Tensor) -> Tensor:
    return n.second(torch.ones(1, 1, 6, 6, dtype=x.dtype) / n.first(x))


def changes_under_a_view(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    view = x[:, :2]
    x.relu_()
    return torch.cat([view, x[:, 2:]], 1)


def changes_a_view(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    x[:, :2].relu_()
    return n.second(x)


def writes_into_a_slice(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    x[:, 0] = 0
    return x


def forgets(n: Written, x: Tensor) -> Tensor:
    return n.first(x).zero_()


def copies_one_channel(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    return x.copy_(x[:, :1])


def copies_into_a_slice_of_a_buffer(n: Written, x: Tensor) -> Tensor:
    x, buffer = n.first(x), torch.zeros(len(x), 4, 6, 6, dtype=x.dtype)
    buffer[:, :2].copy_(x[:, :2])
    return n.second(buffer) + x


def adds_to_a_slice_of_a_buffer(n: Written, x: Tensor) -> Tensor:
    x, buffer = n.first(x), torch.zeros(len(x), 4, 6, 6, dtype=x.dtype)
    buffer[:, :2].add_(x[:, :2])
    return n.second(buffer) + x


@pytest.mark.parametrize(
    ("style", "message"),
    [
        (copies_into_a_slice_of_a_buffer, "in place that it also has views of"),
        (adds_to_a_slice_of_a_buffer, "in place that it also has views of"),
        (forgets, "no rule for `zero_`, which works in place and has no counterpart `zero`"),
        (
            copies_one_channel,
            "`copy_`, which works in place and has no counterpart `copy`",
        ),
        (sorts, r"no rule for `sort`, which Written\(\) calls; explain at a layer behind it"),
        (divides_by_what_is_explained, "no rule for `div` of a constant by values|`reciprocal`"),
        (changes_under_a_view, "in place that it also has views of"),
        (changes_a_view, "in place that it also has views of"),
        (writes_into_a_slice, "no rule for `setitem`"),
    ],
)
def test_refusals(style: Callable[[Written, Tensor], Tensor], message: str) -> None:
    images = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    with pytest.raises(TapeError, match=message):
        LRP()(Written(style).double(), images, LABELS)


def doubled(x: Tensor) -> Tensor:
    return x * 2


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_call_that_cannot_be_seen_is_refused() -> None:
    scripted = torch.jit.script(doubled)

    def beside(n: Written, x: Tensor) -> Tensor:
        y = n.first(x)
        return n.second(F.pad(scripted(y), (0, 1)) + F.pad(y, (0, 1)))

    network, images = Written(beside).double(), torch.rand(2, 3, 6, 6, dtype=torch.float64)
    for interpreter in (LRP(), DeepLift(), LRP("first"), DeepLift(layer="first")):
        for trained in (network, network.head, None):
            network.requires_grad_(False)
            if trained is not None:
                trained.requires_grad_(True)
            for grad_mode in (True, False):
                with (
                    torch.set_grad_enabled(grad_mode),
                    pytest.raises(TapeError, match="a tensor that no recorded call made"),
                ):
                    interpreter(network, images, LABELS)


@pytest.mark.parametrize("interpreter", [LRP(), DeepLift(), LRP("first")], ids=repr)
def test_nothing_has_a_gradient_where_nothing_is_trained(interpreter: Interpreter) -> None:
    images = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    network = Written(lambda n, x: n.second(n.relu(n.first(x)))).double()
    logits, heatmap = interpreter(network, images, LABELS)
    assert heatmap.requires_grad
    frozen = interpreter(network.requires_grad_(False), images, LABELS)
    assert not frozen.logits.requires_grad
    assert not frozen.heatmap.requires_grad
    torch.testing.assert_close(frozen.heatmap, heatmap.detach())
    torch.testing.assert_close(frozen.logits, logits.detach())
    assert interpreter(network, images.requires_grad_(), LABELS).heatmap.requires_grad


def read_twice(n: Written, x: Tensor) -> Tensor:
    y = n.first(x)
    return n.second(n.get_submodule("same")(y).sigmoid() + y)


def changed_behind(n: Written, x: Tensor) -> Tensor:
    y = n.first(x)
    z = n.get_submodule("same")(y)
    y += 1
    return n.second(z)


@pytest.mark.parametrize("style", [read_twice, changed_behind])
@pytest.mark.parametrize("same", [nn.Identity(), nn.ReLU(inplace=True)], ids=repr)
@pytest.mark.parametrize("interpreter", [LRP("same"), DeepLift(layer="same")], ids=repr)
def test_a_layer_that_returns_its_input(
    interpreter: Interpreter, same: nn.Module, style: Callable[[Written, Tensor], Tensor]
) -> None:
    """The same map whether or not anything has a gradient."""
    network, images = Written(style), torch.rand(2, 3, 6, 6, dtype=torch.float64)
    network.same = same
    expected = interpreter(network.double(), images, LABELS).heatmap.detach()
    with torch.no_grad():
        torch.testing.assert_close(interpreter(network, images, LABELS).heatmap, expected)
    network.requires_grad_(False)
    torch.testing.assert_close(interpreter(network, images, LABELS).heatmap, expected)
    network.head.requires_grad_(True)
    torch.testing.assert_close(interpreter(network, images, LABELS).heatmap, expected)


@pytest.mark.parametrize("interpreter", [LRP(), DeepLift()], ids=repr)
def test_nothing_of_the_images_is_kept(interpreter: Interpreter) -> None:
    network = Written(lambda n, x: n.second(n.relu(n.first(x)))).requires_grad_(False)
    starts: list[weakref.ref[Tensor]] = []
    hook = network.first.register_forward_hook(
        lambda _, given, __: starts.append(weakref.ref(given[0]))
    )
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        for _ in range(3):
            interpreter(network, torch.rand(2, 3, 6, 6) + 0, LABELS)
        hook.remove()
        gc.collect()
        assert len(starts) >= 3
        assert not any(start() is not None for start in starts)


def unusual(n: Written, x: Tensor) -> Tensor:
    return torch.div(n.first(x), 2.0, rounding_mode="floor")


def inverted(n: Written, x: Tensor) -> Tensor:
    return n.second(n.first(x).sigmoid() ** -1)


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (
            unusual,
            r"Written\(\): no rule for `div` with these arguments: .* 'rounding_mode'; explain at",
        ),
        (
            inverted,
            r"Written\(\): no rule for a power of -1 of values that depend on the",
        ),
    ],
)
def test_a_rule_that_fails_says_where(
    forward: Callable[[Written, Tensor], Tensor], message: str
) -> None:
    with pytest.raises(TapeError, match=message):
        LRP()(Written(forward).double(), torch.rand(2, 3, 6, 6, dtype=torch.float64), LABELS)


class Halves(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sort(x).values


def test_a_refusal_names_the_module() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Sequential(nn.ReLU(), Halves()), nn.Flatten(), nn.Linear(64, 3)
    )
    with pytest.raises(TapeError, match=r"`sort`, which Halves\(\) at `1.1` calls; explain at"):
        LRP()(network, torch.rand(2, 3, 6, 6), LABELS)


def test_what_is_detached_is_a_constant() -> None:
    def gated(n: Written, x: Tensor) -> Tensor:
        x = n.first(x)
        return x * x.detach()

    network, images = Written(gated).double(), torch.rand(2, 3, 6, 6, dtype=torch.float64)
    expected = InputXGradient()(network, images, LABELS).heatmap
    torch.testing.assert_close(EXACT(network, images, LABELS).heatmap, expected)


def compound(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    scale = x.norm(p=2, dim=(2, 3), keepdim=True)
    x = torch.addcmul(x, x, scale / scale.mean(1, keepdim=True))
    return F.relu(F.normalize(n.second(x), dim=1)) ** 2


def test_compound_functions_keep_the_sum() -> None:
    network, images = Written(compound).double(), torch.rand(2, 3, 6, 6, dtype=torch.float64)
    total = network(images)[[0, 1], LABELS]
    change = total - network(torch.zeros_like(images[:1]))[0, LABELS]
    multipliers = DeepLift()(network, images, LABELS)
    torch.testing.assert_close(multipliers.logits, network(images))
    torch.testing.assert_close(multipliers.heatmap.sum((1, 2, 3)), change)
    for name, weight in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(weight)
    relevance = EXACT(network, images, LABELS)
    total = relevance.logits[[0, 1], LABELS]
    # products are kept from 0 by 1e-6 of their size
    torch.testing.assert_close(relevance.heatmap.sum((1, 2, 3)), total, rtol=1e-5, atol=0)


def weighed(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    return n.second(x) * (200 * x).flatten(2).softmax(-1).view_as(x)


def weighed_step_by_step(n: Written, x: Tensor) -> Tensor:
    x = n.first(x)
    weights = (2 * (x - x.detach().amax((2, 3), keepdim=True))).exp()
    weights /= weights.sum((2, 3), keepdim=True)
    return n.second(x) * weights


def test_softmax_of_distant_scores() -> None:
    """A sum of exponentials relative to another image's would be 0 in single precision."""
    network, images = Written(weighed), torch.rand(2, 3, 6, 6)
    images[1] *= 1e-3
    change = network(images) - network(torch.zeros_like(images[:1]))
    heatmap = DeepLift()(network, images, LABELS).heatmap
    # differences of scores in the hundreds are known to 1e-5
    expected = change[[0, 1], LABELS]
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), expected, rtol=1e-3, atol=1e-4)


def test_a_quotient_in_place() -> None:
    network, images = Written(weighed_step_by_step).double(), torch.rand(2, 3, 6, 6).double()
    change = network(images) - network(torch.zeros_like(images[:1]))
    heatmap = DeepLift()(network, images, LABELS).heatmap
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), change[[0, 1], LABELS])


def test_a_denominator_made_by_a_power_is_refused() -> None:
    network = Written(
        lambda n, x: n.first(x) * x.mean((1, 2, 3), keepdim=True).exp() ** -1
    ).double()
    with pytest.raises(TapeError):
        LRP()(network, torch.rand(2, 3, 6, 6, dtype=torch.float64), LABELS)


def test_the_tape_ends_with_the_forward_pass() -> None:
    network, images = Written(sorts).double(), torch.rand(2, 3, 6, 6, dtype=torch.float64)
    with pytest.raises(TapeError):
        LRP()(network, images, LABELS)
    # under a tape still running, this would raise
    assert images.sort(1).values.shape == images.shape


def test_weights_that_depend_on_the_images_are_refused() -> None:
    def dynamic(n: Written, x: Tensor) -> Tensor:
        x = n.first(x)
        return F.conv2d(x, n.second.weight * x.mean())

    images = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    for interpreter in (LRP(), DeepLift()):
        with pytest.raises(UnsupportedError, match="changes with the other images of the batch"):
            interpreter(Written(dynamic).double(), images, LABELS)
