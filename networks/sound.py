"""Refusal of tensors in a weight file that cannot be a network's weights."""

import torch
from torch import Tensor


class WeightFileError(ValueError):
    """Error of a weight file that cannot be read or does not fit the network."""


def is_array(value: Tensor) -> bool:
    """Return True for an array of numbers: neither sparse, nor quantised, nor without values.

    Nor one value for many places, which a small file can claim to be of any size.
    """
    if value.layout != torch.strided or value.is_quantized or value.is_meta:
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def check_sound(name: str, value: Tensor, expected: Tensor, source: str) -> None:
    """Raise WeightFileError unless a tensor can stand for a weight of the network.

    Args:
        name: name of the weight.
        value: the tensor in the file, of any shape.
        expected: the network's own tensor.
        source: name of the file.
    """
    floating = expected.is_floating_point()
    alike = value.is_floating_point() == floating and value.is_complex() == expected.is_complex()
    if not (is_array(value) and alike):
        raise WeightFileError(
            f"`{name}` in {source} is a tensor of {value.dtype}, {value.layout} on {value.device}, "
            f"expected {expected.dtype}; save the network's weights as numbers of this kind"
        )
    if not floating:
        return
    wide = value.to(expected.dtype)
    # masks of attention are infinite from the start
    wrong = int((~wide.isfinite() & expected.cpu().isfinite()).sum())
    if wrong:
        raise WeightFileError(
            f"`{name}` in {source} has {wrong} values that are NaN "
            "or infinite; the training diverged: give an earlier checkpoint"
        )
    if name.endswith("running_var") and (wide < 0).any():
        raise WeightFileError(
            f"`{name}` in {source} has negative variances; the file is damaged: give another"
        )
