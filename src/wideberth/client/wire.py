"""What a node answers, typed: the JSON of the API as a party's client reads it.

In:  bytes of a response body.
Out: frozen values. Members that are not known here are passed over, so that an older client reads a newer node.
Raises `BadAnswer` where what came is not what the API says: then the other end is no node, or not a sound one.

Times are aware datetimes in UTC, ids UUIDs, positions numbers of ledger entries; bytes travel as base64url.
"""

import base64
import binascii
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec


class BadAnswer(Exception):
    """What came back is not what the API says."""


class Base64(bytes):
    """Bytes that travel as base64url without padding."""


class Wire(msgspec.Struct, frozen=True):
    """Common form: frozen, unknown members passed over."""


class AsOf(Wire, frozen=True):
    """The ledger position that an answer was made at."""

    position: int
    time: datetime
    root: Base64 | None = None


class About(Wire, frozen=True):
    """Which theatre this is, and by which key its node signs."""

    theatre: str
    name: str
    epoch: int
    origin: str
    exercise: bool
    genesis: Base64
    node_key: Base64
    version: str
    decide_version: int
    not_certified: str = ""


class Altitude(Wire, frozen=True):
    """A height with its unit and what it is counted from."""

    value: float
    unit: str
    reference: str


class Ring(Wire, frozen=True, tag_field="type", tag="Polygon"):
    """A closed ring, [lon, lat] in degrees, as in GeoJSON."""

    coordinates: tuple[tuple[tuple[float, float], ...], ...]


class Disc(Wire, frozen=True, tag_field="type", tag="Circle"):
    """A circle: centre [lon, lat] in degrees, radius in metres."""

    center: tuple[float, float]
    radius_m: float


Outline = Ring | Disc


class Volume(Wire, frozen=True):
    """An outline, an altitude band, a time window."""

    outline: Outline
    lower: Altitude
    upper: Altitude
    start: datetime
    end: datetime


class Concurred(Wire, frozen=True):
    """Who concurred with a plan, and when."""

    party: str
    time: datetime


class Flown(Wire, frozen=True):
    """By what the aircraft of a plan are known to feeds."""

    addresses: tuple[str, ...] = ()
    callsigns: tuple[str, ...] = ()


class Operation(Wire, frozen=True):
    """An operation that the reader may see: its own, or an open one."""

    id: UUID
    party: str
    mine: bool
    version: int
    state: str
    priority: int
    domain: str
    crewed: bool
    activity: str
    disclosure: str
    label: str | None
    note: str | None
    volumes: tuple[Volume, ...]
    planned: datetime
    position: int
    confirm_by: datetime | None = None
    blocked_by: tuple[UUID, ...] = ()
    missing: tuple[str, ...] = ()
    concurred: tuple[Concurred, ...] = ()
    aircraft: Flown | None = None
    """Of the reader's own."""


class Thing(Wire, frozen=True):
    """A constraint, or a protected place of the reader's own."""

    id: UUID
    party: str
    mine: bool
    what: str
    kind: str
    version: int
    label: str | None
    note: str | None
    volumes: tuple[Volume, ...]
    verified: datetime | None = None
    verifier: str | None = None
    review_by: datetime | None = None
    review_overdue: bool = False


class Mine(Wire, frozen=True):
    """The reader's side of a conflict."""

    what: str
    id: UUID
    version: int
    label: str | None


class Other(Wire, frozen=True):
    """The peer's side: no name where its plan is private."""

    party: str | None
    name: str | None
    what: str
    label: str | None


class Place(Wire, frozen=True):
    """Where a conflict is; distances are signed metres, 0 or less an overlap. `at` is [lon, lat]."""

    outline: Outline | None
    shows: str
    lower: Altitude
    upper: Altitude
    start: datetime
    end: datetime
    at: tuple[float, float]
    horizontal_m: float
    vertical_m: float
    minimum_horizontal_m: float
    minimum_vertical_m: float


class Change(Wire, frozen=True):
    """What a proposal would change: a shift of "mine" or "other", a reroute, or a procedure in words."""

    kind: str
    whose: str = ""
    start_s: float = 0
    altitude_m: float = 0
    text: str | None = None


class Proposal(Wire, frozen=True):
    """A way to settle a conflict; `by` is None where the peer is unnamed."""

    id: UUID
    by: str | None
    mine: bool
    change: Change
    state: str
    time: datetime
    note: str | None = None


class Said(Wire, frozen=True):
    """One line of the talk."""

    time: datetime
    position: int
    by: str | None
    mine: bool
    what: str
    text: str | None = None


