"""Names of the functions that networks call, by what they do to values."""

ACTIVATIONS = frozenset(
    """relu relu6 leaky_relu prelu rrelu elu selu celu gelu silu mish softplus softsign tanh sigmoid
    hardtanh hardsigmoid hardswish clamp clamp_min square sqrt dropout dropout2d
    alpha_dropout""".split()
)
"""Each element alone."""

REARRANGEMENTS = frozenset(
    """cat concat stack flatten unflatten reshape reshape_as view view_as permute transpose T mT
    swapaxes movedim squeeze unsqueeze expand expand_as repeat repeat_interleave chunk split
    tensor_split unbind getitem select narrow pad roll flip clone contiguous to float type_as
    pixel_shuffle pixel_unshuffle channel_shuffle masked_fill""".split()
)
"""Values go elsewhere as they are."""

MAXIMA = frozenset("max_pool1d max_pool2d adaptive_max_pool2d amax max maximum".split())
"""The largest values go on."""

SUMS = frozenset(
    "add sub rsub mean sum avg_pool1d avg_pool2d adaptive_avg_pool2d interpolate".split()
)
"""Linear, without weights."""

PRODUCTS = frozenset("mul rmul multiply matmul bmm einsum".split())
"""Linear in each factor."""

CONSTANTS = frozenset(
    """detach new_zeros new_ones new_full new_empty new_tensor zeros_like ones_like full_like
    empty_like""".split()
)
"""What comes out does not depend on the values, or is not meant to."""

QUOTIENTS = frozenset("div truediv true_divide divide".split())
"""A numerator over a denominator."""
