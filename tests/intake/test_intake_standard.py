"""Volumes of the standards' requests: the quick way and the thorough one read the same."""

import json
import os
import re
from decimal import Decimal
from math import ceil
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.intake.f3548 import Missing
from wideberth.intake.standard import Form, Volume4D, check_area, plain, read_again, read_volumes, time_us
from wideberth.intake.times import parse_time
from wideberth.limits import ALTITUDE_MM_MAX, ALTITUDE_MM_MIN
from wideberth.refusal import Reason, Refusal
from wideberth.space.volume import Circle, Polygon

EXAMPLES = 20_000 if os.environ.get("WIDEBERTH_LONG") else 400
NOW_US = 1_795_000_000_000_000
LENIENT = Missing(NOW_US, None, 86_400_000_000)
SEARCH = Missing(NOW_US, NOW_US + 3_600_000_000, instant=True)


class Holder(Form):
    """A body with a list of volumes."""

    extents: list[Volume4D]


def volume(**changes: Any) -> dict[str, Any]:
    """A sound volume in JSON's types, or one with changes; a change to `...` leaves the member out."""
    shape = {
        "outline_circle": {"center": {"lat": 42.1234567, "lng": -38.7}, "radius": {"value": 300.5, "units": "M"}},
        "altitude_lower": {"value": 100, "reference": "W84", "units": "M"},
        "altitude_upper": {"value": 120.5, "reference": "W84", "units": "M"},
    }
    row: dict[str, Any] = {
        "volume": shape,
        "time_start": {"value": "2026-11-22T10:00:00Z", "format": "RFC3339"},
        "time_end": {"value": "2026-11-22T11:00:00.25Z", "format": "RFC3339"},
    }
    for name, value in changes.items():
        at = row if name.startswith("time") else shape
        if value is ...:
            del at[name]
        else:
            at[name] = value
    return row


def polygon(*places: tuple[Any, Any]) -> dict[str, Any]:
    """The members of a volume with a ring."""
    vertices = [{"lat": lat, "lng": lng} for lat, lng in places]
    return {"outline_circle": ..., "outline_polygon": {"vertices": vertices}}


def both(row: object, missing: Missing | None = None) -> tuple[Any, Any]:
    """What the quick way makes of a volume, None where it passes, and what the thorough one does."""
    return of_text(json.dumps({"extents": [row]}), missing)


def of_text(text: str, missing: Missing | None = None) -> tuple[Any, Any]:
    """The same of a text."""
    data = text.encode()
    try:
        form = msgspec.json.decode(data, type=Holder).extents[0]
    except msgspec.ValidationError:
        return None, read_again(data, "extents", missing)
    return plain(form, missing), read_again(data, "extents", missing)


SQUARE = ((42.0, -38.0), (42.0, -37.9), (42.1, -37.9), (42.1, -38.0))


@pytest.mark.parametrize(
    "row",
    [
        volume(),
        volume(time_start={"value": "2026-11-22T10:00:00.123456Z", "format": "RFC3339"}),
        volume(**polygon(*SQUARE)),
        volume(**polygon(*reversed(SQUARE))),
        volume(**polygon(*SQUARE, SQUARE[0])),
        volume(altitude_lower={"value": -12.345, "reference": "W84", "units": "M"}),
    ],
)
def test_what_is_usual_is_read_the_quick_way(row: dict[str, Any]) -> None:
    """Circles and rings with times in UTC never take the long way, and mean the same there."""
    quick, thorough = both(row)
    assert quick is not None
    assert (quick,) == thorough
    data = json.dumps({"extents": [row]}).encode()
    assert read_volumes(data, msgspec.json.decode(data, type=Holder).extents, "extents") == (quick,)


def _digits(low: int, high: int) -> st.SearchStrategy[str]:
    """Numbers as people and programs write them, many of them near a turning point of rounding."""
    whole = st.integers(low, high)
    tail = st.sampled_from(["", ".0", ".5", ".125", ".0005", ".9995", ".00049999999", ".1234567895", ".12345678949999"])
    more = st.text("0123456789", min_size=1, max_size=18).map(lambda t: "." + t)
    power = st.sampled_from([*[""] * 12, "e0", "E-3", "e-7", "e+1"])
    return st.builds(lambda a, b, c: f"{a}{b}{c}", whole, tail | more, power)


