"""Cursor on Target, XML: events of things that say where they are, read and written.

    <event version="2.0" uid="…" type="a-f-A-C-F" how="m-g" time="2026-11-22T20:00:00Z" start="…" stale="…">
      <point lat="48.2" lon="16.3" hae="1200.0" ce="10.0" le="9999999.0"/>
      <detail><contact callsign="…"/><track course="90.0" speed="51.4"/></detail></event>

Altitude is height above the WGS 84 ellipsoid, speed m/s, course degrees from true north; 9999999 is undefined. `ce` is
one standard deviation of a normal error (MITRE MTR 04W0000115, Event.xsd), so the 95 % radius is 2.448 times as much.
All else in the details is passed over. After `stale` an event counts no more. ATAK without a fix sends latitude and
longitude 0 with both hae and ce undefined.

In:  the bytes of one event.
Out: a report, or why there is none. Of the type remain what it is (atom) and where it moves (air, ground, …), for
aircraft also civil or military and the kind of aircraft. Whose friend somebody is taken for is never kept, and marks
of others as hostile or suspect are dropped unless they fly: this house has no targets, and keeps aircraft apart
whatever others call them.
Refuses nothing. A document type or an entity ends the reading before it begins. An event that was stale when it came,
and a place that is none, are counted. `stale` is not held against what came over `LIVE_US` after its time: that is a
recording, whose own time may be what its node takes for now, or else too old for the watch, which counts it.
"""

from datetime import datetime
from typing import Any, Final
from xml.parsers import expat

import msgspec

from wideberth.feeds.parser import Drop, clean, says_nothing, scaled, turned
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.limits import EVENT_BYTES_MAX, EVENT_ELEMENTS_MAX, IDENTITY_CHARACTERS_MAX
from wideberth.space.units import spell_us, time_to_us

UNDEFINED: Final = 9_999_999.0
CE_95: Final = 2.4477
"""sqrt(-2 ln 0.05): the 95 % radius of a circular normal distribution of standard deviation 1."""
HOSTILE: Final = frozenset("hsjk")
"""Affiliations hostile, suspect, joker, faker."""
OURS: Final = "wideberth."
"""How the uid of whatever a node says begins."""
LIVE_US: Final = 60_000_000
"""What is older on arrival is no live event."""
AIR_PARTS: Final = 3
"""Parts of the type that are kept of aircraft: civil or military, fixed or rotary wing or drone, drone."""
ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;"})


class Event(msgspec.Struct, gc=False):
    """What is read of an event, XML or protobuf, with its undefined values taken out."""

    uid: str = ""
    type: str = ""
    how: str = ""
    opex: str = ""
    time_us: int | None = None
    stale_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    hae_m: float | None = None
    ce_m: float | None = None
    callsign: str = ""
    course: float | None = None
    speed_m_s: float | None = None


class Said(msgspec.Struct, frozen=True):
    """An event to write. `detail` is XML of this house, put into the details as it stands."""

    uid: str
    type: str
    time_us: int
    stale_us: int
    lat_nd: int
    lon_nd: int
    hae_mm: int | None = None
    accuracy_mm: int | None = None
    callsign: str = ""
    remarks: str = ""
    speed_mm_s: int | None = None
    track_mdeg: int | None = None
    how: str = "m-g"
    detail: str = ""


class _Forbidden(Exception):
    """A document type or an entity."""


