"""What the hotline adds to an entry: what apply writes of it, and the items of its notices.

In:  built by the files of the hotline.
Out: frozen values, parts of `outcome.Effects` and `outcome.Notice`.
A sender learns how far a message has come with a party, never with which of its cells: that would tell where they are.
"""

from wideberth.party.struct import Struct


class Owed(Struct, frozen=True):
    """A cell that has to acknowledge a message, and until when."""

    party: str
    cell: str
    due_us: int


class HotlineEffects(Struct, frozen=True):
    """What a command of the hotline, or a deadline of it, makes of the rows that it concerns."""

    to: tuple[str, ...] = ()
    """The receivers: of a message that is sent, or those whom a query goes to besides."""
    owed: tuple[Owed, ...] = ()
    text: int | None = None
    volumes: int | None = None
    """Places of parts, as far as they fit what the command says of them."""
    end_us: int = 0
    late: bool = False
    off_watch: bool = False
    reach: str = ""
    """What the message has reached of the cell that speaks; empty where that does not change."""
    proxy: bool = False
    rung: int = 0
    due_us: int = 0
    """The next deadline of the obligation or line; 0: none."""
    effective: bool = False
    """Of the message, from now on."""
    state: str = ""
    """The next one of the message or line; empty where it does not change."""


class MessageItem(Struct, frozen=True, tag="message"):
    """A message was sent, or its next version; `cells` are the reader's that have to acknowledge it."""

    sender: str
    message: bytes
    version: int
    kind: str
    precedence: str
    phrase: str
    text: bytes | None
    """Commitment of the text part."""
    where: bool
    """It has geometry."""
    read_back: bool
    cells: tuple[str, ...]
    due_us: int
    """Acknowledge by; 0 for the sender's own copy."""
    drill: bool
    late: bool
    off_watch: bool
    contradictions: tuple[tuple[str, str], ...] = ()
    """What the text says otherwise than the geometry: what was said, and what the geometry says."""


class ReachItem(Struct, frozen=True, tag="reach"):
    """A message has come further: with a cell of the reader's, or (`cell` None) with a whole party."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str | None
    reach: str
    effective: bool


class EchoItem(Struct, frozen=True, tag="echo"):
    """A message was read back wrongly: item by item what was said, what is right, what is wrong with it."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str | None
    differences: tuple[tuple[str, str, str, str], ...]


class RungItem(Struct, frozen=True, tag="rung"):
    """Nobody acknowledged in time. To the party: which cell, and who is asked. To the sender (None): which party."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str | None
    rung: int
    asked: str
    """The cell above, empty for the whole party."""
    path: str


class ReplyItem(Struct, frozen=True, tag="reply"):
    """A cell answered a message; the sender learns the party alone."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str | None
    answer: str
    text: bytes | None


class MessageStateItem(Struct, frozen=True, tag="message-state"):
    """A message was cancelled, answered, has expired, or (a query) goes to more parties: "widened"."""

    sender: str
    message: bytes
    version: int
    what: str


class DoubtItem(Struct, frozen=True, tag="doubt"):
    """Somebody doubts a message, or ("reviewed") a second person of that party has looked at it.

    `party` is empty where the reader does not learn whose doubt it is.
    """

    sender: str
    message: bytes
    version: int
    party: str
    doubt: bytes
    what: str
    text: bytes | None


class LineItem(Struct, frozen=True, tag="line"):
    """A line is checked ("check"), was answered ("up") or missed a check ("missed", "degraded", "lost")."""

    first: str
    second: str
    path: str
    check: bytes
    what: str


class WatchItem(Struct, frozen=True, tag="watch"):
    """The watch of a cell of the reader's is "offered" or was "taken"."""

    cell: str
    what: str
    key: bytes


class HandedItem(Struct, frozen=True, tag="handed"):
    """A message was handed over on a route, or ("failed", to its receiver alone) could not be. The sender (`cell` None)
    learns the kind of route alone; handed over is not received."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str | None
    asked: str
    path: str
    route: str
    outcome: str
    at_us: int