TIMES = st.one_of(
    st.sampled_from(
        [
            "2026-11-22T10:00:00Z",
            "2026-11-22T10:00:00.1Z",
            "2026-11-22T10:00:00.1234561Z",
            "2026-11-22T10:00:00.000000999Z",
            "2026-11-22T12:00:00+02:00",
            "2026-11-22t10:00:00z",
            "2026-11-22 10:00:00Z",
            "2026-11-22T10:00:00",
            "2026-11-22T24:00:00Z",
            "2026-11-22T23:59:60Z",
            "2026-02-29T10:00:00Z",
            "2026-W47-7T10:00:00Z",
            "20261122T100000.0000Z",
            "1969-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "",
            "now",
        ]
    ),
    st.datetimes().map(lambda t: t.isoformat() + "Z"),
    st.text(max_size=30),
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(TIMES)
def test_times_mean_the_same_either_way(text: str) -> None:
    """The quick reading of a time is the thorough one's, whether it starts a window or ends it."""
    quick = time_us(text)
    if quick is not None:
        assert quick == parse_time(text, "") == parse_time(text, "", up=True)


@settings(max_examples=EXAMPLES, deadline=None)
@given(_digits(-91, 91), _digits(-181, 181), _digits(-1, 600), _digits(-9_000, 9_000), _digits(-9_000, 9_000), TIMES)
def test_circles_mean_the_same_either_way(lat: str, lng: str, radius: str, low: str, high: str, end: str) -> None:
    """Whatever digits are written: the quick way gives the thorough one's volume, or none."""
    circle = {"center": {"lat": "@0", "lng": "@1"}, "radius": {"value": "@2", "units": "M"}}
    bounds = {
        f"altitude_{n}": {"value": f"@{i}", "reference": "W84", "units": "M"} for n, i in (("lower", 3), ("upper", 4))
    }
    row = volume(outline_circle=circle, **bounds, time_end={"value": end, "format": "RFC3339"})
    given_numbers = (lat, lng, radius, low, high)
    text = re.sub(r'"@(\d)"', lambda found: given_numbers[int(found[1])], json.dumps({"extents": [row]}))
    for missing in (None, LENIENT, SEARCH):
        quick, thorough = of_text(text, missing)
        assert quick is None or (quick,) == thorough


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(st.lists(st.tuples(_digits(40, 41), _digits(-180, 180)), min_size=1, max_size=6), st.booleans())
def test_rings_mean_the_same_either_way(places: list[tuple[str, str]], closed: bool) -> None:
    """Rings, sound and unsound, are read alike or passed on."""
    ring = places + places[:1] if closed else places
    vertices = ", ".join(f'{{"lat": {lat}, "lng": {lng}}}' for lat, lng in ring)
    row = json.dumps(volume(**polygon()))
    quick, thorough = of_text(f'{{"extents": [{row}]}}'.replace('"vertices": []', f'"vertices": [{vertices}]'))
    assert quick is None or (quick,) == thorough


def test_turning_points_of_rounding_are_met_exactly() -> None:
    """Half a nanodegree, and a bit more or less than a millimetre: what a double cannot tell, the digits do."""
    for i in range(1_500):
        lat = f"{i % 89}.{(i * 7_919_191_919) % 10**9:09d}5" + ("", "0000001", "1")[i % 3]
        radius = f"{i + 1}.{i % 1_000:03d}" + ("", "0000001", "000000000001", "4", "9999999")[i % 5]
        circle = {"center": {"lat": float(lat), "lng": 1}, "radius": {"value": float(radius), "units": "M"}}
        quick, thorough = both(volume(outline_circle=circle))
        assert (quick or thorough[0]) == thorough[0]
        exact = (round(Decimal(repr(float(lat))) * 10**9), ceil(Decimal(repr(float(radius))) * 1_000))
        assert (thorough[0].outline.lat_nd, thorough[0].outline.radius_mm) == exact


@pytest.mark.parametrize(
    "odd",
    [
        {"outline_polygon": {"vertices": [{"lat": lat, "lng": lng} for lat, lng in SQUARE]}},
        {"outline_circle": ...},
        {"altitude_lower": {"value": 121, "reference": "W84", "units": "M"}},
        {"altitude_upper": {"value": 100_001, "reference": "W84", "units": "M"}},
        {"altitude_lower": {"value": -8_001, "reference": "W84", "units": "M"}},
        {"time_end": {"value": "2026-11-22T09:59:59Z", "format": "RFC3339"}},
        polygon(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]),
    ],
)
def test_what_is_wrong_is_wrong_either_way(odd: dict[str, Any]) -> None:
    """Two outlines or none, bands and windows upside down, what is out of range, and rings that cross themselves."""
    for missing in (None, LENIENT):
        quick, thorough = both(volume(**odd), missing)
        assert quick is None
        assert isinstance(thorough, Refusal)


MEMBERS = ("outline_circle", "outline_polygon", "altitude_lower", "altitude_upper", "time_start", "time_end")
ODD = st.sampled_from(
    [
        None,
        1,
        "x",
        [],
        {},
        True,
        {"value": "100", "reference": "W84", "units": "M"},
        {"value": 1e308, "reference": "W84", "units": "M"},
        {"value": 100, "reference": "AGL", "units": "M"},
        {"value": 100, "reference": "W84", "units": "FT"},
        {"value": None, "format": "RFC3339"},
        {"value": "2026-11-22T10:00:00Z"},
        {"vertices": [{"lat": 1}]},
        {"center": None, "radius": {"value": 1, "units": "M"}},
    ]
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), ODD, max_size=3), st.sampled_from([None, LENIENT, SEARCH]))
def test_odd_members_are_read_alike_or_refused_by_name(odd: dict[str, Any], missing: Missing | None) -> None:
    """Whatever stands in place of a member, a refusal names it, and both ways agree on what is none."""
    quick, thorough = both(volume(**odd), missing)
    assert quick is None or (quick,) == thorough
    if isinstance(thorough, Refusal):
        assert thorough.field.startswith("extents[0]")
        assert thorough.limit


