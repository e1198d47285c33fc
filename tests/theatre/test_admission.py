"""Who is at the table: invitation, acceptance, keys, the charter, leaving, erasure; and every way to be refused."""

import msgspec
import pytest
from worlds import DAY, HOUR, START_US, World, charter, founder, seed_of

from wideberth.ledger.verify import verify
from wideberth.party.command import (
    Accept,
    AcceptRisk,
    CharterSubject,
    Concur,
    Confirm,
    Decline,
    Erase,
    GrantKey,
    Invite,
    Leave,
    OperationState,
    Procedure,
    ProposalSubject,
    Propose,
    ProposeCharter,
    RevokeKey,
    SetState,
    SignHead,
    Text,
    Tick,
)
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key, root_digest
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.theatre.admission import charter_digest
from wideberth.theatre.lifecycle import ConflictState

NEW = founder("NEW")
NEW_WATCH = KeyGrant(public_key(seed_of("NEW")), ("*",), START_US + DAY, "watch")


def reason(answer: Answer) -> Reason | None:
    """The reason, if refused."""
    return answer.refusal.reason if answer.refusal else None


def invited(world: World, role: Role = Role.MEMBER) -> None:
    """AAA invites NEW."""
    answer = world.say("AAA", Invite("NEW", root_digest(NEW.root), role, world.now_us + DAY))
    assert reason(answer) is None


def joined(world: World, role: Role = Role.MEMBER) -> None:
    """NEW is in."""
    invited(world, role)
    assert reason(world.root_say("NEW", Accept("Newcomers", NEW.root, NEW_WATCH, ("en",)))) is None


def test_an_invited_party_enters_by_its_root_and_speaks() -> None:
    """Invitation and acceptance; everybody is told; the newcomer plans."""
    world = World()
    joined(world)
    assert world.state.members["NEW"].name == "Newcomers"
    assert world.plan("NEW", world.box())[1].accepted is not None
    assert len(list(world.sequencer.notices("CCC", 0, 10))) == 2


def test_only_conveners_invite_and_only_the_invited_root_enters() -> None:
    """Nobody else's word brings a party in."""
    world = World()
    no = world.say("BBB", Invite("NEW", root_digest(NEW.root), Role.MEMBER, world.now_us + DAY))
    assert reason(no) is Reason.NOT_PERMITTED
    accept = Accept("Newcomers", NEW.root, NEW_WATCH, ("en",))
    assert reason(world.root_say("NEW", accept)) is Reason.UNKNOWN_PARTY
    invited(world)
    other = RootSet((public_key(b"x" * 32),), 1)
    forged = Accept("Newcomers", other, NEW_WATCH, ("en",))
    assert reason(world.say("NEW", forged, seeds=(b"x" * 32,))) is Reason.UNKNOWN_KEY


def test_an_invitation_can_be_declined_or_lapse() -> None:
    """Pending, declined, lapsed: afterwards the same invitation lets nobody in."""
    world = World()
    invited(world)
    assert reason(world.root_say("NEW", Decline(NEW.root))) is None
    assert reason(world.root_say("NEW", Accept("N", NEW.root, NEW_WATCH, ("en",)))) is Reason.UNKNOWN_PARTY
    invited(world)
    world.pass_time(DAY + HOUR)
    assert reason(world.root_say("NEW", Accept("N", NEW.root, NEW_WATCH, ("en",)))) is Reason.UNKNOWN_PARTY
    assert world.state.invitations["NEW"].state == "lapsed"


def test_an_observer_plans_nothing() -> None:
    """Admit, observe, leave (needs row 45)."""
    world = World()
    joined(world, Role.OBSERVER)
    assert reason(world.plan("NEW", world.box())[1]) is Reason.NOT_PERMITTED


def test_a_root_of_several_keys_needs_its_threshold() -> None:
    """Two of three: one signature is not enough."""
    world = World()
    seeds = tuple(bytes([i]) * 32 for i in (1, 2, 3))
    root = RootSet(tuple(public_key(s) for s in seeds), 2)
    world.say("AAA", Invite("TRI", root_digest(root), Role.MEMBER, world.now_us + DAY))
    accept = Accept("Three", root, NEW_WATCH, ("en",))
    assert reason(world.say("TRI", accept, seeds=seeds[:1])) is Reason.NOT_PERMITTED
    assert reason(world.say("TRI", accept, seeds=seeds[1:])) is None