class Conflict(Wire, frozen=True):
    """A conflict as the reader may see it."""

    id: UUID
    label: str
    state: str
    severity: str
    mine: Mine
    other: Other
    places: tuple[Place, ...]
    opened: datetime
    position: int
    settle_by: datetime
    overdue: bool
    blocks: str
    proposals: tuple[Proposal, ...]
    accepted_by: tuple[str | None, ...]
    said: tuple[Said, ...]
    sees: dict[str, tuple[str, ...]] = {}


class AskedOperation(Wire, frozen=True):
    """Whose plan asks."""

    party: str
    id: UUID
    version: int
    label: str | None


class AskedPlace(Wire, frozen=True):
    """What of that plan lies inside the area."""

    outline: Outline | None
    lower: Altitude
    upper: Altitude
    start: datetime
    end: datetime


class Asked(Wire, frozen=True):
    """A plan of somebody's that needs the reader's concurrence."""

    operation: AskedOperation
    area: str
    places: tuple[AskedPlace, ...]
    start: datetime | None
    state: str
    time: datetime


class Me(Wire, frozen=True):
    """Who reads."""

    party: str
    name: str
    role: str
    watch_key_expires: datetime | None = None


class View(Wire, frozen=True):
    """Everything that the reader may see now."""

    as_of: AsOf
    open_version: int
    me: Me
    operations: tuple[Operation, ...]
    constraints: tuple[Thing, ...]
    protected: tuple[Thing, ...]
    conflicts: tuple[Conflict, ...]
    asked: tuple[Asked, ...]
    budget: dict[str, float] = {}
    claim: dict[str, float] = {}
    unlisted: int = 0


class Challenge(Wire, frozen=True):
    """What to sign in order to read."""

    challenge: Base64
    expires: datetime


class Session(Wire, frozen=True):
    """A read session."""

    session: str
    expires: datetime
    party: str


class Receipt(Wire, frozen=True):
    """The node's signed word that a command stands in an entry; the fields of `sequencer.Receipt`."""

    context: str
    genesis: Base64
    sequence: int
    time_us: int
    leaf_hash: Base64
    command_digest: Base64
    signature: Base64


class Option(Wire, frozen=True):
    """A change that would clear a conflict, and against what it was tested."""

    change: Change
    clears: str
    checked: str
    start: datetime | None = None


class Options(Wire, frozen=True):
    """What would clear a conflict."""

    as_of: AsOf
    options: tuple[Option, ...]


class NoticeRow(Wire, frozen=True):
    """A notice as it is read: its place in the reader's chain, and what it says."""

    number: int
    position: int
    time: datetime
    head: Base64
    kind: str
    body: Any
    content: Base64 | None = None
    salt: Base64 | None = None


class Notices(Wire, frozen=True):
    """A page of notices."""

    as_of: AsOf
    notices: tuple[NoticeRow, ...]
    next: int | None = None


class Tick(Wire, frozen=True):
    """The node is alive, and this is how far the ledger goes."""

    position: int
    time: datetime
    open_version: int
    node_time: datetime
    checkpoint: str | None = None


class Answer(Wire, frozen=True):
    """A command was accepted: where it stands, the receipt, what it opened."""

    outcome: str
    position: int
    time: datetime
    receipt: Receipt
    conflicts: tuple[Conflict, ...] = ()
    statement: str = ""
    version: int = 0
    late: bool = False
    overlaps: tuple[Any, ...] = ()


class Problem(Wire, frozen=True):
    """A refusal as RFC 9457 problem details; `receipt` where it stands in the ledger."""

    status: int
    title: str = ""
    detail: str = ""
    reason: str = ""
    field: str = ""
    limit: str = ""
    received: str = ""
    position: int | None = None
    receipt: Receipt | None = None

    def sentence(self) -> str:
        """One sentence for people."""
        return self.detail or self.title or f"The node answered {self.status}."


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes behind base64url without padding; ValueError where it is none."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64url: {text[:20]}") from error
    return data


def _hook(wanted: type, value: Any) -> Any:
    if wanted is Base64 and isinstance(value, str):
        return Base64(unb64(value))
    raise ValueError(f"no {wanted.__name__}")


_T = TypeVar("_T")


def read(data: bytes | str, form: type[_T]) -> _T:
    """The value behind a body; BadAnswer where it is not of this form."""
    try:
        return msgspec.json.decode(data, type=form, dec_hook=_hook)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadAnswer(f"The node's answer is no {form.__name__}: {error}.") from error
