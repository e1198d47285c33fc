"""Deadlines: what is due, and what it means that it is.

In:  the state and a `Due` command of the sequencer.
Out: an `Outcome`, or a Refusal where the deadline lies ahead or no longer stands. So every deadline gets one due.

    confirm     a plan that nobody confirmed lapses
    end         a thing whose last window is over (an operation: by the charter's grace) ends
    settle      a conflict is not settled in time: both sides are told
    review      a protected place is past its review-by: its owner is told; protection does not expire
    invitation  nobody answered
    draft       a proposed charter found no quorum
    expires     the time of a subscription or service area is over
    availability  nobody renewed the word that a supplier is down
    rung        nobody acknowledged a message: the next rung is asked
    check       nobody answered a comm check
    checkpoint  a movement did not pass a checkpoint in time: its owner and those who have a notice about it are told
"""

import heapq
from typing import Final

from wideberth.limits import DRAFT_US
from wideberth.party.command import Due, OperationState
from wideberth.party.standard import Kind
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.admission import to_all
from wideberth.theatre.hotline_watch import decide_missed, decide_rung
from wideberth.theatre.lifecycle import ConflictState, InvitationState
from wideberth.theatre.movements import decide_overdue
from wideberth.theatre.outcome import Accepted, DueItem, Effects, MemberItem, Notice, Outcome, Ref, accepted
from wideberth.theatre.planning import ending
from wideberth.theatre.rows import Thing
from wideberth.theatre.state import State

KINDS: Final = (
    *("confirm", "end", "settle", "review", "invitation", "draft", "expires", "availability", "rung", "check"),
    "checkpoint",
)


LAPSED: Final = Notice((DueItem("availability", b""),))


def end_due_us(state: State, thing: Thing) -> int:
    """When a thing ends by itself."""
    return thing.end_us + (state.charter.grace_us if thing.what == "operation" else 0)


def pending(state: State, kind: str, ref: Ref, at_us: int) -> bool:
    """Whether a deadline still stands as it was expected."""
    if kind == "settle":
        conflict = state.conflicts.get(ref[1])
        waits = conflict is not None and conflict.state is ConflictState.OPEN and not conflict.overdue
        return waits and conflict is not None and conflict.settle_by_us == at_us
    if kind == "invitation":
        invitation = state.invitations.get(ref[0])
        waits = invitation is not None and invitation.state is InvitationState.PENDING
        return waits and invitation is not None and invitation.until_us == at_us
    if kind == "draft":
        draft = state.drafts.get(ref[1])
        return draft is not None and draft.time_us + DRAFT_US == at_us
    if kind == "expires":
        row = state.references.get(ref) if ref[0] == Kind.SERVICE_AREA else state.subscriptions.get(ref[1])
        stands = row is not None and not row.dropped_us and row.end_us == at_us
        return stands and not getattr(row, "implicit", False)
    if kind == "availability":
        arbitrated = state.availability.get(ref[0])
        return arbitrated is not None and arbitrated.until_us == at_us
    if kind in ("rung", "check"):
        waiting = state.obligations.get(ref[1]) if kind == "rung" else state.lines.get(ref[1])
        return waiting is not None and waiting.due_us == at_us
    thing = state.things.get(ref)
    if thing is None or not thing.live:
        return False
    match kind:
        case "confirm":
            return thing.state is OperationState.ACCEPTED and thing.confirm_by_us == at_us
        case "end":
            return end_due_us(state, thing) == at_us
        case "review":
            return thing.review_by_us == at_us and not thing.review_told
        case "checkpoint":
            return ref in state.movements and state.movements[ref].due_us == at_us
    return False


def next_due(state: State) -> tuple[int, str, Ref] | None:
    """The earliest deadline that stands; forgets those before it that do not."""
    while state.dues:
        at_us, kind, ref = state.dues[0]
        if pending(state, kind, ref, at_us):
            return state.dues[0]
        heapq.heappop(state.dues)
    return None


def decide_due(state: State, command: Due, now_us: int) -> Outcome | Refusal:
    """A deadline has passed; refused when early, repeated or overtaken."""
    if command.at_us > now_us:
        return refuse(Reason.TOO_EARLY, "command.at_us", f"not after {now_us}", command.at_us)
    if not pending(state, command.kind, command.subject, command.at_us):
        return refuse(Reason.NOT_PENDING, "command.subject", f"a pending {command.kind}", command.subject[1].hex())
    match command.kind:
        case "confirm" | "end":
            return _over(state, command.kind, command.subject)
        case "settle":
            conflict = state.conflicts[command.subject[1]]
            notice = Notice((DueItem("settle", conflict.id),))
            return _told(sorted({conflict.first[0], conflict.second[0]}), notice)
        case "review":
            return _told([command.subject[0]], Notice((DueItem("review", command.subject[1]),)))
        case "rung":
            return decide_rung(state, command.subject[1], command.at_us, now_us)
        case "checkpoint":
            return decide_overdue(state, command.subject, now_us)
        case "check":
            return decide_missed(state.lines[command.subject[1]])
        case "expires":
            return accepted(Accepted(), Effects())
        case "availability":
            return _told([m.party for m in state.members.values() if m.issuer and m.name == command.subject[0]], LAPSED)
        case "draft":
            result = accepted(Accepted(), Effects())
            result.notices = to_all(state, MemberItem("charter", state.drafts[command.subject[1]].by))
            return result
        case _:
            result = accepted(Accepted(), Effects())
            result.notices = to_all(state, MemberItem("lapsed", command.subject[0]))
            return result


def _told(parties: list[str], notice: Notice) -> Outcome:
    result = accepted(Accepted(), Effects())
    result.notices = [(party, notice) for party in parties]
    return result


def _over(state: State, kind: str, ref: Ref) -> Outcome:
    thing = state.things[ref]
    result = ending(state, (thing,), Accepted(thing.version))
    item = DueItem("lapsed" if kind == "confirm" else "ended", thing.id)
    notices = dict(result.notices)
    mine = notices.get(thing.owner, Notice(())).items
    notices[thing.owner] = Notice((item, *mine))
    result.notices = sorted(notices.items())
    return result
