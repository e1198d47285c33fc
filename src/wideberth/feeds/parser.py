"""What all parsers share: reasons to drop, the count of what was dropped, the check of ranges, lines out of a stream.

In:  bytes as they come, in pieces or whole, and the time at which they came.
Out: lists of reports; what gave none is counted by reason, and costs nothing but itself.
Refuses nothing: a feed is never trusted, so nothing of it is an exception.
"""

from enum import StrEnum
from typing import Final

from wideberth.feeds.report import Report
from wideberth.limits import ALTITUDE_MM_MAX, ALTITUDE_MM_MIN, FEED_NAME_CHARACTERS_MAX, TIME_US_MAX, TIME_US_MIN

KNOT_MM_S: Final = 1_852_000 / 3_600
"""International knot (1929), millimetres a second."""
FT_MIN_MM_S: Final = 304.8 / 60
"""Foot a minute, millimetres a second."""
BARO_FT_MIN: Final = -10_000
BARO_FT_MAX: Final = 400_000
SPEED_MM_S_MAX: Final = 12_000_000
"""Above what flies round the Earth."""
CLIMB_MM_S_MAX: Final = 2_000_000
EPU_MM: Final = (
    0,
    18_520_000,
    7_408_000,
    3_704_000,
    1_852_000,
    926_000,
    555_600,
    185_200,
    92_600,
    30_000,
    10_000,
    3_000,
)
"""95 % radius by NACp, millimetres; 0 is unknown (RTCA DO-260B, table 2-14)."""
RC_MM: Final = (
    0,
    37_040_000,
    14_816_000,
    7_408_000,
    3_704_000,
    1_852_000,
    1_111_200,
    370_400,
    185_200,
    75_000,
    25_000,
    7_500,
)
"""Radius of containment by NIC, millimetres; 0 is unknown, the wider where a supplement tells two apart (DO-260B)."""


class Drop(StrEnum):
    """Why something of a feed became no report; counted for each feed."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    HALF = "half"
    """The connection ended within a message."""
    FORBIDDEN = "forbidden"
    """Document types and entities."""
    OUT_OF_RANGE = "out-of-range"
    NO_TIME = "no-time"
    """A time without zone, or none where the format has one."""
    NO_IDENTITY = "no-identity"
    NOTHING = "nothing"
    """It says nothing that a report holds."""
    OTHER = "other"
    """A message of the format that is no position report: chat, service messages, control."""
    NOT_HELD = "not-held"
    """Marks of others on the ground, which this house never holds."""
    OURS = "ours"
    """What a node told its clients, sent back by one of them: the aircraft is reported by who sees it."""
    NO_SITE = "no-site"
    """A plot of a radar, or a place in a plane, whose place the settings do not give."""
    NO_TARGET = "no-target"
    """The format says that nothing was seen: ghosts, ended tracks, places that were carried on, no detection."""
    DOUBTED = "doubted"
    """The format itself doubts it: tentative tracks, places that failed their checks."""
    STALE = "stale"
    """The time until which the sender lets it count has passed."""
    NO_PLACE = "no-place"
    """The format's stand-in for a place that its sender has not got."""
    RATE = "rate"
    """More than the feed may say in a second."""
    BUFFER = "buffer"
    """It waited longer than there was room."""
    CLIENTS = "clients"
    """A connection past the most that one listener has."""
    HANDSHAKE = "handshake"
    """A connection to a listener with TLS that came to none, such as by a certificate that has expired."""


class Parser:
    """One feed's parser. `feed` takes pieces of a stream, or whole datagrams or documents."""

    def __init__(self, source: str) -> None:
        """`source` is the feed's name, as every report carries it."""
        self.source = source
        self.dropped: dict[Drop, int] = {}

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """The reports in the bytes, in their order. Whatever the bytes are, no exception."""
        raise NotImplementedError

    def reset(self) -> None:
        """The connection is a new one: half a message is forgotten and counted."""

    def messages(self, data: bytes) -> int:
        """How many messages unread bytes hold, about."""
        return max(1, data.count(b"\n"))

    def drop(self, why: Drop, count: int = 1) -> None:
        """Count what became no report."""
        self.dropped[why] = self.dropped.get(why, 0) + count

    def keep(self, report: Report, into: list[Report]) -> None:
        """Take a report whose every value is in range; count it otherwise."""
        if in_range(report):
            into.append(report)
        else:
            self.drop(Drop.OUT_OF_RANGE)


