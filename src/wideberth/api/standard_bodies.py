"""What the standards' requests bring, read: the bodies of ASTM F3548-21 and F3411-22a.

In:  bytes of a body. Out: one of the forms below, spelt as the standards spell them; unknown members are ignored.
Refuses (MALFORMED unless said): what is no JSON; members that are missing or of another type, by path; ids that are no
UUIDs of version 4; keys that are too long (OUT_OF_RANGE); addresses that notices may not be sent to.
"""

import re
from functools import cache, lru_cache
from typing import Final, Literal, TypeVar, cast

import msgspec

from wideberth.delivery.destination import uss_url
from wideberth.intake.f3548 import Missing
from wideberth.intake.standard import Form, Time, Volume4D, read_again
from wideberth.limits import KEY_MAX, OVN_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal, refuse

T = TypeVar("T", bound=Form)
NULL_ID: Final = bytes.fromhex("00000000000040008000000000000000")
"""The subscription of an intent that has none (F3548-21 has no word for it; other DSSs write this)."""
UUID4: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_AT: Final = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
VOLUMES: Final = ("extents", "area_of_interest")
"""Members that hold volumes, which a reader of their own names exactly."""

State = Literal["Accepted", "Activated", "Nonconforming", "Contingent"]
Availability = Literal["Unknown", "Normal", "Down"]


class ImplicitSubscriptionParameters(Form):
    """A subscription that an intent makes for itself."""

    uss_base_url: str
    notify_for_constraints: bool | None = None


class PutOperationalIntentReferenceParameters(Form):
    """A new operational intent reference, or its next version."""

    extents: list[Volume4D]
    state: State
    uss_base_url: str
    key: list[str] | None = None
    subscription_id: str | None = None
    new_subscription: ImplicitSubscriptionParameters | None = None
    requested_ovn_suffix: str | None = None


class PutConstraintReferenceParameters(Form):
    """A new constraint reference, or its next version."""

    extents: list[Volume4D]
    uss_base_url: str


class PutSubscriptionParameters(Form):
    """A new subscription of F3548-21, or its next version."""

    extents: Volume4D
    uss_base_url: str
    notify_for_operational_intents: bool | None = None
    notify_for_constraints: bool | None = None


class PutArea(Form):
    """A new identification service area or subscription of F3411-22a, or its next version."""

    extents: Volume4D
    uss_base_url: str


class Query(Form):
    """A search."""

    area_of_interest: Volume4D


class SetUssAvailabilityStatusParameters(Form):
    """An arbiter's word."""

    availability: Availability
    old_version: str | None = None


class SubscriptionState(Form):
    """A subscription and its notification index."""

    subscription_id: str
    notification_index: int | None = None


class NotifiedReference(Form):
    """What a notice's reference is read for: which, and whose."""

    id: str
    manager: str
    version: int


class NotifiedDetails(Form):
    """Where a notified thing is; read, and not kept."""

    volumes: list[Volume4D] | None = None
    off_nominal_volumes: list[Volume4D] | None = None


class Notified(Form):
    """A thing that a notice tells of."""

    reference: NotifiedReference
    details: NotifiedDetails


class PutOperationalIntentDetailsParameters(Form):
    """Another supplier's word that its intent has changed; no `operational_intent`: it was deleted."""

    operational_intent_id: str
    subscriptions: list[SubscriptionState]
    operational_intent: Notified | None = None


class PutConstraintDetailsParameters(Form):
    """The same of a constraint."""

    constraint_id: str
    subscriptions: list[SubscriptionState]
    constraint: Notified | None = None


class ExchangeRecord(Form, omit_defaults=True):
    """A request and its answer; told again without what was left out."""

    url: str
    method: str
    recorder_role: Literal["Client", "Server"]
    request_time: Time
    headers: list[str] | None = None
    request_body: str | None = None
    response_time: Time | None = None
    response_body: str | None = None
    response_code: int | None = None
    problem: str | None = None


class ErrorReport(Form, omit_defaults=True):
    """A problem in an exchange."""

    exchange: ExchangeRecord
    report_id: str | None = None


@cache
def _decoder(form: type[Form]) -> "msgspec.json.Decoder[Form]":
    return msgspec.json.Decoder(form)


def read_body(data: bytes, form: type[T], missing: Missing | None = None) -> T | Refusal:
    """A body as its form, or what is wrong with it, and where. `missing`: what its volume may leave out."""
    try:
        return cast(T, _decoder(form).decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not data.strip():
            return refuse(Reason.MALFORMED, "body", "JSON in UTF-8", "nothing")
        for name in VOLUMES:
            found = read_again(data, name, missing) if name in form.__struct_fields__ else ()
            if isinstance(found, Refusal):
                return found
        return _refusal(error)


def _refusal(error: Exception) -> Refusal:
    """The decoder's sentence as a refusal with a path."""
    if not isinstance(error, msgspec.ValidationError):
        return refuse(Reason.MALFORMED, "body", "JSON in UTF-8, nested less deep than 100 levels", str(error))
    parts = _AT.fullmatch(str(error))
    assert parts is not None
    said, path = parts[1], parts[2] or ""
    missing = _MISSING.fullmatch(said)
    if missing is not None:
        path = f"{path}.{missing[1]}" if path else missing[1]
        return refuse(Reason.MALFORMED, path, "required", "nothing")
    return refuse(Reason.MALFORMED, path or "body", said[:1].lower() + said[1:].replace("`", ""))


def id_of(text: str, field: str) -> bytes | Refusal:
    """The 16 bytes of a UUID of version 4."""
    if UUID4.fullmatch(text) is None:
        return refuse(Reason.MALFORMED, field, "a UUID of version 4 (RFC 9562)", text or "nothing")
    return bytes.fromhex(text.replace("-", ""))


def optional_id(text: str | None, field: str) -> bytes | Refusal | None:
    """The same, where it may be absent, empty, or the id that stands for none."""
    found = id_of(text, field) if text else None
    return None if found == NULL_ID else found


def check_key(key: list[str]) -> Refusal | None:
    """A key has so many OVNs, each so long."""
    if len(key) > KEY_MAX:
        return refuse(Reason.OUT_OF_RANGE, "key", f"at most {KEY_MAX:,} OVNs", len(key))
    for i, ovn in enumerate(key):
        if len(ovn) > OVN_CHARACTERS_MAX:
            return refuse(Reason.OUT_OF_RANGE, f"key[{i}]", f"at most {OVN_CHARACTERS_MAX} characters", ovn)
    return None


@lru_cache(maxsize=4_096)
def check_url(text: str, http: bool, field: str = "uss_base_url") -> Refusal | None:
    """An address that notices may be sent to; `http`: whether http may be."""
    found = uss_url(text, http)
    return msgspec.structs.replace(found, field=field) if isinstance(found, Refusal) else None
