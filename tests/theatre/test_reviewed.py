"""Ways round the rules that a hostile party would try."""

import msgspec
from worlds import DAY, START_US, World, charter, circle, founder, seed_of

from wideberth.party.charter import Area
from wideberth.party.command import (
    About,
    Accept,
    Activity,
    Concur,
    Disclosure,
    Domain,
    Erase,
    Invite,
    Object,
    OperationState,
    Plan,
    PlanSubject,
    Procedure,
    ProposalSubject,
    Propose,
    Reroute,
    SetState,
    Text,
    Volumes,
    Withdraw,
)
from wideberth.party.envelope import decode_part
from wideberth.party.identity import KeyGrant, Role, public_key, root_digest
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.theatre.lifecycle import ConflictState
from wideberth.theatre.outcome import LateItem
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


def in_conflict(world: World) -> tuple[bytes, bytes, bytes]:
    """AAA's plan, BBB's later one over it, their conflict."""
    first, _ = world.plan("AAA", world.box())
    second, answer = world.plan("BBB", world.box(lat=42.01))
    assert answer.accepted is not None
    return first, second, answer.accepted.conflicts[0]


def test_an_activated_plan_that_reaches_into_anothers_must_be_activated_again() -> None:
    """Activate far away, then replan into the other's way: it is Accepted again, and blocked."""
    world = World()
    world.plan("AAA", world.box())
    operation, _ = world.plan("BBB", world.box(lat=44))
    world.say("BBB", SetState(operation, 1, OperationState.ACTIVATED))
    world.plan("BBB", world.box(lat=42.01), replaces=1, operation=operation)
    assert world.state.things[("BBB", operation)].state is OperationState.ACCEPTED
    assert reason(world.say("BBB", SetState(operation, 2, OperationState.ACTIVATED))) is Reason.CONFLICT_OPEN


def test_an_activated_plan_that_shrinks_or_meets_nobody_goes_on() -> None:
    """A new version that nothing blocks keeps its state."""
    world = World()
    operation, _ = world.plan("BBB", world.box(lat=44))
    world.say("BBB", SetState(operation, 1, OperationState.ACTIVATED))
    world.plan("BBB", world.box(lat=44.01), replaces=1, operation=operation)
    assert world.state.things[("BBB", operation)].state is OperationState.ACTIVATED


def test_a_copy_of_anothers_part_destroys_nothing_of_the_others() -> None:
    """BBB attaches the very part that AAA attached, salt and all, and has its own copy destroyed."""
    world = World()
    volumes, about = world.part(Volumes((world.box(),))), world.part(About("AAA-1"))
    plan = Plan(b"1" * 16, 0, 0, 0, Domain.AIR, True, Activity.RELIEF, Disclosure.OPEN, 1)
    world.send(world.seal("AAA", plan, [volumes, about]))
    copied = world.send(world.seal("BBB", plan, [world.part(Volumes((world.box(lat=44),))), about]))
    assert copied.entry is not None
    assert reason(world.say("BBB", Erase(copied.entry.sequence, 3, about.commitment()))) is None
    held = world.state.things[("AAA", b"1" * 16)].about
    assert held is not None
    assert held.content is not None
    assert decode_part(held.content) == About("AAA-1")
    assert world.replayed().digest() == world.state.digest()


def test_what_is_erased_after_a_snapshot_is_nowhere() -> None:
    """A text that a proposal and the talk share is gone from both."""
    world = World()
    _, _, conflict = in_conflict(world)
    said = world.say("AAA", Propose(conflict, b"p" * 16, Procedure(0)), Text("en", "Ms Example calls."))
    assert said.entry is not None
    loaded = load(dump(world.state))
    assert isinstance(loaded, State)
    world.sequencer.state = loaded
    commitment = msgspec.msgpack.decode(said.entry.leaf)[3][2]
    assert reason(world.say("AAA", Erase(said.entry.sequence, 2, commitment))) is None
    assert b"Ms Example" not in dump(loaded)


def test_no_refusal_is_a_silent_look() -> None:
    """With a pile of its own or a small budget of peers a probe is refused alike, whatever hides there."""
    answers = []
    for hidden_lat in (42.0, 45.0):
        world = World(rules=charter(budget_peers=1))
        world.plan("AAA", world.box())
        world.plan("CCC", world.box(lat=hidden_lat + 0.3))
        world.plan("BBB", world.box(lat=42.01))
        probe = world.plan("BBB", world.box(lat=42.3, radius_m=50))[1]
        answers.append(probe.refusal)
    assert answers[0] == answers[1]
    assert answers[0] is not None
    assert answers[0].reason is Reason.BUDGET


def test_specks_of_ones_own_in_one_place_are_bounded() -> None:
    """Nobody piles plans on one another to crowd others out."""
    world = World()
    reasons = [reason(world.plan("BBB", world.box(radius_m=1), crewed=False)[1]) for _ in range(105)]
    assert reasons[:101] == [None] * 101
    assert set(reasons[101:]) == {Reason.CLAIM}


