"""Writes into the state what an entry says, and nothing else.

In:  an entry's sequence and time, its opened envelope, decision, and the contents of its other parts (None where
     destroyed). The work was done by `decide`; here is no geometry, no check, no choice.
Out: the state after it. Refuses nothing: what stands in the ledger has happened.
"""

from array import array
from collections.abc import Sequence

import msgspec

from wideberth.limits import KEPT_ENDED_US
from wideberth.party.charter import CLASSES, DAY_US, HOUR_US, TrafficClass
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
    OperationState,
    Plan,
    PlanSubject,
    Procedure,
    ProposalSubject,
    Propose,
    ProposeCharter,
    Protect,
    Reroute,
    RevokeKey,
    RiskSubject,
    SetState,
    SignHead,
    Tick,
    Withdraw,
)
from wideberth.party.envelope import Envelope, command_digest
from wideberth.theatre.admission import charter_digest, rests_on
from wideberth.theatre.conflicts import class_number
from wideberth.theatre.dues import end_due_us
from wideberth.theatre.lifecycle import ConflictState, InvitationState, ProposalState, conflict_after
from wideberth.theatre.outcome import Decision, Effects, Kept, Moved, Opened, Ref, decode_effects
from wideberth.theatre.settlement import proposal_row
from wideberth.theatre.state import (
    Conflict,
    Draft,
    Held,
    Invitation,
    KeyRow,
    Member,
    Proposal,
    Said,
    Seen,
    State,
    Thing,
    Word,
)


class Applying:
    """One entry on its way into the state."""

    def __init__(
        self,
        state: State,
        sequence: int,
        time_us: int,
        envelope: Envelope,
        decision: Decision,
        contents: Sequence[bytes | None],
        commitments: Sequence[bytes],
    ) -> None:
        self.state, self.sequence, self.time_us = state, sequence, time_us
        self.envelope, self.decision = envelope, decision
        self.contents, self.commitments = contents, commitments
        self.party = envelope.party
        self.effects = self._effects()

    def _effects(self) -> Effects:
        if not self.decision.derived:
            return Effects()
        content = self.contents[self.decision.attached]
        assert content is not None, "effects are never destroyed"
        return decode_effects(content)

    def held(self, index: int) -> Held:
        """An attached or derived part by its place after the decision."""
        return Held(self.commitments[index], self.contents[index])

    def held_or_none(self, index: int | None) -> Held | None:
        """The same, for a part that may be absent."""
        return None if index is None else self.held(index)

    def word(self) -> Word:
        """The sender's word, now, by its key."""
        return Word(self.party, self.time_us, self.envelope.keys[0])


def apply(
    state: State,
    sequence: int,
    time_us: int,
    envelope: Envelope,
    envelope_bytes: bytes,
    decision: Decision,
    contents: Sequence[bytes | None],
    commitments: Sequence[bytes],
) -> None:
    """Write one entry into the state. `contents` and `commitments` are those of the parts after the decision."""
    assert sequence == state.size, f"entry {sequence} does not follow {state.size - 1}"
    state.size, state.time_us = sequence + 1, time_us
    at = Applying(state, sequence, time_us, envelope, decision, contents, commitments)
    _remember(at, envelope_bytes)
    if not isinstance(decision.outcome, msgspec.Struct) or decision.derived == 0:
        member = state.members.get(at.party)
        if member is not None:
            member.refusals += 1
            state.touch("member", at.party)
        return
    _command(at)
    _effects(at)


