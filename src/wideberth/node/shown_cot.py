"""What a party may see, as Cursor on Target for the maps of its people.

In:  a party's picture of the watch, the zones that it may see, the time.
Out: `Said`s: other things of open alerts with what there is to know; volumes as drawings, those in force or soon.
Refuses nothing; past a limit of drawings the nearest in time come first.

Types are of the CoT schema: a-u-A unknown air track, u-d-f drawing, u-d-c-c circle; how m-g, made by a machine.
"""

from typing import Final
from xml.sax.saxutils import quoteattr

from wideberth.feeds.cot import Said
from wideberth.limits import COT_DRAWINGS_MAX
from wideberth.space.volume import Circle, Volume4D
from wideberth.watch.entry import Zone, ZoneKind
from wideberth.watch.picture import AlertView
from wideberth.watch.watch import PartyPicture
from wideberth.words.readback import centre_of

STALE_US: Final = 15_000_000
DRAWN_US: Final = 60_000_000
AHEAD_US: Final = 900_000_000
RED, AMBER, GREY = -65_536, -23_296, -8_355_712
"""Android colours, as TAK clients draw them."""
COLOURS: Final = {ZoneKind.PROTECTED: RED, ZoneKind.LINE: AMBER, ZoneKind.CONSTRAINT: AMBER}


def events(picture: PartyPicture, zones: list[Zone], now_us: int) -> list[Said]:
    """Everything that the party's clients are told now."""
    return [*(_alert(view, now_us) for view in picture.alerts if view.theirs is not None), *_drawings(zones, now_us)]


def _alert(view: AlertView, now_us: int) -> Said:
    place = view.theirs
    assert place is not None
    nearest = "" if view.cpa_s is None else f", nearest in {view.cpa_s:.0f} s"
    apart = "" if view.horizontal_m is None else f" at {view.horizontal_m / 1000:.1f} km"
    doubt = f"; doubtful: {view.doubt}" if view.doubt else ""
    return Said(
        f"wideberth.alert.{view.id}",
        "a-u-A",
        now_us - round(place.age_s * 1e6),
        now_us + STALE_US,
        round(place.lat_deg * 1e9),
        round(place.lon_deg * 1e9),
        None if place.hae_m is None else round(place.hae_m * 1_000),
        round(place.error_m * 1_000),
        view.other or "ALERT",
        f"ALERT {view.state.value}{nearest}{apart}{doubt}",
        None if place.speed_m_s is None else round(place.speed_m_s * 1_000),
        None if place.track_deg is None else round(place.track_deg * 1_000),
    )


def _drawings(zones: list[Zone], now_us: int) -> list[Said]:
    near = [
        (volume.start_us, zone, i, volume)
        for zone in zones
        for i, volume in enumerate(zone.volumes)
        if volume.end_us > now_us and volume.start_us <= now_us + AHEAD_US
    ]
    near.sort(key=lambda row: (row[0], row[1].id, row[2]))
    return [_drawing(zone, i, volume, now_us) for _, zone, i, volume in near[:COT_DRAWINGS_MAX]]


def _drawing(zone: Zone, i: int, volume: Volume4D, now_us: int) -> Said:
    lat_nd, lon_nd = centre_of((volume,))
    outline, colour = volume.outline, COLOURS.get(zone.kind, GREY)
    if isinstance(outline, Circle):
        kind, size = "u-d-c-c", outline.radius_mm / 1_000
        shape = f'<shape><ellipse major="{size:.1f}" minor="{size:.1f}" angle="360"/></shape>'
    else:
        kind = "u-d-f"
        corners = [*zip(outline.ring[0::2], outline.ring[1::2], strict=True), (outline.ring[0], outline.ring[1])]
        shape = "".join(f"<link point={quoteattr(f'{lat / 1e9:.7f},{lon / 1e9:.7f}')}/>" for lat, lon in corners)
    band = f"{volume.lower_mm / 1_000:.0f} to {volume.upper_mm / 1_000:.0f} m above the ellipsoid"
    return Said(
        f"wideberth.{zone.id}.{i}",
        kind,
        now_us,
        min(volume.end_us, now_us + DRAWN_US),
        lat_nd,
        lon_nd,
        volume.lower_mm,
        callsign=f"{zone.kind.value} {zone.owner}".strip(),
        remarks=band,
        detail=f'{shape}<strokeColor value="{colour}"/><fillColor value="0"/>',
    )
