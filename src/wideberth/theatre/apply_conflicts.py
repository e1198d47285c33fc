"""Writes conflicts and what is said in them.

In:  an entry on its way into the state, whose effects say what to write.
Out: the rows of conflicts, proposals and concurrences.
"""

from wideberth.limits import KEPT_ENDED_US
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
    Withdraw,
)
from wideberth.theatre.apply_things import move
from wideberth.theatre.applying import Applying
from wideberth.theatre.conflicts import risk_event
from wideberth.theatre.lifecycle import ConflictState, ProposalState, conflict_after
from wideberth.theatre.outcome import Kept, Opened
from wideberth.theatre.rows import Conflict, Held, Proposal, Said
from wideberth.theatre.settlement import proposal_row


def open_conflict(at: Applying, opened: Opened, places: Held, place: int) -> None:
    """A conflict that was not there before."""
    state, first, second = at.state, opened.first, opened.second
    state.conflicts[opened.conflict] = Conflict(
        opened.conflict,
        first,
        second,
        (state.things[first].version, state.things[second].version),
        opened.minima_mm,
        ConflictState.OPEN,
        opened.severity,
        at.time_us,
        at.sequence,
        opened.settle_by_us,
        places,
        place,
        said=(Said(at.time_us, at.sequence, at.party, "opened"),),
    )
    state.by_thing.setdefault(first, []).append(opened.conflict)
    state.by_thing.setdefault(second, []).append(opened.conflict)
    state.expect(opened.settle_by_us, "settle", ("", opened.conflict))
    state.touch("conflict", opened.conflict)


def keep_conflict(at: Applying, kept: Kept, places: Held, place: int) -> None:
    """A conflict that goes on with a new version of one side; what was agreed may fall."""
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
    say(at, conflict, "changed")
    if kept.void:
        conflict.accepted = ()
        for proposal in conflict.proposals:
            if proposal.state in ("open", "concurred", "objected"):
                proposal.state = ProposalState.VOID
        to_state(at, conflict, conflict_after(conflict.state, "plan changed"), "reopened")


def to_state(at: Applying, conflict: Conflict, wanted: ConflictState, what: str) -> None:
    """A conflict's next state, with what follows from it."""
    state = at.state
    if conflict.state is not wanted:
        conflict.state = wanted
        say(at, conflict, what)
    if wanted is ConflictState.CLEARED and not conflict.cleared_us:
        conflict.cleared_us = at.time_us
        for ref in (conflict.first, conflict.second):
            left = state.by_thing[ref]
            left.remove(conflict.id)
            if not left:
                del state.by_thing[ref]
        state.fading.append((at.time_us + KEPT_ENDED_US, conflict.id))
    elif wanted is ConflictState.OPEN and not conflict.overdue and conflict.settle_by_us <= at.time_us:
        state.expect(conflict.settle_by_us, "settle", ("", conflict.id))
    state.touch("conflict", conflict.id)


def say(at: Applying, conflict: Conflict, what: str, text: Held | None = None) -> None:
    """One more line of what was said in a conflict."""
    index = -1
    if text is not None:
        index = len(conflict.texts)
        conflict.texts = (*conflict.texts, text)
    conflict.said = (*conflict.said, Said(at.time_us, at.sequence, at.party, what, index))
    at.state.touch("conflict", conflict.id)


def propose(at: Applying, command: Propose) -> None:
    """A new proposal."""
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
    conflict.proposals = (*conflict.proposals, row)
    say(at, conflict, "proposed", text)


def _proposal(at: Applying, subject: ProposalSubject) -> tuple[Conflict, Proposal]:
    conflict = at.state.conflicts[subject.conflict]
    return conflict, next(p for p in conflict.proposals if p.id == subject.proposal)


def answer(at: Applying, command: Concur | Object | Withdraw) -> None:
    """Concurrence, objection or withdrawal, whatever its subject but a charter."""
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
            say(at, conflict, what)
            to_state(at, conflict, conflict_after(conflict.state, "acceptance withdrawn"), "reopened")
        case CharterSubject():
            raise AssertionError("apply answers for charters")


def _answer_proposal(at: Applying, subject: ProposalSubject, what: str, text: Held | None) -> None:
    conflict, proposal = _proposal(at, subject)
    say(at, conflict, what, text)
    was = proposal.state
    if what == "concurred":
        proposal.state, proposal.concurred = ProposalState.CONCURRED, at.word()
        if proposal.kind == "procedure":
            to_state(at, conflict, conflict_after(conflict.state, "procedure concurred"), "settled")
        else:
            _carry_out(at)
    elif what == "objected":
        proposal.state = ProposalState.OBJECTED
    else:
        proposal.state = ProposalState.WITHDRAWN
        if was is ProposalState.CONCURRED and not conflict.procedures:
            to_state(at, conflict, conflict_after(conflict.state, "concurrence withdrawn"), "reopened")


def _carry_out(at: Applying) -> None:
    moved = at.effects.moved
    assert moved is not None
    thing = at.state.things[moved.ref]
    volumes_at = at.decision.attached + at.decision.derived - 1
    thing.key = b""
    move(at, thing, moved, at.held(volumes_at))


def _answer_plan(at: Applying, subject: PlanSubject, what: str) -> None:
    thing = at.state.things[(subject.party, subject.operation)]
    thing.concurred = tuple(w for w in thing.concurred if w.party != at.party)
    thing.objected = tuple(p for p in thing.objected if p != at.party)
    if what == "concurred":
        thing.concurred = (*thing.concurred, at.word())
    elif what == "objected":
        thing.objected = (*thing.objected, at.party)
    at.state.touch("thing", thing.ref)


def accept_risk(at: Applying, command: AcceptRisk) -> None:
    """One side's acceptance; the second one's settles."""
    conflict = at.state.conflicts[command.conflict]
    event = risk_event(at.state, conflict, at.party)
    conflict.accepted = (*conflict.accepted, at.word())
    say(at, conflict, "accepted-risk", at.held(command.reason))
    if event is not None:
        to_state(at, conflict, conflict_after(conflict.state, event), "settled")
