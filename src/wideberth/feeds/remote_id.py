"""Remote ID telemetry: what a service provider of ASTM F3411-22a answers to GET /uss/flights.

Of each flight are read: id, aircraft_type, current_state (timestamp, operational_status, position, track, speed,
vertical_speed) and `simulated`, deprecated and still sent. Special values: speed 255 m/s, track 361, vertical speed
63 m/s and altitudes of -1,000 m mean none. alt is height above the WGS 84 ellipsoid, pressure_altitude the altitude
at 1013.25 hPa, both in metres. accuracy_v and recent_positions are not read, since a report holds neither; where the
operator stands never is.
Source: ASTM F3411-22a, API version 2.1: GetFlightsResponse, RIDFlight, RIDAircraftState, RIDAircraftPosition.

In:  one answer.
Out: a report a flight that says where it is.
Refuses nothing; a flight without position or time is counted, and so is a position that was computed, not measured
(`extrapolated`).
"""

from datetime import datetime
from typing import Final

import msgspec

from wideberth.feeds.parser import Drop, Parser, clean, says_nothing, scaled, turned
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.limits import DOCUMENT_BYTES_MAX, IDENTITY_CHARACTERS_MAX
from wideberth.space.units import time_to_us

NO_SPEED: Final = 255.0
NO_TRACK: Final = 361.0
NO_CLIMB: Final = 63.0
NO_ALTITUDE: Final = -1_000.0
ACCURACY_MM: Final = {
    "HA10NM": 18_520_000,
    "HA4NM": 7_408_000,
    "HA2NM": 3_704_000,
    "HA1NM": 1_852_000,
    "HA05NM": 926_000,
    "HA03NM": 555_600,
    "HA01NM": 185_200,
    "HA005NM": 92_600,
    "HA30m": 30_000,
    "HA10m": 10_000,
    "HA3m": 3_000,
    "HA1m": 1_000,
}
"""HorizontalAccuracy; HAUnknown and HA10NMPlus have no bound."""
ON_GROUND: Final = {"Ground": True, "Airborne": False}


class _Time(msgspec.Struct, gc=False):
    value: str


class _Position(msgspec.Struct, gc=False):
    lat: float | None = None
    lng: float | None = None
    alt: float | None = None
    pressure_altitude: float | None = None
    accuracy_h: str | None = None
    extrapolated: bool | None = None


class _State(msgspec.Struct, gc=False):
    timestamp: _Time | None = None
    position: _Position | None = None
    operational_status: str | None = None
    track: float | None = None
    speed: float | None = None
    vertical_speed: float | None = None


class _Flight(msgspec.Struct, gc=False):
    id: str
    aircraft_type: str | None = None
    current_state: _State | None = None
    simulated: bool | None = None


class _Answer(msgspec.Struct, gc=False):
    flights: list[msgspec.Raw] | None = None


FLIGHTS_MAX: Final = 50_000
"""Flights of one answer that are read: more than fly over any one area, and a tenth of a second at most."""
_ANSWER: Final = msgspec.json.Decoder(_Answer)
_FLIGHT: Final = msgspec.json.Decoder(_Flight)
_FAULTS: Final = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


class RemoteId(Parser):
    """Answers of one service provider."""

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """A report a flight."""
        if len(data) > DOCUMENT_BYTES_MAX:
            self.drop(Drop.TOO_LARGE)
            return []
        found: list[Report] = []
        try:
            flights = _ANSWER.decode(data).flights or ()
        except _FAULTS:
            self.drop(Drop.MALFORMED)
            return []
        if len(flights) > FLIGHTS_MAX:
            self.drop(Drop.TOO_LARGE)
        for flight in flights[:FLIGHTS_MAX]:
            try:
                report = self._flight(_FLIGHT.decode(flight), received_us)
            except _FAULTS:
                report = Drop.MALFORMED
            if isinstance(report, Drop):
                self.drop(report)
            else:
                self.keep(report, found)
        return found

    def _flight(self, flight: _Flight, received_us: int) -> Report | Drop:
        state = flight.current_state
        if not flight.id or len(flight.id) > IDENTITY_CHARACTERS_MAX or not flight.id.isprintable():
            return Drop.NO_IDENTITY
        if state is None or state.position is None:
            return Drop.NOTHING
        time = None if state.timestamp is None else datetime.fromisoformat(state.timestamp.value)
        if time is None or time.tzinfo is None:
            return Drop.NO_TIME
        at = state.position
        if at.extrapolated:
            return Drop.NO_TARGET
        report = Report(
            source=self.source,
            address=flight.id,
            kind=AddressKind.REMOTE_ID,
            method=Method.REPORTED,
            time_us=time_to_us(time),
            received_us=received_us,
            lat_nd=scaled(at.lat, 1e9),
            lon_nd=scaled(at.lng, 1e9),
            baro_ft=scaled(_unless(at.pressure_altitude, NO_ALTITUDE), 1 / 0.3048),
            hae_mm=scaled(_unless(at.alt, NO_ALTITUDE), 1e3),
            speed_mm_s=scaled(_unless(state.speed, NO_SPEED), 1e3),
            track_mdeg=turned(_unless(state.track, NO_TRACK)),
            climb_mm_s=scaled(_unless(state.vertical_speed, NO_CLIMB), 1e3),
            on_ground=ON_GROUND.get(state.operational_status or ""),
            accuracy_mm=ACCURACY_MM.get(at.accuracy_h or ""),
            category=clean(flight.aircraft_type or ""),
            simulated=bool(flight.simulated),
        )
        return Drop.NOTHING if says_nothing(report) else report


def _unless(value: float | None, none: float) -> float | None:
    return None if value == none else value
