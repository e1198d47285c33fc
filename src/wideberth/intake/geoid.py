"""The EGM96 geoid: how high mean sea level lies above the WGS 84 ellipsoid.

In:  latitude and longitude in nanodegrees, or a `Bounds`.
Out: millimetres; for a box the least and the greatest height in it, interpolation error included.
Refuses nothing: every place on Earth has a height.

The grid ships inside the package (grids/README.md) and is read once, at first use: the one file that intake opens.
Method: cubic convolution (Keys, IEEE Trans. ASSP 29(6), 1981) over the 15-minute grid. Error against the model itself:
0.169 m at most for a cubic reading of this grid (GeographicLib, "Geoid height", table of interpolation errors), 5 mm of
rounding; `INTERPOLATION_MM` states both. Against NGA's published points it is at most 12 mm (tests).
"""

import math
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

from wideberth.intake.bounds import ND, Bounds

INTERPOLATION_MM: Final = 200
"""How far the height read here may lie from the model's own."""

_ROWS: Final = 721
_COLUMNS: Final = 1440
_STEP_ND: Final = ND // 4


@cache
def _grid() -> npt.NDArray[np.float64]:
    """Heights in millimetres, rows from 90 S, columns from 180 W, with rows beyond the poles and wrapped columns."""
    data = files("wideberth.intake").joinpath("grids/egm96_15.i16").read_bytes()
    inner = np.frombuffer(data, "<i2").reshape(_ROWS, _COLUMNS).astype(np.float64) * 10.0
    half_turn = np.roll(inner, _COLUMNS // 2, axis=1)
    tall = np.concatenate([half_turn[1:2], inner, half_turn[-2:-4:-1]])
    wide = np.concatenate([tall[:, -1:], tall, tall[:, :3]], axis=1)
    wide.setflags(write=False)
    return wide


def _weights(t: float) -> npt.NDArray[np.float64]:
    """Keys' kernel with a = -1/2 for the four nodes around a place `t` of the way between the middle two."""
    return np.array(
        [
            ((2.0 - t) * t - 1.0) * t / 2.0,
            ((3.0 * t - 5.0) * t * t + 2.0) / 2.0,
            ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
            (t - 1.0) * t * t / 2.0,
        ]
    )


def undulation_mm(lat_nd: int, lon_nd: int) -> int:
    """Height of the EGM96 geoid above the ellipsoid, within `INTERPOLATION_MM`."""
    row, y = divmod(lat_nd + 90 * ND, _STEP_ND)
    column, x = divmod((lon_nd + 180 * ND) % (360 * ND), _STEP_ND)
    around = _grid()[row : row + 4, column : column + 4]
    return round(float(_weights(y / _STEP_ND) @ around @ _weights(x / _STEP_ND)))


def undulation_range_mm(bounds: Bounds) -> tuple[int, int]:
    """Least and greatest height of the geoid in a box, widened by `INTERPOLATION_MM`.

    All nodes of the box and of one ring around it are looked at, so that no reading between them lies outside.
    """
    first = (bounds.lat_min_nd + 90 * ND) // _STEP_ND - 1
    last = -(-(bounds.lat_max_nd + 90 * ND) // _STEP_ND) + 1
    west = (bounds.lon_min_nd + 180 * ND) // _STEP_ND - 1
    east = -(-(bounds.lon_max_nd + 180 * ND) // _STEP_ND) + 1
    columns = np.arange(west, min(east, west + _COLUMNS) + 1) % _COLUMNS + 1
    rows = _grid()[max(first + 1, 0) : last + 2]
    part = rows[:, columns]
    return math.floor(float(part.min())) - INTERPOLATION_MM, math.ceil(float(part.max())) + INTERPOLATION_MM
