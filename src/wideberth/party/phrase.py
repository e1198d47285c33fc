"""The closed set of phrases that the watches say to one another, by code.

In:  nothing. Out: `Phrase`, and what of a text is one. Refuses nothing: who is sent a code looks it up here.
A code means the same in every language; a message carries the code, and each reader sees it in the own one.
"""

from enum import StrEnum


class Phrase(StrEnum):
    """What can be said by code; `voice` has the sentences and their languages."""

    CALL = "call"
    NOTICE = "notice"
    PLACE = "place"
    MOVEMENT = "movement"
    LATE = "late"
    LATE_MOVEMENT = "late-movement"
    CAME_LATE = "came-late"
    STOP = "stop"
    STOPPING = "stopping"
    QUERY = "query"
    AVOID = "avoid"
    NONE_KNOWN = "none-known"
    RECEIVED = "received"
    READ_BACK_ASKED = "read-back-asked"
    READ_BACK = "read-back"
    READ_BACK_RIGHT = "read-back-right"
    READ_BACK_WRONG = "read-back-wrong"
    EFFECTIVE = "effective"
    NOT_EFFECTIVE = "not-effective"
    NOT_AFFECTED = "not-affected"
    CONFLICT = "conflict"
    NOT_OURS = "not-ours"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    NO_KNOWN_CONFLICT = "no-known-conflict"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    DOUBT = "doubt"
    REVIEWED = "reviewed"
    CANCEL = "cancel"
    SUPERSEDED = "superseded"
    CHECK = "check"
    CHECK_ANSWER = "check-answer"
    DEGRADED = "degraded"
    LOST = "lost"
    RESTORED = "restored"
    ESCALATED = "escalated"
    ESCALATED_PARTY = "escalated-party"
    PASSED = "passed"
    OVERDUE = "overdue"
    OFF_ROUTE = "off-route"
    HANDOVER_OFFERED = "handover-offered"
    HANDOVER_SIGNED = "handover-signed"
    HANDOVER_REFUSED = "handover-refused"
    HANDOVER_REASON = "handover-reason"
    OFF_WATCH = "off-watch"
    HAIL = "hail"
    MONITOR = "monitor"
    INTERPRETER = "interpreter"
    CONTACT = "contact"


def phrase_or_none(code: str) -> str:
    """The code where it is one of the closed set, else nothing."""
    return code if code in Phrase.__members__.values() else ""
