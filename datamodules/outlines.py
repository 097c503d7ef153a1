"""Outlines of the twelve classes of Shapes, as polygons, and their rasterisation."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SUPERSAMPLING = 3


def _arc(radius: float, start: float, stop: float, points: int, x: float = 0.0) -> Array:
    angles = np.linspace(start, stop, points)
    return np.stack([x + radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def _regular(corners: int) -> Array:
    return _arc(1.0, 0.0, 2 * np.pi * (1 - 1 / corners), corners)


def _star() -> Array:
    radii = np.where(np.arange(10) % 2, 0.42, 1.0)
    return _regular(10) * radii[:, None]


def _polygon(corners: str) -> Array:
    return np.array([[float(side) for side in corner.split(",")] for corner in corners.split()])


CROSS = "1,.3 .3,.3 .3,1 -.3,1 -.3,.3 -1,.3 -1,-.3 -.3,-.3 -.3,-1 .3,-1 .3,-.3 1,-.3"

# an outline inside another one is a hole
_POLYGONS: dict[str, list[Array]] = {
    "arrow": [_polygon("1,0 .1,.75 .1,.28 -.95,.28 -.95,-.28 .1,-.28 .1,-.75")],
    "circle": [_regular(32)],
    "crescent": [np.concatenate([_arc(1.0, 0.6, 5.68, 24), _arc(0.78, 5.45, 0.83, 24, 0.3)])],
    "cross": [_polygon(CROSS)],
    "ell": [_polygon("-.6,-.95 .75,-.95 .75,-.4 -.05,-.4 -.05,.95 -.6,.95")],
    "frame": [_regular(4), 0.6 * _regular(4)],
    "half": [_arc(1.0, 0.0, np.pi, 20) - np.array([0.0, 0.4])],
    "hourglass": [_polygon(".8,.95 -.8,.95 .8,-.95 -.8,-.95")],
    "ring": [_regular(32), 0.6 * _regular(32)],
    "square": [_regular(4)],
    "star": [_star()],
    "triangle": [_regular(3)],
}


def _in_unit_circle(outlines: list[Array]) -> list[Array]:
    radius = max(float(np.hypot(*outline.T).max()) for outline in outlines)
    return [outline / radius for outline in outlines]


# outlines of each class, scaled so that the farthest corner is on the unit circle
OUTLINES = {name: _in_unit_circle(outlines) for name, outlines in _POLYGONS.items()}


class Patch(NamedTuple):
    """Rectangle of an image, and the share of each of its pixels that is covered, in [0, 1]."""

    rows: slice
    columns: slice
    cover: Array


def coverage(outlines: list[Array], size: int) -> Patch:
    """Return the share of each pixel that the outlines cover, by the even-odd rule.

    Args:
        outlines: polygons in pixel units, each of shape (corners, 2), columns x and y.
        size: side of the square image in pixels; parts outside the image are cut off.
    """
    starts = np.concatenate(outlines)
    stops = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines])
    left, top = np.clip(np.floor(starts.min(0)).astype(int), 0, size)
    right, bottom = np.clip(np.ceil(starts.max(0)).astype(int), 0, size)
    xs = left + (np.arange((right - left) * SUPERSAMPLING) + 0.5) / SUPERSAMPLING
    ys = top + (np.arange((bottom - top) * SUPERSAMPLING) + 0.5) / SUPERSAMPLING
    (x0, y0), (x1, y1) = starts.T[:, :, None], stops.T[:, :, None]
    crosses = (ys < y0) != (ys < y1)
    edges = x0 + (ys - y0) * (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
    inside = np.logical_xor.reduce(crosses[:, :, None] & (xs < edges[:, :, None]))
    blocks = inside.reshape(bottom - top, SUPERSAMPLING, right - left, SUPERSAMPLING)
    return Patch(slice(top, bottom), slice(left, right), blocks.mean((1, 3)))


def placed(outlines: list[Array], centre: Array, radius: float, angle: float) -> list[Array]:
    """Return outlines rotated by `angle` in radians, scaled by `radius` and moved to `centre`."""
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [centre + radius * outline @ rotation for outline in outlines]
