"""The rows of the hotline: cells, messages, what each cell owes, doubts, lines, watches.

In:  written by `apply`, and by nothing else.
Out: plain values, and what follows from them: whether a message is effective, who has to act.
"""

from enum import StrEnum
from typing import Final

import msgspec

from wideberth.party.hotline import Cell, MessageKind, Path, Precedence
from wideberth.theatre.lifecycle import LineState, Reach
from wideberth.theatre.rows import Held

CRITICAL: Final[tuple[Precedence, ...]] = (Precedence.FLASH, Precedence.IMMEDIATE)
"""What has to be acknowledged before a watch may be handed over."""
PRECEDENCES: Final = tuple(Precedence)


class MessageState(StrEnum):
    """Where a version of a message stands with its sender."""

    OPEN = "open"
    ANSWERED = "answered"
    """A query that somebody knows about, or that concerns nobody."""
    EXPIRED = "expired"
    """Its window is over, and not everybody had acknowledged it."""
    CANCELLED = "cancelled"


def needs(kind: MessageKind, precedence: Precedence, where: bool) -> Reach:
    """How far a message has to come: a notice with geometry that is more than routine has to be read back."""
    urgent = precedence is not Precedence.ROUTINE
    return Reach.READ_BACK if kind is MessageKind.NOTICE and where and urgent else Reach.RECEIVED


class Answered(msgspec.Struct, frozen=True, gc=False):
    """What a cell answered."""

    party: str
    cell: str
    answer: str
    """An `AnswerKind`, or "rejected"."""
    time_us: int
    text: Held | None = None


class Message(msgspec.Struct, gc=False):
    """A message as its current version stands."""

    sender: str
    id: bytes
    version: int
    kind: MessageKind
    precedence: Precedence
    to: tuple[str, ...]
    phrase: str
    drill: bool
    sent_us: int
    sequence: int
    text: Held | None
    volumes: Held | None
    operation: bytes = b""
    conflict: bytes = b""
    late: bool = False
    off_watch: bool = False
    end_us: int = 0
    """When its last window is over; 0 where it has none."""
    state: MessageState = MessageState.OPEN
    effective_us: int = 0
    closed_us: int = 0
    answers: tuple[Answered, ...] = ()
    """The last one of each cell."""
    doubts: tuple[tuple[str, bytes], ...] = ()
    """Doubts that nobody has reviewed, by party and id."""

    @property
    def key(self) -> tuple[str, bytes]:
        """Its sender and id."""
        return self.sender, self.id

    @property
    def needs(self) -> Reach:
        """How far it has to come."""
        return needs(self.kind, self.precedence, self.volumes is not None)


class Obligation(msgspec.Struct, gc=False):
    """What one cell of one party owes to one message: that somebody acknowledges it."""

    id: bytes
    sender: str
    message: bytes
    version: int
    party: str
    cell: str
    reach: Reach
    rung: int
    due_us: int
    """When the next rung comes; 0: somebody has it."""
    proxy: bool = False
    """Somebody else than the watch of the cell acknowledged: it is not effective by that."""
    key: bytes = b""
    """Who acknowledged, and when."""
    time_us: int = 0
    onward: Held | None = None
    """To whom the cell says that it has passed it on."""
    handed: tuple[tuple[str, str], ...] = ()
    """Paths and kinds of routes on which it was handed over. That is not received."""

    @property
    def message_key(self) -> tuple[str, bytes]:
        """The message's sender and id."""
        return self.sender, self.message


class DoubtRow(msgspec.Struct, gc=False):
    """A doubt that waits for a second person."""

    id: bytes
    party: str
    key: bytes
    """Who doubted: another key has to review it."""
    sender: str
    message: bytes
    version: int
    text: Held
    time_us: int
    reviewed_us: int = 0

    @property
    def ref(self) -> tuple[str, bytes]:
        """Who doubts, and the doubt's id."""
        return self.party, self.id


class Line(msgspec.Struct, gc=False):
    """The line from one party to another on one path, as the comm checks found it."""

    id: bytes
    first: str
    second: str
    path: Path
    state: LineState = LineState.UP
    misses: int = 0
    check: bytes = b""
    """The last check."""
    due_us: int = 0
    """Until when it may be answered; 0: none waits."""
    heard_us: int = 0


class Watch(msgspec.Struct, gc=False):
    """Who is on watch for a cell, and to whom it is offered."""

    party: str
    cell: str
    key: bytes
    since_us: int
    offered: bytes = b""
    reason: Held | None = None
    """Why it was offered with critical items that nobody had acknowledged."""


class Tree(msgspec.Struct, frozen=True):
    """A party's cells."""

    cells: tuple[Cell, ...]

    def above(self, code: str) -> str:
        """The cell that answers for another; empty at the top."""
        return next((cell.above for cell in self.cells if cell.code == code), "")
