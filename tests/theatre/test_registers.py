"""Registers: whose a place is and who says so, reviews, and one's own plans and messages against one's own register."""

import pytest
from lines import key_of
from posts import Posts, origin, source
from worlds import DAY, HOUR, charter

from wideberth.ledger.verify import verify
from wideberth.party.command import Constrain, ConstraintKind, Erase, PlaceKind, Protect, RevokeKey, Volumes
from wideberth.party.hotline import MessageKind
from wideberth.party.registers import Origin, ReviewPlace, Source, Whose
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.theatre.hotline_items import MessageItem
from wideberth.theatre.outcome import ConflictItem, DueItem, StateItem
from wideberth.theatre.register_items import OwnItem, RegisterItem
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


def same_after_replay(world: Posts) -> bool:
    """Whether the ledger alone, and a snapshot, give the state that there is."""
    loaded = load(dump(world.state))
    assert isinstance(loaded, State)
    return world.replayed().digest() == loaded.digest() == world.state.digest()


@pytest.fixture
def world() -> Posts:
    """Three parties; AAA has a second person on watch."""
    world = Posts()
    world.grant("AAA", "second")
    return world


# sources


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        (None, ("single-source",)),
        (origin(source("UN", 42.0)), ("single-source",)),
        (origin(source("UN", 42.0), source(" un ", 42.0)), ("single-source",)),
        (origin(source("UN", 42.0), source("Red Crescent", 42.001)), ()),
        (origin(source("UN", 42.0), source("Red Crescent", 42.09)), ("disputed",)),
        (origin(source("UN", 42.0), source("Red Crescent", 42.09, accuracy_m=9_000)), ()),
        (origin(source("UN", 42.09)), ("single-source", "disputed")),
    ],
)
def test_sources_are_weighed_and_never_refuse(world: Posts, said: Origin | None, flags: tuple[str, ...]) -> None:
    """Two who are not the same, within their accuracy of the volume; else the owner is told, and it is protected."""
    place, answer = world.protect("AAA", world.box(), said=said)
    assert answer.accepted
    assert world.state.things[("AAA", place)].flags == flags
    assert [item.flags for _, item in world.told("AAA", RegisterItem)] == ([flags] if flags else [])
    assert not world.told("BBB", RegisterItem)
    _, met = world.plan("BBB", world.box())
    assert met.accepted
    assert len(met.accepted.conflicts) == 1
    assert same_after_replay(world)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (origin(whose=Whose.PARTNER), Reason.OUT_OF_RANGE),
        (origin(partner="Somebody"), Reason.OUT_OF_RANGE),
        (origin(whose=Whose.OTHERS, partner="Somebody"), Reason.OUT_OF_RANGE),
        (origin(*[source(f"{i}", 42) for i in range(9)]), Reason.TOO_MANY),
        (origin(source("", 42)), Reason.OUT_OF_RANGE),
        (origin(source("UN", 91)), Reason.OUT_OF_RANGE),
        (origin(source("UN", 42, accuracy_m=-1)), Reason.OUT_OF_RANGE),
        (origin(Source("UN", "seen", 2**60, 0, 0, 1)), Reason.TIME_ORDER),
    ],
)
def test_what_cannot_be_meant_of_a_source_is_refused(world: Posts, said: Origin, why: Reason) -> None:
    """Names where there are none, places off the earth, times ahead: one refusal each."""
    assert reason(world.protect("AAA", world.box(), said=said)[1]) is why


def test_whose_it_is_can_be_destroyed_and_it_stays_protected(world: Posts) -> None:
    """The part with partner and sources goes; the place, its flags and the ledger hold."""
    said = origin(source("UN", 42.0), source("Red Crescent", 42.0), whose=Whose.PARTNER, partner="Mountain group")
    place, answer = world.protect("AAA", world.box(), said=said)
    assert answer.entry is not None
    held = world.state.things[("AAA", place)].origin
    assert held is not None
    assert world.speak("AAA", Erase(answer.entry.sequence, 3, held.commitment)).accepted
    assert held.content is None
    _, met = world.plan("BBB", world.box())
    assert met.accepted
    assert len(met.accepted.conflicts) == 1
    assert verify(world.store.read(), None).ok


