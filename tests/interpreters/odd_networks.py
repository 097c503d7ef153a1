"""Small networks of every odd kind, each with an oracle: its twin, plainly written."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

CLASSES, CHANNELS = 3, 4
Forward = Callable[["Odd", Tensor], Tensor]


class Odd(nn.Module):
    """Two convolutions and a head, and between them a function written in some odd way."""

    def __init__(self, middle: Forward) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.norm = nn.LayerNorm(CHANNELS)
        self.mix = nn.Linear(CHANNELS, CHANNELS)
        self.second = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.head = nn.Linear(CHANNELS, CLASSES)
        self.middle = middle

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.second(self.middle(self, self.first(images)))
        logits: Tensor = self.head(hidden.relu().mean((2, 3)))
        return logits


@dataclass(frozen=True)
class Case:
    """An odd function, and its twin; without one there is nothing plainer to compare with.

    LRP has other rules for some twins, or stabilises their denominators at other places.
    """

    odd: Forward
    twin: Forward | None = None
    rules_alike: bool = True


def doubled(x: Tensor) -> Tensor:
    x = x * 2
    x += 1
    return x.relu_()


class Normalised(nn.Module):
    """A parametrisation: the weight's rows have norm 1."""

    def forward(self, weight: Tensor) -> Tensor:
        return weight / weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1)


def relu(n: Odd, x: Tensor) -> Tensor:
    return x.relu()


def same(n: Odd, x: Tensor) -> Tensor:
    return x


def tokens(n: Odd, x: Tensor) -> Tensor:
    return n.mix(x.flatten(2).transpose(1, 2)).transpose(1, 2).view_as(x)


def sequence_first(n: Odd, x: Tensor) -> Tensor:
    return n.mix(x.flatten(2).permute(2, 0, 1)).permute(1, 2, 0).reshape(x.shape)


def stacked_first(n: Odd, x: Tensor) -> Tensor:
    return torch.stack([x, -x]).max(0).values


def mixes_batch(n: Odd, x: Tensor) -> Tensor:
    return x - x.mean(0, keepdim=True)


def norm_of_batch(n: Odd, x: Tensor) -> Tensor:
    return F.batch_norm(x, None, None, training=True)


def without_grad(n: Odd, x: Tensor) -> Tensor:
    with torch.no_grad():
        gate = x.sigmoid()
    return x * gate


def mixed(n: Odd, x: Tensor) -> Tensor:
    return F.conv2d(x, n.mix.weight[:, :, None, None])


def branch_without_grad(n: Odd, x: Tensor) -> Tensor:
    with torch.no_grad():
        frozen = mixed(n, x)
    return x + frozen.relu()


def rolled(n: Odd, x: Tensor) -> Tensor:
    return torch.cat([x[..., 2:], x[..., :2]], -1)


def routed(n: Odd, x: Tensor) -> Tensor:
    best = x.mean((2, 3)).topk(2).indices
    return x * torch.zeros_like(x[:, :, 0, 0]).scatter(1, best, 1.0)[:, :, None, None]


def gathered(n: Odd, x: Tensor) -> Tensor:
    order = x.mean((2, 3)).argsort(1)[:, :, None, None].expand_as(x)
    return x.gather(1, order)


def by_value(n: Odd, x: Tensor) -> Tensor:
    return x / float(x.abs().max())


def halves(n: Odd, x: Tensor) -> Tensor:
    value, gate = x.chunk(2, 1)
    return torch.cat([value * gate.sigmoid(), value], 1)


def halves_plainly(n: Odd, x: Tensor) -> Tensor:
    return torch.cat([x[:, :2] * torch.sigmoid(x[:, 2:]), x[:, :2]], 1)


