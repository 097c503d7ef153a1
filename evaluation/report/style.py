"""The look of a report's pictures, which can be changed after the study."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
from matplotlib import style

from lightning_modules.pictures import SIGNED, STYLE


class StyleError(ValueError):
    """A style is unknown to matplotlib."""


@dataclass(frozen=True)
class Style:
    """Settings of matplotlib, colour maps and size.

    Args:
        sheets: Names or files of matplotlib's style sheets, for fonts, colours, resolution, ...
        colormap: Colour map of heatmaps from 0 up; that of the sheets if not given.
        signed_colormap: Colour map of heatmaps below and above 0.
        size: Factor of the width and height of every figure.
    """

    sheets: Sequence[str] = ()
    colormap: str | None = None
    signed_colormap: str = "RdBu_r"
    size: float = 1.0

    def __post_init__(self) -> None:
        for name in filter(None, (self.colormap, self.signed_colormap)):
            if name not in matplotlib.colormaps:
                raise StyleError(
                    f"matplotlib has no colour map {name}; it has {', '.join(matplotlib.colormaps)}"
                )
        if not 0 < self.size < float("inf"):
            raise StyleError(f"`size` must be a factor above 0, got {self.size}")
        try:
            with style.context([*self.sheets]):
                pass
        except OSError as error:
            raise StyleError(
                f"{error}; give a file of settings, or one of {', '.join(style.available)}"
            ) from error

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Draw with this style while the context lasts."""
        own = {} if self.colormap is None else {"image.cmap": self.colormap}
        token = SIGNED.set(self.signed_colormap)
        try:
            # names are no formulas, whatever a sheet says
            with style.context([STYLE, *self.sheets, own, {"text.parse_math": False}]):
                yield
        finally:
            SIGNED.reset(token)
