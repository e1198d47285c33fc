"""The theatre's rules as its parties agree on them.

In:  the fields below, all integers or short text, in a command (`Genesis`, `ProposeCharter`).
Out: a frozen `Charter`, its minima by pair of classes, and `check_charter`, which refuses what cannot be meant.
Policy stands here, in the ledger; how a node is run stands in `config` and is nobody else's business.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from wideberth.limits import (
    ALTITUDE_MM_MAX,
    AREAS_MAX,
    AWARENESS_MM_MAX,
    CELL_ND_MAX,
    ISSUERS_MAX,
    LANDMARKS_MAX,
    LANGUAGE_CHARACTERS_MAX,
    LANGUAGES_MAX,
    LOCAL_OFFSET_S_MAX,
    NAME_CHARACTERS_MAX,
    PARTIES_MAX,
    PRIORITY_MAX,
    RULE_COUNT_MAX,
    RULE_US_MAX,
    SEPARATIONS_MAX,
)
from wideberth.party.identity import check_party_code
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.volume import Circle, Polygon, Volume4D, check_volume

SECOND_US: Final = 1_000_000
HOUR_US: Final = 3_600 * SECOND_US
DAY_US: Final = 24 * HOUR_US


class TrafficClass(StrEnum):
    """What sort of thing occupies a volume; the minima are a table by pair of these."""

    CREWED_AIR = "crewed_air"
    DRONE = "drone"
    AIR_DEFENCE = "air_defence"
    GROUND = "ground"
    SEA = "sea"
    CONSTRAINT = "constraint"
    PROTECTED = "protected"


CLASSES: Final = tuple(TrafficClass)
"""Order of the classes; a class's place here is its number in the index."""


class Separation(msgspec.Struct, frozen=True, array_like=True):
    """The minima between two classes; both must fall short for a conflict."""

    first: TrafficClass
    second: TrafficClass
    horizontal_mm: int
    vertical_mm: int


class Area(msgspec.Struct, frozen=True, array_like=True):
    """A piece of space in which the named parties must concur before an operation is Activated (needs row 34)."""

    name: str
    kind: str
    outline: Circle | Polygon
    lower_mm: int
    upper_mm: int
    parties: tuple[str, ...]


class Landmark(msgspec.Struct, frozen=True, array_like=True):
    """A place with a name that everybody knows; another spelling of it is another row."""

    name: str
    lat_nd: int
    lon_nd: int


