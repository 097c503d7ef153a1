"""DeepLIFT (Shrikumar et al. 2017)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.baseline import Baseline, baseline_image, check_baseline
from interpreters.full_precision import in_full_precision
from interpreters.passes import explanation, for_each, one_hot, summed_map
from interpreters.secants import alike, quotient, secant
from interpreters.tape import (
    ATTENTION,
    Call,
    TapeError,
    dimension_of,
    only_input,
    propagate_back,
    record,
    vector_jacobian_product,
)
from interpreters.tape.decompositions import COMPOUND, NORMALISATIONS
from interpreters.tape.layers import LAYERS, affine
from interpreters.tape.names import ACTIVATIONS, MAXIMA, PRODUCTS, REARRANGEMENTS, SOFTMAXES, SUMS
from networks.unsupported import UnsupportedError

ELEMENTWISE = ACTIVATIONS | {"exp", "pow", "rsqrt", "reciprocal"}
DECOMPOSED = ATTENTION | COMPOUND | NORMALISATIONS
KNOWN = {*LAYERS, *ELEMENTWISE, *MAXIMA, *PRODUCTS, *REARRANGEMENTS, *SUMS, *SOFTMAXES}


@dataclass(frozen=True)
class DeepLift(Interpreter):
    """Contributions to the difference from a baseline, by the rescale rule (Shrikumar et al. 2017).

    If not `absolute`, the heatmap sums to the difference of the logits, exactly, on any network.

    Args:
        baseline: Pixel value of the plain image to compare with, or one for each channel.
        layer: Dotted name of the layer at whose output to explain, or "last"; the pixels
            if not given.
        absolute: Sum absolute values over channels (Ghorbani et al. 2019).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> DeepLift()(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    baseline: Baseline = 0.0
    layer: str | None = None
    absolute: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_baseline(self.baseline)

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return the sum over channels of multiplier * (a - a0), or of |.|, shape (N, L, h, w).

        A network in float16, or under its autocast, is run and explained in single precision.
        """
        return in_full_precision(self._explain, network, images, labels)

    def _explain(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        # one forward pass serves the images and the one baseline
        both = torch.cat([images, baseline_image(self.baseline, images)])
        known = DECOMPOSED | {"detach": _followed}
        recording = record(network, both, self.layer, KNOWN, known, gates=False)
        calls, start, end = recording.calls, recording.start, recording.logits
        logits, count = end[:-1], len(images)

        def shares(label: Tensor) -> Tensor:
            # the baseline itself is not explained
            seed = torch.cat([one_hot(logits, label), torch.zeros_like(end[:1])])
            multipliers = propagate_back(calls, start, end, seed, partial(_propagated, count))
            values = multipliers * (start - _baseline(start, count))
            if self.layer is None:
                _check_sum(values, (seed * end).sum(1), (seed * end[-1:]).sum(1))
            return summed_map(values, network, images, self.absolute)[:-1]

        with torch.set_grad_enabled(recording.differentiable):
            return explanation(logits, for_each(self.explained(logits, labels), shares))


def _followed(value: Tensor) -> Tensor:
    """Return a detached tensor's copy, which differs from the baseline's as the tensor does."""
    return value.clone()


def _check_sum(values: Tensor, logits: Tensor, before: Tensor) -> None:
    """Raise UnsupportedError unless contributions sum to the rise of each image's logit (N,)."""
    terms, rises = values.detach().flatten(1), (logits - before).detach()
    # rounding adds up to a share of all terms; what is lost on the way is more
    eps = max(torch.finfo(each.dtype).eps for each in (terms, rises))
    size = terms.abs().sum(1) + logits.detach().abs() + before.detach().abs()
    wrong = ((terms.sum(1) - rises).abs() > eps**0.5 * size).nonzero()
    if len(wrong):
        image = int(wrong[0])
        found, wanted = float(terms[image].sum()), float(rises[image])
        raise UnsupportedError(
            f"the contributions to the logit of image {image} sum to {found:.4g}, not to its "
            f"difference {wanted:.4g} from the baseline: the network mixes the images of a batch, "
            "or has a function that the rules do not fit; choose another interpreter"
        )


def _propagated(images: int, call: Call, multipliers: tuple[Tensor, ...]) -> Sequence[Tensor]:
    """Return the multipliers of a call's inputs, given those of its outputs."""
    if call.name in LAYERS:
        layer = affine(call)
        return [layer.transposed(multipliers[0], layer.weight)]
    if call.name in ELEMENTWISE:
        return [_rescaled(images, call, multipliers[0])]
    if call.name in SOFTMAXES:
        return [_softmaxed(images, call, multipliers[0])]
    if call.name in MAXIMA:
        return _largest(images, call, multipliers[0])
    if call.name in PRODUCTS and len(call.inputs) > 1:
        # x y - x0 y0 = (x - x0) (y + y0) / 2 + (y - y0) (x + x0) / 2
        middles = [(value + _baseline(value, images)) / 2 for value in call.inputs]
        return vector_jacobian_product(call, multipliers, middles)
    return vector_jacobian_product(call, multipliers)


def _rescaled(images: int, call: Call, multiplier: Tensor) -> Tensor:
    """Apply the rescale rule (eq. 9): difference of the outputs over that of the inputs."""
    x, (y,) = only_input(call), call.outputs
    (slope,) = vector_jacobian_product(call, (torch.ones_like(y),))
    return multiplier * secant((x, _baseline(x, images)), (y, _baseline(y, images)), slope)


def _softmaxed(images: int, call: Call, multiplier: Tensor) -> Tensor:
    """Apply the rescale rule to x - log(sum(exp(x))), and to its exponential, without overflow."""
    dimension, x, (y,) = dimension_of(call), only_input(call), call.outputs
    x0, y0 = _baseline(x, images), _baseline(y, images)
    total, total0 = (value.logsumexp(dimension, keepdim=True) for value in (x, x0))
    given = multiplier
    if call.name == "softmax":
        given = multiplier * secant((x - total, x0 - total0), (y, y0), y)
    # the arguments of the logarithm, in units of the larger sum
    unit = torch.maximum(total, total0)
    term, sums = (x - unit).exp(), (total - unit).exp()
    each = secant((x, x0), (term, (x0 - unit).exp()), term)
    whole = secant((total, total0), (sums, (total0 - unit).exp()), sums)
    return given - each / whole * given.sum(dimension, keepdim=True)


def _largest(images: int, call: Call, multiplier: Tensor) -> Sequence[Tensor]:
    """Attribute a rise of a maximum to its position now, a fall to its position in the baseline."""
    (y,) = call.outputs
    baselines, before = [_baseline(x, images) for x in call.inputs], _baseline(y, images)
    now = [_first(x, x0) for x, x0 in zip(call.inputs, baselines, strict=True)]
    then = [_first(x0, x0) for x0 in baselines]
    top = torch.maximum(y, before)
    rises = vector_jacobian_product(call, (multiplier * (top - before),), now)
    falls = vector_jacobian_product(call, (multiplier * (y - top),), then)
    slopes = vector_jacobian_product(call, (multiplier,), now)
    return [
        quotient(rise + fall, x - x0, slope, alike(x - x0, x, x0))
        for rise, fall, x, x0, slope in zip(
            rises, falls, call.inputs, baselines, slopes, strict=True
        )
    ]


def _first(values: Tensor, baseline: Tensor) -> Tensor:
    """Return values in which the first of equal ones is the largest, whatever the rounding.

    A plain baseline is constant over whole windows up to rounding, which differs by processor.
    """
    if values.ndim < 2:
        raise TapeError("no rule for a maximum over images")
    rows, columns = (torch.arange(side, device=values.device) for side in values.shape[-2:])
    order = 8 * rows[:, None] + columns
    # half precision has whole windows of equal values anyway
    eps = min(torch.finfo(kind).eps for kind in (values.dtype, torch.float32))
    return values - 16 * eps * baseline.detach().abs().amax() * order


def _baseline(value: Tensor, images: int) -> Tensor:
    """Return the baseline's values, the last of the batch, repeated for every image."""
    if not value.ndim or len(value) % (images + 1):
        raise TapeError(
            f"no rule for a tensor of shape {tuple(value.shape)}, whose first dimension does not "
            "hold the images"
        )
    grouped = value.unflatten(0, (images + 1, -1))
    return grouped[-1:].expand_as(grouped).flatten(0, 1)