def test_a_watch_key_says_only_what_it_was_granted_and_only_in_time() -> None:
    """Limited permission and life."""
    world = World()
    seed = b"w" * 32
    grant = KeyGrant(public_key(seed), ("confirm",), world.now_us + HOUR, "night")
    assert reason(world.say("AAA", GrantKey(grant))) is Reason.UNKNOWN_KEY
    assert reason(world.root_say("AAA", GrantKey(grant))) is None
    operation, _ = world.plan("AAA", world.box(start_h=300))
    assert reason(world.say("AAA", Confirm(operation, 1), seeds=(seed,))) is None
    ended = SetState(operation, 1, OperationState.ENDED)
    assert reason(world.say("AAA", ended, seeds=(seed,))) is Reason.NOT_PERMITTED
    world.pass_time(2 * HOUR)
    assert reason(world.say("AAA", Confirm(operation, 1), seeds=(seed,))) is Reason.KEY_EXPIRED


def test_a_revoked_key_is_silent_and_its_late_concurrences_fall() -> None:
    """A revocation names since when it is suspected; what the key agreed to since then reopens."""
    world = World()
    world.plan("AAA", world.box())
    _, answer = world.plan("BBB", world.box(lat=42.01))
    assert answer.accepted is not None
    (conflict,) = answer.accepted.conflicts
    suspected = world.now_us
    world.say("AAA", Propose(conflict, b"p" * 16, Procedure(0)), Text("en", "BBB calls."))
    world.say("BBB", Concur(ProposalSubject(conflict, b"p" * 16)))
    assert world.state.conflicts[conflict].state is ConflictState.SETTLED
    key = public_key(seed_of("BBB"))
    assert reason(world.root_say("BBB", RevokeKey(key, suspected))) is None
    assert world.state.conflicts[conflict].state is ConflictState.OPEN
    assert reason(world.plan("BBB", world.box())[1]) is Reason.KEY_REVOKED


def test_a_charter_counts_with_its_quorum() -> None:
    """One concurrence is not two; with two the new minima hold from the next entry on."""
    world = World()
    wider = charter(name="Second charter")
    assert reason(world.say("AAA", ProposeCharter(wider))) is None
    assert world.state.charter.name == "Test valley"
    assert reason(world.say("BBB", Concur(CharterSubject(charter_digest(wider))))) is None
    assert world.state.charter.name == "Second charter"
    bad = charter(bounds_nd=(50, 30, 0, 1))
    assert reason(world.say("AAA", ProposeCharter(bad))) is Reason.OUT_OF_RANGE


def test_leaving_ends_ones_plans_and_ones_voice() -> None:
    """A party that leaves holds no space and says nothing more."""
    world = World()
    operation, _ = world.plan("AAA", world.box())
    assert reason(world.root_say("AAA", Leave())) is None
    assert world.state.things[("AAA", operation)].state is OperationState.ENDED
    assert reason(world.plan("AAA", world.box())[1]) is Reason.UNKNOWN_PARTY


def test_a_party_signs_the_head_of_its_chain() -> None:
    """Only the receiver's signature over the right head makes a notice told."""
    world = World()
    world.plan("AAA", world.box())
    world.plan("BBB", world.box(lat=42.01))
    (told,) = world.sequencer.notices("AAA", 0, 10)
    assert reason(world.say("AAA", SignHead(1, bytes(32)))) is Reason.FORKED
    assert reason(world.say("AAA", SignHead(2, told.head))) is Reason.OUT_OF_RANGE
    assert reason(world.say("AAA", SignHead(1, told.head))) is None
    assert world.state.members["AAA"].signed == 1


def test_an_erased_text_is_gone_and_the_ledger_verifies() -> None:
    """Part and salt are destroyed, verification reports it, replay gives the same digest."""
    world = World()
    world.plan("AAA", world.box())
    _, answer = world.plan("BBB", world.box(lat=42.01))
    assert answer.accepted is not None
    (conflict,) = answer.accepted.conflicts
    said = world.say("BBB", AcceptRisk(conflict, 0), Text("en", "Call Ms Example at home."))
    assert said.entry is not None
    commitments = msgspec.msgpack.decode(said.entry.leaf)[3]
    erase = Erase(said.entry.sequence, 2, commitments[2])
    assert reason(world.say("AAA", erase)) is Reason.UNKNOWN
    assert reason(world.say("BBB", erase)) is None
    kept = b"".join(p.content for e in world.store.read() for p in e.parts if p is not None)
    assert b"Example" not in kept
    report = verify(world.store.read(), None)
    assert (report.ok, report.absent) == (True, 1)
    assert world.replayed().digest() == world.state.digest()


