"""Writes into the state what an entry says, and nothing else.

In:  an entry with what its parts say. The work was done by `decide`; here is no geometry, no check, no choice.
Out: the state after it. Refuses nothing: what stands in the ledger has happened.
"""

from array import array
from typing import Final

from wideberth.limits import DRAFT_US, NOT_AFTER_US_MAX
from wideberth.party.alerts import AcknowledgeAlert, FileEncounter, SetAircraft, Warned
from wideberth.party.charter import DAY_US, HOUR_US
from wideberth.party.command import (
    Accept,
    AcceptRisk,
    CharterSubject,
    CommitState,
    Concur,
    Confirm,
    Constrain,
    Decline,
    Due,
    Erase,
    Genesis,
    GrantKey,
    Invite,
    Leave,
    Lift,
    NewEpoch,
    Object,
    Plan,
    Propose,
    ProposeCharter,
    Protect,
    RevokeKey,
    SetState,
    SignHead,
    Tick,
    Withdraw,
)
from wideberth.party.hotline import Delivered, HotlineCommand
from wideberth.party.registers import RegisterCommand
from wideberth.party.standard import Vouch
from wideberth.theatre.admission import charter_digest, rests_on
from wideberth.theatre.alerts import apply_alert, warned
from wideberth.theatre.apply_conflicts import accept_risk, answer, keep_conflict, open_conflict, propose, say, to_state
from wideberth.theatre.apply_hotline import (
    delivered,
    forget_messages,
    hotline,
    key_revoked,
    missed,
    party_left,
    rung,
    texts_of,
)
from wideberth.theatre.apply_registers import gone, over, overdue, parts_of, protect, register
from wideberth.theatre.apply_things import end, expect, file, set_state
from wideberth.theatre.apply_vouched import ended, expire, forget_dropped, hear, lapse, vouched
from wideberth.theatre.applying import Applying, Meaning
from wideberth.theatre.dues import end_due_us, pending
from wideberth.theatre.lifecycle import ConflictState, InvitationState, ProposalState
from wideberth.theatre.rows import Conflict, Draft, Held, Invitation, KeyRow, Member, Word
from wideberth.theatre.state import State

DUES_SLACK: Final = 10_000
"""Deadlines that no longer stand and may wait to be forgotten."""


def apply(state: State, meaning: Meaning) -> None:
    """Write one entry into the state."""
    at = Applying(state, meaning)
    assert at.sequence == state.size, f"entry {at.sequence} does not follow {state.size - 1}"
    state.size, state.time_us = at.sequence + 1, at.time_us
    if at.sequence == 0:
        state.genesis = meaning.entry.leaf_hash
    _remember(at)
    if at.decision.derived == 0:
        member = state.members.get(at.party)
        if member is not None:
            member.refusals += 1
            state.touch("member", at.party)
        return
    _command(at)
    _effects(at)


