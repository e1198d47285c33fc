"""What the house answers when it says no: one closed set of reasons, and a value that carries them.

In:  the reason, the field it concerns, the limit or rule that was broken, and what was received.
Out: a `Refusal`, a plain value. It is returned, never raised (rules of the house, 2).
A new refusal is one line in `Reason` with its test; `docs/refusals.md` is made from this file.

The order of the enum is the order of precedence: where several reasons hold, the first listed is given.
"""

from enum import StrEnum
from typing import Final

import msgspec

SHOWN_CHARACTERS: Final = 80
"""How much of what was received a refusal repeats: enough to recognise it, too little to reflect a flood."""


class Reason(StrEnum):
    """Why something was refused, in order of precedence."""

    heading: str
    status: int

    def __new__(cls, value: str, status: int, heading: str) -> "Reason":
        """Bind the HTTP status (RFC 9110) and the English heading to the code."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.status = status
        member.heading = heading
        return member

    # what arrived is not what the format says
    TOO_LARGE = "too-large", 413, "The body is larger than allowed"
    MALFORMED = "malformed", 400, "The input cannot be read"
    UNKNOWN_FIELD = "unknown-field", 400, "The signed input has a field that does not exist"
    NOT_CANONICAL = "not-canonical", 400, "The signed bytes are not in canonical form"
    # who sent it
    WRONG_THEATRE = "wrong-theatre", 403, "The envelope is for another theatre"
    UNKNOWN_PARTY = "unknown-party", 401, "No such party in this theatre"
    UNKNOWN_KEY = "unknown-key", 401, "The key is not this party's"
    BAD_SIGNATURE = "bad-signature", 401, "The signature does not fit the bytes"
    KEY_REVOKED = "key-revoked", 403, "The key was revoked"
    KEY_EXPIRED = "key-expired", 403, "The key has expired"
    NOT_PERMITTED = "not-permitted", 403, "This key or party may not say this"
    NO_SESSION = "no-session", 401, "A session is needed"
    BAD_TOKEN = "bad-token", 401, "The token is not one that is taken here"
    SCOPE = "scope", 403, "The token does not carry the scope"
    # when it was sent
    PAST_NOT_AFTER = "past-not-after", 403, "The envelope is past its not_after"
    NOT_AFTER_TOO_FAR = "not-after-too-far", 400, "The envelope's not_after is too far ahead"
    FORKED = "forked", 409, "The checkpoint that the sender saw is not part of this ledger"
    ID_REUSED = "id-reused", 409, "The command id was used with other bytes"
    TOO_MANY = "too-many", 429, "Too many at once"
    PARTS_MISMATCH = "parts-mismatch", 400, "The attached parts do not fit their commitments"
    # what it says
    OUT_OF_RANGE = "out-of-range", 400, "A value is outside its range"
    UNKNOWN_UNIT = "unknown-unit", 400, "The unit or reference is unknown or missing"
    NAIVE_TIME = "naive-time", 400, "The time has no zone"
    TIME_ORDER = "time-order", 400, "The end is not after the start"
    PAST_HORIZON = "past-horizon", 400, "The window lies past the horizon"
    IN_THE_PAST = "in-the-past", 400, "The window has ended already"
    BAND_ORDER = "band-order", 400, "The lower altitude is above the upper"
    TOO_FEW_POINTS = "too-few-points", 400, "The ring has fewer than three distinct points"
    TOO_MANY_POINTS = "too-many-points", 400, "The ring has too many points"
    SELF_CROSSING = "self-crossing", 400, "The ring crosses itself"
    NO_AREA = "no-area", 400, "The outline has no area"
    TOO_WIDE = "too-wide", 400, "The outline is too large"
    OUT_OF_BOUNDS = "out-of-bounds", 400, "The outline lies outside the theatre"
    SWAPPED = "swapped", 400, "Latitude and longitude may be swapped"
    AMBIGUOUS = "ambiguous", 400, "The coordinate can be read in more than one way"
    NO_TRANSFORMATION = "no-transformation", 400, "No transformation of known accuracy is available"
    # what it means here
    UNKNOWN = "unknown", 404, "There is no such thing, or it is not yours to see"
    NOT_YOURS = "not-yours", 403, "It belongs to another party"
    EXISTS = "exists", 409, "It exists already"
    STALE_VERSION = "stale-version", 409, "The version is not the current one"
    WRONG_STATE = "wrong-state", 409, "Its state does not allow this"
    TOO_EARLY = "too-early", 409, "It is not time yet"
    NOT_PENDING = "not-pending", 409, "Nothing of this kind is pending"
    PRIORITY = "priority", 403, "The charter does not grant this priority"
    CLAIM = "claim", 429, "The party's claim on the space is used up"
    BUDGET = "budget", 429, "The party's checking budget is used up"
    CONTRADICTION = "contradiction", 409, "The text says another thing than the geometry"
    OWN_REGISTER = "own-register", 409, "Entries of your own register lie inside"
    UNREVIEWED = "unreviewed", 409, "It meets your own register, and no second person has reviewed that"
    CONFLICT_OPEN = "conflict-open", 409, "An unsettled conflict blocks this"
    MISSING_OVN = "missing-ovn", 409, "The key lacks intents that are too near"
    NOT_COVERED = "not-covered", 400, "The subscription does not cover the intent"
    OPEN_ITEMS = "open-items", 409, "Open items stand in the way"
    DOWN = "down", 412, "The supplier is marked as down"
    CONCURRENCE_MISSING = "concurrence-missing", 409, "A concurrence that the charter asks for is missing"
    # the node cannot
    CLOCK = "clock", 503, "The node's clock cannot be trusted, so it does not decide"
    STORAGE = "storage", 503, "The ledger cannot be written"
    KEYS_UNREACHABLE = "keys-unreachable", 503, "The keys of the token's issuer cannot be had"
    SET_ASIDE = "set-aside", 500, "The command tripped a check of the house and was set aside"


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """One reason, where it holds, and what would have been right.

    `field` is a path into the input ("volumes[2].outline.ring"), `limit` a phrase that states the rule with its
    figure and unit, `received` what stood there instead, at most 80 characters.
    """

    reason: Reason
    field: str
    limit: str
    received: str = ""

    def sentence(self) -> str:
        """One clear sentence: what was wrong, where, which limit, what was received."""
        where = f" at {self.field}" if self.field else ""
        got = f"; received {self.received}" if self.received else ""
        return f"{self.reason.heading}{where}: {self.limit}{got}."


def refuse(reason: Reason, field: str, limit: str, received: object = "") -> Refusal:
    """A refusal whose `received` is shortened and printable, whatever was sent."""
    shown = received if isinstance(received, str) else repr(received)
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown[: SHOWN_CHARACTERS + 1])
    if len(shown) > SHOWN_CHARACTERS:
        shown = shown[: SHOWN_CHARACTERS - 1] + "…"
    return Refusal(reason, field, limit, shown)