def test_a_review_moves_the_date_and_a_missed_one_costs_nothing(world: Posts) -> None:
    """Past review-by the owner is told and the place is met as before; a review sets the next date."""
    until = world.now_us + HOUR
    place, _ = world.protect("AAA", world.box(start_h=30), review_by_us=until)
    world.pass_time(2 * HOUR)
    assert [item.kind for _, item in world.told("AAA", DueItem)] == ["review"]
    _, met = world.plan("BBB", world.box(start_h=30))
    assert met.accepted
    assert len(met.accepted.conflicts) == 1, "it was protected no longer"
    assert reason(world.speak("AAA", ReviewPlace(place, 2, "UN", 0, 1))) is Reason.STALE_VERSION
    assert reason(world.speak("AAA", ReviewPlace(place, 1, "UN", 5, 5))) is Reason.TIME_ORDER
    assert reason(world.speak("AAA", ReviewPlace(place, 1, "UN", world.now_us + DAY, 2**60))) is Reason.TOO_EARLY
    assert reason(world.speak("BBB", ReviewPlace(place, 1, "UN", 0, 1))) is Reason.UNKNOWN
    assert world.speak("AAA", ReviewPlace(place, 1, "OCHA", world.now_us, world.now_us + 2 * HOUR)).accepted
    thing = world.state.things[("AAA", place)]
    assert (thing.version, thing.verifier, thing.review_told) == (1, "OCHA", False)
    world.pass_time(3 * HOUR)
    assert [item.kind for _, item in world.told("AAA", DueItem)] == ["review", "review"]
    assert same_after_replay(world)


# one's own plans


def test_a_plan_over_an_own_post_waits_for_a_second_person(world: Posts) -> None:
    """The planner hears of it in its own notice; the plan cannot start until another key has looked at it."""
    post, _ = world.protect("AAA", world.box(lower_m=0, upper_m=100))
    operation, answer = world.plan("AAA", world.box(lower_m=50, upper_m=500))
    own = world.last("AAA", OwnItem)
    assert (own.what, own.thing, own.version, own.entries) == ("operation", operation, 1, (post,))
    assert answer.accepted
    (conflict,) = answer.accepted.conflicts
    assert world.last("AAA", ConflictItem).blocks == "mine"
    refused = world.activate("AAA", operation)
    assert reason(refused) is Reason.UNREVIEWED
    assert reason(world.review("AAA", conflict, "watch")) is Reason.NOT_PERMITTED
    assert reason(world.review("BBB", conflict, "watch")) is Reason.UNKNOWN
    assert world.review("AAA", conflict, "second").accepted
    assert world.last("AAA", StateItem).event == "reviewed by a second person"
    assert reason(world.review("AAA", conflict, "second")) is Reason.WRONG_STATE
    assert world.activate("AAA", operation).accepted
    assert not world.told("BBB", (ConflictItem, OwnItem, StateItem))
    assert same_after_replay(world)


def test_a_changed_plan_or_post_has_to_be_reviewed_anew(world: Posts) -> None:
    """What the second person saw was another plan; a plan that keeps away needs nobody."""
    post, _ = world.protect("AAA", world.box())
    operation, answer = world.plan("AAA", world.box())
    assert answer.accepted
    (conflict,) = answer.accepted.conflicts
    world.review("AAA", conflict, "second")
    world.plan("AAA", world.box(lat=42.01), operation=operation, replaces=1)
    assert reason(world.activate("AAA", operation, 2)) is Reason.UNREVIEWED
    world.review("AAA", conflict, "second")
    world.protect("AAA", world.box(lat=42.02), place=post, replaces=1)
    assert reason(world.activate("AAA", operation, 2)) is Reason.UNREVIEWED
    world.plan("AAA", world.box(lat=44), operation=operation, replaces=2)
    assert world.activate("AAA", operation, 3).accepted
    assert same_after_replay(world)


def test_an_active_plan_that_reaches_over_an_own_post_falls_back(world: Posts) -> None:
    """It has to be activated again, and for that to be reviewed."""
    world.protect("AAA", world.box())
    operation, _ = world.plan("AAA", world.box(lat=44))
    world.activate("AAA", operation)
    world.plan("AAA", world.box(), operation=operation, replaces=1)
    assert world.state.things[("AAA", operation)].state == "Accepted"


def test_the_word_of_a_suspected_key_falls(world: Posts) -> None:
    """The reviewer's key is revoked since before it spoke: the plan waits again."""
    world.protect("AAA", world.box())
    operation, answer = world.plan("AAA", world.box())
    assert answer.accepted
    world.review("AAA", answer.accepted.conflicts[0], "second")
    assert world.root_say("AAA", RevokeKey(key_of("AAA", "second"), 0)).accepted
    assert reason(world.activate("AAA", operation)) is Reason.UNREVIEWED


