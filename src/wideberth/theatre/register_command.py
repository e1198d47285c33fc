"""One command of the registers, one answer.

In:  the state, who speaks by which key, the command, its parts, the time, and where random ids come from.
Out: an `Outcome` or a Refusal, from the file that the command belongs to.
"""

from wideberth.party.registers import (
    CheckPlan,
    Move,
    PassCheckpoint,
    RegisterCommand,
    ReportPosition,
    ReviewMeeting,
    ReviewPlace,
)
from wideberth.refusal import Refusal
from wideberth.theatre.checking import decide_check_plan
from wideberth.theatre.filing import Parts
from wideberth.theatre.movements import decide_move, decide_pass, decide_position
from wideberth.theatre.outcome import Outcome
from wideberth.theatre.registers import decide_review_meeting, decide_review_place
from wideberth.theatre.rows import Member
from wideberth.theatre.state import Draw, State


def decide_register(
    state: State, member: Member, key: bytes, command: RegisterCommand, parts: Parts, now_us: int, draw: Draw
) -> Outcome | Refusal:
    """Answer a command of the registers."""
    match command:
        case ReviewPlace():
            return decide_review_place(state, member, command, now_us)
        case ReviewMeeting():
            return decide_review_meeting(state, member, key, command, parts)
        case Move():
            return decide_move(state, member, command, parts, now_us, draw)
        case PassCheckpoint():
            return decide_pass(state, member, command, now_us)
        case ReportPosition():
            return decide_position(state, member, command, parts, now_us)
        case CheckPlan():
            return decide_check_plan(state, member, command, parts, now_us)
