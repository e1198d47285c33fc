"""readsb and dump1090: aircraft.json, and the stream of JSON lines that readsb writes (--net-json-port).

An object an aircraft; of its members are read: hex (with ~ before an address that is not of ICAO), type, flight,
alt_baro (ft, or "ground"), alt_geom (ft above the WGS 84 ellipsoid), gs (kt), track (deg), baro_rate, geom_rate
(ft/min), lat, lon, rc (m), nic, nac_p, category, seen, seen_pos (s before `now`), mlat, tisb (names of the members that
came so). aircraft.json is {"now": s since 1970, "messages": n, "aircraft": [...]}; a line is one object with `now`.
Source: README-json.md of readsb and of dump1090-fa. Signal levels, squawks and all else are left out.

In:  whole documents, or pieces of a stream of lines.
Out: a report an aircraft that says something; two where its place is over `BEHIND_S` older than its latest message: the
place as of seen_pos, then altitude and velocity as of seen. `lastPosition`, older than a minute, is not read.
Refuses nothing. alt_geom is taken as height above the ellipsoid, as ADS-B gives it; a transponder that means the
geoid says so nowhere. Altitude and velocity have no age of their own in the format: they are as of the latest message.
Ages in a line without `now` count from its reception.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from wideberth.feeds.parser import (
    EPU_MM,
    FT_MIN_MM_S,
    KNOT_MM_S,
    RC_MM,
    Drop,
    Lines,
    Parser,
    clean,
    icao,
    says_nothing,
    scaled,
    turned,
)
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.limits import DOCUMENT_BYTES_MAX, EVENT_BYTES_MAX

METHODS: Final = {
    "adsb_icao": Method.ADS_B,
    "adsb_icao_nt": Method.ADS_B,
    "adsb_other": Method.ADS_B,
    "adsc": Method.ADS_B,
    "adsr_icao": Method.ADS_R,
    "adsr_other": Method.ADS_R,
    "tisb_icao": Method.TIS_B,
    "tisb_other": Method.TIS_B,
    "tisb_trackfile": Method.TIS_B,
    "mlat": Method.MLAT,
    "mode_s": Method.MODE_S,
    "mode_ac": Method.MODE_S,
}
BEHIND_S: Final = 1.0
"""Transponders send place, altitude and velocity twice a second; up to this far apart they are one report."""
UNLISTED: Final = {"adsb_other", "adsr_other", "tisb_other", "tisb_trackfile"}


class _Aircraft(msgspec.Struct, gc=False):
    """What is read of one object."""

    hex: str = ""
    now: float | None = None
    type: str = ""
    flight: str | None = None
    alt_baro: float | str | None = None
    alt_geom: float | None = None
    gs: float | None = None
    track: float | None = None
    baro_rate: float | None = None
    geom_rate: float | None = None
    lat: float | None = None
    lon: float | None = None
    rc: float | None = None
    nic: int | None = None
    nac_p: int | None = None
    category: str | None = None
    seen: float | None = None
    seen_pos: float | None = None
    mlat: list[Any] = []
    tisb: list[Any] = []


class _Document(msgspec.Struct, gc=False):
    """aircraft.json."""

    now: float
    aircraft: list[msgspec.Raw]


_LINE: Final = msgspec.json.Decoder(_Aircraft)
_DOCUMENT: Final = msgspec.json.Decoder(_Document)
_FAULTS: Final = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


class _Readsb(Parser):
    def _object(self, data: bytes | msgspec.Raw, now: float | None, received_us: int, found: list[Report]) -> None:
        try:
            a = _LINE.decode(data)
            report = self._report(a, a.now if now is None else now, received_us)
            parts = (report,) if isinstance(report, Drop) else _parted(report, a)
        except _FAULTS:
            return self.drop(Drop.MALFORMED)
        for part in parts:
            if isinstance(part, Drop):
                self.drop(part)
            elif says_nothing(part):
                self.drop(Drop.NOTHING)
            else:
                self.keep(part, found)
        return None

    def _report(self, a: _Aircraft, now: float | None, received_us: int) -> Report | Drop:
        unlisted = a.hex.startswith("~")
        address = icao(a.hex[1:] if unlisted else a.hex)
        if address is None:
            return Drop.NO_IDENTITY
        age = a.seen_pos if a.lat is not None and a.seen_pos is not None else a.seen or 0.0
        ground = a.alt_baro == "ground"
        nac_p, nic = a.nac_p or 0, a.nic or 0
        return Report(
            source=self.source,
            address=address,
            kind=AddressKind.OTHER if unlisted or a.type in UNLISTED else AddressKind.ICAO,
            method=_method(a),
            time_us=(received_us if now is None else round(now * 1e6)) - round(age * 1e6),
            received_us=received_us,
            lat_nd=scaled(a.lat, 1e9),
            lon_nd=scaled(a.lon, 1e9),
            baro_ft=None if isinstance(a.alt_baro, str) else scaled(a.alt_baro, 1.0),
            hae_mm=scaled(a.alt_geom, 304.8),
            speed_mm_s=scaled(a.gs, KNOT_MM_S),
            track_mdeg=turned(a.track),
            climb_mm_s=scaled(a.baro_rate if a.geom_rate is None else a.geom_rate, FT_MIN_MM_S),
            callsign=clean(a.flight or ""),
            on_ground=True if ground else None if a.alt_baro is None else False,
            accuracy_mm=EPU_MM[nac_p] or None if 0 <= nac_p < len(EPU_MM) else None,
            integrity_mm=_containment(a.rc, nic),
            category=clean(a.category or ""),
        )


class ReadsbDocument(_Readsb):
    """aircraft.json, one document at a time."""

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """A report an aircraft."""
        if len(data) > DOCUMENT_BYTES_MAX:
            self.drop(Drop.TOO_LARGE)
            return []
        found: list[Report] = []
        try:
            document = _DOCUMENT.decode(data)
        except _FAULTS:
            self.drop(Drop.MALFORMED)
            return []
        for one in document.aircraft:
            self._object(one, document.now, received_us, found)
        return found


class ReadsbLines(_Readsb):
    """The stream of lines."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._lines = Lines(self, EVENT_BYTES_MAX)

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """A report a line."""
        found: list[Report] = []
        for line in self._lines.split(data):
            if line.strip():
                self._object(line, None, received_us, found)
        return found

    def reset(self) -> None:
        """Half a line is forgotten."""
        self._lines.reset()


