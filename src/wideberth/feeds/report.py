"""A position report: what one feed says of one moving thing at one time, in the house's units.

In:  built by the parsers of the formats.
Out: a frozen value. None stands for what the format leaves out or marks as undefined, never a number that means so.
Altitude kinds are kept apart: `baro_ft` is pressure altitude at 1013.25 hPa, as transponders give it; `hae_mm` is above
the WGS 84 ellipsoid. Neither is made from the other here.
"""

from enum import StrEnum

import msgspec


class AddressKind(StrEnum):
    """What an identity is one of; the same text of two kinds names two things."""

    ICAO = "icao"
    """24-bit aircraft address, six lower-case hex digits."""
    OTHER = "other"
    """A 24-bit address that is not of ICAO (anonymous, TIS-B track file), six lower-case hex digits."""
    UID = "uid"
    """Cursor on Target uid."""
    RADAR = "radar"
    """Track number of one radar or tracker: "SAC/SIC/number"."""
    REMOTE_ID = "remote_id"
    """Remote ID: serial number, session id or registration."""


class Method(StrEnum):
    """How the position came about."""

    ADS_B = "ads-b"
    ADS_R = "ads-r"
    TIS_B = "tis-b"
    MLAT = "mlat"
    RADAR = "radar"
    """Plots and tracks of radars, fused ones of trackers among them."""
    REPORTED = "reported"
    """By the thing itself or its crew: Cursor on Target, Remote ID."""
    MODE_S = "mode-s"
    """Altitude or speed alone, no position."""


class Report(msgspec.Struct, frozen=True, gc=False):
    """One report. Angles in nanodegrees (WGS 84) or degrees where they say so, times in microseconds since 1970 UTC."""

    source: str
    """The feed's name, as the node's settings spell it."""
    address: str
    kind: AddressKind
    method: Method
    time_us: int
    """When it was so, by the feed's own clock; the time of reception where the format has none."""
    received_us: int
    lat_nd: int | None = None
    lon_nd: int | None = None
    baro_ft: int | None = None
    hae_mm: int | None = None
    speed_mm_s: int | None = None
    """Over ground."""
    track_mdeg: int | None = None
    """Direction over ground, thousandths of a degree from true north, 0 to 359,999."""
    climb_mm_s: int | None = None
    """Up is positive."""
    callsign: str = ""
    on_ground: bool | None = None
    accuracy_mm: int | None = None
    """95 % radius of the horizontal position (for ADS-B the EPU of its NACp, RTCA DO-260B table 2-14)."""
    integrity_mm: int | None = None
    """Radius of containment (for ADS-B of its NIC), where the format has one."""
    category: str = ""
    """Emitter category or type as the format spells it, shortened to 16 characters."""
    simulated: bool = False
    """The format marks it as simulated or as a test target: it is never taken for a real one."""
