"""What a party may see, as Cursor on Target for the maps of its people.

In:  a party's picture of the watch, the zones that it may see, its conflicts as it was told of them, the time.
Out: `Said`s: other things of open alerts with what there is to know; places of conflicts and volumes as drawings, those
     in force or soon.
Refuses nothing; past a limit of drawings conflicts come first, then the nearest in time.

Types are of the CoT schema: a-u-A unknown air track, u-d-f drawing, u-d-c-c circle; how m-g, made by a machine.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from xml.sax.saxutils import quoteattr

from wideberth.feeds.cot import OURS, Said
from wideberth.limits import COT_DRAWINGS_MAX
from wideberth.space.units import us_to_time
from wideberth.space.volume import Circle, Volume4D
from wideberth.theatre.lifecycle import ConflictState
from wideberth.theatre.outcome import ConflictItem, Place
from wideberth.theatre.planning import label_of
from wideberth.theatre.shown import POINT_M
from wideberth.theatre.state import State
from wideberth.theatre.views import Views
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


NOBODY: Final = "a party that is not named"
Told = tuple[ConflictState, ConflictItem]
"""A conflict as its party was told of it, and where it stands."""


def told_to(party: str, state: State, views: Views, now_us: int) -> list[Told]:
    """The party's conflicts that are not cleared, of things of its own that are in force or soon."""
    found: list[Told] = []
    for conflict in state.conflicts.values():
        side = conflict.side_of(party)
        mine = state.things.get(side) if side is not None else None
        if mine is None or conflict.state is ConflictState.CLEARED:
            continue
        if _near(mine.start_us, mine.end_us, now_us):
            item = views.item(party, conflict)
            if item is not None:
                found.append((conflict.state, item))
    return found


def events(picture: PartyPicture, zones: list[Zone], conflicts: Iterable[Told], now_us: int) -> list[Said]:
    """Everything that the party's clients are told now."""
    alerts = [_alert(view, now_us) for view in picture.alerts if view.theirs is not None]
    drawings = [*_places(conflicts, now_us), *_drawings(zones, now_us)]
    return [*alerts, *drawings[:COT_DRAWINGS_MAX]]


def _near(start_us: int, end_us: int, now_us: int) -> bool:
    return end_us > now_us and start_us <= now_us + AHEAD_US


def _alert(view: AlertView, now_us: int) -> Said:
    place = view.theirs
    assert place is not None
    nearest = "" if view.cpa_s is None else f", nearest in {view.cpa_s:.0f} s"
    apart = "" if view.horizontal_m is None else f" at {view.horizontal_m / 1000:.1f} km"
    doubt = f"; doubtful: {view.doubt}" if view.doubt else ""
    return Said(
        f"{OURS}alert.{view.id}",
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


def _places(conflicts: Iterable[Told], now_us: int) -> Iterator[Said]:
    rows = [
        (place.start_us, item.conflict, i, state, item, place)
        for state, item in conflicts
        for i, place in enumerate(item.places.each())
        if _near(place.start_us, place.end_us, now_us)
    ]
    rows.sort(key=lambda row: row[:3])
    for _, conflict, i, state, item, place in rows[:COT_DRAWINGS_MAX]:
        for j, (kind, shape) in enumerate(_shapes(place)):
            yield _drawn(
                f"conflict.{conflict.hex()}.{i}.{j}",
                kind,
                (place.lat_nd, place.lon_nd, place.lower_mm),
                min(place.end_us, now_us + DRAWN_US),
                now_us,
                f"CONFLICT {label_of(conflict)}",
                f"{item.severity}, {state.value}, with {item.party or NOBODY}, {_when(place)}, "
                f"{_band(place.lower_mm, place.upper_mm)}",
                shape + _colours(RED if state is ConflictState.OPEN else AMBER),
            )


def _when(place: Place) -> str:
    return f"{us_to_time(place.start_us):%H:%M} to {us_to_time(place.end_us):%H:%MZ}"


def _shapes(place: Place) -> list[tuple[str, str]]:
    """A ring is an outline; where none was drawn, a small circle."""
    return [("u-d-f", _ring(ring)) for ring in place.rings] or [("u-d-c-c", _circle(POINT_M))]


def _drawings(zones: list[Zone], now_us: int) -> list[Said]:
    near = [
        (volume.start_us, zone, i, volume)
        for zone in zones
        for i, volume in enumerate(zone.volumes)
        if _near(volume.start_us, volume.end_us, now_us)
    ]
    near.sort(key=lambda row: (row[0], row[1].id, row[2]))
    return [_volume(zone, i, volume, now_us) for _, zone, i, volume in near[:COT_DRAWINGS_MAX]]


def _volume(zone: Zone, i: int, volume: Volume4D, now_us: int) -> Said:
    outline = volume.outline
    if isinstance(outline, Circle):
        kind, shape = "u-d-c-c", _circle(outline.radius_mm / 1_000)
    else:
        kind, shape = "u-d-f", _ring(outline.ring)
    return _drawn(
        f"{zone.id}.{i}",
        kind,
        (*centre_of((volume,)), volume.lower_mm),
        min(volume.end_us, now_us + DRAWN_US),
        now_us,
        f"{zone.kind.value} {zone.owner}".strip(),
        _band(volume.lower_mm, volume.upper_mm),
        shape + _colours(COLOURS.get(zone.kind, GREY)),
    )


def _drawn(
    name: str, kind: str, at: tuple[int, int, int], stale_us: int, now_us: int, title: str, text: str, detail: str
) -> Said:
    return Said(OURS + name, kind, now_us, stale_us, *at, callsign=title, remarks=text, detail=detail)


def _circle(radius_m: float) -> str:
    return f'<shape><ellipse major="{radius_m:.1f}" minor="{radius_m:.1f}" angle="360"/></shape>'


def _ring(ring: tuple[int, ...]) -> str:
    corners = [*zip(ring[0::2], ring[1::2], strict=True), (ring[0], ring[1])]
    return "".join(f"<link point={quoteattr(f'{lat / 1e9:.7f},{lon / 1e9:.7f}')}/>" for lat, lon in corners)


def _colours(stroke: int) -> str:
    return f'<strokeColor value="{stroke}"/><fillColor value="0"/>'


def _band(lower_mm: int, upper_mm: int) -> str:
    return f"{lower_mm / 1_000:.0f} to {upper_mm / 1_000:.0f} m above the ellipsoid"
