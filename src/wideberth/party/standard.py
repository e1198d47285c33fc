"""What a supplier says through the standards' doors: references, subscriptions, availability, reports.

In:  frozen values that the API makes of ASTM F3548-21 and F3411-22a requests; volumes travel beside them as parts.
Out: the union `StandardCommand`; `Vouch`, which carries one of them; the codes and ids that follow from a token.
A supplier has no key of the theatre. Its commands are vouched for: the node signs that a token of this issuer for this
subject brought these bytes. So none of them concurs, accepts a risk or manages keys: there is no such command here.
"""

import base64
import hashlib
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from wideberth.party.identity import PARTY_CHARACTERS_MAX
from wideberth.party.struct import Struct

SUPPLIER_PREFIX: Final = "U-"
"""With this a supplier's code begins, and no other party's."""
_NAMED: Final = 7
"""Characters of a supplier's code that its subject gives; six more tell subjects apart that begin alike."""


class Kind(StrEnum):
    """What a reference refers to."""

    INTENT = "intent"
    CONSTRAINT = "constraint"
    SERVICE_AREA = "service_area"


class Standard(StrEnum):
    """Whose subscription it is."""

    F3548 = "f3548"
    F3411 = "f3411"


class Availability(StrEnum):
    """UssAvailabilityState of ASTM F3548-21, A4."""

    UNKNOWN = "Unknown"
    NORMAL = "Normal"
    DOWN = "Down"


class Supplier(NamedTuple):
    """Who a token speaks for."""

    issuer: str
    subject: str

    @property
    def party(self) -> str:
        """Its code in the theatre: its own letters, and six that follow from issuer and subject."""
        return _code(self.issuer, self.subject)


@lru_cache(1_024)
def _code(issuer: str, subject: str) -> str:
    named = "".join(c for c in subject.upper() if c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")[:_NAMED]
    digest = hashlib.sha256(f"{issuer}\n{subject}".encode()).digest()
    code = f"{SUPPLIER_PREFIX}{named}-{base64.b32encode(digest)[:6].decode()}"
    assert len(code) <= PARTY_CHARACTERS_MAX
    return code


class Implicit(Struct, frozen=True):
    """A subscription that an intent makes for itself (`new_subscription`)."""

    url: str
    constraints: bool


class Intent(Struct, frozen=True):
    """What a reference to an operational intent has beside where it is."""

    state: str
    """Accepted, Activated, Nonconforming or Contingent."""
    key: tuple[str, ...] = ()
    """The OVNs that its supplier knows of."""
    subscription: bytes | None = None
    implicit: Implicit | None = None
    suffix: str = ""
    """`requested_ovn_suffix`: the OVN becomes the id, an underscore and this."""


class PutReference(Struct, frozen=True, tag="put_reference"):
    """A new reference (`replaces` empty) or its next version (`replaces` = the OVN or version it has)."""

    kind: Kind
    entity: bytes
    replaces: str
    url: str
    volumes: int
    intent: Intent | None = None


class DropReference(Struct, frozen=True, tag="drop_reference"):
    """Ends a reference."""

    kind: Kind
    entity: bytes
    replaces: str


class Subscribe(Struct, frozen=True, tag="subscribe"):
    """A new subscription or its next version."""

    standard: Standard
    subscription: bytes
    replaces: str
    url: str
    volumes: int
    hears: tuple[Kind, ...]


class Unsubscribe(Struct, frozen=True, tag="unsubscribe"):
    """Ends a subscription."""

    standard: Standard
    subscription: bytes
    replaces: str


class SetAvailability(Struct, frozen=True, tag="set_availability"):
    """Whether a supplier can be reached, as an arbiter says."""

    uss: str
    replaces: str
    availability: Availability


class Report(Struct, frozen=True, tag="report"):
    """A problem that a supplier reports; its JSON stands in a text part, and goes on in those after it."""

    text: int


StandardCommand = PutReference | DropReference | Subscribe | Unsubscribe | SetAvailability | Report


class Vouch(Struct, frozen=True, tag="vouch"):
    """The node's word that a token of `issuer` for `subject` brought this command."""

    issuer: str
    subject: str
    request: bytes
    """SHA-256 over manager, method, path and body: by it a repeat is known."""
    command: StandardCommand

    @property
    def supplier(self) -> Supplier:
        """Who the token speaks for."""
        return Supplier(self.issuer, self.subject)


def uuid4_of(*values: bytes | str) -> bytes:
    """A UUID of the form of version 4 (RFC 9562, 5.4) that follows from values and tells nothing of them."""
    text = b"\n".join(v.encode() if isinstance(v, str) else v for v in values)
    made = bytearray(hashlib.sha256(b"wideberth/uuid/1\n" + text).digest()[:16])
    made[6] = made[6] & 0x0F | 0x40
    made[8] = made[8] & 0x3F | 0x80
    return bytes(made)


def opaque_of(*values: bytes | str) -> str:
    """22 characters, safe in a path, that change with every value: an OVN, a version."""
    text = b"\n".join(v.encode() if isinstance(v, str) else v for v in values)
    return base64.urlsafe_b64encode(hashlib.sha256(b"wideberth/ovn/1\n" + text).digest()[:16]).rstrip(b"=").decode()
