"""Protected movements: filed, on the way, overdue, off their route, arrived; and who hears of it."""

import itertools

import msgspec
import pytest
from posts import DETAILS, Posts
from worlds import HOUR, MINUTE, START_US, charter

from wideberth.party.command import Erase, Lift, PlaceKind, Protect, Volumes
from wideberth.party.registers import Checkpoint, Details, Itinerary, Move, ReportPosition
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.space.overlap import separation_m
from wideberth.space.volume import Circle
from wideberth.theatre.hotline_items import MessageItem
from wideberth.theatre.lifecycle import MOVEMENT, MovementState, movement_after
from wideberth.theatre.register_items import MovementItem
from wideberth.theatre.rows import Movement
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


@pytest.fixture
def world() -> Posts:
    """AAA moves; BBB has a notice about it, CCC none."""
    return Posts()


def row(world: Posts, movement: bytes) -> Movement:
    """AAA's movement as it stands."""
    return world.state.movements[("AAA", movement)]


def at(world: Posts, hours: float) -> None:
    """Go to a time after the world's start."""
    world.pass_time(round(START_US + hours * HOUR) - world.now_us)


def states(world: Posts, party: str) -> list[str]:
    """What a party heard of movements."""
    return [item.what for _, item in world.told(party, MovementItem)]


def same_after_replay(world: Posts) -> bool:
    """Whether the ledger alone, and a snapshot, give the state that there is."""
    loaded = load(dump(world.state))
    assert isinstance(loaded, State)
    return world.replayed().digest() == loaded.digest() == world.state.digest()


def notified(world: Posts) -> bytes:
    """A movement with a notice about it to BBB."""
    movement, answer = world.move("AAA")
    assert answer.accepted, answer.refusal
    assert world.tell("AAA", "BBB", operation=movement, text="A relief movement.")[1].accepted
    return movement


def test_a_movement_on_time_arrives_and_both_hear(world: Posts) -> None:
    """Notified, under way with the first checkpoint, arrived with the last; protected until its time is over."""
    movement = notified(world)
    for i in range(3):
        at(world, 61 + i)
        assert world.passed("AAA", movement, i).accepted
    assert states(world, "AAA") == states(world, "BBB") == ["under-way", "arrived"]
    assert row(world, movement).passed == tuple(START_US + (61 + i) * HOUR for i in range(3))
    _, met = world.plan("BBB", world.box(lat=42.2, lower_m=0, upper_m=100, start_h=63.2, hours=0.2))
    assert met.accepted
    assert len(met.accepted.conflicts) == 1
    at(world, 64)
    assert row(world, movement).state is MovementState.ENDED
    assert not states(world, "CCC")
    assert same_after_replay(world)
    at(world, 64 + 25)
    world.pass_time(MINUTE)
    assert ("AAA", movement) not in world.state.movements
    assert same_after_replay(world)


def test_overdue_is_told_at_the_checkpoints_time_and_tolerance(world: Posts) -> None:
    """To its owner, and to those who were sent a notice about it; a checkpoint passed brings it back."""
    movement = notified(world)
    at(world, 61 + 0.24)
    assert not states(world, "AAA")
    at(world, 61 + 0.26)
    assert states(world, "AAA") == states(world, "BBB") == ["overdue"]
    mine, theirs = world.last("AAA", MovementItem), world.last("BBB", MovementItem)
    assert (mine.subject, mine.checkpoint) == (movement, 0)
    assert (theirs.subject, theirs.checkpoint) == (next(iter(world.state.messages))[1], -1)
    assert world.passed("AAA", movement, 1).accepted, "the second one, and with it the first"
    assert row(world, movement).passed[0] == 0
    assert states(world, "BBB") == ["overdue", "under-way"]
    at(world, 64)
    assert states(world, "BBB")[-1] == "overdue"
    assert states(world, "CCC") == []
    assert same_after_replay(world)


@pytest.mark.parametrize(
    ("lat", "lon", "accuracy_m", "inside"),
    [
        (42.0, -38.0, 10, True),
        (42.0, -37.9163, 10, True),
        (42.0, -37.914, 10, False),
        (42.0, -37.914, 500, True),
        (42.1, -38.0, 10, False),
        (42.063, -38.0, 1, True),
        (42.0631, -38.0, 1, False),
    ],
)
def test_off_route_is_a_matter_of_place_and_time(
    world: Posts, lat: float, lon: float, accuracy_m: float, inside: bool
) -> None:
    """Outside the corridor as it is at that time, farther than the position's accuracy; measured exactly."""
    movement = notified(world)
    at(world, 60.5)
    around = Circle(round(lat * 1e9), round(lon * 1e9), max(round(accuracy_m * 1_000), 1))
    assert inside == (separation_m(around, world.corridor()[0].outline) <= 0), "the oracle says otherwise"
    assert world.seen("AAA", movement, lat, lon, accuracy_m).accepted
    assert states(world, "BBB") == ["under-way" if inside else "off-route"]
    held = row(world, movement).fix
    assert held is not None
    assert held.content is not None
    assert same_after_replay(world)