def in_range(r: Report) -> bool:
    """Whether every value can be meant, so that all of them fit the arrays of the rooms after this one."""
    lat, lon, baro, hae, speed, track, climb = (
        r.lat_nd,
        r.lon_nd,
        r.baro_ft,
        r.hae_mm,
        r.speed_mm_s,
        r.track_mdeg,
        r.climb_mm_s,
    )
    return (
        TIME_US_MIN <= r.time_us < TIME_US_MAX
        and (lat is None) == (lon is None)
        and (lat is None or -90_000_000_000 <= lat <= 90_000_000_000)
        and (lon is None or -180_000_000_000 <= lon <= 180_000_000_000)
        and (baro is None or BARO_FT_MIN <= baro <= BARO_FT_MAX)
        and (hae is None or ALTITUDE_MM_MIN <= hae <= ALTITUDE_MM_MAX)
        and (speed is None or 0 <= speed <= SPEED_MM_S_MAX)
        and (track is None or 0 <= track < 360_000)
        and (climb is None or -CLIMB_MM_S_MAX <= climb <= CLIMB_MM_S_MAX)
    )


def says_nothing(r: Report) -> bool:
    """Whether a report holds nothing but who and when."""
    return (
        r.lat_nd is None
        and r.baro_ft is None
        and r.hae_mm is None
        and r.speed_mm_s is None
        and r.track_mdeg is None
        and r.climb_mm_s is None
        and r.on_ground is None
        and not r.callsign
    )


def number(text: str) -> float | None:
    """A decimal number, None where nothing stands. Raises ValueError otherwise; NaN and infinity are no numbers."""
    if not text or text.isspace():
        return None
    value = float(text)
    if "_" in text or value - value != 0.0:
        raise ValueError(text)
    return value


def scaled(value: float | None, factor: float) -> int | None:
    """A value in the house's unit; undefined stays undefined."""
    return None if value is None else round(value * factor)


def turned(deg: float | None) -> int | None:
    """A direction in thousandths of a degree; 360 is 0, and what lies outside a circle stays outside."""
    if deg is None:
        return None
    mdeg = round(deg * 1_000)
    return 0 if mdeg == 360_000 else mdeg


def clean(text: str, characters: int = FEED_NAME_CHARACTERS_MAX) -> str:
    """A name as people may see it: printable, without the fill characters of transponders, shortened."""
    text = text[:128].strip(" \t\r\n@_\x00")
    return (text if text.isprintable() else "".join(c for c in text if c.isprintable()))[:characters]


def icao(text: str) -> str | None:
    """A 24-bit address in six lower-case hex digits, None where it is none."""
    text = text.strip().lower()
    if len(text) != 6 or text == "000000" or text.strip("0123456789abcdef"):
        return None
    return text


class Lines:
    """Whole lines out of a stream, with a bound on their length: what is longer is skipped to its end."""

    def __init__(self, parser: Parser, bytes_max: int) -> None:
        self.parser = parser
        self.bytes_max = bytes_max
        self._rest = b""
        self._skipping = False

    def split(self, data: bytes) -> list[bytes]:
        """The lines that end within the data, without their ends."""
        first, *others = data.split(b"\n")
        if not others:
            self._hold(first)
            return []
        if self._skipping:
            self._skipping = False
            lines = others
        else:
            lines = [self._rest + first, *others]
        self._rest = b""
        self._hold(lines.pop())
        whole = [line for line in lines if line and line != b"\r"]
        if any(len(line) > self.bytes_max for line in whole):
            fitting = [line for line in whole if len(line) <= self.bytes_max]
            self.parser.drop(Drop.TOO_LARGE, len(whole) - len(fitting))
            return fitting
        return whole

    def _hold(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._rest = self._rest + piece if self._rest else piece
        if len(self._rest) > self.bytes_max:
            self.parser.drop(Drop.TOO_LARGE)
            self._rest = b""
            self._skipping = True

    def reset(self) -> None:
        """Forget half a line."""
        if self._rest:
            self.parser.drop(Drop.HALF)
        self._rest = b""
        self._skipping = False