def _parted(whole: Report, a: _Aircraft) -> tuple[Report, ...]:
    """Place, and altitude and velocity, each with its own time where they are of different ages."""
    if a.lat is None or a.seen is None or a.seen_pos is None or a.seen_pos - a.seen <= BEHIND_S:
        return (whole,)
    newer_us = whole.time_us + round((a.seen_pos - a.seen) * 1e6)
    rest = replace(
        whole, time_us=newer_us, lat_nd=None, lon_nd=None, accuracy_mm=None, integrity_mm=None, callsign=""
    )  # fmt: skip
    if says_nothing(rest):
        return (whole,)
    place = replace(
        whole, baro_ft=None, hae_mm=None, speed_mm_s=None, track_mdeg=None, climb_mm_s=None, on_ground=None
    )  # fmt: skip
    return place, rest


def _method(a: _Aircraft) -> Method:
    """By its type; dump1090, which has none, lists the members that came by multilateration or TIS-B."""
    if "lat" in a.mlat:
        return Method.MLAT
    if "lat" in a.tisb:
        return Method.TIS_B
    known = METHODS.get(a.type)
    if known is not None:
        return known
    return Method.MODE_S if a.lat is None else Method.MLAT if a.type else Method.ADS_B


def _containment(rc_m: float | None, nic: int) -> int | None:
    if rc_m:
        return round(rc_m * 1_000) if 0 < rc_m < 1e6 else None
    return RC_MM[nic] or None if 0 <= nic < len(RC_MM) else None
