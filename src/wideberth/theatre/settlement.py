"""Settling: propose, concur, object, withdraw, accept the risk.

In:  the state, the sender, its key and command, the parts, the time.
Out: an `Outcome` or a Refusal. Who is not in a conflict learns nothing of it, not even that it exists.
A concurrence with a shift or a new route is carried out at once: the owner has signed for it, as proposer or as the
one who concurs, and the moved plan is checked against everything live like any other version.
"""

from collections.abc import Sequence

import msgspec

from wideberth.limits import ID_BYTES, LINES_MAX, PROPOSALS_MAX
from wideberth.party.command import (
    AcceptRisk,
    CharterSubject,
    Concur,
    Object,
    PlanSubject,
    Procedure,
    ProposalSubject,
    Propose,
    Reroute,
    RiskSubject,
    Shift,
    Volumes,
    Withdraw,
)
from wideberth.party.envelope import decode_volumes
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes
from wideberth.space.volume import Volume4D
from wideberth.theatre.admission import concur_charter
from wideberth.theatre.conflicts import risk_event, shown_party, side_of
from wideberth.theatre.filed import Filing
from wideberth.theatre.filing import Parts, confirm_by, file_version, measure, text_part, volumes_part
from wideberth.theatre.lifecycle import REPLANNED, ConflictState, conflict_after, proposal_after
from wideberth.theatre.outcome import (
    Accepted,
    AnswerItem,
    Decision,
    Effects,
    Item,
    Notice,
    Outcome,
    StateItem,
    TalkItem,
    accepted,
)
from wideberth.theatre.rows import Conflict, Member, Proposal, Thing
from wideberth.theatre.state import Draw, State


def said_text(parts: Parts, index: int | None) -> bytes | None:
    """The commitment of the text that a command points to."""
    return None if index is None else parts[index][1]


def conflict_of(state: State, member: Member, conflict_id: bytes) -> Conflict | Refusal:
    """A conflict that the member is in and that has two parties; for all others it does not exist."""
    conflict = state.conflicts.get(conflict_id)
    if conflict is None or conflict.side_of(member.party) is None:
        return refuse(Reason.UNKNOWN, "command.conflict", "a conflict of yours", conflict_id.hex())
    if conflict.own_pair:
        return refuse(Reason.WRONG_STATE, "command.conflict", "a conflict with another party", "both plans are yours")
    if conflict.state is ConflictState.CLEARED:
        return refuse(Reason.WRONG_STATE, "command.conflict", "a conflict that is not over", "cleared")
    return conflict


def peer_of(conflict: Conflict, party: str) -> str:
    """The other party of a conflict."""
    return conflict.second[0] if conflict.first[0] == party else conflict.first[0]


def shown_to_peer(state: State, conflict: Conflict, speaker: str) -> str | None:
    """How a speaker is named to the peer: not at all where its plan is private."""
    ref = conflict.first if conflict.first[0] == speaker else conflict.second
    return shown_party(state.things[ref])


def told(conflict: Conflict, items: dict[str, list[Item]]) -> list[tuple[str, Notice]]:
    """Notices for the two parties of a conflict."""
    parties = sorted({conflict.first[0], conflict.second[0]})
    return [(party, Notice(tuple(items[party]))) for party in parties if items.get(party)]


def _talk(
    state: State, conflict: Conflict, speaker: str, what: str, proposal: Proposal | None, text: bytes | None
) -> dict[str, list[Item]]:
    items: dict[str, list[Item]] = {}
    for reader in (conflict.first[0], conflict.second[0]):
        name = speaker if reader == speaker else shown_to_peer(state, conflict, speaker)
        change = None
        if proposal is not None:
            whose = "" if not proposal.whose else "mine" if proposal.whose == reader else "other"
            change = (proposal.kind, whose, proposal.start_us, proposal.altitude_mm)
        item = TalkItem(conflict.id, what, name, proposal.id if proposal else b"", change, text)
        items[reader] = [item]
    return items


# proposing


