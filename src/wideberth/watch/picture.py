"""What one party may see of the watch.

In:  an alert, both sides, the party that asks.
Out: `AlertView`: its own side in full; of the other only where it is, how it comes nearer and until when, and only
     while that matters.
Refuses nothing: what does not concern a party has no view for it.

While an alert is open, the other thing's place, height and closure are what one keeps clear by; when it has passed,
they are gone from the view. The other's name is shown where it is known to all anyway (an address that it broadcasts),
never a party's plan. A zone that is not open shows as when and how far ahead it begins, never as an outline; its owner
sees the track that comes.
"""

import math
from typing import Final

import msgspec

from wideberth.space.units import minute_of
from wideberth.watch.alert import Alert, AlertState
from wideberth.watch.together import Tracks

STEP_S: Final = 60.0
"""Time to entry of a hidden zone, in steps: at the speed of a light aircraft as far as a cell of the charter."""


class Place(msgspec.Struct, frozen=True):
    """Where a track is now, for those whom it concerns."""

    lat_deg: float
    lon_deg: float
    error_m: float
    age_s: float
    baro_ft: int | None
    """Pressure altitude, as reported."""
    hae_m: float | None
    """Above the ellipsoid, as reported."""
    speed_m_s: float | None
    track_deg: float | None


class AlertView(msgspec.Struct, frozen=True):
    """An alert as one party sees it."""

    id: str
    kind: str
    """"pair", or what the zone is; "hidden" where that is not to be known."""
    state: AlertState
    own: str
    """The party's own side, by its name, or its zone."""
    other: str
    """The other side's name, empty where it is not to be known."""
    opened_us: int
    acknowledged_us: int
    """When this party said so; 0: not yet."""
    doubt: str
    entry_s: float | None = None
    cpa_s: float | None = None
    horizontal_m: float | None = None
    vertical_m: float | None = None
    closure_m_s: float | None = None
    """How fast the distance shrinks now."""
    mine: Place | None = None
    theirs: Place | None = None


def place_of(tracks: Tracks, at: int) -> Place:
    """A track's place, as a value."""
    baro, hae, speed = float(tracks.baro[at]), float(tracks.hae[at]), float(tracks.speed_m_s[at])
    return Place(
        round(math.degrees(float(tracks.lat_rad[at])), 6),
        round(math.degrees(float(tracks.lon_rad[at])), 6),
        round(float(tracks.error_m[at]), 1),
        round(float(tracks.age_s[at]), 2),
        None if math.isnan(baro) else round(baro / 3_048),
        None if math.isnan(hae) else round(hae * 1e-4, 1),
        None if math.isnan(speed) else round(speed, 1),
        None if math.isnan(speed) else round(math.degrees(float(tracks.track_rad[at])) % 360.0, 1),
    )


def view_of(
    alert: Alert, party: str, own: str, other: str, places: tuple[Place | None, Place | None], hidden: bool = False
) -> AlertView:
    """What a party sees of an alert of its own. `places`: its own track's and the other's, None for a zone's.

    `hidden`: of a zone whose place is not the party's to know; then time to entry comes in minutes, the earlier one.
    """
    said = alert.acknowledged.get(party, 0)
    opened_us = minute_of(alert.opened_us) if hidden else alert.opened_us
    kind = "hidden" if hidden else alert.key[0]
    head = (alert.id, kind, alert.state, own, other, opened_us, said, alert.doubt)
    if alert.over:
        return AlertView(*head)
    seen = alert.seen
    mine, theirs = places
    figures: tuple[float | None, ...] = (seen.entry_s, seen.cpa_s, seen.horizontal_m, seen.vertical_m)
    if hidden:
        figures = (STEP_S * (seen.entry_s // STEP_S), STEP_S * (seen.cpa_s // STEP_S), None, None)
    entry, cpa, horizontal, vertical = (None if x is None or not math.isfinite(x) else round(x, 1) for x in figures)
    return AlertView(*head, entry, cpa, horizontal, vertical, closure(mine, theirs), mine, theirs)


def closure(a: Place | None, b: Place | None) -> float | None:
    """How fast two places come nearer to one another now, m/s; None where a speed is not known."""
    if a is None or b is None or a.speed_m_s is None or b.speed_m_s is None:
        return None
    east = math.remainder(b.lon_deg - a.lon_deg, 360.0) * math.cos(math.radians(0.5 * (a.lat_deg + b.lat_deg)))
    north = b.lat_deg - a.lat_deg
    far = math.hypot(east, north)
    if far == 0.0:
        return 0.0
    way = [
        p.speed_m_s * trig(math.radians(p.track_deg or 0.0)) for p in (a, b) for trig in (math.sin, math.cos)
        if p.speed_m_s is not None
    ]  # fmt: skip
    return round(-((way[2] - way[0]) * east + (way[3] - way[1]) * north) / far, 1)
