"""Manipulate the heatmaps of image classifiers, and measure how far explanations can be trusted."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trompe.finder import PARTS, install

if TYPE_CHECKING:
    from trompe.attacking import Attacked, attack
    from trompe.explaining import Explained, explain
    from trompe.loading import load
    from trompe.measuring import fooling_success_rate
    from trompe.reading import read
    from trompe.showing import show, show_attack

__version__ = "0.1.0"
# imported when they are used: torch and timm take seconds
MODULES = {
    "Attacked": "trompe.attacking",
    "Explained": "trompe.explaining",
    "attack": "trompe.attacking",
    "explain": "trompe.explaining",
    "fooling_success_rate": "trompe.measuring",
    "load": "trompe.loading",
    "read": "trompe.reading",
    "show": "trompe.showing",
    "show_attack": "trompe.showing",
}
__all__ = [
    "Attacked",
    "Explained",
    "attack",
    "explain",
    "fooling_success_rate",
    "load",
    "read",
    "show",
    "show_attack",
]

install()


def __getattr__(name: str) -> Any:
    """Return a public function, or a part such as `trompe.losses`, importing it the first time."""
    if name in MODULES:
        return getattr(import_module(MODULES[name]), name)
    if name in PARTS:
        return import_module(name)
    raise AttributeError(f"module `trompe` has no attribute `{name}`")
