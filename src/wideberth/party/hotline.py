"""What the watches of parties say to one another: the commands of the hotline.

In:  frozen values that a watch signs; texts and volumes travel beside them as parts.
Out: the union `HotlineCommand`.
A message has one sender, an id of the sender's and a version; a new version voids what was acknowledged of the old.
Roles acknowledge, not persons: an acknowledgement names the cell for which it is given.
"""

from enum import StrEnum

from wideberth.party.struct import Struct
from wideberth.space.volume import Circle, Polygon


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


class SetPaths(Struct, frozen=True, tag="set_paths"):
    """Where a cell is reached beside the stream; the routes are an attached part. None: by the stream alone."""

    cell: str
    """Empty for the party, and for its cells that have no routes of their own."""
    paths: int | None


class Delivery(Struct, frozen=True):
    """One route to a cell, and what became of a message on it. Handed over is not received."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str
    """That owes."""
    asked: str
    """Whose route it was: the same, or who is asked instead by now."""
    path: Path
    route: str
    """"webhook", "mail" or "push"."""
    outcome: str
    """"handed" to whoever runs the route's other end, or "failed"."""
    at_us: int


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
    knowing: tuple[bytes, ...] = ()
    """Entries of the sender's own register of which it knows that they lie inside."""


class Stop(Struct, frozen=True, tag="stop"):
    """Stop, now. It goes to every party, and nothing holds it up: what is odd about it is shown beside it."""

    message: bytes
    phrase: str
    """As of a message; what is no code is left out."""
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
    onward: int | None = None
    """In words, to whom the cell has passed it on; its own party alone reads it."""


class AnswerMessage(Struct, frozen=True, tag="answer_message"):
    """What a cell answers."""

    subject: MessageSubject
    cell: str
    answer: AnswerKind
    text: int | None = None


class Reject(Struct, frozen=True, tag="reject"):
    """A cell cannot use a message as it is (garbled, not for it, impossible) and says why: the sender has to act."""

    subject: MessageSubject
    cell: str
    text: int


class CancelMessage(Struct, frozen=True, tag="cancel_message"):
    """The sender takes a message back; a STOP, whoever is on watch."""

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


class Contact(Struct, frozen=True):
    """Whom to call at a party: a role, never a person. Level 1 is its watch, 3 who decides for it."""

    level: int
    role: str
    number: str
    languages: tuple[str, ...]
    interpreter: bool = False


class Contacts(Struct, frozen=True, tag="contacts"):
    """A party's contacts, beside `SetContacts`."""

    contacts: tuple[Contact, ...]


class SetContacts(Struct, frozen=True, tag="set_contacts"):
    """The sender's contacts, all of them, for every member to call when a line fails."""

    contacts: int


HotlineCommand = (
    SetTree
    | SetPaths
    | Send
    | Stop
    | Acknowledge
    | AnswerMessage
    | Reject
    | CancelMessage
    | Doubt
    | Review
    | CheckLine
    | AnswerCheck
    | HandOver
    | TakeOver
    | SetContacts
)


# said by the sequencer alone


class Delivered(Struct, frozen=True, tag="delivered"):
    """What became of urgent messages on the routes of their receivers."""

    rows: tuple[Delivery, ...]