def decide_propose(state: State, member: Member, command: Propose, parts: Parts, now_us: int) -> Outcome | Refusal:
    """A way to settle an open conflict."""
    conflict = conflict_of(state, member, command.conflict)
    if isinstance(conflict, Refusal):
        return conflict
    no = (
        text_part(parts, command.note, "command.note")
        or _may_propose(member.party, conflict, command)
        or _check_change(state, member, conflict, command, parts, now_us)
    )
    if no is not None:
        return no
    proposal = proposal_row(member.party, conflict, command, now_us)
    text = said_text(parts, command.change.text if isinstance(command.change, Procedure) else command.note)
    result = accepted(Accepted(), Effects(), len(parts))
    result.notices = told(conflict, _talk(state, conflict, member.party, "proposed", proposal, text))
    return result


def _may_propose(party: str, conflict: Conflict, command: Propose) -> Refusal | None:
    if conflict.state is not ConflictState.OPEN:
        return refuse(Reason.WRONG_STATE, "command.conflict", "an open conflict", conflict.state.value)
    if len(command.proposal) != ID_BYTES:
        limit = f"{ID_BYTES} bytes"
        return refuse(Reason.MALFORMED, "command.proposal", limit, f"{len(command.proposal)} bytes")
    if any(p.id == command.proposal for p in conflict.proposals):
        return refuse(Reason.EXISTS, "command.proposal", "an id that is new in this conflict", command.proposal.hex())
    if sum(p.by == party for p in conflict.proposals) >= PROPOSALS_MAX:
        limit = f"at most {PROPOSALS_MAX} of one party in a conflict"
        return refuse(Reason.TOO_MANY, "command.proposal", limit, "one more")
    return None


def _check_change(
    state: State, member: Member, conflict: Conflict, command: Propose, parts: Parts, now_us: int
) -> Refusal | None:
    match command.change:
        case Shift(whose, start_us, altitude_mm):
            if whose not in ("mine", "other") or (start_us == 0 and altitude_mm == 0):
                limit = '"mine" or "other", and a shift that is not zero'
                return refuse(Reason.OUT_OF_RANGE, "command.change", limit, whose)
            owner = member.party if whose == "mine" else peer_of(conflict, member.party)
            thing = _movable(state, conflict, owner)
            if isinstance(thing, Refusal):
                return thing
            if whose == "other":
                return None
            moved = shifted(state.volumes_of(thing.ref), start_us, altitude_mm)
            return _refusal(measure(state, moved, now_us))
        case Reroute(index):
            thing = _movable(state, conflict, member.party)
            volumes = volumes_part(parts, index, "command.change.volumes")
            for no in (thing, volumes):
                if isinstance(no, Refusal):
                    return no
            assert isinstance(volumes, Volumes)
            return _refusal(measure(state, volumes.volumes, now_us))
        case Procedure(index):
            return text_part(parts, index, "command.change.text")


def _refusal(found: Shapes | Refusal) -> Refusal | None:
    return found if isinstance(found, Refusal) else None


def _movable(state: State, conflict: Conflict, owner: str) -> Thing | Refusal:
    ref = conflict.first if conflict.first[0] == owner else conflict.second
    thing = state.things[ref]
    if thing.what != "operation" or thing.state not in REPLANNED:
        return refuse(Reason.WRONG_STATE, "command.change", "an operation that can still be planned anew", thing.what)
    return thing


def shifted(volumes: Sequence[Volume4D], start_us: int, altitude_mm: int) -> tuple[Volume4D, ...]:
    """Every volume moved alike in time and height."""
    return tuple(
        Volume4D(
            v.outline, v.lower_mm + altitude_mm, v.upper_mm + altitude_mm, v.start_us + start_us, v.end_us + start_us
        )
        for v in volumes
    )


