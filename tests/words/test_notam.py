"""Drafts of NOTAMs, read back by a reader of their own: never smaller, shorter or lower than the volume."""

import math
import random
import re
from datetime import UTC, datetime

import pytest
from geographiclib.geodesic import Geodesic

from wideberth.intake.geoid import undulation_mm
from wideberth.refusal import Reason, Refusal
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.words.notam import CODES, EDGES, LONG, MARK, RADIUS_NM_MAX, Draft, Hazard, drafts

ND = 10**9
EARTH = Geodesic.WGS84
START_US = 1_795_000_000_000_000
Q = re.compile(r"([A-Z]{4})/(Q[A-Z]{4})/IV/BO/W/(\d{3})/(\d{3})/(\d{2})(\d{2})([NS])(\d{3})(\d{2})([EW])(\d{3})")


def degrees(d: str, m: str, side: str) -> float:
    """A coordinate of item Q."""
    assert int(m) < 60
    return (int(d) + int(m) / 60) * (-1 if side in "SW" else 1)


def metres(item: str) -> float:
    """A height of items F and G, above mean sea level."""
    if item in ("SFC", "UNL"):
        return -math.inf if item == "SFC" else math.inf
    found = re.fullmatch(r"(\d+)FT AMSL", item)
    assert found is not None, item
    return int(found[1]) * 0.3048


def corners(volume: Volume4D) -> list[tuple[float, float]]:
    """Places on the rim, in degrees."""
    if isinstance(volume.outline, Circle):
        lat, lon, radius = volume.outline.lat_nd / ND, volume.outline.lon_nd / ND, volume.outline.radius_mm / 1_000
        around = [EARTH.Direct(lat, lon, azimuth, radius) for azimuth in range(0, 360, 5)]
        return [(point["lat2"], point["lon2"]) for point in around]
    ring = [nd / ND for nd in volume.outline.ring]
    places = list(zip(ring[0::2], ring[1::2], strict=True))
    rim = []
    for one, other in zip(places, places[1:] + places[:1], strict=True):
        line = EARTH.InverseLine(*one, *other)
        rim += [line.Position(line.s13 * i / 8) for i in range(8)]
    return [(point["lat2"], point["lon2"]) for point in rim]


def drawn(rng: random.Random) -> Volume4D:
    """Any volume: circles and triangles, near poles and the antimeridian too."""
    lat, lon = rng.uniform(-89, 89), rng.uniform(-180, 180)
    if rng.random() < 0.5:
        outline: Circle | Polygon = Circle(round(lat * ND), round(lon * ND), rng.randrange(1, 200_000_000))
    else:
        reach = 10 ** rng.uniform(2, 5.3)
        turn = rng.uniform(0, 120)
        ring = [EARTH.Direct(lat, lon, turn + 120 * i, reach) for i in range(3)]
        outline = Polygon(tuple(round(p[axis] * ND) for p in ring for axis in ("lat2", "lon2")))
    lower = rng.randrange(-100_000, 15_000_000)
    start = START_US + rng.randrange(10**13)
    return Volume4D(outline, lower, lower + rng.randrange(1, 15_000_000), start, start + rng.randrange(1, 10**11))


def sound(volume: Volume4D, draft: Draft) -> None:
    """Everything of the volume is inside of what the draft says."""
    items = dict(draft.items)
    found = Q.fullmatch(items["Q"])
    assert found is not None, items["Q"]
    middle = degrees(*found.group(5, 6, 7)), degrees(*found.group(8, 9, 10))
    for lat, lon in corners(volume):
        assert EARTH.Inverse(*middle, lat, lon)["s12"] <= int(found[11]) * 1852.0 + 1e-6
        under = undulation_mm(round(lat * ND), round(lon * ND))
        assert metres(items["F"]) * 1_000 <= volume.lower_mm - under
        assert metres(items["G"]) * 1_000 >= volume.upper_mm - under
    # a level on an ordinary day lies inside too
    assert int(found[3]) * 30.48 <= max(0.0, volume.lower_mm / 1_000 + 110)
    assert int(found[4]) * 30.48 >= volume.upper_mm / 1_000 - 110
    begin, end = (datetime.strptime(items[k], "%y%m%d%H%M").replace(tzinfo=UTC).timestamp() * 1e6 for k in "BC")
    assert begin <= volume.start_us < begin + 60e6
    assert end - 60e6 < volume.end_us <= end


def test_a_draft_holds_all_of_its_volume() -> None:
    """Circle, heights and times of 300 random volumes, read back and held against geographiclib."""
    rng = random.Random(5)
    for _ in range(300):
        volume = drawn(rng)
        made = drafts([volume], Hazard.CLOSED, ["LTAA"])
        assert not isinstance(made, Refusal)
        sound(volume, made[0])


