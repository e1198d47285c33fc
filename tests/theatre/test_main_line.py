"""The main job: plan, see the conflict, settle it, activate."""

import inspect

import pytest
from worlds import DAY, HOUR, MINUTE, World, charter, circle

from wideberth.party.charter import Area
from wideberth.party.command import (
    AcceptRisk,
    Concur,
    Confirm,
    Disclosure,
    Object,
    OperationState,
    PlanSubject,
    Procedure,
    ProposalSubject,
    Propose,
    RiskSubject,
    SetState,
    Shift,
    Text,
    Withdraw,
)
from wideberth.refusal import Reason
from wideberth.theatre.lifecycle import ConflictState
from wideberth.theatre.outcome import ConflictItem, StateItem


@pytest.fixture(params=[2, 3, 7], ids=lambda n: f"{n} parties", autouse=True)
def at_the_table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every rule holds with two parties, three and seven; CCC is at the table where a test speaks of it."""
    parties = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG")[: request.param]
    if request.param == 2 and "CCC" in inspect.getsource(request.function):
        parties = ("AAA", "BBB", "CCC")
    monkeypatch.setattr(World, "usual", parties)


def two_in_conflict(world: World, **changes: object) -> tuple[bytes, bytes, bytes]:
    """AAA's plan, BBB's later plan over it, and the conflict between them."""
    first, answer = world.plan("AAA", world.box())
    assert answer.accepted is not None
    second, answer = world.plan("BBB", world.box(lat=42.01), **changes)
    assert answer.accepted is not None
    (conflict,) = answer.accepted.conflicts
    return first, second, conflict


def state_of(world: World, conflict: bytes) -> ConflictState:
    """Where a conflict stands."""
    return world.state.conflicts[conflict].state


def activate(world: World, party: str, operation: bytes, version: int = 1) -> Reason | None:
    """Try to activate; the reason if refused."""
    answer = world.say(party, SetState(operation, version, OperationState.ACTIVATED))
    return answer.refusal.reason if answer.refusal else None


def test_each_learns_of_the_conflict_and_a_bystander_of_nothing() -> None:
    """Both sides get one notice of the same conflict; the third party gets none."""
    world = World()
    _, _, conflict = two_in_conflict(world)
    for party, other in (("AAA", "BBB"), ("BBB", "AAA")):
        (told,) = world.sequencer.notices(party, 0, 10)
        assert told.notice is not None
        (item,) = told.notice.items[:1]
        assert isinstance(item, ConflictItem)
        assert (item.conflict, item.party, item.what) == (conflict, other, "opened")
        assert item.places
    assert list(world.sequencer.notices("CCC", 0, 10)) == []


def test_far_plans_are_no_conflict() -> None:
    """Plans farther apart than the minima are nobody's business."""
    world = World()
    world.plan("AAA", world.box())
    _, answer = world.plan("BBB", world.box(lat=43.0))
    assert answer.accepted is not None
    assert answer.accepted.conflicts == ()


def test_a_gap_in_time_height_or_plan_is_enough() -> None:
    """Any one of the three suffices: windows that only touch, bands apart by the minimum, outlines far apart."""
    world = World()
    world.plan("AAA", world.box(start_h=2, hours=1, lower_m=1_000, upper_m=1_500))
    for box in (world.box(start_h=3), world.box(lower_m=1_500 + 914.4, upper_m=3_000), world.box(lon=-38.5)):
        _, answer = world.plan("BBB", box)
        assert answer.accepted is not None
        assert answer.accepted.conflicts == ()


def test_the_later_plan_is_blocked_and_the_earlier_is_not() -> None:
    """Nobody grounds the others: of equal priority, the one planned later waits (rule 11)."""
    world = World()
    first, second, _ = two_in_conflict(world)
    assert activate(world, "BBB", second) is Reason.CONFLICT_OPEN
    assert activate(world, "AAA", first) is None


def test_priority_that_the_charter_grants_goes_first() -> None:
    """The lower priority waits, whoever came first; a priority that is not granted is refused."""
    world = World(rules=charter(priorities=(("BBB", 5),)))
    first, second, _ = two_in_conflict(world, priority=5)
    assert activate(world, "AAA", first) is Reason.CONFLICT_OPEN
    assert activate(world, "BBB", second) is None
    _, answer = world.plan("AAA", world.box(lat=44), priority=1)
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.PRIORITY