def test_numbers_that_are_none_are_refused_by_name() -> None:
    """NaN, infinities and numbers beyond a double: by path, as any other value out of place."""
    for text in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5_000):
        data = json.dumps({"extents": [volume()]}).replace("120.5", text).encode()
        found = read_again(data, "extents")
        assert isinstance(found, Refusal), text
        assert found.field == "extents[0].volume.altitude_upper.value"


def test_what_may_be_left_out_is_filled_in() -> None:
    """Without altitudes every altitude is meant, without times the ones that the request implies."""
    bare = volume(altitude_lower=..., altitude_upper=..., time_start=..., time_end=...)
    for missing, end_us in ((LENIENT, NOW_US + 86_400_000_000), (SEARCH, NOW_US + 3_600_000_000)):
        quick, thorough = both(bare, missing)
        assert (quick,) == thorough
        assert (quick.lower_mm, quick.upper_mm) == (ALTITUDE_MM_MIN, ALTITUDE_MM_MAX)
        assert (quick.start_us, quick.end_us) == (NOW_US, end_us)
    assert both(bare, LENIENT._replace(until_us=NOW_US + 5))[0].end_us == NOW_US + 5
    for member in ("altitude_lower", "altitude_upper", "time_start", "time_end"):
        quick, thorough = both(volume(**{member: ...}))
        assert quick is None
        assert isinstance(thorough, Refusal)
        assert member in thorough.field


def test_altitudes_as_low_as_the_standard_lets_them_be_mean_everything_below() -> None:
    """-8,000 m is taken in a search and is our lowest altitude; in a plan it is refused, lower ones everywhere."""
    deep = volume(altitude_lower={"value": -8_000, "reference": "W84", "units": "M"})
    for missing in (LENIENT, SEARCH):
        quick, thorough = both(deep, missing)
        assert (quick,) == thorough
        assert quick.lower_mm == ALTITUDE_MM_MIN
    assert isinstance(both(deep)[1], Refusal)
    deeper = volume(altitude_lower={"value": -8_001, "reference": "W84", "units": "M"})
    assert isinstance(both(deeper, LENIENT)[1], Refusal)


def test_a_search_may_be_an_instant_or_long_and_never_backwards() -> None:
    """Only a search may begin and end at once, or span more than a plan may; the end is never before the start."""
    at = {"value": "2026-11-22T10:00:00Z", "format": "RFC3339"}
    later = {"value": "2028-11-22T10:00:00Z", "format": "RFC3339"}
    for end in (at, later):
        assert not isinstance(both(volume(time_end=end), SEARCH)[1], Refusal)
        assert isinstance(both(volume(time_end=end), LENIENT)[1], Refusal)
    back = both(volume(time_start=later), SEARCH)[1]
    assert isinstance(back, Refusal)
    assert back.reason is Reason.TIME_ORDER


def test_the_number_of_volumes_is_bounded() -> None:
    """None at all and more than a plan may have are refused with the figure."""
    form = msgspec.convert(volume(), Volume4D)
    for count in (0, 1_025):
        found = read_volumes(b"{}", [form] * count, "extents")
        assert isinstance(found, Refusal)
        assert "1024" in found.limit


def test_what_only_the_quick_way_can_read_is_refused_where_it_would_not_do() -> None:
    """Bytes that are no UTF-8 in a member that nobody reads: no volumes, and no fault either."""
    odd = volume(time_end={"value": "2026-11-22T13:00:00+02:00", "format": "RFC3339"})
    data = json.dumps({"extents": [odd], "X": 1}).encode().replace(b"X", b"\x80")
    forms = msgspec.json.decode(data, type=Holder).extents
    found = read_volumes(data, forms, "extents")
    assert isinstance(found, Refusal)
    assert (found.reason, found.field) == (Reason.MALFORMED, "body")


def test_how_wide_an_area_may_be() -> None:
    """2,500 km2 with the half percent that areas are known to: a circle of 28.1 km is, one of 28.4 km is not."""
    assert check_area(Circle(42 * 10**9, 0, 28_100_000), "x") is None
    no = check_area(Circle(42 * 10**9, 0, 28_400_000), "x")
    assert no is not None
    assert no.reason is Reason.TOO_WIDE
    assert check_area(Polygon((0, 0, 0, 10**9, 10**9, 10**9)), "x") is not None
