"""What a server of operational intent references answers, as far as planners need it.

In:  bodies and headers of answers.
Out: references, messages, seconds to wait; None where something is not there or is of another form.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import msgspec

from wideberth.load.line import Reply

T = TypeVar("T")


class Reference(msgspec.Struct):
    """A reference to an intent; `ovn` only for its manager."""

    id: str = ""
    ovn: str | None = None
    uss_base_url: str = ""
    subscription_id: str = ""


class _Changed(msgspec.Struct):
    operational_intent_reference: Reference


class _Missing(msgspec.Struct):
    missing_operational_intents: list[Reference] | None = None


class _Detail(msgspec.Struct):
    reference: Reference


class _Details(msgspec.Struct):
    operational_intent: _Detail


class _Said(msgspec.Struct):
    message: str = ""
    detail: str = ""


CHANGED: Final = msgspec.json.Decoder(_Changed)
MISSING: Final = msgspec.json.Decoder(_Missing)
DETAIL: Final = msgspec.json.Decoder(_Details)
SAID: Final = msgspec.json.Decoder(_Said)


def read(decoder: msgspec.json.Decoder[T], body: bytes) -> T | None:
    """The value behind a body; None where it is of another form."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def message_of(reply: Reply) -> str:
    """What a refusal says, in short."""
    said = read(SAID, reply.body)
    return (said.message or said.detail if said is not None else "")[:200]


def retry_after_s(text: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None where it says nothing readable."""
    if text.strip().isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
