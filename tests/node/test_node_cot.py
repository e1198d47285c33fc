"""What a party's maps are told: others of open alerts and what may be seen, as events that any CoT reader takes."""

import struct

from worlds import circle

from wideberth.feeds.cot import Event, read_event, write_xml
from wideberth.limits import COT_DRAWINGS_MAX
from wideberth.node.shown_cot import AMBER, RED, events
from wideberth.party.charter import TrafficClass
from wideberth.space.volume import Polygon, Volume4D
from wideberth.theatre.lifecycle import ConflictState
from wideberth.theatre.outcome import ConflictItem, Spots
from wideberth.watch.alert import AlertState
from wideberth.watch.entry import Zone, ZoneKind
from wideberth.watch.picture import AlertView, Place
from wideberth.watch.watch import PartyPicture

NOW_US = 1_800_000_000_000_000
ND = 10**9
THEIRS = Place(42.1, -38.2, 30.0, 0.4, 33_000, None, 240.0, 271.0)
RING = (42 * ND, -38 * ND, 42 * ND, -37 * ND, 43 * ND, -37 * ND)


def picture(*alerts: AlertView) -> PartyPicture:
    """A picture with alerts alone."""
    return PartyPicture(NOW_US, (), alerts)


def alert(state: AlertState = AlertState.WARNED, theirs: Place | None = THEIRS, other: str = "4b1815") -> AlertView:
    """An alert of a pair."""
    return AlertView(
        "a1", "pair", state, "3c6444", other, NOW_US, 0, "", 20.0, 51.0, 1_200.0, 30.0, 400.0, None, theirs
    )


def zone(name: str, start_s: int, end_s: int, outline: object = None) -> Zone:
    """A zone of one volume."""
    shape = outline or circle(42, -38, 2_000)
    volume = Volume4D(shape, 0, 900_000, NOW_US + start_s * 10**6, NOW_US + end_s * 10**6)  # type: ignore[arg-type]
    return Zone(name, ZoneKind.CONSTRAINT, "CAA", TrafficClass.CONSTRAINT, (volume,), True)


def test_the_other_of_an_alert_shows_while_it_matters() -> None:
    """Place, course and what there is to know; once it has passed, nothing of it."""
    (said,) = events(picture(alert()), [], [], NOW_US)
    event = read_event(write_xml(said))
    assert isinstance(event, Event)
    assert (said.type, said.lat_nd, said.lon_nd, said.track_mdeg) == ("a-u-A", 42_100_000_000, -38_200_000_000, 271_000)
    assert said.callsign == "4b1815"
    assert said.remarks == "ALERT warned, nearest in 51 s at 1.2 km"
    assert NOW_US < said.stale_us <= NOW_US + 20_000_000
    assert events(picture(alert(AlertState.PASSED, None)), [], [], NOW_US) == []


def test_volumes_are_drawn_while_they_are_in_force_or_soon() -> None:
    """Circles and outlines of any corners; what is over, or far ahead, is not drawn; the nearest in time come first."""
    zones = [
        zone("CAA/01", 60, 600),
        zone("CAA/02", -60, 60, Polygon(RING)),
        zone("CAA/03", -60, -1),
        zone("CAA/04", 9_999, 10_999),
    ]
    first, second = events(picture(), zones, [], NOW_US)
    assert (first.uid, first.type, second.type) == ("wideberth.CAA/02.0", "u-d-f", "u-d-c-c")
    assert first.detail.count("<link point=") == 4
    assert first.stale_us == NOW_US + 60_000_000
    for said in (first, second):
        assert isinstance(read_event(write_xml(said)), Event)
    crowd = [zone(f"CAA/{i:04x}", i, 900) for i in range(COT_DRAWINGS_MAX + 50)]
    drawn = events(picture(), crowd, [], NOW_US)
    assert len(drawn) == COT_DRAWINGS_MAX
    assert drawn[0].uid == "wideberth.CAA/0000.0"


def test_names_of_others_cannot_break_out() -> None:
    """A name with marks of XML in it stays a name."""
    (said,) = events(picture(alert(other='"/><x a="<&')), [], [], NOW_US)
    event = read_event(write_xml(said))
    assert isinstance(event, Event)


def test_conflicts_are_drawn_as_their_party_was_told() -> None:
    """Each ring an outline, a place without one a small circle; what is not near in time is not drawn; a party that
    keeps its plan private is not named; conflicts come before volumes where there is room for one alone.
    """
    soon = (NOW_US + 60_000_000, NOW_US + 120_000_000)
    shape = (0, 900_000, *soon, -5, -5, 42 * ND, -38 * ND)
    late = (0, 900_000, NOW_US + 9_999_000_000, NOW_US + 10_999_000_000, -5, -5, 42 * ND, -38 * ND)
    rows = b"".join(struct.pack("<8q", *row) for row in (shape, shape, late))
    spots = Spots(bytes(3), ((RING, RING), (), (RING,)), rows)
    item = ConflictItem(
        b"\x01" * 16, "opened", b"m" * 16, 1, None, "operation", None, (0, 0), "overlap", 0, "mine", spots
    )  # fmt: skip
    first, second, third = events(picture(), [], [(ConflictState.OPEN, item)], NOW_US)
    assert [said.type for said in (first, second, third)] == ["u-d-f", "u-d-f", "u-d-c-c"]
    assert len({said.uid for said in (first, second, third)}) == 3
    assert first.remarks == (
        "overlap, open, with a party that is not named, 08:01 to 08:02Z, 0 to 900 m above the ellipsoid"
    )
    assert first.stale_us == NOW_US + 60_000_000
    crowd = [zone(f"CAA/{i:04x}", 1, 900) for i in range(COT_DRAWINGS_MAX)]
    drawn = events(picture(), crowd, [(ConflictState.SETTLED, item)], NOW_US)
    assert len(drawn) == COT_DRAWINGS_MAX
    assert drawn[2].callsign.startswith("CONFLICT ")
    assert f'value="{AMBER}"' in drawn[0].detail
    assert f'value="{RED}"' in first.detail
