"""Classes of plain data beside weights, which torch may build when it reads a file."""

from argparse import Namespace
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

NUMBERS = "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"

# numpy 1 and Python before 3.13 name the same functions and classes otherwise
SCALAR = np.float64(0).__reduce__()[0]
HARMLESS: list[Any] = [
    Namespace,
    np.dtype,
    *{type(np.dtype(number)) for number in NUMBERS},
    (SCALAR, "numpy.core.multiarray.scalar"),
    (SCALAR, "numpy._core.multiarray.scalar"),
    *((PurePath, f"{module}.PurePath") for module in ("pathlib", "pathlib._local")),
    *((PurePosixPath, f"{module}.PosixPath") for module in ("pathlib", "pathlib._local")),
    *((PureWindowsPath, f"{module}.WindowsPath") for module in ("pathlib", "pathlib._local")),
]