def in_slices(n: Odd, x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    out[:, :2] = x[:, 2:]
    out[:, 2:] = x[:, :2]
    return out


def masked(n: Odd, x: Tensor) -> Tensor:
    mask = torch.ones(6, 6, dtype=torch.bool).tril()
    return x.masked_fill(mask, 0.0)


def masked_plainly(n: Odd, x: Tensor) -> Tensor:
    return x * (1 - torch.ones(6, 6).tril()).to(x)


def looped(n: Odd, x: Tensor) -> Tensor:
    for _ in range(3):
        x = n.second(x).tanh()
    return x


def attention(n: Odd, x: Tensor) -> Tensor:
    t = n.norm(x.flatten(2).transpose(1, 2))
    return F.scaled_dot_product_attention(t, t, t).transpose(1, 2).view_as(x)


def attention_plainly(n: Odd, x: Tensor) -> Tensor:
    t = n.norm(x.flatten(2).transpose(1, 2))
    weights = ((t * CHANNELS**-0.5) @ t.transpose(1, 2)).softmax(-1)
    return (weights @ t).transpose(1, 2).view_as(x)


def by_pixels(n: Odd, x: Tensor) -> Tensor:
    """Blocks of four pixels as channels and back, as space-to-depth does it by views."""
    blocks = x.view(len(x), CHANNELS, 3, 2, 3, 2).permute(0, 1, 3, 5, 2, 4)
    deep = blocks.reshape(len(x), 4 * CHANNELS, 3, 3).relu()
    return F.pixel_shuffle(deep, 2)


def spread(n: Odd, x: Tensor) -> Tensor:
    """A transposed convolution as a convolution of the positions with zeros between them."""
    rows = F.pad(x[:, :, :, None], (0, 0, 0, 1)).flatten(2, 3)
    grid = F.pad(rows[..., None], (0, 1)).flatten(3, 4)
    kernel = n.second.weight.flip(2, 3).transpose(0, 1)
    return F.conv2d(F.pad(grid, (1, 1, 1, 1)), kernel, n.second.bias)


def volumes(n: Odd, x: Tensor) -> Tensor:
    """Channels as the depth of volumes, with pooling over depth and positions."""
    x = F.conv3d(x[:, None], n.second.weight[:2, :1, None].expand(-1, -1, 2, -1, -1), padding=1)
    return F.avg_pool3d(F.max_pool3d(x.relu(), (2, 1, 1), 1), (2, 1, 1)).flatten(1, 2)


def squares(x: Tensor) -> Tensor:
    centred = x - x.mean((2, 3), keepdim=True)
    return centred * centred


def deviation(n: Odd, x: Tensor) -> Tensor:
    return x * (squares(x).sum((2, 3), keepdim=True) / 35).sqrt()


def between_channels(n: Odd, x: Tensor) -> Tensor:
    """Efficient channel attention: each channel weighted by its neighbours."""
    pooled = x.mean((2, 3))[:, None]
    return (
        x * F.conv1d(pooled, n.second.weight[:1, :1, 0], padding=1)[:, 0, :, None, None].sigmoid()
    )


def between_channels_in_two_dimensions(n: Odd, x: Tensor) -> Tensor:
    pooled = x.mean((2, 3))[:, None, None]
    weights = F.conv2d(pooled, n.second.weight[:1, :1, :1], padding=(0, 1))
    return x * weights[:, 0, 0, :, None, None].sigmoid()


def rows_of_tokens(n: Odd, x: Tensor) -> Tensor:
    flat = x.flatten(2).transpose(1, 2).reshape(-1, CHANNELS)
    mixed = torch.addmm(n.mix.bias, flat, n.mix.weight.T, beta=0.5, alpha=2)
    return mixed.view(len(x), -1, CHANNELS).transpose(1, 2).reshape(x.shape)


def batch_of_products(n: Odd, x: Tensor) -> Tensor:
    weight = n.mix.weight.expand(len(x), -1, -1)
    product = torch.baddbmm(n.mix.bias[:, None], weight, x.flatten(2), beta=0.5, alpha=2)
    return product.view_as(x)


def mixed_channels(n: Odd, x: Tensor) -> Tensor:
    return F.conv2d(x, 2 * n.mix.weight[:, :, None, None], 0.5 * n.mix.bias)


def picked(n: Odd, x: Tensor) -> Tensor:
    return torch.where(torch.ones(6, 6, dtype=torch.bool).tril(), x, 2 * x)


def picked_plainly(n: Odd, x: Tensor) -> Tensor:
    return x * (2 - torch.ones(6, 6).tril()).to(x)


ODD: dict[str, Case] = {
    "ReLU": Case(relu),
    "ReLU in place": Case(lambda n, x: x.relu_(), relu),
    "functional ReLU in place": Case(lambda n, x: F.relu(x, inplace=True), relu),
    "operators in place": Case(lambda n, x: doubled(x), lambda n, x: (2 * x + 1).relu()),
    "ReLU as a mask": Case(lambda n, x: x * (x > 0), relu),
    "ReLU as a mask of floats": Case(lambda n, x: x * (x > 0).to(x), relu),
    "ReLU by masked_fill": Case(lambda n, x: x.masked_fill(x < 0, 0), relu),
    "ReLU by where": Case(lambda n, x: torch.where(x > 0, x, 0.0), relu),
    "ReLU by maximum": Case(lambda n, x: torch.maximum(x, torch.zeros_like(x)), relu),
    "ReLU by clamp": Case(lambda n, x: x.clamp(min=0), relu),
    "ReLU by threshold": Case(lambda n, x: F.threshold(x, 0, 0), relu),
    "ReLU6 by clamp": Case(lambda n, x: x.clamp(0, 6), lambda n, x: F.relu6(x)),
    "negative part by clamp_max": Case(lambda n, x: x.clamp_max(0), lambda n, x: x.clamp(max=0)),
    "minus": Case(lambda n, x: -x, lambda n, x: x * -1),
    "minimum": Case(
        lambda n, x: torch.minimum(x, x / 2), lambda n, x: torch.maximum(x * -1, x / -2) * -1
    ),
    "minimum over channels": Case(
        lambda n, x: x * x.min(1, keepdim=True).values,
        lambda n, x: x * (x * -1).amax(1, keepdim=True) * -1,
    ),
    "minimum over positions": Case(
        lambda n, x: x * x.amin((2, 3), keepdim=True),
        lambda n, x: x * ((x * -1).amax((2, 3), keepdim=True) * -1),
    ),
    "where by a constant mask": Case(picked, picked_plainly),
    "absolute values": Case(lambda n, x: x.abs()),
    "detached factor": Case(lambda n, x: x * x.sigmoid().detach()),
    "factor without grad mode": Case(without_grad),
    "detached factor of a layer": Case(lambda n, x: x * mixed(n, x.detach()).sigmoid()),
    "branch without grad mode": Case(branch_without_grad),
    "detached branch": Case(lambda n, x: x + mixed(n, x.detach())),
    "data": Case(lambda n, x: x * x.data.sigmoid()),
    "signs": Case(lambda n, x: x * x.sign()),
    "rounded": Case(lambda n, x: x + x.round()),
    "Fourier transform": Case(lambda n, x: torch.fft.ifft2(torch.fft.fft2(x)).real, same),
    "complex numbers": Case(lambda n, x: torch.view_as_real(torch.complex(x, x)).sum(-1)),
    "tokens": Case(tokens),
    "sequence first": Case(sequence_first, tokens),
    "stacked in front": Case(stacked_first, lambda n, x: torch.maximum(x, -x)),
    "mean of the batch": Case(mixes_batch),
    "norm of the batch": Case(norm_of_batch),
    "chunks": Case(halves, halves_plainly),
    "roll": Case(lambda n, x: x.roll(-2, 3), rolled),
    "flip": Case(lambda n, x: x.flip(3), lambda n, x: x[..., [5, 4, 3, 2, 1, 0]]),
    "slices of a buffer": Case(in_slices, lambda n, x: torch.cat([x[:, 2:], x[:, :2]], 1)),
    "constant mask": Case(masked, masked_plainly),
    "routing by topk": Case(routed),
    "gather": Case(gathered),
    "numbers": Case(by_value),
    "one layer used three times": Case(looped),
    "einsum": Case(
        lambda n, x: torch.einsum("nchw,dc->ndhw", x, n.mix.weight),
        lambda n, x: F.conv2d(x, n.mix.weight[:, :, None, None]),
        rules_alike=False,
    ),
    "matrix products": Case(
        lambda n, x: (n.mix.weight @ x.flatten(2)).view_as(x),
        lambda n, x: F.conv2d(x, n.mix.weight[:, :, None, None]),
        rules_alike=False,
    ),
    "attention": Case(attention, attention_plainly),
    "blocks by views": Case(by_pixels, lambda n, x: x.relu()),
    "reflecting padding": Case(lambda n, x: F.pad(x, (1, 1, 1, 1), mode="reflect")),
    "circular padding": Case(lambda n, x: F.pad(x, (1, 1, 1, 1), mode="circular")),
    "negative padding": Case(lambda n, x: F.pad(x, (-1, 0)), lambda n, x: x[..., 1:]),
    "ceil mode": Case(lambda n, x: F.max_pool2d(x, 4, 3, ceil_mode=True)),
    "overlapping pooling": Case(lambda n, x: F.avg_pool2d(x, 3, 1, 1)),
    "pooling without padding": Case(lambda n, x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    "adaptive pooling": Case(lambda n, x: F.adaptive_avg_pool2d(x, (4, 5))),
    "upsampling": Case(
        lambda n, x: F.interpolate(x, scale_factor=2),
        lambda n, x: x.repeat_interleave(2, 2).repeat_interleave(2, 3),
        rules_alike=False,
    ),
    "dilation": Case(lambda n, x: F.conv2d(x, n.second.weight, padding=2, dilation=2)),
    "groups": Case(
        lambda n, x: F.conv2d(x, n.second.weight[:, :1], groups=CHANNELS, padding=1),
        lambda n, x: torch.cat(
            [F.conv2d(x[:, [i]], n.second.weight[[i], :1], padding=1) for i in range(CHANNELS)], 1
        ),
        rules_alike=False,
    ),
    "transposed convolution": Case(
        lambda n, x: F.conv_transpose2d(x, n.second.weight, n.second.bias, padding=1),
        lambda n, x: F.conv2d(
            x, n.second.weight.flip(2, 3).transpose(0, 1), n.second.bias, padding=1
        ),
    ),
    "transposed convolution with a stride": Case(
        lambda n, x: F.conv_transpose2d(x, n.second.weight, n.second.bias, 2, 1, 1), spread
    ),
    "flat volumes": Case(
        lambda n, x: F.conv3d(x[:, :, None], n.second.weight[:, :, None], padding=(0, 1, 1))[
            :, :, 0
        ],
        lambda n, x: F.conv2d(x, n.second.weight, padding=1),
    ),
    "volumes": Case(volumes),
    "convolution between channels": Case(between_channels, between_channels_in_two_dimensions),
    "addmm": Case(rows_of_tokens, mixed_channels, rules_alike=False),
    "baddbmm": Case(batch_of_products, mixed_channels, rules_alike=False),
    "index_select": Case(
        lambda n, x: x.index_select(1, torch.tensor([3, 0, 2, 0])), lambda n, x: x[:, [3, 0, 2, 0]]
    ),
    "shared weights": Case(lambda n, x: F.conv2d(x, n.second.weight, n.second.bias, padding=1)),
    "expanded dimensions": Case(lambda n, x: x[:, :, None].squeeze(2).unsqueeze(-1)[..., 0], same),
    "softmax of distant scores": Case(lambda n, x: x * (50 * x).softmax(1)),
    "logarithm of a softmax": Case(lambda n, x: x.log_softmax(1)),
    "softmin": Case(lambda n, x: x * F.softmin(x, 1), lambda n, x: x * (x * -1).softmax(1)),
    "standard deviation": Case(lambda n, x: x * x.std((2, 3), keepdim=True), deviation),
    "variance": Case(
        lambda n, x: x * x.var((2, 3), correction=0, keepdim=True),
        lambda n, x: x * squares(x).mean((2, 3), keepdim=True),
    ),
    "Euclidean norm": Case(lambda n, x: F.normalize(x, dim=1)),
    "a constant": Case(lambda n, x: torch.ones_like(x)),
    "nothing": Case(same),
}


def odd(middle: Forward) -> nn.Module:
    """The network in double precision, with the same weights for every function."""
    torch.manual_seed(0)
    return Odd(middle).double().eval()


def parametrised(how: Callable[[nn.Module], object]) -> tuple[nn.Module, nn.Module]:
    """A network whose second weight is made of others, and the twin with what they make."""
    network, twin = odd(relu), odd(relu)
    how(network.get_submodule("second"))
    network.eval()
    weight = network.get_submodule("second").weight
    assert isinstance(weight, Tensor)
    twin.get_parameter("second.weight").data.copy_(weight.detach())
    return network, twin


PARAMETRISED: dict[str, Callable[[nn.Module], object]] = {
    "weight norm": parametrizations.weight_norm,
    "spectral norm": parametrizations.spectral_norm,
    "a parametrisation": lambda layer: parametrize.register_parametrization(
        layer, "weight", Normalised()
    ),
}
