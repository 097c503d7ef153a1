"""Names of the functions that networks call, by what they do to values."""

ACTIVATIONS = frozenset(
    """relu relu6 leaky_relu prelu rrelu elu selu celu gelu silu mish softplus softsign tanh sigmoid
    hardtanh hardsigmoid hardswish hardshrink softshrink tanhshrink log_sigmoid threshold clamp
    clamp_min clamp_max square sqrt dropout dropout1d dropout2d dropout3d alpha_dropout
    feature_alpha_dropout""".split()
)
"""Functions of each element alone."""

REARRANGEMENTS = frozenset(
    """cat concat stack flatten unflatten reshape reshape_as view view_as permute transpose T mT
    swapaxes movedim squeeze unsqueeze expand expand_as repeat repeat_interleave chunk split
    tensor_split unbind getitem select narrow pad roll flip clone contiguous to float type_as
    pixel_shuffle pixel_unshuffle channel_shuffle masked_fill where""".split()
)
"""Functions that move or copy values unchanged."""

MAXIMA = frozenset(
    """max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
    amax max maximum""".split()
)
"""Functions that select the largest values."""

SUMS = frozenset(
    """add sub rsub mean sum avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d interpolate""".split()
)
"""Linear functions without weights."""

SCALING = frozenset("mul rmul multiply neg negative".split())
"""Products of single elements."""

PRODUCTS = SCALING | {"matmul", "mm", "bmm", "einsum"}
"""Functions that are linear in each factor."""

SOFTMAXES = frozenset("softmax log_softmax".split())
"""Functions that compare scores along a dimension."""

CONSTANTS = frozenset(
    """new_zeros new_ones new_full new_empty new_tensor zeros_like ones_like full_like
    empty_like""".split()
)
"""Functions whose result does not depend on the values."""

NUMBERS = frozenset("item tolist numpy __float__ __int__ __complex__ __array__".split())
"""Functions that return the values themselves to Python."""

QUOTIENTS = frozenset("div truediv true_divide divide".split())
"""Quotients."""