def test_two_own_plans_still_block_nothing(world: Posts) -> None:
    """Only the register asks for a second person."""
    world.plan("AAA", world.box())
    operation, answer = world.plan("AAA", world.box())
    assert answer.accepted
    assert world.activate("AAA", operation).accepted
    assert reason(world.review("AAA", answer.accepted.conflicts[0], "second")) is Reason.UNKNOWN


# one's own constraints and messages


def test_a_message_over_an_own_post_is_told_to_its_sender_alone(world: Posts) -> None:
    """It is refused before anybody hears of it, naming what lies inside; with that named it goes out."""
    post, _ = world.protect("AAA", world.box(start_h=30))
    place = (world.box(start_h=30),)
    message, answer = world.tell("AAA", "BBB", volumes=place)
    assert reason(answer) is Reason.OWN_REGISTER
    assert answer.refusal is not None
    assert post.hex() in answer.refusal.limit
    assert not world.told("BBB", MessageItem)
    assert reason(world.tell("AAA", "BBB", volumes=place, kind=MessageKind.QUERY)[1]) is Reason.OWN_REGISTER
    assert reason(world.tell("AAA", "BBB", volumes=place, knowing=(b"x",))[1]) is Reason.OUT_OF_RANGE
    assert reason(world.tell("AAA", "BBB", volumes=place, knowing=(b"x" * 16,))[1]) is Reason.OWN_REGISTER
    assert world.tell("AAA", "BBB", volumes=place, message=message, knowing=(post,))[1].accepted
    assert world.tell("BBB", "AAA", volumes=place)[1].accepted, "another's register is nobody's business here"
    assert world.tell("AAA", "BBB", volumes=(world.box(lat=44, start_h=30),))[1].accepted


def test_a_late_notice_goes_out_and_its_sender_hears_at_once(world: Posts) -> None:
    """Nothing holds up a late notice; what lies inside stands first in its sender's own copy, and in no other."""
    post, _ = world.protect("AAA", world.box(start_h=0.5))
    message, answer = world.tell("AAA", "BBB", volumes=(world.box(start_h=0.5),))
    assert answer.accepted
    assert answer.accepted.late
    items = [item for _, item in world.told("AAA")]
    at = next(i for i, item in enumerate(items) if isinstance(item, OwnItem))
    assert (items[at].thing, items[at].entries) == (message, (post,))
    assert isinstance(items[at + 1], MessageItem)
    assert not world.told("BBB", OwnItem)


def test_a_notice_of_a_reviewed_plan_needs_no_names(world: Posts) -> None:
    """What a second person has seen with the plan is known of its notice as well."""
    world.protect("AAA", world.box(start_h=30))
    operation, answer = world.plan("AAA", world.box(start_h=30))
    assert answer.accepted
    assert reason(world.tell("AAA", "BBB", operation=operation, text="We fly.")[1]) is Reason.OWN_REGISTER
    world.review("AAA", answer.accepted.conflicts[0], "second")
    assert world.tell("AAA", "BBB", operation=operation, text="We fly.")[1].accepted


def test_a_constraint_over_an_own_post_names_it(world: Posts) -> None:
    """A constraint is open to all; its sender hears first what it would show."""
    post, _ = world.protect("AAA", world.box())
    closure = Constrain(b"c" * 16, 0, ConstraintKind.CLOSURE, 0)
    assert reason(world.speak("AAA", closure, Volumes((world.box(),)))) is Reason.OWN_REGISTER
    known = Constrain(b"c" * 16, 0, ConstraintKind.CLOSURE, 0, None, (post,))
    assert world.speak("AAA", known, Volumes((world.box(),))).accepted
    assert world.speak("BBB", closure, Volumes((world.box(),))).accepted


def test_a_kind_of_its_own_for_every_place() -> None:
    """A protected place of each kind is taken, and met."""
    world = Posts(rules=charter())
    for kind in PlaceKind:
        place = kind.value.encode().ljust(16, b".")
        command = Protect(place, 0, kind, 0, "UN", 0, world.now_us + DAY)
        assert world.speak("AAA", command, Volumes((world.box(),))).accepted
    _, answer = world.plan("BBB", world.box())
    assert answer.accepted
    assert len(answer.accepted.conflicts) == len(PlaceKind)