def proposal_row(party: str, conflict: Conflict, command: Propose, now_us: int) -> Proposal:
    """The row of a proposal without its held parts, which apply adds."""
    peer = peer_of(conflict, party)
    match command.change:
        case Shift(whose, start_us, altitude_mm):
            owner = party if whose == "mine" else peer
            return Proposal(command.proposal, party, "shift", owner, start_us, altitude_mm, None, None, now_us)
        case Reroute():
            return Proposal(command.proposal, party, "reroute", party, 0, 0, None, None, now_us)
        case Procedure():
            return Proposal(command.proposal, party, "procedure", "", 0, 0, None, None, now_us)


# concurring, objecting, withdrawing


def find_proposal(state: State, member: Member, subject: ProposalSubject) -> tuple[Conflict, Proposal] | Refusal:
    """A proposal in a conflict of the member's."""
    conflict = conflict_of(state, member, subject.conflict)
    if isinstance(conflict, Refusal):
        return conflict
    for proposal in conflict.proposals:
        if proposal.id == subject.proposal:
            return conflict, proposal
    return refuse(Reason.UNKNOWN, "command.subject.proposal", "a proposal of this conflict", subject.proposal.hex())


def _next(proposal: Proposal, event: str) -> Refusal | None:
    if proposal_after(proposal.state, event) is None:
        return refuse(Reason.WRONG_STATE, "command.subject.proposal", "an open proposal", proposal.state.value)
    return None


def decide_concur(state: State, member: Member, command: Concur, now_us: int, draw: Draw) -> Outcome | Refusal:
    """Agrees with a proposal of the peer's, with a plan in an area, or with a charter."""
    match command.subject:
        case ProposalSubject() as subject:
            return _concur_proposal(state, member, subject, now_us, draw)
        case PlanSubject() as subject:
            return _answer_plan(state, member, subject, "concurred", None, 0)
        case CharterSubject(digest):
            return concur_charter(state, member, digest)
        case RiskSubject():
            return refuse(Reason.MALFORMED, "command.subject", "a proposal, a plan or a charter", "a risk")


def _concur_proposal(
    state: State, member: Member, subject: ProposalSubject, now_us: int, draw: Draw
) -> Outcome | Refusal:
    found = find_proposal(state, member, subject)
    if isinstance(found, Refusal):
        return found
    conflict, proposal = found
    if proposal.by == member.party:
        return refuse(Reason.NOT_YOURS, "command.subject.proposal", "a proposal of the peer's", "your own")
    no = _next(proposal, "peer concurs")
    if no is not None:
        return no
    items = _talk(state, conflict, member.party, "concurred", proposal, None)
    if proposal.kind == "procedure":
        settled = conflict_after(conflict.state, "procedure concurred")
        for told_items in items.values():
            told_items.append(StateItem(conflict.id, settled, "procedure concurred"))
        result = accepted(Accepted(), Effects())
        result.notices = told(conflict, items)
        return result
    return _carry_out(state, conflict, proposal, now_us, draw, items, member.party)


def _carry_out(
    state: State,
    conflict: Conflict,
    proposal: Proposal,
    now_us: int,
    draw: Draw,
    items: dict[str, list[Item]],
    concurring: str,
) -> Outcome | Refusal:
    """File the proposed version on behalf of its owner, who has signed for it; the proposer's budget pays.

    Why it cannot be filed is told only where the plan and the accounts are all the reader's own.
    """
    result = _filed(state, conflict, proposal, now_us, draw)
    if isinstance(result, Refusal):
        if proposal.whose == proposal.by or result.reason is Reason.BUDGET:
            limit = "a proposal that can be carried out as things stand"
            return refuse(Reason.WRONG_STATE, "command.subject.proposal", limit)
        return result
    result.decision = _for_concurring(state, result, concurring, proposal.whose)
    merged = {party: list(told_items) for party, told_items in items.items()}
    for party, notice in result.notices:
        merged.setdefault(party, []).extend(notice.items)
    result.notices = [(party, Notice(tuple(told_items))) for party, told_items in sorted(merged.items())]
    return result


