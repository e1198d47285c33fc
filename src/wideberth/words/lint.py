"""Where a free text contradicts the volumes that go with it: places, directions, heights and times.

In:  the text as somebody wrote it, in any of the eight languages, mixed or not; the volumes; now; landmarks.
Out: `Contradiction`s: what was said, where in the text, what the volumes say. No finding does not mean that the text is
     right: words that are not understood are not compared.
Refuses nothing. What lies past a limit is not read, and a contradiction of the kind `unread` says so.

What contradicts:
    place      coordinates that lie outside the volumes by more than they are rounded and 1 km; a place that the text
               puts the volumes near, more than 25 km from them; places named, none of them within 50 km
    direction  "north of X", seen from X, more than 45 degrees from every direction in which a volume lies
    distance   "12 km from X", by more than 1 km and a tenth
    height     "below", "above", "at" and bands, by more than the reference leaves open (below)
    time       with a zone: a start, an end or a window that is not one of the volumes', or a time outside them, by more
               than a minute

Heights in volumes are above the ellipsoid and widened outward for what was not known, so a text is given: 120 m (the
geoid is within 107 m of the ellipsoid) and 1 % above the sea; for flight levels 600 m and 9 % (the rarest air, see
`intake.altitude`); above ground, ground from -500 m up and 1,500 m of relief. Without a reference a height below
610 m may be either. Durations, frequencies and local times without an offset are not compared.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np

from wideberth.limits import CONTRADICTIONS_MAX, LINT_PLACES_MAX, LINT_STATEMENTS_MAX
from wideberth.party.charter import Landmark
from wideberth.space.units import spell_us
from wideberth.space.volume import DAY_US, Volume4D
from wideberth.words import vocabulary as say
from wideberth.words.geometry import Corners, Seen, corners_of, seen_from
from wideberth.words.moments import Moment, Point, When, point_at, when_at
from wideberth.words.show import shown
from wideberth.words.statements import (
    Height,
    Lies,
    Named,
    figures_in,
    height_at,
    names_of,
    place_statement,
    places_in,
)
from wideberth.words.tokens import Text, split
from wideberth.words.vocabulary import Role

Statement = Lies | Named | Height | When | Point

NEAR_M: Final = 25_000.0
NAMED_M: Final = 50_000.0
DIRECTION_DEG: Final = 45.0
DISTANCE_M: Final = 1_000.0
DISTANCE_PART: Final = 0.1
POINT_M: Final = 1_000.0
SEA_M: Final = 120.0
SEA_PART: Final = 0.01
LEVEL_M: Final = 600.0
LEVEL_PART: Final = 0.09
LOWEST_GROUND_M: Final = -500.0
RELIEF_M: Final = 1_500.0
EITHER_M: Final = 610.0
"""Up to here (2,000 ft) a height without a reference may be above ground."""
MINUTE_US: Final = 60_000_000
_SAID_CHARACTERS: Final = 80


class Kind(StrEnum):
    """What a contradiction is about."""

    PLACE = "place"
    DIRECTION = "direction"
    DISTANCE = "distance"
    HEIGHT = "height"
    TIME = "time"
    UNREAD = "unread"


class Contradiction(msgspec.Struct, frozen=True, array_like=True):
    """What was said (escaped and shortened), what the volumes say, the kind, and where in the text, from and to."""

    said: str
    volumes_say: str
    kind: Kind
    start: int
    end: int

    def sentence(self) -> str:
        """One clear sentence."""
        if self.kind is Kind.UNREAD:
            return f"The text was not compared from character {self.start} on: {self.volumes_say}."
        return f'The text says "{self.said}"; the volumes say {self.volumes_say}.'


class _Against:
    """The volumes, asked about places, heights and times; each place is worked out once."""

    def __init__(self, volumes: Sequence[Volume4D], gazetteer: Sequence[Landmark]) -> None:
        self.volumes = volumes
        self.gazetteer = gazetteer
        self.corners: Corners = corners_of(volumes)
        self.lowers_m = [volume.lower_mm / 1000.0 for volume in volumes]
        self.uppers_m = [volume.upper_mm / 1000.0 for volume in volumes]
        self.starts_us = {volume.start_us for volume in volumes}
        self.ends_us = {volume.end_us for volume in volumes}
        self._seen: dict[tuple[int, int], Seen] = {}

    def seen(self, lat_nd: int, lon_nd: int) -> Seen:
        """The volumes from a place."""
        key = lat_nd, lon_nd
        if key not in self._seen:
            self._seen[key] = seen_from(lat_nd, lon_nd, self.corners)
        return self._seen[key]

    def landmark(self, i: int) -> Seen:
        """The volumes from a landmark."""
        return self.seen(self.gazetteer[i].lat_nd, self.gazetteer[i].lon_nd)


def lint(
    text: str, volumes: Sequence[Volume4D], now_us: int, gazetteer: Sequence[Landmark] = ()
) -> tuple[Contradiction, ...]:
    """What in a text contradicts checked volumes, in the order of the text; empty where nothing was found."""
    if not text or not volumes:
        return ()
    words = split(text)
    statements, unread = _statements(words, now_us, gazetteer)
    against = _Against(volumes, gazetteer)
    named = [i for statement in statements if isinstance(statement, Lies | Named) for i in statement.places]
    lost = bool(named) and min(float(against.landmark(i).near_m.min()) for i in dict.fromkeys(named)) > NAMED_M
    found: list[Contradiction] = []
    for statement in statements:
        wrong = _wrong(statement, against, lost)
        if wrong is not None and len(found) < CONTRADICTIONS_MAX:
            lost = lost and not isinstance(statement, Lies | Named)
            start, end = words.between(statement.span)
            found.append(Contradiction(_said(text[start:end]), wrong[1], wrong[0], start, end))
    if unread is not None:
        said = "more words and figures than are compared"
        found.append(Contradiction("", said, Kind.UNREAD, unread, len(text)))
    return tuple(found)


def _said(words: str) -> str:
    said = shown(words[:_SAID_CHARACTERS]).replace("\n", " ").replace("\t", " ")
    return said if len(words) <= _SAID_CHARACTERS else said + "…"


def _statements(words: Text, now_us: int, gazetteer: Sequence[Landmark]) -> tuple[list[Statement], int | None]:
    """What the text says, in its order, and the character from which on it was not read."""
    unread = words.unread
    placed = places_in(words, names_of(tuple(landmark.name for landmark in gazetteer)))
    distinct: set[tuple[int, ...]] = set()
    for n, (span, places) in enumerate(placed):
        distinct.add(places)
        if n == LINT_STATEMENTS_MAX or len(distinct) > LINT_PLACES_MAX:
            unread, placed = words.starts[span.first], placed[:n]
            break
    found: list[Statement] = [place_statement(words, *place) for place in placed]
    figures = figures_in(words)
    if len(figures) > LINT_STATEMENTS_MAX:
        start = words.starts[figures[LINT_STATEMENTS_MAX]]
        unread = start if unread is None else min(unread, start)
    for i in figures[:LINT_STATEMENTS_MAX]:
        figure = point_at(words, i) or height_at(words, i) or when_at(words, i, now_us)
        if figure is not None:
            found.append(figure)
    found.sort(key=lambda statement: (statement.span.first, -statement.span.last))
    kept: list[Statement] = []
    for statement in found:
        # the lower end of a band is no statement of its own, nor is a figure of a coordinate
        if not (kept and statement.span.last <= kept[-1].span.last):
            kept.append(statement)
    return kept, unread


def _wrong(statement: Statement, against: _Against, lost: bool) -> tuple[Kind, str] | None:
    """The kind of a contradiction and what the volumes say; None where there is none."""
    match statement:
        case Lies():
            return _wrong_direction(statement, against)
        case Named():
            return _wrong_name(statement, against, lost)
        case Point():
            seen = against.seen(round(statement.lat * 1e9), round(statement.lon * 1e9))
            near_m = float(seen.near_m.min())
            return (Kind.PLACE, _away(near_m, "there")) if near_m > statement.slack_m + POINT_M else None
        case Height():
            return None if _height_fits(statement, against) else (Kind.HEIGHT, _heights(against))
        case When():
            return None if _time_fits(statement, against) else (Kind.TIME, _times(against))


# places


def _wrong_direction(said: Lies, against: _Against) -> tuple[Kind, str] | None:
    """Whether no volume lies so from any place of that name."""
    kinds = [_lies(said, against.landmark(i)) for i in said.places]
    if None in kinds:
        return None
    nearest = min(said.places, key=lambda i: float(against.landmark(i).near_m.min()))
    seen = against.landmark(nearest)
    at = int(seen.near_m.argmin())
    bearing = round(float(seen.bearing_deg[at])) % 360 or 360
    km = f"{seen.near_m[at] / 1000:.1f} to {seen.far_m[at] / 1000:.1f} km"
    kind = kinds[said.places.index(nearest)]
    assert kind is not None
    return kind, f"{km}, {bearing:03d} degrees from {shown(against.gazetteer[nearest].name)}"


def _lies(said: Lies, seen: Seen) -> Kind | None:
    """What of it no volume satisfies."""
    right = np.ones(len(seen.near_m), np.bool_)
    if said.direction_deg is not None:
        turned = np.abs((seen.bearing_deg - said.direction_deg + 180.0) % 360.0 - 180.0)
        right = turned <= DIRECTION_DEG + seen.spread_deg
        if said.metres is None:
            right |= seen.near_m < POINT_M
        if not right.any():
            return Kind.DIRECTION
    if said.metres is not None:
        slack_m = DISTANCE_M + DISTANCE_PART * said.metres
        right &= (seen.near_m - slack_m <= said.metres) & (said.metres <= seen.far_m + slack_m)
    return None if right.any() else Kind.DISTANCE


def _wrong_name(said: Named, against: _Against, lost: bool) -> tuple[Kind, str] | None:
    """Whether the volumes are nowhere near the place, or near nothing that the text names."""
    nearest = min(said.places, key=lambda i: float(against.landmark(i).near_m.min()))
    near_m = float(against.landmark(nearest).near_m.min())
    if lost or (said.near and near_m > NEAR_M):
        return Kind.PLACE, _away(near_m, shown(against.gazetteer[nearest].name))
    return None


def _away(near_m: float, place: str) -> str:
    return f"{near_m / 1000:.1f} km from {place}"


# heights


def _height_fits(said: Height, against: _Against) -> bool:
    """Whether some reading of the height agrees with the volumes."""
    if said.reference == "ground":
        return _fits_ground(said, against)
    either = not said.reference and said.high_m <= EITHER_M
    return _fits_sea(said, against) or (either and _fits_ground(said, against))


def _slack_m(height_m: float, reference: str) -> float:
    return LEVEL_M + LEVEL_PART * height_m if reference == "level" else SEA_M + SEA_PART * height_m


def _fits_sea(said: Height, against: _Against) -> bool:
    """Heights above the sea, or flight levels."""
    slack_m = _slack_m(said.high_m, said.reference)
    lowest, highest = min(against.lowers_m), max(against.uppers_m)
    bands = [*zip(against.lowers_m, against.uppers_m, strict=True), (lowest, highest)]
    match said.role:
        case Role.HIGH:
            return highest <= said.high_m + slack_m
        case Role.LOW:
            return lowest >= said.high_m - slack_m
        case Role.AT:
            return any(lower - slack_m <= said.high_m <= upper + slack_m for lower, upper in bands[:-1])
    low_m = said.low_m
    low_slack_m = 0.0 if low_m is None else _slack_m(low_m, said.reference)
    return any(
        (low_m is None or abs(lower - low_m) <= low_slack_m) and abs(upper - said.high_m) <= slack_m
        for lower, upper in bands
    )


def _fits_ground(said: Height, against: _Against) -> bool:
    """Heights above ground that nobody has told us."""
    slack_m = _slack_m(said.high_m, said.reference)
    lowest, highest = min(against.lowers_m), max(against.uppers_m)
    thick_m = highest - lowest
    match said.role:
        case Role.HIGH:
            return thick_m <= said.high_m + RELIEF_M + slack_m
        case Role.LOW:
            return lowest >= said.high_m + LOWEST_GROUND_M - slack_m
        case Role.AT:
            return highest + slack_m >= said.high_m + LOWEST_GROUND_M
    said_m = said.high_m - (said.low_m or 0.0)
    return any(
        said_m - 2 * slack_m <= upper - lower <= said_m + RELIEF_M + 2 * slack_m
        and upper + slack_m >= said.high_m + LOWEST_GROUND_M
        for lower, upper in [*zip(against.lowers_m, against.uppers_m, strict=True), (lowest, highest)]
    )


def _heights(against: _Against) -> str:
    lower, upper = min(against.lowers_m), max(against.uppers_m)
    feet = f"{lower / say.FEET:.0f} to {upper / say.FEET:.0f} ft"
    return f"{lower:.0f} to {upper:.0f} m ({feet}) above the ellipsoid"


# times


def _time_fits(said: When, against: _Against) -> bool:
    """Whether a start, an end, a window or a time is one of the volumes'."""
    match said.role:
        case Role.LOW:
            return _is_one_of(said.low, against.starts_us)
        case Role.HIGH:
            return _is_one_of(said.high, against.ends_us)
        case Role.BAND:
            return _is_one_of(said.low, against.starts_us) and _is_one_of(said.high, against.ends_us)
    return any(_is_within(said.high, volume.start_us, volume.end_us) for volume in against.volumes)


def _is_one_of(moment: Moment, times_us: set[int]) -> bool:
    return any(_is_within(moment, time_us, time_us) for time_us in times_us)


def _is_within(moment: Moment, start_us: int, end_us: int) -> bool:
    """Whether a moment lies in a window or within a minute of it, on its day or, where none is said, on any."""
    if moment.us is not None:
        return start_us - MINUTE_US <= moment.us <= end_us + MINUTE_US
    after_us = (moment.minute * MINUTE_US - start_us) % DAY_US
    return after_us <= end_us - start_us + MINUTE_US or after_us >= DAY_US - MINUTE_US


def _times(against: _Against) -> str:
    return f"{spell_us(min(against.starts_us))} to {spell_us(max(against.ends_us))}"
