"""Every transition of the theatre, as tables.

In:  a state and what happens.
Out: the next state, or None where the table has no such row: then the command is refused.
The diagrams in `docs/lifecycle.md` are drawn from these tables; nothing else in the house decides a transition.
Source of the operation's states: ASTM F3548-21, 4.4 and figure 2.
"""

from enum import StrEnum
from typing import Final

from wideberth.party.command import OperationState


class ConflictState(StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    SETTLED = "settled"
    """Both keep a procedure that one proposed and the other concurred with."""
    ACCEPTED = "accepted"
    """Both accept the risk, each for a stated reason."""
    CLEARED = "cleared"
    """The plans no longer come too near, or one has ended."""


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    CONCURRED = "concurred"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class InvitationState(StrEnum):
    """Where an invitation stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"


_S = OperationState
OPERATION: Final[dict[tuple[OperationState, OperationState], str]] = {
    (_S.ACCEPTED, _S.ACTIVATED): "starts; needs every conflict settled and every concurrence given",
    (_S.ACCEPTED, _S.NONCONFORMING): "found outside its volumes before it was activated",
    (_S.ACCEPTED, _S.CONTINGENT): "in trouble before it was activated",
    (_S.ACCEPTED, _S.ENDED): "withdrawn, or lapsed",
    (_S.ACTIVATED, _S.NONCONFORMING): "found outside its volumes",
    (_S.ACTIVATED, _S.CONTINGENT): "in trouble",
    (_S.ACTIVATED, _S.ENDED): "over",
    (_S.NONCONFORMING, _S.ACTIVATED): "back inside its volumes; needs what a start needs",
    (_S.NONCONFORMING, _S.CONTINGENT): "cannot return",
    (_S.NONCONFORMING, _S.ENDED): "over",
    (_S.CONTINGENT, _S.ENDED): "over",
}
"""From, to, and what the owner means by it. Which states may be replanned says `REPLANNED`; what becomes of the state
when a new version is filed is `filing`'s to decide, and no row here."""

REPLANNED: Final = frozenset({_S.ACCEPTED, _S.ACTIVATED, _S.NONCONFORMING, _S.CONTINGENT})
"""States in which an owner may file a new version."""

_C = ConflictState
CONFLICT: Final[dict[tuple[ConflictState, str], ConflictState]] = {
    (_C.OPEN, "procedure concurred"): _C.SETTLED,
    (_C.OPEN, "risk accepted by both"): _C.ACCEPTED,
    (_C.OPEN, "risk accepted by the only side with a voice"): _C.ACCEPTED,
    (_C.OPEN, "reviewed by a second person"): _C.ACCEPTED,
    (_C.OPEN, "no longer too near"): _C.CLEARED,
    (_C.SETTLED, "concurrence withdrawn"): _C.OPEN,
    (_C.SETTLED, "plan changed"): _C.OPEN,
    (_C.SETTLED, "no longer too near"): _C.CLEARED,
    (_C.ACCEPTED, "acceptance withdrawn"): _C.OPEN,
    (_C.ACCEPTED, "plan changed"): _C.OPEN,
    (_C.ACCEPTED, "no longer too near"): _C.CLEARED,
}
"""From and event, to. A plan changed to one that lies inside its predecessor is no event."""

_P = ProposalState
PROPOSAL: Final[dict[tuple[ProposalState, str], ProposalState]] = {
    (_P.OPEN, "peer concurs"): _P.CONCURRED,
    (_P.OPEN, "peer objects"): _P.OBJECTED,
    (_P.OPEN, "proposer withdraws"): _P.WITHDRAWN,
    (_P.OPEN, "plan changed"): _P.VOID,
    (_P.CONCURRED, "either withdraws"): _P.WITHDRAWN,
    (_P.CONCURRED, "plan changed"): _P.VOID,
    (_P.OBJECTED, "plan changed"): _P.VOID,
}

_I = InvitationState
INVITATION: Final[dict[tuple[InvitationState, str], InvitationState]] = {
    (_I.PENDING, "accept"): _I.ACCEPTED,
    (_I.PENDING, "decline"): _I.DECLINED,
    (_I.PENDING, "time passes"): _I.LAPSED,
}


class Reach(StrEnum):
    """How far a message has come with a cell."""

    REJECTED = "rejected"
    """The cell cannot use it as it is: now its sender has to act."""
    SENT = "sent"
    RECEIVED = "received"
    READ_BACK = "read-back"


class LineState(StrEnum):
    """Whether the line between two parties is alive on one path."""

    UP = "up"
    MISSED = "missed"
    DEGRADED = "degraded"
    LOST = "lost"


_R = Reach
REACH: Final[dict[tuple[Reach, str], Reach]] = {
    (_R.SENT, "acknowledged"): _R.RECEIVED,
    (_R.SENT, "rejected"): _R.REJECTED,
    (_R.RECEIVED, "rejected"): _R.REJECTED,
    (_R.REJECTED, "acknowledged"): _R.RECEIVED,
    (_R.REJECTED, "read back rightly"): _R.READ_BACK,
    (_R.SENT, "read back rightly"): _R.READ_BACK,
    (_R.RECEIVED, "read back rightly"): _R.READ_BACK,
}
"""A message reaches a cell. What was read back wrongly is no event; a new version begins at "sent" again."""

RUNG_MAX: Final = 2
ESCALATION: Final[dict[int, tuple[int, int, str]]] = {
    0: (1, 2, "nobody of the cell: the cell above it, on the second path"),
    1: (RUNG_MAX, 2, "nobody there either: the whole party, and the sender is told"),
    RUNG_MAX: (RUNG_MAX, 2, "still nobody: all of them again"),
}
"""From rung, to, how many acknowledgement times until the next one, and what it means. The first comes after one."""

_L = LineState
LINE: Final[dict[tuple[LineState, int], LineState]] = {
    (_L.UP, 1): _L.MISSED,
    (_L.MISSED, 2): _L.DEGRADED,
    (_L.DEGRADED, 4): _L.LOST,
}
"""From state and checks missed in a row, to; no row, no change. An answer brings a line up from everywhere."""


class MovementState(StrEnum):
    """Where a protected movement stands. It is protected in each of them until it ends."""

    NOTIFIED = "notified"
    UNDER_WAY = "under-way"
    OVERDUE = "overdue"
    OFF_ROUTE = "off-route"
    ARRIVED = "arrived"
    ENDED = "ended"


_M = MovementState
MOVEMENT: Final[dict[tuple[MovementState, str], MovementState]] = {
    (_M.NOTIFIED, "checkpoint passed"): _M.UNDER_WAY,
    (_M.NOTIFIED, "seen on its route"): _M.UNDER_WAY,
    (_M.NOTIFIED, "seen off its route"): _M.OFF_ROUTE,
    (_M.NOTIFIED, "checkpoint late"): _M.OVERDUE,
    (_M.NOTIFIED, "last checkpoint passed"): _M.ARRIVED,
    (_M.UNDER_WAY, "seen off its route"): _M.OFF_ROUTE,
    (_M.UNDER_WAY, "checkpoint late"): _M.OVERDUE,
    (_M.UNDER_WAY, "last checkpoint passed"): _M.ARRIVED,
    (_M.OVERDUE, "checkpoint passed"): _M.UNDER_WAY,
    (_M.OVERDUE, "seen off its route"): _M.OFF_ROUTE,
    (_M.OVERDUE, "last checkpoint passed"): _M.ARRIVED,
    (_M.OVERDUE, "filed anew"): _M.UNDER_WAY,
    (_M.OFF_ROUTE, "checkpoint passed"): _M.UNDER_WAY,
    (_M.OFF_ROUTE, "seen on its route"): _M.UNDER_WAY,
    (_M.OFF_ROUTE, "seen on its route, late"): _M.OVERDUE,
    (_M.OFF_ROUTE, "last checkpoint passed"): _M.ARRIVED,
    (_M.OFF_ROUTE, "filed anew"): _M.UNDER_WAY,
    **{(_state, "over"): _M.ENDED for _state in list(_M)[:-1]},
}
"""From and event, to; no row, no change. A movement ends when its last window is over, or its owner lifts it."""


def movement_after(current: MovementState, event: str) -> MovementState:
    """The state after an event; unchanged where the table has no row for it."""
    return MOVEMENT.get((current, event), current)


def operation_may(current: OperationState, wanted: OperationState) -> bool:
    """Whether the table has this row."""
    return (current, wanted) in OPERATION


def allowed_from(current: OperationState) -> str:
    """The states reachable from one, as words for a refusal."""
    reachable = [to.value for (at, to) in OPERATION if at == current]
    return ", ".join(reachable) or "nothing"


def conflict_after(current: ConflictState, event: str) -> ConflictState:
    """The state after an event; unchanged where the table has no row for it."""
    return CONFLICT.get((current, event), current)


def proposal_after(current: ProposalState, event: str) -> ProposalState | None:
    """The state after an event, or None where it may not happen."""
    return PROPOSAL.get((current, event))