def test_live_volumes_and_others_notices_cannot_be_erased() -> None:
    """What a live plan rests on, and what others were told, stays."""
    world = World()
    world.plan("AAA", world.box())
    _, answer = world.plan("BBB", world.box(lat=42.01))
    assert answer.entry is not None
    commitments = msgspec.msgpack.decode(answer.entry.leaf)[3]
    sequence = answer.entry.sequence
    assert reason(world.say("BBB", Erase(sequence, 2, commitments[2]))) is Reason.WRONG_STATE
    last = len(commitments) - 1
    assert reason(world.say("BBB", Erase(sequence, last, commitments[last]))) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"genesis": bytes(32)}, Reason.WRONG_THEATRE),
        ({"party": "NOBODY"}, Reason.UNKNOWN_PARTY),
        ({"party": "BBB"}, Reason.UNKNOWN_KEY),
        ({"not_after_us": START_US - 1}, Reason.PAST_NOT_AFTER),
        ({"not_after_us": START_US + 9 * DAY}, Reason.NOT_AFTER_TOO_FAR),
        ({"seen": (1, bytes(32))}, Reason.FORKED),
        ({"seen": (999, bytes(32))}, Reason.FORKED),
        ({"command": Tick()}, Reason.NOT_PERMITTED),
    ],
)
def test_an_envelope_that_is_not_meant_for_here_and_now_is_refused(
    changes: dict[str, object], expected: Reason
) -> None:
    """Each rule of the envelope has its refusal."""
    world = World()
    answer = world.send(world.seal("AAA", Confirm(b"o" * 16, 1), changes=changes))
    assert reason(answer) is expected


def test_an_altered_envelope_and_a_wrong_signature_are_no_entry() -> None:
    """Nobody is known to have said it, so nothing is written."""
    world = World()
    data, signatures, parts = world.seal("AAA", Confirm(b"o" * 16, 1))
    size = world.state.size
    altered = data.replace(b"o" * 16, b"p" * 16)
    assert reason(world.send((altered, signatures, parts))) is Reason.BAD_SIGNATURE
    assert reason(world.send((data, (bytes(64),), parts))) is Reason.BAD_SIGNATURE
    assert world.state.size == size


def test_an_id_belongs_to_its_bytes() -> None:
    """The same id with other bytes is refused; the same bytes are answered again."""
    world = World()
    first = world.seal("AAA", Confirm(b"o" * 16, 1), changes={"command_id": b"c" * 16})
    other = world.seal("AAA", Confirm(b"o" * 16, 2), changes={"command_id": b"c" * 16})
    answer = world.send(first)
    assert reason(world.send(other)) is Reason.ID_REUSED
    again = world.send(first)
    assert answer.entry is not None
    assert again.entry == answer.entry


def test_a_refusal_of_a_verified_command_is_an_entry_and_counts() -> None:
    """What a known party said wrongly stands in the ledger, without its parts."""
    world = World()
    size = world.state.size
    answer = world.plan("AAA", world.box(), priority=9)[1]
    assert reason(answer) is Reason.PRIORITY
    assert world.state.size == size + 1
    assert answer.entry is not None
    assert len(answer.entry.parts) == 2
    assert world.state.members["AAA"].refusals == 1


def test_claim_and_budget_bound_what_one_party_takes_and_asks() -> None:
    """Past the claim and past the checks of a day a party is refused, the others are not."""
    world = World(rules=charter(claim_km2_h=40))
    assert reason(world.plan("AAA", world.box())[1]) is None
    assert reason(world.plan("AAA", world.box(radius_m=4_000))[1]) is Reason.CLAIM
    assert reason(world.plan("BBB", world.box(lat=44))[1]) is None
    world = World(rules=charter(budget_checks=3))
    answers = [reason(world.plan("AAA", world.box(lat=44, radius_m=100))[1]) for _ in range(4)]
    assert answers == [None, None, None, Reason.BUDGET]
    world.pass_time(DAY)
    assert reason(world.plan("AAA", world.box(start_h=40))[1]) is None


def test_small_probes_run_into_the_budget_and_the_probed_sees_them() -> None:
    """A thousand small plans around a hidden one: each that meets it is told to its owner, then the budget ends."""
    world = World(rules=charter(budget_checks=50))
    world.plan("AAA", world.box())
    reasons = [reason(world.plan("BBB", world.box(lat=42 + i * 1e-4, radius_m=50))[1]) for i in range(80)]
    assert reasons.count(None) == 50
    assert set(reasons[50:]) == {Reason.BUDGET}
    assert world.state.members["AAA"].notices == 50


def test_a_party_meets_only_so_many_others() -> None:
    """The charter bounds how many distinct parties one may meet by its checks."""
    parties = [f"P{i}" for i in range(6)]
    world = World(parties=("AAA", *parties), rules=charter(budget_peers=3))
    for i, party in enumerate(parties):
        world.plan(party, world.box(lat=42 + i))
    answers = [reason(world.plan("AAA", world.box(lat=42 + i))[1]) for i in range(6)]
    assert answers == [None, None, None, Reason.BUDGET, Reason.BUDGET, Reason.BUDGET]