def test_a_procedure_that_the_peer_concurs_with_settles() -> None:
    """Propose in words, concur, and nothing blocks any more; withdrawn, it blocks again."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    proposal = b"p" * 16
    answer = world.say("AAA", Propose(conflict, proposal, Procedure(0)), Text("en", "BBB calls before entering."))
    assert answer.accepted is not None
    assert state_of(world, conflict) is ConflictState.OPEN
    world.say("BBB", Concur(ProposalSubject(conflict, proposal)))
    assert state_of(world, conflict) is ConflictState.SETTLED
    world.say("AAA", Withdraw(ProposalSubject(conflict, proposal)))
    assert state_of(world, conflict) is ConflictState.OPEN
    assert activate(world, "BBB", second) is Reason.CONFLICT_OPEN


@pytest.mark.parametrize(("proposer", "whose"), [("BBB", "mine"), ("AAA", "other")])
def test_a_shift_is_carried_out_when_the_peer_concurs(proposer: str, whose: str) -> None:
    """Whoever proposes it: with both signatures BBB's plan moves by the hour, and the conflict is cleared."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    concurring = "AAA" if proposer == "BBB" else "BBB"
    world.say(proposer, Propose(conflict, b"p" * 16, Shift(whose, HOUR, 0)))
    answer = world.say(concurring, Concur(ProposalSubject(conflict, b"p" * 16)))
    assert answer.accepted is not None
    assert state_of(world, conflict) is ConflictState.CLEARED
    thing = world.state.things[("BBB", second)]
    assert thing.version == 2
    assert thing.start_us == world.box(start_h=3).start_us
    assert activate(world, "BBB", second, 2) is None


def test_nobody_concurs_with_their_own_proposal() -> None:
    """A settlement needs the other one."""
    world = World()
    _, _, conflict = two_in_conflict(world)
    world.say("BBB", Propose(conflict, b"p" * 16, Shift("mine", HOUR, 0)))
    answer = world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16)))
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.NOT_YOURS


def test_an_objection_leaves_the_conflict_open() -> None:
    """No path closes a conflict on a no."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    world.say("BBB", Propose(conflict, b"p" * 16, Shift("other", HOUR, 0)))
    world.say("AAA", Object(ProposalSubject(conflict, b"p" * 16), 0), Text("en", "The patient cannot wait."))
    assert state_of(world, conflict) is ConflictState.OPEN
    assert activate(world, "BBB", second) is Reason.CONFLICT_OPEN


def test_risk_is_accepted_by_both_or_not_at_all() -> None:
    """One acceptance changes nothing; two let both fly; withdrawing one blocks again."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    world.say("AAA", AcceptRisk(conflict, 0), Text("en", "Visual contact agreed."))
    assert activate(world, "BBB", second) is Reason.CONFLICT_OPEN
    world.say("BBB", AcceptRisk(conflict, 0), Text("en", "Agreed."))
    assert state_of(world, conflict) is ConflictState.ACCEPTED
    world.say("AAA", Withdraw(RiskSubject(conflict)))
    assert state_of(world, conflict) is ConflictState.OPEN
    assert activate(world, "BBB", second) is Reason.CONFLICT_OPEN


def test_a_changed_plan_voids_what_was_agreed() -> None:
    """After the nod the plan changed: the agreement falls (needs row 17)."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    world.say("AAA", Propose(conflict, b"p" * 16, Procedure(0)), Text("en", "BBB calls."))
    world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16)))
    world.plan("BBB", world.box(lat=42.02, radius_m=3_000), replaces=1, operation=second)
    assert state_of(world, conflict) is ConflictState.OPEN


def test_a_version_inside_its_predecessor_voids_nothing() -> None:
    """A smaller plan asks for no new nod."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    world.say("AAA", Propose(conflict, b"p" * 16, Procedure(0)), Text("en", "BBB calls."))
    world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16)))
    world.plan("BBB", world.box(lat=42.01, radius_m=1_500), replaces=1, operation=second)
    assert state_of(world, conflict) is ConflictState.SETTLED


def test_an_outsider_finds_no_conflict_to_talk_in() -> None:
    """To a third party an existing conflict and an invented one are the same."""
    world = World()
    _, _, conflict = two_in_conflict(world)
    for guess in (conflict, b"x" * 16):
        answer = world.say("CCC", AcceptRisk(guess, 0), Text("en", "?"))
        assert answer.refusal is not None
        assert answer.refusal.reason is Reason.UNKNOWN