def test_off_route_and_back_and_late(world: Posts) -> None:
    """What is off its route may be overdue besides; back on it, it is overdue still, until it passes."""
    movement = notified(world)
    at(world, 60.5)
    world.seen("AAA", movement, 43.0)
    assert row(world, movement).state is MovementState.OFF_ROUTE
    at(world, 61.3)
    assert states(world, "AAA") == ["off-route", "overdue"]
    assert row(world, movement).state is MovementState.OFF_ROUTE
    world.seen("AAA", movement, 42.0)
    assert row(world, movement).state is MovementState.OVERDUE
    world.passed("AAA", movement, 0)
    assert row(world, movement).state is MovementState.UNDER_WAY
    assert row(world, movement).due_us == START_US + 62 * HOUR + 15 * MINUTE


def test_a_position_before_the_start_moves_nothing(world: Posts) -> None:
    """Where it waits is not on its route, and nobody is alarmed."""
    movement = notified(world)
    assert world.seen("AAA", movement, 40).accepted
    assert row(world, movement).state is MovementState.NOTIFIED
    assert not states(world, "AAA")


def test_reports_that_cannot_be_meant(world: Posts) -> None:
    """From the future, of another version, of what was passed, out of order, by another party, of what is over."""
    movement = notified(world)
    at(world, 61)
    future = ReportPosition(movement, 1, world.now_us + HOUR, 0)
    assert reason(world.speak("AAA", future)) is Reason.PARTS_MISMATCH
    assert reason(world.seen("AAA", movement, 42, accuracy_m=1e6)) is Reason.OUT_OF_RANGE
    assert reason(world.passed("AAA", movement, 0, version=2)) is Reason.STALE_VERSION
    assert reason(world.passed("BBB", movement, 0)) is Reason.UNKNOWN
    assert reason(world.passed("AAA", movement, 3)) is Reason.WRONG_STATE
    assert world.passed("AAA", movement, 1).accepted
    assert reason(world.passed("AAA", movement, 1)) is Reason.WRONG_STATE
    assert reason(world.passed("AAA", movement, 0)) is Reason.WRONG_STATE
    place, _ = world.protect("AAA", world.box())
    assert reason(world.passed("AAA", place, 0)) is Reason.UNKNOWN
    assert world.speak("AAA", Lift(movement, 1)).accepted
    assert row(world, movement).state is MovementState.ENDED
    assert reason(world.passed("AAA", movement, 2)) is Reason.WRONG_STATE


def test_inside_the_lead_time_it_is_late_and_goes_out(world: Posts) -> None:
    """48 h, or 24 h in an emergency, by the charter; nearer is marked LATE, and so is the notice about it."""
    for start_h, emergency, late in ((49, False, False), (47, False, True), (25, True, False), (23, True, True)):
        movement, answer = world.move("AAA", start_h, emergency=emergency)
        assert answer.accepted
        assert answer.accepted.late is late
        assert row(world, movement).late is late
        assert world.tell("AAA", "BBB", operation=movement, text="A relief movement.")[1].accepted
        assert world.last("BBB", MessageItem).late is late
    quick = Posts(rules=charter(notice_us=HOUR, emergency_us=HOUR))
    _, answer = quick.move("AAA", 2)
    assert answer.accepted
    assert not answer.accepted.late


def test_those_with_a_notice_hear_that_it_changed(world: Posts) -> None:
    """The next version begins at its first checkpoint; what was overdue is under way again."""
    movement = notified(world)
    at(world, 61.3)
    assert row(world, movement).state is MovementState.OVERDUE
    _, answer = world.move("AAA", 62, movement=movement, replaces=1)
    assert answer.accepted
    assert states(world, "BBB") == ["overdue", "changed"]
    assert (row(world, movement).state, row(world, movement).next) == (MovementState.UNDER_WAY, 0)
    assert same_after_replay(world)


def changed(world: Posts, i: int, **changes: object) -> Itinerary:
    """The checkpoints with one of them otherwise."""
    stops = list(world.stops().checkpoints)
    stops[i] = msgspec.structs.replace(stops[i], **changes)
    return Itinerary(tuple(stops))


