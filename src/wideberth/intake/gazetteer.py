"""The shipped gazetteer: places with names, from which a charter takes its landmarks.

In:  the bounds of a theatre; how many rows.
Out: landmarks inside them, a row for each spelling (Latin, Cyrillic, Arabic letters).
Refuses nothing: where nobody lives there are none.
Source: GeoNames (https://www.geonames.org, CC BY 4.0), places of 5,000 people and more; tools/make_gazetteer.py.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from wideberth.limits import LANDMARKS_MAX
from wideberth.party.charter import Landmark

CREDIT: Final = "Names of places: GeoNames, CC BY 4.0."
_ND: Final = 100_000
"""Nanodegrees in a ten-thousandth of a degree, 11 m."""
_TURN_ND: Final = 360_000_000_000
_SQUARES: Final = 16
"""A theatre is parted into so many squares by so many, and the largest place of each comes first."""


class _Row(NamedTuple):
    lat_nd: int
    lon_nd: int
    names: tuple[str, ...]


@cache
def _rows() -> tuple[_Row, ...]:
    data = gzip.decompress(files("wideberth.intake").joinpath("gazetteer.tsv.gz").read_bytes())
    rows = (line.split("\t") for line in data.decode().splitlines())
    return tuple(_Row(int(lat) * _ND, int(lon) * _ND, tuple(n for n in names if n)) for lat, lon, *names in rows)


def landmarks_within(bounds_nd: tuple[int, int, int, int], count: int = LANDMARKS_MAX) -> tuple[Landmark, ...]:
    """At most `count` rows, places spread over the bounds (lat_min, lat_max, lon_min, lon_max), larger ones first."""
    lat_min, lat_max, lon_min, lon_max = bounds_nd
    inside = [
        (row, (row.lon_nd - lon_min) % _TURN_ND)
        for row in _rows()
        if lat_min <= row.lat_nd <= lat_max and (row.lon_nd - lon_min) % _TURN_ND <= lon_max - lon_min
    ]
    first: dict[tuple[int, int], _Row] = {}
    for row, east_nd in inside:
        square = (row.lat_nd - lat_min) * _SQUARES // (lat_max - lat_min), east_nd * _SQUARES // (lon_max - lon_min)
        first.setdefault(square, row)
    found: list[Landmark] = []
    for row in dict.fromkeys((*first.values(), *(row for row, _ in inside))):
        if len(found) + len(row.names) > count:
            break
        found += [Landmark(name, row.lat_nd, row.lon_nd) for name in row.names]
    return tuple(found)