def test_a_draft_reads_as_a_notam() -> None:
    """Items in their order, marked as no NOTAM yet, one for each volume."""
    square = Polygon((41 * ND, 29 * ND, 42 * ND, 29 * ND, 42 * ND, 30 * ND, 41 * ND, 30 * ND))
    made = drafts(
        [
            Volume4D(Circle(41_500_000_000, 29_250_000_000, 1_000_000), 0, 500_000, START_US, START_US + 3_600_000_000),
            Volume4D(square, 3_000_000, 40_000_000, START_US, START_US + 90_000_000),
        ],
        Hazard.UNCREWED,
        ["LTAA", "LTBB"],
    )
    assert not isinstance(made, Refusal)
    assert made[0].text.splitlines() == [
        "(DRAFT NOTAMN",
        "Q) LTXX/QWULW/IV/BO/W/000/031/4130N02915E001",
        "A) LTAA LTBB B) 2611181106 C) 2611181207",
        "E) UNMANNED ACFT WILL TAKE PLACE. PART 1 OF 2. "
        "CIRCLE RADIUS 0.55NM CENTRE 413000.00N 0291500.00E. COORD WGS-84.",
        "F) SFC G) 1600FT AMSL)",
        MARK,
    ]
    assert "AREA BOUNDED BY 410000.00N 0290000.00E - 420000.00N 0290000.00E - " in made[1].text
    assert made[1].text.splitlines()[4].endswith("G) UNL)")
    assert [EDGES in draft.assumed for draft in made] == [False, True]


@pytest.mark.parametrize("hazard", list(Hazard))
def test_each_hazard_has_a_code_of_its_own(hazard: Hazard) -> None:
    """Item Q has the code, item E its words, as Doc 8126 has them."""
    volume = Volume4D(Circle(41 * ND, 29 * ND, 1_000_000), 0, 500_000, START_US, START_US + 3_600_000_000)
    made = drafts([volume], hazard, ["LTAA"])
    assert not isinstance(made, Refusal)
    code = {"closed": "RTCA", "reserved": "RACA", "uncrewed": "WULW", "exercise": "WELW"}
    q, e = (dict(made[0].items)[letter] for letter in "QE")
    assert q.startswith(f"LTAA/Q{code.get(hazard, 'XXXX')}/IV/BO/W/")
    assert e.startswith(CODES[hazard][1])


def test_an_outline_with_too_many_corners_becomes_the_circle_around_it() -> None:
    """The text stays within a message, and says that it is more than the area."""
    ring = [EARTH.Direct(41, 29, azimuth / 2, 30_000) for azimuth in range(720)]
    outline = Polygon(tuple(round(p[axis] * ND) for p in ring for axis in ("lat2", "lon2")))
    volume = Volume4D(outline, 0, 1_000_000, START_US, START_US + 1)
    made = drafts([volume], Hazard.OTHER, ["LTAA"])
    assert not isinstance(made, Refusal)
    assert "WHICH HOLDS AN AREA OF 720 CORNERS" in made[0].text
    assert len(made[0].text) < 1_800
    sound(volume, made[0])


@pytest.mark.parametrize(
    ("firs", "radius_m", "year_us", "reason"),
    [
        ([], 1_000, START_US, Reason.MALFORMED),
        (["LTA"], 1_000, START_US, Reason.MALFORMED),
        (["ltaa"], 1_000, START_US, Reason.MALFORMED),
        (["LTAA", "UGGG"], 1_000, START_US, Reason.MALFORMED),
        (["LTAA"] * 8, 1_000, START_US, Reason.MALFORMED),
        (["LTAA"], RADIUS_NM_MAX * 1852 + 1, START_US, Reason.TOO_WIDE),
        (["LTAA"], 1_000, 4_102_444_800_000_000, Reason.OUT_OF_RANGE),
    ],
)
def test_what_no_notam_can_say_is_refused(firs: list[str], radius_m: int, year_us: int, reason: Reason) -> None:
    """Regions that are none, of two States or too many, an area that no circle of item Q holds, a year past 2099."""
    volume = Volume4D(Circle(41 * ND, 29 * ND, radius_m * 1_000), 0, 1_000_000, year_us, year_us + 10**9)
    made = drafts([volume], Hazard.OTHER, firs)
    assert isinstance(made, Refusal)
    assert made.reason is reason


@pytest.mark.parametrize(("days", "long"), [(88, False), (89, True), (365, True)])
def test_what_lasts_three_months_is_told_to_be_a_supplement(days: int, long: bool) -> None:
    """A NOTAM office would send it back."""
    volume = Volume4D(Circle(45 * ND, 15 * ND, 1_000_000), 0, 300_000, START_US, START_US + days * 86_400_000_000)
    (draft,) = drafts([volume], Hazard.RESERVED, ["LDZO"])
    assert isinstance(draft, Draft)
    assert (LONG in draft.assumed) is long
