"""BatchNorm merged into the layer before it or behind it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from interpreters.tape.calls import Call, located, read
from interpreters.tape.layers import LAYERS, batch_norm


def folded(calls: Sequence[Call]) -> list[Call]:
    """Return the calls with each BatchNorm folded into the layer with weights before it."""
    uses = _uses(calls)
    makers = {id(call.outputs[0]): call for call in calls if _has_channels(call)}
    merged: dict[int, Call | None] = {}
    for norm in calls:
        layer = makers.get(id(norm.inputs[0]))
        if norm.name == "batch_norm" and layer is not None and uses[id(norm.inputs[0])] == 1:
            merged[id(layer)], merged[id(norm)] = None, _merged(layer, norm)
    return [other for call in calls if (other := merged.get(id(call), call)) is not None]


def gated(calls: Sequence[Call], first: Call | None = None) -> list[Call]:
    """Return the calls with BatchNorm and ReLU merged into the convolution behind them.

    The convolution's input becomes the BatchNorm's, if no other call reads what lies between.

    Args:
        calls: calls of a tape, after `folded`.
        first: the layer at the pixels, which is not merged because it may have its own rule.
    """
    uses = _uses(calls)
    makers = {id(call.outputs[0]): call for call in calls}
    gates: dict[int, Call | None] = {}
    for call in calls:
        if call.name not in ("conv1d", "conv2d") or len(call.inputs) > 1 or not call.args:
            continue
        relu = makers.get(id(call.args[0]))
        norm = makers.get(id(relu.inputs[0])) if relu is not None and relu.name == "relu" else None
        if relu is None or norm is None or norm.name != "batch_norm" or norm is first:
            continue
        if uses[id(norm.outputs[0])] == uses[id(relu.outputs[0])] == 1:
            gates[id(call)] = replace(call, inputs=norm.inputs, gate=norm)
            gates[id(relu)] = gates[id(norm)] = None
    return [other for call in calls if (other := gates.get(id(call), call)) is not None]


def _uses(calls: Sequence[Call]) -> Counter[int]:
    """Return the number of calls that read each tensor, by its id."""
    return Counter(id(value) for call in calls for value in call.inputs)


def _has_channels(call: Call) -> bool:
    """Return True for a layer with its channels in the second dimension, as BatchNorm needs."""
    on_tokens = call.name == "linear" and call.outputs[0].ndim > 2
    return call.name in LAYERS and call.name != "batch_norm" and not on_tokens


def _merged(layer: Call, norm: Call) -> Call:
    with located(norm.site):
        kind, reader = LAYERS[layer.name]
        value, weight, bias, options = read(reader, layer.name, layer.args, layer.kwargs)
        _, scale, shift, _ = read(batch_norm, norm.name, norm.args, norm.kwargs)
    weight = kind.scaled(weight, scale, options.get("groups", 1))
    bias = shift if bias is None else bias * scale + shift
    args = (value, weight, bias)
    return replace(layer, args=args, kwargs=options, outputs=norm.outputs)