def _filed(state: State, conflict: Conflict, proposal: Proposal, now_us: int, draw: Draw) -> Outcome | Refusal:
    thing = _movable(state, conflict, proposal.whose)
    if isinstance(thing, Refusal):
        return thing
    if proposal.volumes is not None:
        if proposal.volumes.content is None:
            return refuse(Reason.WRONG_STATE, "command.subject.proposal", "a proposal whose volumes stand", "erased")
        volumes = decode_volumes(proposal.volumes.content).volumes
    else:
        volumes = shifted(state.volumes_of(thing.ref), proposal.start_us, proposal.altitude_mm)
    shapes = measure(state, volumes, now_us)
    if isinstance(shapes, Refusal):
        return shapes
    side = side_of(thing, shapes)
    side.version, side.later_seq = thing.version + 1, state.size
    filing = Filing(side, thing.version, confirm_by(state, volumes, thing.what, now_us))
    result = file_version(state, state.members[proposal.by], filing, now_us, draw, 0)
    if isinstance(result, Refusal):
        return result
    result.volumes = Volumes(volumes)
    return result


def _for_concurring(state: State, result: Outcome, concurring: str, mover: str) -> Decision:
    """The decision as the concurring party may read it: of a peer's moved plan only the conflicts it is in itself."""
    outcome = result.decision.outcome
    if mover == concurring or not isinstance(outcome, Accepted) or result.effects is None:
        return result.decision
    assert result.effects.moved is not None
    theirs = {c.id for c in state.conflicts_of(result.effects.moved.ref) if c.side_of(concurring) is not None}
    theirs |= {o.conflict for o in result.effects.opened if o.second[0] == concurring}
    shown = Accepted(conflicts=tuple(c for c in outcome.conflicts if c in theirs))
    return msgspec.structs.replace(result.decision, outcome=shown)


def decide_object(state: State, member: Member, command: Object, parts: Parts) -> Outcome | Refusal:
    """Disagrees with a proposal of the peer's, or with a plan in an area."""
    no = text_part(parts, command.reason, "command.reason")
    if no is not None:
        return no
    text = said_text(parts, command.reason)
    match command.subject:
        case ProposalSubject() as subject:
            found = find_proposal(state, member, subject)
            if isinstance(found, Refusal):
                return found
            conflict, proposal = found
            if proposal.by == member.party:
                return refuse(Reason.NOT_YOURS, "command.subject.proposal", "a proposal of the peer's", "your own")
            no = _next(proposal, "peer objects")
            if no is not None:
                return no
            result = accepted(Accepted(), Effects(), len(parts))
            result.notices = told(conflict, _talk(state, conflict, member.party, "objected", proposal, text))
            return result
        case PlanSubject() as subject:
            return _answer_plan(state, member, subject, "objected", text, len(parts))
        case RiskSubject() | CharterSubject():
            return refuse(Reason.MALFORMED, "command.subject", "a proposal or a plan", "another subject")


def _answer_plan(
    state: State, member: Member, subject: PlanSubject, what: str, text: bytes | None, attached: int
) -> Outcome | Refusal:
    thing = state.things.get((subject.party, subject.operation))
    if thing is None or member.party not in thing.missing or not thing.live:
        return refuse(Reason.UNKNOWN, "command.subject", "a plan that asks for your concurrence", subject.party)
    if thing.version != subject.version:
        limit = f"the current version {thing.version}"
        return refuse(Reason.STALE_VERSION, "command.subject.version", limit, subject.version)
    concurred = any(word.party == member.party for word in thing.concurred)
    given = concurred if what == "concurred" else member.party in thing.objected
    if given:
        return refuse(Reason.WRONG_STATE, "command.subject", "an answer that is not given yet", what)
    item = AnswerItem(member.party, thing.id, thing.version, what, text)
    result = accepted(Accepted(thing.version), Effects(), attached)
    result.notices = [(party, Notice((item,))) for party in sorted({thing.owner, member.party})]
    return result


