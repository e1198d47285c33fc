"""Which column of a file is what, by its name; units are in the name, in a known convention, or have to be declared.

In:  the names of a file's columns; the unit of altitudes where the caller declares one.
Out: `Columns`, or a `Refusal` in one sentence that names what is missing.
Refuses: no column for identity, time, latitude, longitude or altitude (MALFORMED); an altitude without a unit
(UNKNOWN_UNIT).

Pressure altitudes come before geometric ones unless these are asked for; the two are never mixed. Known conventions:
frames of `traffic` (altitude in feet), readsb and dump1090 (alt_baro, alt_geom in feet), state vectors of the OpenSky
Network (baroaltitude and geoaltitude in metres), the recorder's own.
"""

from collections.abc import Collection
from typing import Final, Literal

import msgspec

from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.units import FT_M

AltitudeUnit = Literal["ft", "m"]
IDENTITY: Final = ("icao24", "icao", "hex", "address", "addr", "mode_s", "track_id", "flight_id", "uid", "id")
HEXADECIMAL: Final = {"icao24", "icao", "hex", "mode_s"}
"""Of these the letters' case means nothing."""
TIME: Final = {
    "time_us": 1.0,
    "timestamp_us": 1.0,
    "time_ms": 1e3,
    "timestamp_ms": 1e3,
    "time_s": 1e6,
    "timestamp": 1e6,
    "time": 1e6,
    "datetime": 1e6,
    "ts": 1e6,
}
"""Microseconds in one, where the column holds numbers since 1970 UTC."""
LATITUDE: Final = {"lat_nd": 1.0, "latitude": 1e9, "lat": 1e9, "lat_deg": 1e9, "latitude_deg": 1e9}
LONGITUDE: Final = {
    "lon_nd": 1.0,
    "longitude": 1e9,
    "lon": 1e9,
    "lng": 1e9,
    "long": 1e9,
    "lon_deg": 1e9,
    "longitude_deg": 1e9,
}
"""Nanodegrees in one."""
PRESSURE: Final = {
    "baro_ft": 1.0,
    "alt_baro": 1.0,
    "baro_altitude_ft": 1.0,
    "altitude_ft": 1.0,
    "alt_ft": 1.0,
    "baroaltitude": 1 / FT_M,
    "baro_altitude_m": 1 / FT_M,
    "altitude_m": 1 / FT_M,
    "alt_m": 1 / FT_M,
}
GEOMETRIC: Final = {
    "alt_geom": 1.0,
    "geoaltitude_ft": 1.0,
    "geoaltitude": 1 / FT_M,
    "geoaltitude_m": 1 / FT_M,
    "hae_m": 1 / FT_M,
    "hae_mm": 0.001 / FT_M,
}
"""Feet in one."""
BARE: Final = ("altitude", "alt", "height")
GROUND_FLAG: Final = ("onground", "on_ground", "ground", "is_on_ground")
TRAFFIC: Final = {"timestamp", "icao24", "latitude", "longitude", "altitude"}
"""What every frame of `traffic` has; besides, one of these:"""
TRAFFIC_TOO: Final = {"groundspeed", "vertical_rate", "track"}


class Columns(msgspec.Struct, frozen=True):
    """Names as the file spells them, and what one of each is in the house's units."""

    identity: str
    time: str
    time_us: float
    lat: str
    lat_nd: float
    lon: str
    lon_nd: float
    altitude: str
    altitude_ft: float
    geometric: bool = False
    """Whether its altitudes are heights above the ellipsoid."""
    other: bool = False
    """Whether it has altitudes of the other kind, too."""
    ground: str = ""
    kind: str = ""
    """The recorder's kind of identity,"""
    source: str = ""
    """who saw it,"""
    simulated: str = ""
    """and whether it was made up."""
    note: str = ""
    """What was taken for what, where that is not in the name."""

    def names(self) -> list[str]:
        """All columns to be read."""
        named = (self.identity, self.time, self.lat, self.lon, self.altitude, self.ground)
        return [name for name in (*named, self.kind, self.source, self.simulated) if name]


def find_columns(
    there: Collection[str], declared: AltitudeUnit | None, file: str, geometric: bool = False
) -> Columns | Refusal:
    """Tell the columns of a file; with `geometric`, of altitudes those above the ellipsoid."""
    spelled = {name.strip().lower(): name for name in there}
    identity = next((name for name in IDENTITY if name in spelled), None)
    time, lat, lon = (next((n for n in known if n in spelled), None) for known in (TIME, LATITUDE, LONGITUDE))
    for what, found, known in (
        ("an identity", identity, IDENTITY),
        ("a time", time, TIME),
        ("a latitude", lat, LATITUDE),
        ("a longitude", lon, LONGITUDE),
    ):
        if found is None:
            return refuse(Reason.MALFORMED, file, f"a column for {what}: one of {', '.join(known)}", ", ".join(there))
    assert identity is not None
    assert time is not None
    assert lat is not None
    assert lon is not None
    altitude = _geometric(spelled, file) if geometric else _altitude(spelled, declared, file)
    if isinstance(altitude, Refusal):
        return altitude
    name, factor, note = altitude
    ground = next((n for n in GROUND_FLAG if n in spelled), "")
    own = "time_us" in spelled and "kind" in spelled
    return Columns(
        spelled[identity],
        spelled[time],
        TIME[time],
        spelled[lat],
        LATITUDE[lat],
        spelled[lon],
        LONGITUDE[lon],
        spelled[name],
        factor,
        name in GEOMETRIC,
        bool(spelled.keys() & (PRESSURE if name in GEOMETRIC else GEOMETRIC)),
        spelled.get(ground, ""),
        spelled["kind"] if own else "",
        spelled.get("source", "") if own else "",
        spelled.get("simulated", "") if own else "",
        note,
    )


def _geometric(spelled: dict[str, str], file: str) -> tuple[str, float, str] | Refusal:
    found = next((name for name in GEOMETRIC if name in spelled), None)
    if found is None:
        known = ", ".join(GEOMETRIC)
        return refuse(Reason.MALFORMED, file, f"a column for a geometric altitude: one of {known}", ", ".join(spelled))
    return found, GEOMETRIC[found], f"{found} is compared, a geometric altitude, as asked for"


def _altitude(spelled: dict[str, str], declared: AltitudeUnit | None, file: str) -> tuple[str, float, str] | Refusal:
    bare = next((name for name in BARE if name in spelled), None)
    if bare is not None and declared is not None:
        return bare, (1.0 if declared == "ft" else 1 / FT_M), f"{bare} is in {declared}, as declared"
    for name, factor in PRESSURE.items():
        if name in spelled:
            return name, factor, ""
    if bare == "altitude" and spelled.keys() >= TRAFFIC and spelled.keys() & TRAFFIC_TOO:
        return bare, 1.0, "altitude is in feet, as frames of traffic keep it"
    if bare is not None:
        rule = f"a unit for {bare}: name the column {bare}_ft or {bare}_m, or declare --altitude-unit ft or m"
        return refuse(Reason.UNKNOWN_UNIT, file, rule)
    for name, factor in GEOMETRIC.items():
        if name in spelled:
            return name, factor, f"{name} is a geometric altitude; there is no pressure altitude in the file"
    known = ", ".join([*PRESSURE, *GEOMETRIC])
    return refuse(Reason.MALFORMED, file, f"a column for an altitude: one of {known}", ", ".join(spelled))
