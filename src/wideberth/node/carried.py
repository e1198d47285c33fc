"""Which messages, checks and alerts an entry moves, so that what has to go out of them is found anew.

In:  the state after the entry, its envelope.
Out: subjects: a sender and the id of a message or check, or nobody and that of an alert.
"""

from collections.abc import Iterator

from wideberth.party.alerts import AcknowledgeAlert, Warned
from wideberth.party.command import Due, Erase, Leave, RevokeKey
from wideberth.party.envelope import Envelope
from wideberth.party.hotline import (
    Acknowledge,
    AnswerCheck,
    AnswerMessage,
    CancelMessage,
    CheckLine,
    Doubt,
    Reject,
    Review,
    Send,
    SetPaths,
    SetTree,
    Stop,
)
from wideberth.theatre.hotline_routes import Subject
from wideberth.theatre.state import State


def moved(state: State, envelope: Envelope) -> tuple[Subject, ...]:
    """What an entry moves; a refused one moves nothing, and looking again finds the same."""
    match envelope.command:
        case Send(message=message) | Stop(message=message) | CancelMessage(message=message):
            return ((envelope.party, message),)
        case Acknowledge(subject=about) | AnswerMessage(subject=about) | Reject(subject=about) | Doubt(subject=about):
            return ((about.sender, about.message),)
        case Review(doubt=doubt):
            row = state.doubts.get((envelope.party, doubt))
            return ((row.sender, row.message),) if row is not None else ()
        case CheckLine(check=check):
            return ((envelope.party, check),)
        case AnswerCheck(sender=sender, check=check):
            return ((sender, check),)
        case Due(kind="rung" | "check" as kind, subject=(_, found)):
            return tuple(_of_deadline(state, kind, found))
        case Warned(warnings=warnings):
            return tuple(("", warning.alert) for warning in warnings)
        case AcknowledgeAlert(alert=alert):
            return (("", alert),)
        case SetPaths() | SetTree() | Leave() | RevokeKey() | Erase():
            return tuple(_of_party(state, envelope.party))
        case _:
            return ()


def _of_deadline(state: State, kind: str, found: bytes) -> Iterator[Subject]:
    owed, line = state.obligations.get(found), state.lines.get(found)
    if kind == "rung" and owed is not None:
        yield owed.message_key
    if kind == "check" and line is not None:
        yield line.first, line.check


def _of_party(state: State, party: str) -> Iterator[Subject]:
    yield from (m.key for m in state.messages.values() if party in (m.sender, *m.to))
    yield from ((line.first, line.check) for line in state.lines.values() if line.second == party)
    yield from (("", alert.id) for alert in state.alerts.values() if any(side.party == party for side in alert.sides))