def decide_withdraw(state: State, member: Member, command: Withdraw) -> Outcome | Refusal:
    """Takes back one's own proposal, concurrence or acceptance of risk."""
    match command.subject:
        case ProposalSubject() as subject:
            return _withdraw_proposal(state, member, subject)
        case PlanSubject() as subject:
            return _withdraw_plan(state, member, subject)
        case RiskSubject(conflict_id):
            return _withdraw_risk(state, member, conflict_id)
        case CharterSubject():
            return refuse(Reason.MALFORMED, "command.subject", "a proposal, a plan or a risk", "a charter")


def _withdraw_proposal(state: State, member: Member, subject: ProposalSubject) -> Outcome | Refusal:
    found = find_proposal(state, member, subject)
    if isinstance(found, Refusal):
        return found
    conflict, proposal = found
    concurred = proposal.state == "concurred"
    if not concurred and proposal.by != member.party:
        return refuse(Reason.NOT_YOURS, "command.subject.proposal", "a proposal of your own", "the peer's")
    no = _next(proposal, "either withdraws" if concurred else "proposer withdraws")
    if no is not None:
        return no
    items = _talk(state, conflict, member.party, "withdrew", proposal, None)
    last = proposal.kind == "procedure" and conflict.procedures == 1
    if concurred and last and conflict.state is ConflictState.SETTLED:
        for told_items in items.values():
            told_items.append(StateItem(conflict.id, ConflictState.OPEN, "concurrence withdrawn"))
    result = accepted(Accepted(), Effects())
    result.notices = told(conflict, items)
    return result


def _withdraw_plan(state: State, member: Member, subject: PlanSubject) -> Outcome | Refusal:
    thing = state.things.get((subject.party, subject.operation))
    if thing is None or not any(word.party == member.party for word in thing.concurred):
        return refuse(Reason.NOT_PENDING, "command.subject", "a plan that you concurred with", subject.party)
    item = AnswerItem(member.party, thing.id, thing.version, "withdrew", None)
    result = accepted(Accepted(thing.version), Effects())
    result.notices = [(party, Notice((item,))) for party in sorted({thing.owner, member.party})]
    return result


def _withdraw_risk(state: State, member: Member, conflict_id: bytes) -> Outcome | Refusal:
    conflict = conflict_of(state, member, conflict_id)
    if isinstance(conflict, Refusal):
        return conflict
    if not any(word.party == member.party for word in conflict.accepted):
        return refuse(Reason.NOT_PENDING, "command.subject", "a risk that you accepted", "none")
    items = _talk(state, conflict, member.party, "withdrew", None, None)
    if conflict.state is ConflictState.ACCEPTED:
        for told_items in items.values():
            told_items.append(StateItem(conflict.id, ConflictState.OPEN, "acceptance withdrawn"))
    result = accepted(Accepted(), Effects())
    result.notices = told(conflict, items)
    return result


def decide_accept_risk(state: State, member: Member, command: AcceptRisk, parts: Parts) -> Outcome | Refusal:
    """One side lives with the conflict; once both do, it no longer blocks."""
    conflict = conflict_of(state, member, command.conflict)
    if isinstance(conflict, Refusal):
        return conflict
    no = text_part(parts, command.reason, "command.reason")
    if no is not None:
        return no
    text = said_text(parts, command.reason)
    if conflict.state is not ConflictState.OPEN:
        return refuse(Reason.WRONG_STATE, "command.conflict", "an open conflict", conflict.state.value)
    if sum(line.party == member.party for line in conflict.said) >= LINES_MAX:
        limit = f"at most {LINES_MAX} lines of one party in a conflict"
        return refuse(Reason.TOO_MANY, "command.conflict", limit, "one more")
    if any(word.party == member.party for word in conflict.accepted):
        return refuse(Reason.WRONG_STATE, "command.conflict", "a risk that you have not accepted yet", "accepted")
    items = _talk(state, conflict, member.party, "accepted-risk", None, text)
    event = risk_event(state, conflict, member.party)
    if event is not None:
        for told_items in items.values():
            told_items.append(StateItem(conflict.id, ConflictState.ACCEPTED, event))
    result = accepted(Accepted(), Effects(), len(parts))
    result.notices = told(conflict, items)
    return result