def read_event(data: bytes) -> Event | Drop:
    """One event from its XML."""
    if len(data) > EVENT_BYTES_MAX:
        return Drop.TOO_LARGE
    event = Event()
    elements = 0

    def start(name: str, has: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        if elements > EVENT_ELEMENTS_MAX:
            raise ValueError(name)
        if name == "event":
            if elements > 1:
                raise ValueError(name)
            event.uid, event.type, event.how = has.get("uid", ""), has.get("type", ""), has.get("how", "")
            event.opex = has.get("opex", "")
            event.time_us = read_time(has["time"]) if "time" in has else None
            event.stale_us = read_time(has["stale"]) if "stale" in has else None
        elif name == "point":
            event.lat, event.lon = _defined(has.get("lat")), _defined(has.get("lon"))
            event.hae_m, event.ce_m = _defined(has.get("hae")), _defined(has.get("ce"))
        elif name == "contact":
            event.callsign = has.get("callsign", "")
        elif name == "track":
            event.course, event.speed_m_s = _motion(has)

    fault = _parse(data, start)
    return event if fault is None else fault


def read_details(xml: str, event: Event) -> None:
    """What a TAK message leaves in XML: contact and track, where the message itself has none."""

    def start(name: str, has: dict[str, str]) -> None:
        if name == "contact" and not event.callsign:
            event.callsign = has.get("callsign", "")
        elif name == "track" and event.speed_m_s is None and event.course is None:
            event.course, event.speed_m_s = _motion(has)

    # what cannot be read adds nothing; the message stands without it
    _parse(b"<detail>" + xml.encode("utf-8", "replace") + b"</detail>", start)


def _parse(data: bytes, start: Any) -> Drop | None:
    reader = expat.ParserCreate("utf-8")
    reader.buffer_text = True
    reader.StartElementHandler = start
    reader.StartDoctypeDeclHandler = _forbid
    reader.EntityDeclHandler = _forbid
    try:
        reader.Parse(data, True)
    except _Forbidden:
        return Drop.FORBIDDEN
    except (expat.ExpatError, ValueError, OverflowError):
        return Drop.MALFORMED
    finally:
        # the handlers hold what they fill, and so each other
        reader.StartElementHandler = None
    return None


def _forbid(*_: object) -> None:
    raise _Forbidden


def read_time(text: str) -> int | None:
    """Microseconds since 1970 of an ISO 8601 time; None for one without a zone. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return None if time.tzinfo is None else time_to_us(time)


def defined(value: float) -> float | None:
    """A value, None where the format's mark for undefined, or no number, stands."""
    return None if value != value or abs(value) >= UNDEFINED else value


def _defined(text: str | None) -> float | None:
    if text is None:
        return None
    if "_" in text:
        raise ValueError(text)
    return defined(float(text))


def _motion(has: dict[str, str]) -> tuple[float | None, float | None]:
    course, speed = _defined(has.get("course")), _defined(has.get("speed"))
    # ATAK writes -1 for a speed, and for a course, that it has not got
    return None if course is not None and course < 0 else course, None if speed is not None and speed < 0 else speed


def report_of(event: Event, source: str, received_us: int) -> Report | Drop:
    """The report that an event makes."""
    parts = event.type.split("-")
    if parts[0] != "a" or len(parts) < 3:
        return Drop.OTHER if event.type else Drop.MALFORMED
    if parts[1] in HOSTILE and parts[2] != "A":
        return Drop.NOT_HELD
    uid = event.uid
    if uid.startswith(OURS):
        return Drop.OURS
    if not uid or len(uid) > IDENTITY_CHARACTERS_MAX or not uid.isprintable():
        return Drop.NO_IDENTITY
    if event.time_us is None:
        return Drop.NO_TIME
    if event.stale_us is not None and event.stale_us < received_us <= event.time_us + LIVE_US:
        return Drop.STALE
    if event.lat == 0.0 and event.lon == 0.0 and event.hae_m is None and event.ce_m is None:
        return Drop.NO_PLACE
    kept = parts[2:3] + (parts[3 : 3 + AIR_PARTS] if parts[2] == "A" else [])
    report = Report(
        source=source,
        address=uid,
        kind=AddressKind.UID,
        method=Method.REPORTED,
        time_us=event.time_us,
        received_us=received_us,
        lat_nd=scaled(event.lat, 1e9),
        lon_nd=scaled(event.lon, 1e9),
        hae_mm=scaled(event.hae_m, 1e3),
        speed_mm_s=scaled(event.speed_m_s, 1e3),
        track_mdeg=turned(event.course),
        callsign=clean(event.callsign),
        accuracy_mm=scaled(event.ce_m, CE_95 * 1e3) if event.ce_m and event.ce_m > 0 else None,
        category=clean("-".join(["a", *kept])),
        simulated=event.how.startswith("m-s") or event.opex.startswith("s"),
    )
    return Drop.NOTHING if says_nothing(report) else report


def write_xml(said: Said) -> bytes:
    """The bytes of one event, as TAK clients read it."""
    time, stale = spell_us(said.time_us), spell_us(said.stale_us)
    return (
        # PyTAK, where it speaks protobuf, knows XML by the first five bytes of a declaration alone
        f'<?xml version="1.0" encoding="UTF-8"?><event version="2.0" uid="{escape(said.uid)}" '
        f'type="{escape(said.type)}" how="{escape(said.how)}" '
        f'time="{time}" start="{time}" stale="{stale}">'
        f'<point lat="{said.lat_nd / 1e9:.9f}" lon="{said.lon_nd / 1e9:.9f}" hae="{_metres(said.hae_mm)}" '
        f'ce="{_metres(said.accuracy_mm, CE_95)}" le="9999999.0"/><detail>{_contact(said)}{_track(said)}'
        f"{write_details(said)}</detail></event>"
    ).encode()


def write_details(said: Said) -> str:
    """What stands in the details besides contact and track."""
    remarks = f"<remarks>{escape(said.remarks)}</remarks>" if said.remarks else ""
    return remarks + said.detail


def escape(text: str) -> str:
    """Text as it may stand in XML, in attributes too; what XML cannot hold is left out."""
    return "".join(c for c in text if c.isprintable() or c == "\n").translate(ESCAPES)


def _metres(value_mm: int | None, over: float = 1.0) -> str:
    return "9999999.0" if value_mm is None else f"{value_mm / over / 1e3:.3f}"


def _contact(said: Said) -> str:
    return f'<contact callsign="{escape(said.callsign)}"/>' if said.callsign else ""


def _track(said: Said) -> str:
    if said.speed_mm_s is None or said.track_mdeg is None:
        return ""
    return f'<track course="{said.track_mdeg / 1e3:.3f}" speed="{said.speed_mm_s / 1e3:.3f}"/>'