def _remember(at: Applying, envelope_bytes: bytes) -> None:
    if not at.party:
        return
    key = (at.party, at.envelope.command_id)
    if key in at.state.seen:
        return
    at.state.seen[key] = Seen(at.sequence, command_digest(envelope_bytes))
    at.state.seen_until.setdefault(at.envelope.not_after_us // HOUR_US, []).append(key)


def _command(at: Applying) -> None:  # one row a command, in the order of the closed set
    match at.envelope.command:
        case Plan() | Constrain() | Protect() as command:
            _file(at, command)
        case Tick():
            _tick(at)
        case SignHead(number):
            member = at.state.members[at.party]
            member.signed = number
            at.state.touch("member", at.party)
        case SetState(operation, _, state):
            _set_state(at, (at.party, operation), state)
        case Confirm():
            assert at.effects.moved is not None
            thing = at.state.things[at.effects.moved.ref]
            thing.confirm_by_us = at.effects.moved.confirm_by_us
            _expect(at, thing)
        case Propose() as command:
            _propose(at, command)
        case Concur() | Object() | Withdraw() as command:
            _answer(at, command)
        case AcceptRisk() as command:
            _accept_risk(at, command)
        case Due() as command:
            _due(at, command)
        case Lift() | CommitState():
            pass
        case Erase(_, _, commitment):
            forget(at.state, commitment)
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
            state.members[at.party].left_us = at.time_us
            state.touch("member", at.party)
            state.open_version += 1
        case GrantKey(grant):
            state.members[at.party].keys[grant.key] = KeyRow(grant)
            state.touch("member", at.party)
        case RevokeKey(key, since_us):
            _revoke(at, key, since_us)
        case ProposeCharter(charter):
            digest = charter_digest(charter)
            state.drafts[digest] = Draft(charter, at.party, at.time_us, (at.word(),))
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


def _revoke(at: Applying, key: bytes, since_us: int) -> None:
    state = at.state
    row = state.members[at.party].keys[key]
    row.revoked_us, row.suspected_us = at.time_us, since_us
    state.touch("member", at.party)
    for conflict in state.conflicts.values():
        if rests_on(conflict, key, since_us):
            _fall(at, conflict, key, since_us)
    for thing in state.things.values():
        kept = tuple(w for w in thing.concurred if not (w.key == key and w.time_us >= since_us))
        if kept != thing.concurred:
            thing.concurred = kept
            state.touch("thing", thing.ref)


def _fall(at: Applying, conflict: Conflict, key: bytes, since_us: int) -> None:
    conflict.accepted = tuple(w for w in conflict.accepted if not (w.key == key and w.time_us >= since_us))
    for proposal in conflict.proposals:
        word = proposal.concurred
        if word is not None and word.key == key and word.time_us >= since_us:
            proposal.state, proposal.concurred = ProposalState.VOID, None
    _to_state(at, conflict, ConflictState.OPEN, "reopened")


def _charter(at: Applying, digest: bytes) -> None:
    state = at.state
    draft = state.drafts[digest]
    if at.effects.in_force:
        state.charter = draft.charter
        state.touch("charter", "")
        del state.drafts[digest]
        state.open_version += 1
    state.touch("draft", digest)


# things


def _file(at: Applying, command: Plan | Constrain | Protect) -> None:
    moved = at.effects.moved
    assert moved is not None
    volumes, about = at.held(command.volumes), at.held_or_none(command.about)
    thing = at.state.things.get(moved.ref) if command.replaces else None
    if thing is None:
        thing = _new_thing(at, command, moved.ref, volumes, about)
        at.state.things[moved.ref] = thing
        at.state.members[at.party].live += 1
    else:
        thing.about = about if about is not None else thing.about
    if isinstance(command, Plan):
        thing.shared = at.held_or_none(command.shared)
    _describe(thing, command)
    _move(at, thing, moved, volumes)


def _new_thing(at: Applying, command: Plan | Constrain | Protect, ref: Ref, volumes: Held, about: Held | None) -> Thing:
    what = {Plan: "operation", Constrain: "constraint", Protect: "protected"}[type(command)]
    accepted = OperationState.ACCEPTED
    return Thing(
        *ref, what, "", 0, accepted, 0, 0, "", volumes, about, None, at.time_us, at.sequence, at.sequence, 0, 0, 0
    )


def _describe(thing: Thing, command: Plan | Constrain | Protect) -> None:
    match command:
        case Plan():
            thing.class_number = class_number(command.domain, command.crewed)
            thing.kind, thing.priority, thing.disclosure = command.activity, command.priority, command.disclosure
            thing.domain, thing.crewed = command.domain, command.crewed
        case Constrain():
            thing.class_number = CLASSES.index(TrafficClass.CONSTRAINT)
            thing.kind, thing.disclosure = command.kind, "open"
        case Protect():
            thing.class_number = CLASSES.index(TrafficClass.PROTECTED)
            thing.kind, thing.disclosure = command.kind, "conflict-only"
            thing.verifier, thing.verified_us = command.verifier, command.verified_us
            thing.review_by_us, thing.review_told = command.review_by_us, False


def _move(at: Applying, thing: Thing, moved: Moved, volumes: Held) -> None:
    state = at.state
    if thing.version:
        state.vacate(thing.ref)
    owner = state.members[thing.owner]
    owner.claim_m2_s += moved.claim_m2_s - thing.claim_m2_s
    state.touch("member", thing.owner)
    thing.version, thing.volumes, thing.claim_m2_s = moved.version, volumes, moved.claim_m2_s
    thing.planned_us, thing.planned_seq, thing.missing = at.time_us, at.sequence, moved.missing
    if not moved.contained:
        thing.later_seq, thing.concurred, thing.objected = at.sequence, (), ()
    thing.confirm_by_us = moved.confirm_by_us
    thing.start_us, thing.end_us = span_of_boxes(moved.boxes)
    state.occupy(thing.ref, thing.class_number, moved.boxes)
    _expect(at, thing)
    if thing.disclosure == "open":
        state.open_version += 1


def span_of_boxes(boxes: bytes) -> tuple[int, int]:
    """First start and last end of boxes as `space.volume.boxes` packs them."""
    words = memoryview(boxes).cast("q")
    return min(words[6::8]), max(words[7::8])


def _expect(at: Applying, thing: Thing) -> None:
    state = at.state
    if thing.confirm_by_us:
        state.expect(thing.confirm_by_us, "confirm", thing.ref)
    if thing.review_by_us and not thing.review_told:
        state.expect(thing.review_by_us, "review", thing.ref)
    state.expect(end_due_us(state, thing), "end", thing.ref)
    state.touch("thing", thing.ref)


def _set_state(at: Applying, ref: Ref, wanted: OperationState) -> None:
    if wanted is OperationState.ENDED:
        return  # `_effects` ends it
    thing = at.state.things[ref]
    thing.state, thing.confirm_by_us = wanted, 0
    at.state.touch("thing", ref)
    if thing.disclosure == "open":
        at.state.open_version += 1


def _end(at: Applying, ref: Ref) -> None:
    state = at.state
    thing = state.things[ref]
    state.vacate(ref)
    thing.state, thing.ended_us = OperationState.ENDED, at.time_us
    owner = state.members[thing.owner]
    owner.live -= 1
    owner.claim_m2_s -= thing.claim_m2_s
    thing.claim_m2_s = 0
    state.fading.append((at.time_us + KEPT_ENDED_US, ref))
    state.touch("thing", ref)
    state.touch("member", thing.owner)
    if thing.disclosure == "open":
        state.open_version += 1


# conflicts


def _effects(at: Applying) -> None:
    effects, state = at.effects, at.state
    places_at = at.decision.attached + 1
    for place, opened in enumerate(effects.opened):
        _open(at, opened, at.held(places_at), place)
    for place, kept in enumerate(effects.kept, len(effects.opened)):
        _keep(at, kept, at.held(places_at), place)
    for conflict_id in effects.closed:
        _to_state(at, state.conflicts[conflict_id], ConflictState.CLEARED, "cleared")
    for ref in effects.ended:
        _end(at, ref)
    if effects.spent_m2_s:
        _spend(at)
    for head in effects.heads:
        member = state.members[head.party]
        member.notices, member.head = head.number, head.head
        state.notice_at.setdefault(head.party, array("Q")).append(at.sequence)
        state.touch("member", head.party)


def _open(at: Applying, opened: Opened, places: Held, place: int) -> None:
    state = at.state
    versions = (state.things[opened.first].version, state.things[opened.second].version)
    conflict = Conflict(
        opened.conflict,
        opened.first,
        opened.second,
        versions,
        opened.minima_mm,
        ConflictState.OPEN,
        opened.severity,
        at.time_us,
        at.sequence,
        opened.settle_by_us,
        places,
        place,
    )
    state.conflicts[opened.conflict] = conflict
    for ref in (opened.first, opened.second):
        state.by_thing.setdefault(ref, []).append(opened.conflict)
    state.expect(opened.settle_by_us, "settle", ("", opened.conflict))
    _say(at, conflict, "opened")


def _keep(at: Applying, kept: Kept, places: Held, place: int) -> None:
    state = at.state
    conflict = state.conflicts[kept.conflict]
    assert at.effects.moved is not None
    if conflict.first != at.effects.moved.ref:
        conflict.first, conflict.second = conflict.second, conflict.first
    conflict.versions = (state.things[conflict.first].version, state.things[conflict.second].version)
    conflict.places, conflict.places_index, conflict.severity = places, place, kept.severity
    if conflict.settle_by_us != kept.settle_by_us:
        conflict.settle_by_us, conflict.overdue = kept.settle_by_us, False
        state.expect(kept.settle_by_us, "settle", ("", conflict.id))
    _say(at, conflict, "changed")
    if kept.void:
        conflict.accepted = ()
        for proposal in conflict.proposals:
            if proposal.state in ("open", "concurred", "objected"):
                proposal.state = ProposalState.VOID
        _to_state(at, conflict, conflict_after(conflict.state, "plan changed"), "reopened")


def _to_state(at: Applying, conflict: Conflict, wanted: ConflictState, what: str) -> None:
    state = at.state
    if conflict.state is not wanted:
        conflict.state = wanted
        _say(at, conflict, what)
    if wanted is ConflictState.CLEARED and not conflict.cleared_us:
        conflict.cleared_us = at.time_us
        for ref in (conflict.first, conflict.second):
            left = state.by_thing[ref]
            left.remove(conflict.id)
            if not left:
                del state.by_thing[ref]
        state.fading.append((at.time_us + KEPT_ENDED_US, conflict.id))
    elif wanted is ConflictState.OPEN and not conflict.overdue:
        state.expect(conflict.settle_by_us, "settle", ("", conflict.id))
    state.touch("conflict", conflict.id)


def _say(at: Applying, conflict: Conflict, what: str, text: Held | None = None) -> None:
    index = -1
    if text is not None:
        index = len(conflict.texts)
        conflict.texts.append(text)
    conflict.said.append(Said(at.time_us, at.sequence, at.party, what, index))
    at.state.touch("conflict", conflict.id)


def _spend(at: Applying) -> None:
    payer = at.state.members[at.effects.payer or at.party]
    today = at.time_us // DAY_US
    if payer.day != today:
        payer.day, payer.spent_m2_s, payer.checks, payer.peers = today, 0, 0, []
    payer.spent_m2_s += at.effects.spent_m2_s
    payer.checks += 1
    payer.peers = payer.peers + [party for party in at.effects.met if party not in payer.peers]
    at.state.touch("member", payer.party)


def _propose(at: Applying, command: Propose) -> None:
    conflict = at.state.conflicts[command.conflict]
    row = proposal_row(at.party, conflict, command, at.time_us)
    text = at.held_or_none(command.note)
    match command.change:
        case Reroute(volumes):
            row.volumes = at.held(volumes)
        case Procedure(index):
            text = at.held(index)
        case _:
            pass
    row.text = text
    conflict.proposals = [*conflict.proposals, row]
    _say(at, conflict, "proposed", text)


def _proposal(at: Applying, subject: ProposalSubject) -> tuple[Conflict, Proposal]:
    conflict = at.state.conflicts[subject.conflict]
    return conflict, next(p for p in conflict.proposals if p.id == subject.proposal)


def _answer(at: Applying, command: Concur | Object | Withdraw) -> None:
    what = {Concur: "concurred", Object: "objected", Withdraw: "withdrew"}[type(command)]
    match command.subject:
        case ProposalSubject() as subject:
            text = at.held_or_none(command.reason) if isinstance(command, Object) else None
            _answer_proposal(at, subject, what, text)
        case PlanSubject() as subject:
            _answer_plan(at, subject, what)
        case RiskSubject(conflict_id):
            conflict = at.state.conflicts[conflict_id]
            conflict.accepted = tuple(w for w in conflict.accepted if w.party != at.party)
            _say(at, conflict, what)
            _to_state(at, conflict, conflict_after(conflict.state, "acceptance withdrawn"), "reopened")
        case CharterSubject(digest):
            draft = at.state.drafts[digest]
            draft.concurred = (*draft.concurred, at.word())
            _charter(at, digest)


def _answer_proposal(at: Applying, subject: ProposalSubject, what: str, text: Held | None) -> None:
    conflict, proposal = _proposal(at, subject)
    _say(at, conflict, what, text)
    was = proposal.state
    if what == "concurred":
        proposal.state, proposal.concurred = ProposalState.CONCURRED, at.word()
        if proposal.kind == "procedure":
            _to_state(at, conflict, conflict_after(conflict.state, "procedure concurred"), "settled")
        else:
            _carry_out(at)
    elif what == "objected":
        proposal.state = ProposalState.OBJECTED
    else:
        proposal.state = ProposalState.WITHDRAWN
        if was is ProposalState.CONCURRED:
            _to_state(at, conflict, conflict_after(conflict.state, "concurrence withdrawn"), "reopened")


def _carry_out(at: Applying) -> None:
    moved = at.effects.moved
    assert moved is not None
    thing = at.state.things[moved.ref]
    volumes_at = at.decision.attached + at.decision.derived - 1
    _move(at, thing, moved, at.held(volumes_at))


def _answer_plan(at: Applying, subject: PlanSubject, what: str) -> None:
    thing = at.state.things[(subject.party, subject.operation)]
    thing.concurred = tuple(w for w in thing.concurred if w.party != at.party)
    thing.objected = tuple(p for p in thing.objected if p != at.party)
    if what == "concurred":
        thing.concurred = (*thing.concurred, at.word())
    elif what == "objected":
        thing.objected = (*thing.objected, at.party)
    at.state.touch("thing", thing.ref)


def _accept_risk(at: Applying, command: AcceptRisk) -> None:
    conflict = at.state.conflicts[command.conflict]
    both = bool(conflict.accepted)
    conflict.accepted = (*conflict.accepted, at.word())
    _say(at, conflict, "accepted-risk", at.held(command.reason))
    if both:
        _to_state(at, conflict, conflict_after(conflict.state, "risk accepted by both"), "settled")


# time


def _due(at: Applying, command: Due) -> None:
    state = at.state
    match command.kind:
        case "settle":
            conflict = state.conflicts[command.subject[1]]
            conflict.overdue = True
            _say(at, conflict, "overdue")
        case "review":
            state.things[command.subject].review_told = True
            state.touch("thing", command.subject)
        case "invitation":
            state.invitations[command.subject[0]].state = InvitationState.LAPSED
            state.touch("invitation", command.subject[0])
        case _:
            pass  # "confirm" and "end": `_effects` ends the thing


def _tick(at: Applying) -> None:
    """Forget what has faded: ids past their not_after, things that ended and conflicts that cleared a day ago."""
    state = at.state
    hour = at.time_us // HOUR_US - 1
    for past in [h for h in state.seen_until if h < hour]:
        for key in state.seen_until.pop(past):
            state.seen.pop(key, None)
    while state.fading and state.fading[0][0] <= at.time_us:
        _, key = state.fading.popleft()
        if isinstance(key, bytes):
            state.conflicts.pop(key, None)
            state.touch("conflict", key)
        elif key not in state.by_thing:
            state.things.pop(key, None)
            state.touch("thing", key)


def forget(state: State, commitment: bytes) -> None:
    """Drop a destroyed part's content from the rows that hold it; the commitment stays."""
    helds: list[Held | None] = []
    for thing in state.things.values():
        helds += (thing.about, thing.shared, thing.volumes)
    for conflict in state.conflicts.values():
        helds += (conflict.places, *conflict.texts, *(p.volumes for p in conflict.proposals))
    for held in helds:
        if held is not None and held.commitment == commitment:
            held.content = None