def test_a_private_plan_counts_as_a_peer_of_its_own() -> None:
    """The number of peers met does not tell whose the private plan is."""
    counts = []
    for owner in ("AAA", "CCC"):
        world = World()
        world.plan("AAA", world.box())
        world.plan(owner, world.box(lat=44), disclosure=Disclosure.PRIVATE)
        world.plan("BBB", world.box(lat=42.01))
        world.plan("BBB", world.box(lat=44.01))
        counts.append(len(world.state.members["BBB"].peers))
    assert counts == [2, 2]


def test_a_concurring_party_reads_nothing_of_the_movers_other_conflicts() -> None:
    """BBB concurs with AAA's new route, which meets CCC: BBB's answer names neither conflict nor class nor version."""
    world = World()
    _, _, conflict = in_conflict(world)
    world.plan("CCC", world.box(lat=44))
    volumes = Volumes((world.box(lat=44.01),))
    world.say("AAA", Propose(conflict, b"p" * 16, Reroute(0)), volumes)
    answer = world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16)))
    assert answer.accepted is not None
    assert (answer.accepted.conflicts, answer.accepted.checked, answer.accepted.version) == ((), (), 0)


def test_why_a_peers_plan_cannot_move_is_not_told() -> None:
    """AAA's own shift runs past the horizon by the time BBB concurs, or its claim is used up: one fixed sentence."""
    world = World(rules=charter(claim_km2_h=20))
    _, _, conflict = in_conflict(world)
    world.say("AAA", Propose(conflict, b"p" * 16, Reroute(0)), Volumes((world.box(lat=42.03, radius_m=2_600),)))
    no = world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16))).refusal
    assert no is not None
    assert (no.reason, no.received) == (Reason.WRONG_STATE, "")
    assert "km2" not in no.limit


def test_a_late_notice_tells_only_the_shared_time() -> None:
    """The peer of a LATE plan learns when the shared place begins, not when the plan does."""
    world = World()
    world.plan("AAA", world.box())
    world.plan("BBB", world.box(lat=45, start_h=0.2, hours=0.5), world.box(lat=42.01))
    (told,) = world.sequencer.notices("AAA", 0, 10)
    assert told.notice is not None
    (late,) = (item for item in told.notice.items if isinstance(item, LateItem))
    assert late.start_us == world.box().start_us


def test_the_part_of_an_open_proposal_stands() -> None:
    """What the peer may still concur with cannot be destroyed under its hands."""
    world = World()
    _, _, conflict = in_conflict(world)
    volumes = world.part(Volumes((world.box(lat=44),)))
    said = world.send(world.seal("AAA", Propose(conflict, b"p" * 16, Reroute(0)), [volumes]))
    assert said.entry is not None
    assert reason(world.say("AAA", Erase(said.entry.sequence, 2, volumes.commitment()))) is Reason.WRONG_STATE


def test_of_two_procedures_one_may_go() -> None:
    """The conflict stays settled while one that both keep is left."""
    world = World()
    _, _, conflict = in_conflict(world)
    for proposal in (b"p" * 16, b"q" * 16):
        world.say("AAA", Propose(conflict, proposal, Procedure(0)), Text("en", "BBB calls."))
    for proposal in (b"p" * 16, b"q" * 16):
        world.say("BBB", Concur(ProposalSubject(conflict, proposal)))
    assert world.state.conflicts[conflict].state is ConflictState.SETTLED
    world.say("AAA", Withdraw(ProposalSubject(conflict, b"p" * 16)))
    state = world.state.conflicts[conflict]
    assert state.procedures == 0 or state.state is ConflictState.SETTLED


def test_an_asked_party_may_object_first_and_concur_later() -> None:
    """Objection needs no concurrence before it."""
    line = Area("Line", "line", circle(42, -38, 5_000), 0, 10_000_000, ("CCC",))
    world = World(rules=charter(areas=(line,)))
    operation, _ = world.plan("AAA", world.box())
    subject = PlanSubject("AAA", operation, 1)
    assert reason(world.say("CCC", Object(subject))) is None
    assert reason(world.say("CCC", Object(subject))) is Reason.WRONG_STATE
    assert reason(world.say("CCC", Concur(subject))) is None


def test_a_repeated_acceptance_is_answered_again() -> None:
    """The same bytes get the first answer, though the invitation is no longer pending."""
    world = World()
    new = founder("NEW")
    world.say("AAA", Invite("NEW", root_digest(new.root), Role.MEMBER, world.now_us + DAY))
    grant = KeyGrant(public_key(seed_of("NEW")), ("*",), START_US + DAY, "watch")
    accept = Accept("Newcomers", new.root, grant, ("en",))
    sent = world.seal("NEW", accept, seeds=(seed_of("NEW", "root"),))
    first, again = world.send(sent), world.send(sent)
    assert first.accepted is not None
    assert again == first
    forged = (sent[0], (bytes(64),), sent[2])
    assert reason(world.send(forged)) is Reason.BAD_SIGNATURE
