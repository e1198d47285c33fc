"""One command of the hotline, one answer.

In:  the state, who speaks by which key, the command, its parts, the time.
Out: an `Outcome` or a Refusal, from the file that the command belongs to.
"""

from wideberth.party.hotline import (
    Acknowledge,
    AnswerCheck,
    AnswerMessage,
    CancelMessage,
    CheckLine,
    Doubt,
    HandOver,
    HotlineCommand,
    Reject,
    Review,
    Send,
    SetContacts,
    SetPaths,
    SetTree,
    Stop,
    TakeOver,
)
from wideberth.refusal import Refusal
from wideberth.theatre.filing import Parts
from wideberth.theatre.hotline import decide_cancel, decide_send, decide_stop, decide_tree
from wideberth.theatre.hotline_answers import (
    decide_acknowledge,
    decide_answer,
    decide_doubt,
    decide_reject,
    decide_review,
)
from wideberth.theatre.hotline_routes import decide_paths
from wideberth.theatre.hotline_watch import (
    decide_answer_check,
    decide_check,
    decide_contacts,
    decide_hand_over,
    decide_take_over,
)
from wideberth.theatre.outcome import Outcome
from wideberth.theatre.rows import Member
from wideberth.theatre.state import State


def decide_hotline(
    state: State, member: Member, key: bytes, command: HotlineCommand, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """Answer a command of the hotline."""
    match command:
        case SetTree():
            return decide_tree(state, member, command)
        case SetPaths():
            return decide_paths(state, member, command, parts)
        case Send():
            return decide_send(state, member, command, parts, now_us)
        case Stop():
            return decide_stop(state, member, key, command, parts, now_us)
        case Acknowledge():
            return decide_acknowledge(state, member, key, command, parts, now_us)
        case AnswerMessage():
            return decide_answer(state, member, key, command, parts, now_us)
        case Reject():
            return decide_reject(state, member, key, command, parts, now_us)
        case CancelMessage():
            return decide_cancel(state, member, key, command, now_us)
        case Doubt():
            return decide_doubt(state, member, command, parts)
        case Review():
            return decide_review(state, member, key, command, parts)
        case CheckLine():
            return decide_check(state, member, command, now_us)
        case AnswerCheck():
            return decide_answer_check(state, member, command)
        case HandOver():
            return decide_hand_over(state, member, key, command, parts, now_us)
        case TakeOver():
            return decide_take_over(state, member, key, command, now_us)
        case SetContacts():
            return decide_contacts(command, parts)
