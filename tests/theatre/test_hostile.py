"""What somebody who wants to harm the theatre would say: the node goes on, and nobody is locked out."""

from typing import Any

import msgspec
import pytest
from worlds import DAY, HOUR, ND, START_US, World, charter, circle, founder, seed_of, square

from wideberth import sequencer as sequencing
from wideberth.limits import TIME_US_MAX
from wideberth.party.charter import Area, check_charter
from wideberth.party.command import (
    Accept,
    CharterSubject,
    Concur,
    Confirm,
    GrantKey,
    Invite,
    Leave,
    OperationState,
    ProposeCharter,
    RevokeKey,
    SetState,
)
from wideberth.party.identity import KeyGrant, Role, public_key, root_digest
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.space.volume import Polygon
from wideberth.theatre.admission import charter_digest
from wideberth.theatre.outcome import Accepted, Effects, accepted

BOW_TIE = Polygon((42 * ND, -38 * ND, 43 * ND, -37 * ND, 42 * ND, -37 * ND, 43 * ND, -38 * ND))


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


def area(**changes: Any) -> Area:
    """An area around the boxes of a `World`, where CCC must concur."""
    good = Area("West", "border", circle(42, -38, 20_000), 0, 3_000_000, ("CCC",))
    return msgspec.structs.replace(good, **changes)


def test_a_command_whose_entry_cannot_be_written_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure that no integer of the form can hold costs one command, not the node; the state is untouched."""
    world = World()
    with monkeypatch.context() as patch:
        patch.setattr(sequencing, "decide", lambda *_: accepted(Accepted(), Effects(spent_m2_s=1 << 70)))
        before = world.state.digest()
        answer = world.say("AAA", Confirm(b"o" * 16, 1))
    assert reason(answer) is Reason.SET_ASIDE
    assert (world.state.digest(), world.state.size) == (before, 1)
    assert reason(world.plan("AAA", world.box())[1]) is None
    assert world.replayed().digest() == world.state.digest()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"areas": (area(outline=BOW_TIE),)}, Reason.SELF_CROSSING),
        ({"areas": (area(outline=Polygon((42 * ND,))),)}, Reason.MALFORMED),
        ({"areas": (area(outline=Polygon(())),)}, Reason.TOO_FEW_POINTS),
        ({"areas": (area(outline=circle(42, -38, 0)),)}, Reason.NO_AREA),
        ({"areas": (area(outline=circle(42, -38, 1e9)),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(outline=circle(95, -38, 10)),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(upper_mm=1 << 60),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(lower_mm=2, upper_mm=1),)}, Reason.BAND_ORDER),
        ({"areas": (area(parties=()),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(parties=("CCC",) * 1_001),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(name="n" * 81),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(kind="n" * 81),)}, Reason.OUT_OF_RANGE),
        ({"areas": (area(),) * 257}, Reason.OUT_OF_RANGE),
        ({"separations": charter().separations * 10}, Reason.OUT_OF_RANGE),
        ({"conveners": ("AAA",) * 1_001}, Reason.OUT_OF_RANGE),
        ({"conveners": ("a" * 5_000,)}, Reason.OUT_OF_RANGE),
        ({"priorities": (("AAA", 1 << 62),)}, Reason.OUT_OF_RANGE),
        ({"languages": ("en",) * 17}, Reason.OUT_OF_RANGE),
        ({"languages": ("e" * 17,)}, Reason.OUT_OF_RANGE),
        ({"claim_km2_h": 10**9 + 1}, Reason.OUT_OF_RANGE),
        ({"budget_km2_h": 1 << 63}, Reason.OUT_OF_RANGE),
        ({"budget_checks": 10**9 + 1}, Reason.OUT_OF_RANGE),
        ({"budget_peers": 0}, Reason.OUT_OF_RANGE),
        ({"cell_nd": 10**10 + 1}, Reason.OUT_OF_RANGE),
        ({"lead_us": 367 * DAY}, Reason.OUT_OF_RANGE),
        ({"settle_us": 367 * DAY}, Reason.OUT_OF_RANGE),
        ({"grace_us": 1 << 62}, Reason.OUT_OF_RANGE),
        ({"confirm_us": 367 * DAY}, Reason.OUT_OF_RANGE),
        ({"horizon_us": 367 * DAY}, Reason.OUT_OF_RANGE),
        ({"vertical_step_mm": 10**8 + 1}, Reason.OUT_OF_RANGE),
        ({"local_offset_s": 19 * 3_600}, Reason.OUT_OF_RANGE),
        ({"quorum": 1_001}, Reason.OUT_OF_RANGE),
    ],
)
def test_a_charter_out_of_any_range_is_refused(changes: dict[str, Any], expected: Reason) -> None:
    """Outlines are held against what a plan's are, every figure has two ends, every list and word an end."""
    assert check_charter(charter(areas=(area(), area(outline=square(42, -38, 0.1))))) is None
    no = check_charter(charter(**changes))
    assert no is not None
    assert no.reason is expected


def test_a_quorum_that_nobody_can_reach_is_refused() -> None:
    """A charter that asks for more members than there are could never be changed again."""
    world = World()
    assert reason(world.say("AAA", ProposeCharter(charter(quorum=4)))) is Reason.OUT_OF_RANGE
    assert reason(world.say("AAA", ProposeCharter(charter(quorum=3)))) is None


def test_coming_back_inside_is_no_way_round_an_open_conflict() -> None:
    """From Nonconforming to Activated the same holds as at the start."""
    world = World(rules=charter(priorities=(("BBB", 1),)))
    operation, _ = world.plan("AAA", world.box())
    for state in (OperationState.ACTIVATED, OperationState.NONCONFORMING):
        assert reason(world.say("AAA", SetState(operation, 1, state))) is None
    assert reason(world.plan("BBB", world.box(), priority=1)[1]) is None
    assert reason(world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED))) is Reason.CONFLICT_OPEN


