"""Pressure altitude against height above the ellipsoid: ranges, never a single figure, by what is assumed of the air.

In:  columns of one or the other, with places; the air (`intake.altitude.Air`, as a node declares it, or any).
Out: the least and the greatest of the other; -inf, inf where there is nothing to go by.
Refuses nothing.

`intake.altitude` says how: hypsometric, over the range of QNH and temperature; mean sea level taken as EGM96 within 2
m, the geoid as its range in the degree around the place. Neither kind is ever replaced by the other: these ranges serve
where two things have no kind in common, and where a volume in heights meets a thing that knows its pressure alone.
"""

from typing import Final

import numpy as np

from wideberth.intake.altitude import ANY_AIR, MSL_MM, Air, pressure_height_m
from wideberth.intake.bounds import ND, Bounds
from wideberth.intake.geoid import undulation_range_mm
from wideberth.watch.motion import FOOT, Float64s

_GRID_FT: Final = np.arange(-2_000, 100_001, 500)
"""Between these pressure altitudes the range is read along straight lines: within 1 ft of the atmosphere's own bend."""
_UNKNOWN: Final = np.nan


class Heights:
    """Conversions for one range of air."""

    def __init__(self, air: Air = ANY_AIR) -> None:
        reach = np.array([pressure_height_m(feet * 0.3048, air) for feet in _GRID_FT.tolist()]) * 1e4
        self._baro = _GRID_FT * float(FOOT)
        self._least, self._most = reach[:, 0], reach[:, 1]
        self._geoid = np.full((180, 360, 2), _UNKNOWN)
        self.assumption = f"{air.sentence()}; mean sea level taken as EGM96 within {MSL_MM // 1_000} m"

    def of_pressure(self, baro: Float64s, lat_rad: Float64s, lon_rad: Float64s) -> tuple[Float64s, Float64s]:
        """Range above the ellipsoid, tenths of a millimetre, of pressure altitudes; NaN gives -inf, inf."""
        least, most = self._sea(lat_rad, lon_rad)
        low, high = np.interp(baro, self._baro, self._least) + least, np.interp(baro, self._baro, self._most) + most
        return np.where(np.isnan(baro), -np.inf, low), np.where(np.isnan(baro), np.inf, high)

    def to_pressure(self, hae: Float64s, lat_rad: Float64s, lon_rad: Float64s) -> tuple[Float64s, Float64s]:
        """Range of pressure altitudes, tenths of a millimetre, of heights above the ellipsoid; NaN gives -inf, inf."""
        least, most = self._sea(lat_rad, lon_rad)
        low, high = np.interp(hae - most, self._most, self._baro), np.interp(hae - least, self._least, self._baro)
        return np.where(np.isnan(hae), -np.inf, low), np.where(np.isnan(hae), np.inf, high)

    def _sea(self, lat_rad: Float64s, lon_rad: Float64s) -> tuple[Float64s, Float64s]:
        """Range of mean sea level above the ellipsoid in the degree around each place."""
        rows = np.clip(np.floor(np.degrees(lat_rad)).astype(np.int64) + 90, 0, 179)
        columns = np.floor(np.degrees(lon_rad)).astype(np.int64) % 360
        cells = self._geoid[rows, columns]
        missing = np.flatnonzero(np.isnan(cells[:, 0]))
        if len(missing):
            for row, column in set(zip(rows[missing].tolist(), columns[missing].tolist(), strict=True)):
                west = (column + 180) % 360 - 180
                box = Bounds((row - 90) * ND, (row - 89) * ND, west * ND, (west + 1) * ND)
                least, most = undulation_range_mm(box)
                self._geoid[row, column] = (least - MSL_MM) * 10.0, (most + MSL_MM) * 10.0
            cells = self._geoid[rows, columns]
        return cells[:, 0], cells[:, 1]
