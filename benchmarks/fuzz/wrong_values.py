"""Values and names of classes that an entry of a configuration or of results should not have."""

from typing import Any

import datamodules
import interpreters
import losses
import networks

VALUES: tuple[Any, ...] = (
    None,
    [],
    {},
    [1],
    [None],
    [[]],
    {"a": 1},
    -1,
    0,
    1,
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    10**30,
    True,
    "",
    " ",
    "text",
    "1",
    "None",
    "a.b",
    "losses",
    "no/such/file.yaml",
    "a" * 10_000,
    "\x1b[2J\u202e",
)
PARTS = [
    f"{module.__name__}.{name}"
    for module in (datamodules, interpreters, losses, networks)
    for name in module.__all__
]
CLASSES = (
    "losses.Locatoin",
    "losses",
    "losses.",
    ".losses",
    "Location",
    "losses.location.Location",
    "trompe.losses.TopK",
    "torch.nn.Linear",
    "torch.optim.Adam",
    "collections.OrderedDict",
    "no.such.module.Class",
    "losses Location",
    "losses.__all__",
    "math.pi",
)