class Charter(msgspec.Struct, frozen=True, array_like=True):
    """Every rule that is policy. Times are microseconds, lengths millimetres, angles nanodegrees."""

    name: str
    bounds_nd: tuple[int, int, int, int]
    """lat_min, lat_max, lon_min, lon_max; lon_max above 180e9 where the theatre crosses the antimeridian."""
    separations: tuple[Separation, ...]
    conveners: tuple[str, ...]
    """Parties that may invite."""
    quorum: int
    """How many members must concur with a new charter."""
    areas: tuple[Area, ...] = ()
    priorities: tuple[tuple[str, int], ...] = ()
    """Highest priority granted to a party; 0 for parties not named."""
    horizon_us: int = 30 * DAY_US
    lead_us: int = HOUR_US
    """A plan filed nearer to its start than this is marked LATE; it is never refused for it."""
    confirm_us: int = 7 * DAY_US
    """A plan lapses when nobody confirmed it for so long before its start."""
    settle_us: int = HOUR_US // 4
    """A conflict is to be settled so long before the earlier start."""
    grace_us: int = HOUR_US
    """An operation ends by itself so long after its last window."""
    claim_km2_h: int = 1_000_000
    """Live km2 x hours of one party (rules of the house, 11)."""
    budget_km2_h: int = 2_000_000
    """Checked km2 x hours of one party a day."""
    budget_checks: int = 5_000
    """Checks of one party a day."""
    budget_peers: int = 50
    """Distinct parties that one party may meet in conflicts by its checks a day."""
    vertical_step_mm: int = 30_480
    """A vertical shortfall against a hidden plan is shown in steps of this (100 ft by default)."""
    cell_nd: int = 50_000_000
    """A protected place shows as a cell of this size."""
    languages: tuple[str, ...] = ("en",)
    local_offset_s: int = 0
    acknowledge_us: tuple[int, int, int, int] = (60 * SECOND_US, 300 * SECOND_US, HOUR_US // 2, 6 * HOUR_US)
    """By precedence, how long a cell may leave a message unacknowledged; the next rung comes at thrice that."""
    check_us: int = 60 * SECOND_US
    """How long a comm check may go unanswered."""
    issuers: tuple[str, ...] = ()
    """Token issuers whose suppliers may plan here through the standards' doors."""
    awareness_mm: tuple[int, int] = (500_000, 100_000)
    """Horizontally and vertically: a subscription hears of what comes this near to it."""
    intent_km2_h: int = 20_000
    """Km2 x hours of one intent of a supplier: an hour over 50 miles around a drone that was lost."""
    supplier_claim_km2_h: int = 1_000_000
    """Live km2 x hours of one supplier, who speaks for many operators."""
    supplier_km2_h: int = 2_000_000
    """Checked km2 x hours of one supplier a day."""
    supplier_checks: int = 20_000_000
    """Checks of one supplier a day."""
    supplier_met: int = 200
    """Distinct hidden plans that one supplier may meet by its checks a day."""
    landmarks: tuple[Landmark, ...] = ()
    """From which read-backs give bearing and distance, and which free texts are held against."""
    notice_us: int = 48 * HOUR_US
    """A protected movement notified nearer to its start than this is marked LATE; it is never refused for it."""
    emergency_us: int = DAY_US
    """The same in an emergency."""
    budget_hits: int = 50
    """Checks of one party a day, of plans that it does not file, that met something hidden."""

    def minima_mm(self, first: TrafficClass, second: TrafficClass) -> tuple[int, int]:
        """Horizontal and vertical minimum between two classes; 0, 0 where the charter names none."""
        for row in self.separations:
            if {row.first, row.second} == {first, second}:
                return row.horizontal_mm, row.vertical_mm
        return 0, 0

    def row_mm(self, own: TrafficClass) -> tuple[tuple[int, int], ...]:
        """The minima of one class against every class, in the order of `CLASSES`."""
        return tuple(self.minima_mm(own, other) for other in CLASSES)

    def priority_of(self, party: str) -> int:
        """The highest priority that the charter grants to a party."""
        return dict(self.priorities).get(party, 0)


NM_3_MM: Final = 5_556_000
FT_3000_MM: Final = 914_400


def default_separations() -> tuple[Separation, ...]:
    """Crewed with crewed 3 NM and 3,000 ft; with drones and air defence less; drones among themselves 0."""
    c = TrafficClass
    table = [
        (c.CREWED_AIR, c.CREWED_AIR, NM_3_MM, FT_3000_MM),
        (c.CREWED_AIR, c.DRONE, 1_852_000, 152_400),
        (c.CREWED_AIR, c.AIR_DEFENCE, NM_3_MM, FT_3000_MM),
        (c.DRONE, c.AIR_DEFENCE, 1_852_000, 152_400),
        (c.GROUND, c.GROUND, 500_000, ALTITUDE_MM_MAX),
        (c.GROUND, c.AIR_DEFENCE, 500_000, ALTITUDE_MM_MAX),
        (c.SEA, c.SEA, 926_000, ALTITUDE_MM_MAX),
        (c.CREWED_AIR, c.PROTECTED, 500_000, 150_000),
        (c.DRONE, c.PROTECTED, 500_000, 150_000),
        (c.AIR_DEFENCE, c.PROTECTED, 1_000_000, ALTITUDE_MM_MAX),
        (c.GROUND, c.PROTECTED, 500_000, ALTITUDE_MM_MAX),
    ]
    return tuple(Separation(*row) for row in table)


_RANGES: Final = (
    *((name, 1, RULE_US_MAX) for name in ("horizon_us", "confirm_us")),
    ("check_us", SECOND_US, RULE_US_MAX),
    *((name, 0, RULE_US_MAX) for name in ("lead_us", "settle_us", "grace_us", "notice_us", "emergency_us")),
    ("budget_hits", 1, RULE_COUNT_MAX),
    *((name, 1, RULE_COUNT_MAX) for name in ("claim_km2_h", "budget_km2_h", "budget_checks", "budget_peers")),
    *((name, 1, RULE_COUNT_MAX) for name in ("intent_km2_h", "supplier_claim_km2_h", "supplier_km2_h")),
    *((name, 1, RULE_COUNT_MAX) for name in ("supplier_checks", "supplier_met")),
    ("quorum", 1, PARTIES_MAX),
    ("vertical_step_mm", 0, ALTITUDE_MM_MAX),
    ("cell_nd", 1, CELL_ND_MAX),
    ("local_offset_s", -LOCAL_OFFSET_S_MAX, LOCAL_OFFSET_S_MAX),
)
"""Field, least and most."""
_LENGTHS: Final = (
    ("areas", AREAS_MAX),
    ("separations", SEPARATIONS_MAX),
    ("conveners", PARTIES_MAX),
    ("priorities", PARTIES_MAX),
    ("issuers", ISSUERS_MAX),
    ("landmarks", LANDMARKS_MAX),
)


def check_charter(charter: Charter) -> Refusal | None:
    """Refuse a charter that cannot be meant: bounds inverted, a figure out of its range, an area that is no outline."""
    return (
        _check_bounds(charter.bounds_nd)
        or _check_name(charter.name, "charter.name")
        or _check_figures(charter)
        or check_languages(charter.languages, "charter.languages")
        or _check_parties(charter)
        or _check_others(charter)
        or _first(_check_row(row, f"charter.separations[{i}]") for i, row in enumerate(charter.separations))
        or _first(_check_area(area, f"charter.areas[{i}]") for i, area in enumerate(charter.areas))
    )


def check_languages(languages: tuple[str, ...], field: str) -> Refusal | None:
    """Refuse more language tags than anybody reads, or what is no tag by its length."""
    if len(languages) > LANGUAGES_MAX or any(not 0 < len(tag) <= LANGUAGE_CHARACTERS_MAX for tag in languages):
        limit = f"at most {LANGUAGES_MAX} of 1 to {LANGUAGE_CHARACTERS_MAX} characters"
        return refuse(Reason.OUT_OF_RANGE, field, limit, len(languages))
    return None


def _first(found: Iterable[Refusal | None]) -> Refusal | None:
    return next((no for no in found if no is not None), None)


def _check_bounds(bounds_nd: tuple[int, int, int, int]) -> Refusal | None:
    lat_min, lat_max, lon_min, lon_max = bounds_nd
    if not -90_000_000_000 <= lat_min < lat_max <= 90_000_000_000:
        return refuse(Reason.OUT_OF_RANGE, "charter.bounds_nd", "latitudes ascend within -90 to 90", (lat_min, lat_max))
    if not (-180_000_000_000 <= lon_min < 180_000_000_000 and lon_min < lon_max <= lon_min + 360_000_000_000):
        limit = "longitudes ascend from -180 by at most 360 degrees"
        return refuse(Reason.OUT_OF_RANGE, "charter.bounds_nd", limit, (lon_min, lon_max))
    return None


def _check_name(name: str, field: str, least: int = 1) -> Refusal | None:
    if least <= len(name) <= NAME_CHARACTERS_MAX:
        return None
    return refuse(Reason.OUT_OF_RANGE, field, f"{least} to {NAME_CHARACTERS_MAX} characters", f"{len(name)} characters")


def _check_figures(charter: Charter) -> Refusal | None:
    for name, least, most in _RANGES:
        if not least <= (value := getattr(charter, name)) <= most:
            return refuse(Reason.OUT_OF_RANGE, f"charter.{name}", f"{least} to {most}", value)
    for name, most in _LENGTHS:
        if (count := len(getattr(charter, name))) > most:
            return refuse(Reason.OUT_OF_RANGE, f"charter.{name}", f"at most {most}", count)
    for party, priority in charter.priorities:
        if not 0 <= priority <= PRIORITY_MAX:
            return refuse(Reason.OUT_OF_RANGE, f"charter.priorities.{party[:16]}", f"0 to {PRIORITY_MAX}", priority)
    return None


def _check_parties(charter: Charter) -> Refusal | None:
    codes = (("conveners", charter.conveners), ("priorities", tuple(party for party, _ in charter.priorities)))
    return _first(check_party_code(code, f"charter.{name}") for name, group in codes for code in group)


def _check_others(charter: Charter) -> Refusal | None:
    if not all(SECOND_US <= us <= RULE_US_MAX for us in charter.acknowledge_us):
        limit = f"{SECOND_US} to {RULE_US_MAX}"
        return refuse(Reason.OUT_OF_RANGE, "charter.acknowledge_us", limit, charter.acknowledge_us)
    names = (_check_name(name, f"charter.issuers[{i}]") for i, name in enumerate(charter.issuers))
    if not all(0 <= mm <= AWARENESS_MM_MAX for mm in charter.awareness_mm):
        limit = f"0 to {AWARENESS_MM_MAX} mm"
        return refuse(Reason.OUT_OF_RANGE, "charter.awareness_mm", limit, charter.awareness_mm)
    return _first(names) or _first(_check_landmark(mark, i) for i, mark in enumerate(charter.landmarks))


def _check_landmark(mark: Landmark, i: int) -> Refusal | None:
    if abs(mark.lat_nd) > 90_000_000_000 or not -180_000_000_000 <= mark.lon_nd < 180_000_000_000:
        limit = "latitude -90 to 90, longitude -180 to under 180 degrees"
        return refuse(Reason.OUT_OF_RANGE, f"charter.landmarks[{i}]", limit, (mark.lat_nd, mark.lon_nd))
    if not mark.name.isprintable():
        return refuse(Reason.OUT_OF_RANGE, f"charter.landmarks[{i}].name", "a name without control characters", "one")
    return _check_name(mark.name, f"charter.landmarks[{i}].name")


def _check_row(row: Separation, field: str) -> Refusal | None:
    if 0 <= row.horizontal_mm <= 100_000_000 and 0 <= row.vertical_mm <= ALTITUDE_MM_MAX:
        return None
    return refuse(Reason.OUT_OF_RANGE, field, "0 to 100 km horizontally, 0 to 100 km vertically", row)


def _check_area(area: Area, field: str) -> Refusal | None:
    """Held against what a plan's volume is held against, but for the time."""
    if not 0 < len(area.parties) <= PARTIES_MAX:
        return refuse(Reason.OUT_OF_RANGE, f"{field}.parties", f"1 to {PARTIES_MAX} parties", len(area.parties))
    return (
        _check_name(area.name, f"{field}.name")
        or _check_name(area.kind, f"{field}.kind", 0)
        or _first(check_party_code(code, f"{field}.parties") for code in area.parties)
        or check_volume(Volume4D(area.outline, area.lower_mm, area.upper_mm, 0, 1), 0, 1, None, field)
    )