def test_what_cannot_be_meant_of_a_movement_is_refused(world: Posts) -> None:
    """Checkpoints outside the corridor at their time, out of order, too many, none; one contact; too short a road."""
    first = world.stops().checkpoints[0]
    for stops, why in (
        (Itinerary(()), Reason.OUT_OF_RANGE),
        (Itinerary(tuple(itertools.repeat(first, 65))), Reason.OUT_OF_RANGE),
        (Itinerary((first, first)), Reason.TIME_ORDER),
        (changed(world, 0, lat_nd=43_000_000_000), Reason.OUT_OF_RANGE),
        (changed(world, 0, time_us=first.time_us - 2 * HOUR), Reason.OUT_OF_RANGE),
        (changed(world, 1, name=""), Reason.OUT_OF_RANGE),
        (changed(world, 1, tolerance_us=-1), Reason.OUT_OF_RANGE),
        (changed(world, 2, tolerance_us=HOUR), Reason.TIME_ORDER),
    ):
        assert reason(world.move("AAA", stops=stops)[1]) is why
    for contacts in (("one", "one"), ("one", " "), ("", "two")):
        assert reason(world.move("AAA", details_part=Details(contacts))[1]) is Reason.OUT_OF_RANGE
    assert reason(world.move("AAA", itinerary=0)[1]) is Reason.PARTS_MISMATCH
    assert reason(world.move("AAA", details=1)[1]) is Reason.PARTS_MISMATCH
    assert reason(world.move("AAA", volumes=1)[1]) is Reason.PARTS_MISMATCH
    assert not world.state.movements


def test_a_movement_stays_a_movement_and_a_place_a_place(world: Posts) -> None:
    """Neither is replaced by the other, nor brought back when it has arrived."""
    movement = notified(world)
    again = Protect(movement, 1, PlaceKind.CONVOY, 0, "UN", 0, world.now_us + HOUR)
    assert reason(world.speak("AAA", again, Volumes((world.box(),)))) is Reason.WRONG_STATE
    place, _ = world.protect("AAA", world.box(lat=44))
    assert reason(world.move("AAA", movement=place, replaces=1)[1]) is Reason.WRONG_STATE
    assert reason(world.move("AAA", movement=movement)[1]) is Reason.EXISTS
    at(world, 61)
    world.passed("AAA", movement, 2)
    assert reason(world.move("AAA", 62, movement=movement, replaces=1)[1]) is Reason.WRONG_STATE


def test_contacts_and_checkpoints_can_be_destroyed(world: Posts) -> None:
    """The movement is protected and watched all the same."""
    movement, answer = world.move("AAA")
    assert answer.entry is not None
    for part, held in ((3, row(world, movement).itinerary), (4, row(world, movement).details)):
        assert world.speak("AAA", Erase(answer.entry.sequence, part, held.commitment)).accepted
        assert held.content is None
    at(world, 61.3)
    assert states(world, "AAA") == ["overdue"]
    assert same_after_replay(world)


def test_the_table_ends_everything_and_forgets_nothing() -> None:
    """From every state a movement can end; what has ended or arrived is never late; unknown events change nothing."""
    for state in MovementState:
        assert movement_after(state, "no such event") is state
        if state is not MovementState.ENDED:
            assert movement_after(state, "over") is MovementState.ENDED
    for done in (MovementState.ARRIVED, MovementState.ENDED):
        assert movement_after(done, "checkpoint late") is done
    assert set(MOVEMENT.values()) == set(MovementState) - {MovementState.NOTIFIED}


def test_a_checkpoint_holds_no_more_than_it_says() -> None:
    """There is no field for numbers of people, loads or arms."""
    assert Checkpoint.__struct_fields__ == ("name", "lat_nd", "lon_nd", "time_us", "tolerance_us")
    assert Details.__struct_fields__ == ("contacts", "vehicles", "markings", "guards")
    assert "strength" not in " ".join(Move.__struct_fields__)
    assert len(DETAILS.contacts) == 2


def test_what_is_late_already_is_overdue_at_once(world: Posts) -> None:
    """The first checkpoint is reported when the second is late as well: that is told with the next due."""
    movement = notified(world)
    at(world, 62.5)
    assert states(world, "BBB") == ["overdue"]
    world.passed("AAA", movement, 0)
    world.pass_time(MINUTE)
    assert states(world, "BBB") == ["overdue", "under-way", "overdue"]
    assert same_after_replay(world)
