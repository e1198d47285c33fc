"""Datums: coordinates on another datum in, WGS 84 out, with the operation's name and accuracy.

In:  (lat_nd, lon_nd) in nanodegrees on a declared `Datum`, and the box of the theatre or the plan.
Out: `Converted`: the places on WGS 84, PROJ's name for the operation, its accuracy in millimetres.
Refuses (NO_TRANSFORMATION): a box for which PROJ's database (EPSG) knows no operation of stated accuracy whose area of
     use holds it whole, only a ballpark, or one whose grid is not installed. The network is never asked.

One operation serves a whole box: the most accurate, then the one of the smallest area, then the first by name, so that
the same database gives the same answer. EPSG's areas are boxes here; near a border another operation may be better, by
no more than the accuracy stated. WGS 84 itself is taken as it stands (accuracy 0).
"""

import math
import warnings
from enum import StrEnum
from functools import cache
from typing import Final

import msgspec
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # public, missing from its __all__
from pyproj.transformer import TransformerGroup

from wideberth.intake.bounds import ND, Bounds
from wideberth.refusal import Reason, Refusal, refuse

ACCURACY_M_MAX: Final = 100.0
"""EPSG writes 999 where nobody knows; the coarsest that states a figure is 44 m."""


class Datum(StrEnum):
    """The datums that a plan may be given on."""

    WGS84 = "WGS84"
    ED50 = "ED50"
    SK42 = "SK-42"
    PZ90_11 = "PZ-90.11"
    NAD27 = "NAD27"


DATUMS: Final = frozenset(datum.value for datum in Datum)
_EPSG: Final = {
    Datum.WGS84: 4326,
    Datum.ED50: 4230,
    Datum.SK42: 4284,
    Datum.PZ90_11: 9475,
    Datum.NAD27: 4267,
}


class Converted(msgspec.Struct, frozen=True):
    """Places on WGS 84 (lat_nd, lon_nd), how they were converted, and how far each may be off."""

    places: tuple[tuple[int, int], ...]
    operation: str
    accuracy_mm: int


class _Operation(msgspec.Struct, frozen=True):
    """One of PROJ's operations and the box that it is made for, in degrees."""

    transformer: Transformer
    name: str
    accuracy_m: float
    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        return (self.east - self.west) % 360 or 360.0

    @property
    def size(self) -> float:
        return self.width * (self.north - self.south)

    def holds(self, area: Bounds) -> bool:
        """Whether the box lies in the area of use; both may cross 180 degrees."""
        if area.lat_min_nd < self.south * ND or area.lat_max_nd > self.north * ND:
            return False
        start = (area.lon_min_nd / ND - self.west) % 360
        return self.width == 360.0 or start + (area.lon_max_nd - area.lon_min_nd) / ND <= self.width


def to_wgs84(
    places: tuple[tuple[int, int], ...], datum: Datum, area: Bounds, field: str = "datum"
) -> Converted | Refusal:
    """The places on WGS 84, by the best operation whose area of use holds `area`."""
    return _convert(places, datum, area, TransformDirection.FORWARD, field)


def from_wgs84(
    places: tuple[tuple[int, int], ...], datum: Datum, area: Bounds, field: str = "datum"
) -> Converted | Refusal:
    """The way back, by the same operation."""
    return _convert(places, datum, area, TransformDirection.INVERSE, field)


def _convert(
    places: tuple[tuple[int, int], ...], datum: Datum, area: Bounds, direction: TransformDirection, field: str
) -> Converted | Refusal:
    if datum is Datum.WGS84:
        return Converted(places, "none", 0)
    operation = _operation(datum, area)
    if operation is None:
        limit = f"an operation of known accuracy from {datum} to WGS 84 for the whole area; give it in WGS 84"
        return refuse(Reason.NO_TRANSFORMATION, field, limit, datum.value)
    lons, lats = operation.transformer.transform(
        [lon / ND for _, lon in places], [lat / ND for lat, _ in places], direction=direction
    )
    if not all(math.isfinite(degree) for degree in (*lons, *lats)):
        return refuse(Reason.NO_TRANSFORMATION, field, f"places that {operation.name} can convert", datum.value)
    converted = tuple((round(lat * ND), round(lon * ND)) for lat, lon in zip(lats, lons, strict=True))
    return Converted(converted, operation.name, math.ceil(operation.accuracy_m * 1000))


@cache
def _operations(datum: Datum) -> tuple[_Operation, ...]:
    """All operations that may be trusted somewhere: stated accuracy, no missing grid, no ballpark; the best first."""
    set_network_enabled(False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Best transformation is not available", category=UserWarning)
        found = TransformerGroup(
            CRS.from_epsg(_EPSG[datum]), CRS.from_epsg(4326), always_xy=True, allow_ballpark=False
        ).transformers
    usable = [
        _Operation(transformer, _name(transformer.description), transformer.accuracy, *transformer.area_of_use.bounds)
        for transformer in found
        if transformer.area_of_use is not None and 0 <= transformer.accuracy < ACCURACY_M_MAX
    ]
    return tuple(sorted(usable, key=lambda operation: (operation.accuracy_m, operation.size, operation.name)))


def _operation(datum: Datum, area: Bounds) -> _Operation | None:
    """The best operation whose area of use holds the box; None where there is none."""
    return next((operation for operation in _operations(datum) if operation.holds(area)), None)


def _name(description: str) -> str:
    """PROJ's description without the steps that only reorder axes or change between two and three dimensions."""
    steps = [step.strip() for step in description.split(" + ")]
    idle = ("axis order change", "Conversion from", "Inverse of Conversion")
    telling = [step for step in steps if not step.startswith(idle)]
    return " + ".join(telling) or description