def test_named_parties_must_concur_in_an_area() -> None:
    """A plan across the line waits for CCC, the refusal names it, and a new version asks again (rows 17, 34)."""
    line = Area("Border line", "line", circle(42, -38, 5_000), 0, 10_000_000, ("CCC", "AAA"))
    world = World(rules=charter(areas=(line,)))
    operation, answer = world.plan("AAA", world.box())
    assert answer.accepted is not None
    no = world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED)).refusal
    assert no is not None
    assert (no.reason, "CCC" in no.limit) == (Reason.CONCURRENCE_MISSING, True)
    assert world.say("BBB", Concur(PlanSubject("AAA", operation, 1))).refusal is not None
    assert world.say("CCC", Concur(PlanSubject("AAA", operation, 1))).accepted is not None
    world.plan("AAA", world.box(radius_m=4_000), replaces=1, operation=operation)
    assert activate(world, "AAA", operation, 2) is Reason.CONCURRENCE_MISSING
    stale = world.say("CCC", Concur(PlanSubject("AAA", operation, 1))).refusal
    assert stale is not None
    assert stale.reason is Reason.STALE_VERSION
    world.say("CCC", Concur(PlanSubject("AAA", operation, 2)))
    assert activate(world, "AAA", operation, 2) is None


def test_own_plans_are_reported_and_block_nothing() -> None:
    """A pair of one party's own plans is told to it, and it may fly both."""
    world = World()
    first, _ = world.plan("AAA", world.box())
    second, answer = world.plan("AAA", world.box(lat=42.01))
    assert answer.accepted is not None
    assert len(answer.accepted.conflicts) == 1
    assert activate(world, "AAA", first) is None
    assert activate(world, "AAA", second) is None


def test_a_private_plan_does_not_name_its_party() -> None:
    """The peer of a private plan learns where and when, and not who."""
    world = World()
    two_in_conflict(world, disclosure=Disclosure.PRIVATE)
    (told,) = world.sequencer.notices("AAA", 0, 10)
    assert told.notice is not None
    item = told.notice.items[0]
    assert isinstance(item, ConflictItem)
    assert item.party is None
    assert item.places


def test_an_unconfirmed_plan_lapses_and_a_confirmed_one_does_not() -> None:
    """Plans that nobody confirms within the charter's time do not hold the space (rule 11)."""
    world = World(rules=charter(confirm_us=DAY))
    lapsing, _ = world.plan("AAA", world.box(start_h=100))
    kept, _ = world.plan("AAA", world.box(start_h=100, lat=44))
    for _ in range(30):
        world.pass_time(HOUR)
        world.say("AAA", Confirm(kept, 1))
    assert world.state.things[("AAA", lapsing)].state is OperationState.ENDED
    assert world.state.things[("AAA", kept)].state is OperationState.ACCEPTED


def test_a_conflict_not_settled_in_time_is_told_once() -> None:
    """The deadline passes: one due, both are told, and the conflict stays open and blocking."""
    world = World()
    _, second, conflict = two_in_conflict(world)
    before = world.state.members["AAA"].notices
    for _ in range(150):
        world.pass_time(MINUTE)
    assert world.state.conflicts[conflict].overdue
    assert world.state.members["AAA"].notices == before + 1
    assert activate(world, "BBB", second) is Reason.CONFLICT_OPEN


def test_ending_a_plan_clears_its_conflicts() -> None:
    """When one side is over, so is the conflict, and both are told."""
    world = World()
    first, second, conflict = two_in_conflict(world)
    world.say("AAA", SetState(first, 1, OperationState.ENDED))
    assert state_of(world, conflict) is ConflictState.CLEARED
    told = list(world.sequencer.notices("BBB", 0, 10))[-1]
    assert told.notice is not None
    assert any(isinstance(item, StateItem) and item.state == "cleared" for item in told.notice.items)
    assert activate(world, "BBB", second) is None


def test_replay_gives_the_same_state() -> None:
    """The ledger alone makes the state: same digest."""
    world = World()
    first, _, conflict = two_in_conflict(world)
    world.say("AAA", Propose(conflict, b"p" * 16, Shift("other", HOUR, 0)))
    world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16)))
    world.say("AAA", SetState(first, 1, OperationState.ACTIVATED))
    world.pass_time(9 * HOUR)
    assert world.replayed().digest() == world.state.digest()
