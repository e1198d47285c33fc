"""The hotline of a party: what it sends, acknowledges, answers and stops, and what is open for it.

In:  a `Client`; ids as bytes or UUID, texts, volumes.
Out: an `Answer` or a `Problem`; typed reads.
Raises what the client raises: `Unanswered` where nobody answered a command, which `Client.repeat` sends again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from wideberth.client.client import Client, Id, Part
from wideberth.client.wire import Answer, AsOf, Base64, Outline, Problem, Volume, Wire
from wideberth.limits import PAGE_ITEMS_MAX
from wideberth.party import hotline as said
from wideberth.party.command import Text, Volumes
from wideberth.space.volume import Volume4D


class Owed(Wire, frozen=True):
    """What a cell of the reader's owes to a message."""

    id: UUID
    cell: str
    reach: str
    open: bool
    rung: int
    asked: str
    proxy: bool
    acknowledge_by: datetime | None = None
    onward: str | None = None


class Reached(Wire, frozen=True):
    """How far a message has come with a receiver."""

    party: str
    reach: str
    rung: int
    handed: tuple[str, ...] = ()


class Reply(Wire, frozen=True):
    """An answer to a message."""

    party: str
    cell: str | None
    answer: str
    time: datetime
    text: str | None = None


class Doubted(Wire, frozen=True):
    """A doubt about a message; `party` is None where it is another receiver's."""

    id: UUID
    party: str | None
    time: datetime
    reviewed: datetime | None = None
    text: str | None = None


class Message(Wire, frozen=True):
    """A message as it stands for the reader."""

    id: UUID
    sender: str
    mine: bool
    version: int
    kind: str
    precedence: str
    phrase: str
    drill: bool
    exercise: bool
    late: bool
    off_watch: bool
    sent: datetime
    position: int
    state: str
    needs: str
    text: str | None = None
    language: str | None = None
    volumes: tuple[Volume, ...] = ()
    operation: UUID | None = None
    conflict: UUID | None = None
    effective: datetime | None = None
    receivers: tuple[Reached, ...] = ()
    owed: tuple[Owed, ...] = ()
    answers: tuple[Reply, ...] = ()
    doubts: tuple[Doubted, ...] = ()
    read_back: tuple[str, ...] = ()
    landmark: str | None = None


class Messages(Wire, frozen=True):
    """What is open for the reader, urgent ones first."""

    as_of: AsOf
    messages: tuple[Message, ...]
    next: int | None = None


class Line(Wire, frozen=True):
    """A line as the comm checks found it."""

    first: str
    second: str
    path: str
    state: str
    misses: int
    check: UUID
    heard: datetime | None = None
    answer_by: datetime | None = None


class Lines(Wire, frozen=True):
    """The lines that the reader is an end of."""

    as_of: AsOf
    lines: tuple[Line, ...]


class Cell(Wire, frozen=True):
    """A cell of the reader's and who is on its watch."""

    cell: str
    above: str
    name: str
    languages: tuple[str, ...]
    area: Outline | None = None
    key: Base64 | None = None
    label: str | None = None
    since: datetime | None = None
    offered: Base64 | None = None
    items: tuple[UUID, ...] = ()


class KeyNow(Wire, frozen=True):
    """A live watch key of the party."""

    key: Base64
    label: str


class Watches(Wire, frozen=True):
    """The reader's cells and the keys that may keep them."""

    as_of: AsOf
    cells: tuple[Cell, ...]
    keys: tuple[KeyNow, ...] = ()


class StopNow(Wire, frozen=True):
    """A STOP on its way, as a stream brings it before it is an entry."""

    sender: str
    message: str
    time: datetime
    phrase: str
    drill: bool
    off_watch: bool
    envelope: Base64
    signature: Base64
    text: str | None = None


