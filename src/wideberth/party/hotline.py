"""What the watches of parties say to one another: the commands of the hotline.

In:  frozen values that a watch signs; texts and volumes travel beside them as parts.
Out: the union `HotlineCommand`.
A message has one sender, an id of the sender's and a version; a new version voids what was acknowledged of the old.
Roles acknowledge, not persons: an acknowledgement names the cell for which it is given.
"""

from enum import StrEnum

import msgspec

from wideberth.space.volume import Circle, Polygon


class Struct(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Common form: frozen, positional, no unknown fields."""


class Precedence(StrEnum):
    """How soon a message has to be acknowledged; the charter says the times."""

    FLASH = "flash"
    IMMEDIATE = "immediate"
    PRIORITY = "priority"
    ROUTINE = "routine"


class MessageKind(StrEnum):
    """What a message is."""

    NOTICE = "notice"
    QUERY = "query"
    STOP = "stop"


class AnswerKind(StrEnum):
    """What a cell answers. "Not ours" and "unknown" are answers of their own and close nothing."""

    NOT_AFFECTED = "not-affected"
    CONFLICT = "conflict"
    NOT_OURS = "not-ours"
    UNKNOWN = "unknown"
    DECLINED = "declined"


class Path(StrEnum):
    """The two ways on which a line is checked."""

    FIRST = "first"
    SECOND = "second"


class Cell(Struct, frozen=True):
    """A unit that must know: a squadron, a battery, a convoy control. `above` is the cell that answers for it."""

    code: str
    above: str
    name: str
    languages: tuple[str, ...]
    """Of its watch and its interpreters."""
    area: Circle | Polygon | None = None
    """Where it acts; None: wherever its party does."""


class SetTree(Struct, frozen=True, tag="set_tree"):
    """The sender's cells, all of them; they replace those that it had."""

    cells: tuple[Cell, ...]


class Send(Struct, frozen=True, tag="send"):
    """A notice or query, new (`replaces` 0) or its next version. Its geometry is a plan's, or its own."""

    message: bytes
    replaces: int
    kind: MessageKind
    precedence: Precedence
    to: tuple[str, ...]
    phrase: str
    """A code of the closed set of phrases; empty for free text alone."""
    text: int | None = None
    volumes: int | None = None
    operation: bytes | None = None
    """The sender's own plan from which the geometry is taken."""
    conflict: bytes | None = None
    """The conflict that it belongs to."""
    drill: bool = False


class Stop(Struct, frozen=True, tag="stop"):
    """Stop, now. It goes to every party, and nothing holds it up: what is odd about it is shown beside it."""

    message: bytes
    phrase: str
    text: int | None = None
    volumes: int | None = None
    drill: bool = False


class MessageSubject(Struct, frozen=True):
    """A version of somebody's message."""

    sender: str
    message: bytes
    version: int


class Acknowledge(Struct, frozen=True, tag="acknowledge"):
    """A cell has received a message; with `echo` it reads back what it understood."""

    subject: MessageSubject
    cell: str
    echo: tuple[str, ...] = ()


class AnswerMessage(Struct, frozen=True, tag="answer_message"):
    """What a cell answers."""

    subject: MessageSubject
    cell: str
    answer: AnswerKind
    text: int | None = None


class CancelMessage(Struct, frozen=True, tag="cancel_message"):
    """The sender takes a message back."""

    message: bytes
    version: int


class Doubt(Struct, frozen=True, tag="doubt"):
    """One person doubts a message; it holds until a second one has reviewed it."""

    doubt: bytes
    subject: MessageSubject
    text: int


class Review(Struct, frozen=True, tag="review"):
    """A second person of the same party has looked at a doubt."""

    doubt: bytes
    text: int


class CheckLine(Struct, frozen=True, tag="check_line"):
    """Is the line alive? The other end answers on the same path."""

    check: bytes
    to: str
    path: Path


class AnswerCheck(Struct, frozen=True, tag="answer_check"):
    """It is."""

    sender: str
    check: bytes


class HandOver(Struct, frozen=True, tag="hand_over"):
    """The watch of a cell is offered to another key. Critical items that nobody acknowledged forbid it, unless for a
    stated reason."""

    cell: str
    to: bytes
    reason: int | None = None


class TakeOver(Struct, frozen=True, tag="take_over"):
    """The successor signs for each open item, by its number."""

    cell: str
    items: tuple[bytes, ...]


HotlineCommand = (
    SetTree
    | Send
    | Stop
    | Acknowledge
    | AnswerMessage
    | CancelMessage
    | Doubt
    | Review
    | CheckLine
    | AnswerCheck
    | HandOver
    | TakeOver
)