@pytest.mark.parametrize("grace_us", [0, 2 * DAY])
def test_a_charter_with_another_grace_leaves_no_plan_standing_for_ever(grace_us: int) -> None:
    """Deadlines of what stands follow the charter in force."""
    world = World()
    operation, _ = world.plan("AAA", world.box())
    world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED))
    changed = charter(grace_us=grace_us)
    world.say("AAA", ProposeCharter(changed))
    world.say("BBB", Concur(CharterSubject(charter_digest(changed))))
    assert world.state.charter == changed
    world.pass_time(60 * DAY)
    thing = world.state.things.get(("AAA", operation))
    assert thing is None or not thing.live
    assert world.state.members["AAA"].live == 0


def grant(**changes: Any) -> KeyGrant:
    """A watch key that may be granted."""
    good = KeyGrant(public_key(b"w" * 32), ("plan", "*"), START_US + DAY, "night")
    return msgspec.structs.replace(good, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_us": TIME_US_MAX + 1},
        {"expires_us": (1 << 64) - 1},
        {"permits": ("plan",) * 65},
        {"permits": ("no such command",)},
        {"permits": ("tick",)},
    ],
)
def test_a_grant_has_an_end_and_names_commands(changes: dict[str, Any]) -> None:
    """No key for ever, no list without end, no word that means nothing."""
    world = World()
    assert reason(world.root_say("AAA", GrantKey(grant(**changes)))) is Reason.OUT_OF_RANGE
    assert reason(world.root_say("AAA", GrantKey(grant()))) is None


@pytest.mark.parametrize(
    "changes", [{"languages": ("en",) * 17}, {"languages": ("e" * 17,)}, {"about": 3}, {"watch": grant(permits=("x",))}]
)
def test_an_acceptance_is_held_against_the_same_limits(changes: dict[str, Any]) -> None:
    """A newcomer's first word is bounded like everybody's."""
    world = World()
    new = founder("NEW")
    world.say("AAA", Invite("NEW", root_digest(new.root), Role.MEMBER, world.now_us + DAY))
    good = Accept("Newcomers", new.root, grant(), ("en",))
    assert reason(world.root_say("NEW", msgspec.structs.replace(good, **changes))) is Reason.OUT_OF_RANGE
    assert reason(world.root_say("NEW", good)) is None


def test_a_revoked_key_has_no_word_in_a_charter() -> None:
    """What a stolen key said about a draft falls with it, and may be said again by a good key."""
    world = World()
    draft = charter(name="Second")
    since = world.now_us
    world.say("AAA", ProposeCharter(draft))
    world.root_say("AAA", RevokeKey(public_key(seed_of("AAA")), since))
    assert world.state.drafts[charter_digest(draft)].concurred == ()
    world.say("BBB", Concur(CharterSubject(charter_digest(draft))))
    assert world.state.charter.name == "Test valley"
    world.say("CCC", Concur(CharterSubject(charter_digest(draft))))
    assert world.state.charter.name == "Second"
    assert world.replayed().digest() == world.state.digest()


def test_who_has_left_does_not_count_towards_a_quorum() -> None:
    """Two members make a quorum of two, not one and a memory."""
    world = World()
    draft = charter(name="Second")
    world.say("AAA", ProposeCharter(draft))
    world.root_say("AAA", Leave())
    world.say("BBB", Concur(CharterSubject(charter_digest(draft))))
    assert world.state.charter.name == "Test valley"
    world.say("CCC", Concur(CharterSubject(charter_digest(draft))))
    assert world.state.charter.name == "Second"


def test_who_has_left_holds_up_nobody() -> None:
    """An activation waits for the concurrence of parties that can still give it."""
    world = World(rules=charter(areas=(area(),)))
    operation, _ = world.plan("AAA", world.box())
    start = SetState(operation, 1, OperationState.ACTIVATED)
    assert reason(world.say("AAA", start)) is Reason.CONCURRENCE_MISSING
    world.root_say("CCC", Leave())
    assert reason(world.say("AAA", start)) is None
    assert world.replayed().digest() == world.state.digest()


def test_ids_of_refused_commands_are_forgotten_too() -> None:
    """A not_after in a thousand years keeps nothing in memory for a thousand years."""
    world = World()
    far = {"not_after_us": START_US + 365_000 * DAY}
    assert reason(world.send(world.seal("AAA", Confirm(b"o" * 16, 1), changes=far))) is Reason.NOT_AFTER_TOO_FAR
    assert len(world.state.seen) == 1
    world.pass_time(2 * DAY)
    world.pass_time(HOUR)
    assert (world.state.seen, world.state.seen_until) == ({}, {})


def test_drafts_are_few_and_lapse() -> None:
    """At most two of a party wait; after thirty days without a quorum they are gone, and everybody is told."""
    world = World()
    first, second, third = (charter(name=name) for name in ("One", "Two", "Three"))
    assert [reason(world.say("AAA", ProposeCharter(c))) for c in (first, second, third)] == [
        None,
        None,
        Reason.TOO_MANY,
    ]
    assert reason(world.say("BBB", ProposeCharter(third))) is None
    told = world.state.members["CCC"].notices
    world.pass_time(31 * DAY)
    assert world.state.drafts == {}
    assert world.state.members["CCC"].notices == told + 3
    assert reason(world.say("AAA", ProposeCharter(first))) is None
    assert world.replayed().digest() == world.state.digest()