class Hotline:
    """A client's hotline."""

    def __init__(self, client: Client, language: str = "en") -> None:
        """`language` is that of texts."""
        self.client, self._language = client, language

    # reading

    def messages(self) -> Messages | Problem:
        """What is open, all pages of it."""
        page, found = self._page(0), list[Message]()
        while not isinstance(page, Problem):
            found += page.messages
            if page.next is None:
                return msgspec.structs.replace(page, messages=tuple(found))
            page = self._page(page.next)
        return page

    def _page(self, after: int) -> Messages | Problem:
        return self.client.connection.get("/v1/messages", Messages, after=after, limit=PAGE_ITEMS_MAX)

    def message(self, sender: str, message: Id) -> Message | Problem:
        """One message."""
        return self.client.connection.get(f"/v1/messages/{sender}/{UUID(bytes=_bytes(message))}", Message)

    def lines(self) -> Lines | Problem:
        """The lines that the party is an end of."""
        return self.client.connection.get("/v1/lines", Lines)

    def watches(self) -> Watches | Problem:
        """The party's cells and watches."""
        return self.client.connection.get("/v1/watches", Watches)

    # saying

    def send(
        self,
        message: Id,
        to: Sequence[str],
        *,
        kind: said.MessageKind = said.MessageKind.NOTICE,
        precedence: said.Precedence = said.Precedence.PRIORITY,
        phrase: str = "",
        text: str = "",
        volumes: Sequence[Volume4D] = (),
        operation: Id | None = None,
        conflict: Id | None = None,
        replaces: int = 0,
        drill: bool = False,
    ) -> Answer | Problem:
        """A notice or query, or its next version."""
        parts: list[Part] = []
        words = self._words(parts, text)
        where = None
        if volumes:
            where = len(parts)
            parts.append(Volumes(tuple(volumes)))
        of = (_bytes(operation) if operation else None, _bytes(conflict) if conflict else None)
        head = (_bytes(message), replaces, kind, precedence, tuple(to), phrase)
        return self.client.say(said.Send(*head, words, where, *of, drill), parts)

    def stop(self, message: Id, *, phrase: str = "stop", text: str = "", drill: bool = False) -> Answer | Problem:
        """STOP, to everybody."""
        parts: list[Part] = []
        words = self._words(parts, text)
        return self.client.say(said.Stop(_bytes(message), phrase, words, None, drill), parts)

    def acknowledge(self, message: Message, cell: str, echo: Sequence[str] = (), onward: str = "") -> Answer | Problem:
        """A cell has received a message; with `echo` it reads back; `onward`: to whom it has passed it on."""
        parts: list[Part] = []
        words = self._words(parts, onward)
        return self.client.say(said.Acknowledge(subject(message), cell, tuple(echo), words), parts)

    def reject(self, message: Message, cell: str, why: str) -> Answer | Problem:
        """A cell cannot use a message as it is; its sender has to act."""
        return self.client.say(said.Reject(subject(message), cell, 0), [Text(self._language, why)])

    def set_contacts(self, contacts: Sequence[said.Contact]) -> Answer | Problem:
        """Whom the others may call, all of them."""
        return self.client.say(said.SetContacts(0), [said.Contacts(tuple(contacts))])

    def answer(self, message: Message, cell: str, answer: said.AnswerKind, text: str = "") -> Answer | Problem:
        """What a cell answers."""
        parts: list[Part] = []
        return self.client.say(said.AnswerMessage(subject(message), cell, answer, self._words(parts, text)), parts)

    def cancel(self, message: Message) -> Answer | Problem:
        """Take a message back."""
        return self.client.say(said.CancelMessage(message.id.bytes, message.version))

    def doubt(self, doubt: Id, message: Message, text: str) -> Answer | Problem:
        """Doubt a message, in words."""
        return self.client.say(said.Doubt(_bytes(doubt), subject(message), 0), [Text(self._language, text)])

    def review(self, doubt: Id, text: str) -> Answer | Problem:
        """A second person has looked at a doubt."""
        return self.client.say(said.Review(_bytes(doubt), 0), [Text(self._language, text)])

    def check(self, check: Id, to: str, path: said.Path = said.Path.FIRST) -> Answer | Problem:
        """Is the line alive?"""
        return self.client.say(said.CheckLine(_bytes(check), to, path))

    def answer_check(self, sender: str, check: Id) -> Answer | Problem:
        """It is."""
        return self.client.say(said.AnswerCheck(sender, _bytes(check)))

    def hand_over(self, cell: str, to: bytes, reason: str = "") -> Answer | Problem:
        """Offer the watch of a cell to another key."""
        parts: list[Part] = []
        return self.client.say(said.HandOver(cell, to, self._words(parts, reason)), parts)

    def take_over(self, cell: str, items: Sequence[Id]) -> Answer | Problem:
        """Take it, signing for each open item."""
        return self.client.say(said.TakeOver(cell, tuple(_bytes(item) for item in items)))

    def set_tree(self, cells: Sequence[said.Cell]) -> Answer | Problem:
        """The party's cells, all of them."""
        return self.client.say(said.SetTree(tuple(cells)))

    def _words(self, parts: list[Part], text: str) -> int | None:
        if not text:
            return None
        parts.append(Text(self._language, text))
        return len(parts) - 1


def subject(message: Message) -> said.MessageSubject:
    """The version of a message that is spoken of."""
    return said.MessageSubject(message.sender, message.id.bytes, message.version)


def _bytes(thing: Id) -> bytes:
    return thing.bytes if isinstance(thing, UUID) else thing