def _remember(at: Applying) -> None:
    if not at.party or isinstance(at.envelope.command, Vouch):  # a repeat of the latter is known by its request
        return
    key = (at.party, at.envelope.command_id)
    if key in at.state.seen:
        return
    at.state.seen[key] = at.sequence
    until_us = min(at.envelope.not_after_us, at.time_us + NOT_AFTER_US_MAX)  # what lies further ahead was refused
    at.state.seen_until.setdefault(until_us // HOUR_US, []).append(key)


def _command(at: Applying) -> None:  # one row a command, in the order of the closed set
    if isinstance(at.envelope.command, HotlineCommand):
        hotline(at, at.envelope.command)
        return
    if isinstance(at.envelope.command, RegisterCommand):
        register(at, at.envelope.command)
        return
    match at.envelope.command:
        case Plan() | Constrain() as command:
            file(at, command)
        case Protect() as command:
            protect(at, command)
        case Vouch() as command:
            vouched(at, command)
        case Tick():
            _tick(at)
        case SignHead(number):
            member = at.state.members[at.party]
            member.signed = number
            at.state.touch("member", at.party)
        case SetState(operation, _, state):
            set_state(at, (at.party, operation), state)
        case Confirm():
            assert at.effects.moved is not None
            thing = at.state.things[at.effects.moved.ref]
            thing.confirm_by_us = at.effects.moved.confirm_by_us
            expect(at, thing)
        case Propose() as command:
            propose(at, command)
        case Concur(CharterSubject(digest)):
            draft = at.state.drafts[digest]
            draft.concurred = (*draft.concurred, at.word())
            _charter(at, digest)
        case Concur() | Object() | Withdraw() as command:
            answer(at, command)
        case AcceptRisk() as command:
            accept_risk(at, command)
        case Due() as command:
            _due(at, command)
        case Delivered() as command:
            delivered(at.state, command)
        case Warned() as command:
            warned(at.state, command)
        case SetAircraft() | AcknowledgeAlert() | FileEncounter() as command:
            apply_alert(at, command)
        case Lift() | CommitState():
            pass
        case Erase(_, _, commitment):
            forget(at.state, at.party, commitment)
        case NewEpoch() as command:
            at.state.epoch, at.state.node_key = command.epoch, command.node_key
        case _:
            _membership(at)


def _membership(at: Applying) -> None:
    state = at.state
    match at.envelope.command:
        case Genesis() as command:
            _genesis(at, command)
        case Invite(party, root, role, until_us):
            state.invitations[party] = Invitation(party, root, role, at.party, until_us)
            state.expect(until_us, "invitation", (party, b""))
            state.touch("invitation", party)
        case Accept(name, root, watch, languages):
            _answer_invitation(at, InvitationState.ACCEPTED)
            role = state.invitations[at.party].role
            keys = {watch.key: KeyRow(watch)}
            state.members[at.party] = Member(at.party, name, role, root, keys, languages, at.time_us, at.sequence)
            state.touch("member", at.party)
            state.open_version += 1
        case Decline():
            _answer_invitation(at, InvitationState.DECLINED)
        case Leave():
            _leave(at)
        case GrantKey(grant):
            state.members[at.party].keys[grant.key] = KeyRow(grant)
            state.touch("member", at.party)
        case RevokeKey(key, since_us):
            _revoke(at, key, since_us)
        case ProposeCharter(charter):
            digest = charter_digest(charter)
            state.drafts[digest] = Draft(charter, at.party, at.time_us, (at.word(),))
            state.expect(at.time_us + DRAFT_US, "draft", ("", digest))
            _charter(at, digest)
        case _ as other:
            raise AssertionError(f"no such command: {other}")


def _genesis(at: Applying, command: Genesis) -> None:
    state = at.state
    state.theatre, state.epoch, state.exercise = command.theatre, command.epoch, command.exercise
    state.charter, state.node_key = command.charter, command.node_key
    state.touch("charter", "")
    for founder in command.founders:
        row = Member(
            founder.party,
            founder.name,
            founder.role,
            founder.root,
            {founder.watch.key: KeyRow(founder.watch)},
            founder.languages,
            at.time_us,
            at.sequence,
        )
        state.members[founder.party] = row
        state.touch("member", founder.party)


def _answer_invitation(at: Applying, state: InvitationState) -> None:
    at.state.invitations[at.party].state = state
    at.state.touch("invitation", at.party)


def _leave(at: Applying) -> None:
    """Nobody waits for the concurrence of a party that is gone."""
    state = at.state
    state.members[at.party].left_us = at.time_us
    state.touch("member", at.party)
    state.open_version += 1
    for thing in state.things.values():
        if at.party in thing.missing:
            thing.missing = tuple(party for party in thing.missing if party != at.party)
            state.touch("thing", thing.ref)
    party_left(at)


def _since(words: tuple[Word, ...], key: bytes, since_us: int) -> tuple[Word, ...]:
    """The words that do not fall with a key that is suspected since then."""
    return tuple(w for w in words if not (w.key == key and w.time_us >= since_us))


def _revoke(at: Applying, key: bytes, since_us: int) -> None:
    state = at.state
    row = state.members[at.party].keys[key]
    row.revoked_us, row.suspected_us = at.time_us, since_us
    state.touch("member", at.party)
    for conflict in state.conflicts.values():
        if rests_on(conflict, key, since_us):
            _fall(at, conflict, key, since_us)
    for thing in state.things.values():
        kept = _since(thing.concurred, key, since_us)
        if kept != thing.concurred:
            thing.concurred = kept
            state.touch("thing", thing.ref)
    for digest, draft in state.drafts.items():
        kept = _since(draft.concurred, key, since_us)
        if kept != draft.concurred:
            draft.concurred = kept
            state.touch("draft", digest)
    key_revoked(at, key, since_us)


def _fall(at: Applying, conflict: Conflict, key: bytes, since_us: int) -> None:
    conflict.accepted = _since(conflict.accepted, key, since_us)
    for proposal in conflict.proposals:
        word = proposal.concurred
        if word is not None and word.key == key and word.time_us >= since_us:
            proposal.state, proposal.concurred = ProposalState.VOID, None
    to_state(at, conflict, ConflictState.OPEN, "reopened")


def _charter(at: Applying, digest: bytes) -> None:
    state = at.state
    draft = state.drafts[digest]
    if at.effects.in_force:
        state.charter = draft.charter
        state.touch("charter", "")
        del state.drafts[digest]
        state.open_version += 1
        for thing in state.things.values():
            if thing.live:  # the grace may be another
                state.expect(end_due_us(state, thing), "end", thing.ref)
    state.touch("draft", digest)


def _effects(at: Applying) -> None:
    effects, state = at.effects, at.state
    if effects.opened or effects.kept:
        places = at.held(at.decision.attached + 1)
        for place, opened in enumerate(effects.opened):
            open_conflict(at, opened, places, place)
        for place, kept in enumerate(effects.kept, len(effects.opened)):
            keep_conflict(at, kept, places, place)
    for conflict_id in effects.closed:
        to_state(at, state.conflicts[conflict_id], ConflictState.CLEARED, "cleared")
    for ref in effects.ended:
        end(at, ref)
        ended(at, ref)
        over(state, ref)
    hear(at)
    if effects.spent_m2_s:
        _spend(at)
    for head in effects.heads:
        member = state.members[head.party]
        member.notices, member.head = head.number, head.head
        state.notice_at.setdefault(head.party, array("Q")).append(at.sequence)
        state.touch("member", head.party)


def _spend(at: Applying) -> None:
    payer = at.state.members[at.effects.payer or at.party]
    today = at.time_us // DAY_US
    if payer.day != today:
        payer.day, payer.spent_m2_s, payer.checks, payer.peers, payer.hits = today, 0, 0, [], 0
    payer.spent_m2_s += at.effects.spent_m2_s
    payer.checks += 1
    if at.effects.register is not None and at.effects.register.hit:
        payer.hits += 1
    met = [party for party in at.effects.met if party not in payer.peers]
    if met:
        payer.peers = payer.peers + met
    at.state.touch("member", payer.party)


def _due(at: Applying, command: Due) -> None:
    state = at.state
    match command.kind:
        case "settle":
            conflict = state.conflicts[command.subject[1]]
            conflict.overdue = True
            say(at, conflict, "overdue")
        case "review":
            state.things[command.subject].review_told = True
            state.touch("thing", command.subject)
        case "invitation":
            state.invitations[command.subject[0]].state = InvitationState.LAPSED
            state.touch("invitation", command.subject[0])
        case "draft":
            del state.drafts[command.subject[1]]
            state.touch("draft", command.subject[1])
        case "expires":
            expire(at, command.subject)
        case "rung":
            rung(at, command.subject[1])
        case "checkpoint":
            overdue(at, command.subject)
        case "check":
            missed(at, command.subject[1])
        case "availability":
            lapse(at, command.subject[0])
        case _:
            pass  # "confirm" and "end": `_effects` ends the thing


def _tick(at: Applying) -> None:
    """Forget what has faded: ids past their not_after, things that ended and conflicts that cleared a day ago."""
    state = at.state
    hour = at.time_us // HOUR_US - 1
    for past in [h for h in state.seen_until if h < hour]:
        for key in state.seen_until.pop(past):
            state.seen.pop(key, None)
    forget_dropped(state, at.time_us)
    forget_messages(state, at.time_us)
    if state.supplied_changed:
        state.supplied_changed, state.open_version = False, state.open_version + 1
    waiting = len(state.things) + len(state.conflicts) + len(state.subscriptions) + len(state.obligations)
    if len(state.dues) > DUES_SLACK + 2 * waiting:
        state.dues = sorted({due for due in state.dues if pending(state, due[1], due[2], due[0])})
    while state.fading and state.fading[0][0] <= at.time_us:
        _, faded = state.fading.popleft()
        if isinstance(faded, bytes):
            state.conflicts.pop(faded, None)
            state.touch("conflict", faded)
        elif faded not in state.by_thing:
            state.things.pop(faded, None)
            state.touch("thing", faded)
            gone(state, faded)


def forget(state: State, party: str, commitment: bytes) -> None:
    """Drop a destroyed part's content from the rows of its party; the commitment stays.

    Another party that was given the part could attach it again as its own; what it has destroyed is then its own copy.
    """
    helds: list[Held | None] = [*texts_of(state, party), *parts_of(state, party)]
    for thing in state.things.values():
        if thing.owner == party:
            helds += (thing.about, thing.shared, thing.volumes, thing.aircraft)
    helds += (row.text for row in state.encounters.values() if row.party == party)
    for conflict in state.conflicts.values():
        if conflict.side_of(party) is not None:
            helds.append(conflict.places)
            helds += (conflict.texts[line.text] for line in conflict.said if line.party == party and line.text >= 0)
            helds += (held for p in conflict.proposals if p.by == party for held in (p.volumes, p.text))
    for held in helds:
        if held is not None and held.commitment == commitment:
            held.content = None
