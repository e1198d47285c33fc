"""The items of the hotline as their reader gets them in a notice.

In:  an item of the reader's, and the texts of its entry.
Out: values ready for JSON. `cell` is null where the reader is the sender: who was inside is not told.
"""

from collections.abc import Callable

from wideberth.theatre.hotline_items import (
    DoubtItem,
    EchoItem,
    HandedItem,
    LineItem,
    MessageItem,
    MessageStateItem,
    ReachItem,
    ReplyItem,
    RungItem,
    WatchItem,
)
from wideberth.theatre.shown import Shown, b64, id_text, time_or_none, time_text

Texts = Callable[[bytes], str | None]


class Subject(Shown, frozen=True):
    """A version of a message."""

    sender: str
    message: str
    version: int


class Difference(Shown, frozen=True):
    """What was said, and what is right."""

    field: str
    said: str
    right: str
    wrong: str = ""
    """"misheard" (its check characters do not fit), "other" (it is whole, and another one), "missing" ..."""


class MessageTold(Shown, frozen=True, tag_field="kind", tag="message"):
    """A message was sent, or its next version; `cells` are the reader's that have to acknowledge it."""

    what: str
    subject: Subject
    precedence: str
    phrase: str
    text: str | None
    where: bool
    read_back: bool
    cells: tuple[str, ...]
    acknowledge_by: str | None
    drill: bool
    late: bool
    off_watch: bool
    contradictions: tuple[Difference, ...]


class ReachTold(Shown, frozen=True, tag_field="kind", tag="reach"):
    """A message has come further."""

    what: str
    subject: Subject
    party: str
    cell: str | None
    effective: bool


class EchoTold(Shown, frozen=True, tag_field="kind", tag="echo"):
    """A message was read back wrongly."""

    subject: Subject
    party: str
    cell: str | None
    differences: tuple[Difference, ...]


class RungTold(Shown, frozen=True, tag_field="kind", tag="rung"):
    """Nobody acknowledged in time; `asked` is the cell above, empty for the whole party."""

    subject: Subject
    party: str
    cell: str | None
    rung: int
    asked: str
    path: str


class ReplyTold(Shown, frozen=True, tag_field="kind", tag="reply"):
    """A party answered a message."""

    what: str
    subject: Subject
    party: str
    cell: str | None
    text: str | None


class MessageStateTold(Shown, frozen=True, tag_field="kind", tag="message-state"):
    """A message was cancelled, answered, expired or widened."""

    what: str
    subject: Subject


class DoubtTold(Shown, frozen=True, tag_field="kind", tag="doubt"):
    """Somebody doubts a message, or a second person has looked at it."""

    what: str
    subject: Subject
    party: str | None
    doubt: str
    text: str | None


class LineTold(Shown, frozen=True, tag_field="kind", tag="line"):
    """A line is checked, was answered, or missed a check."""

    what: str
    first: str
    second: str
    path: str
    check: str


class WatchTold(Shown, frozen=True, tag_field="kind", tag="watch"):
    """The watch of a cell of the reader's was offered or taken."""

    what: str
    cell: str
    key: str


class HandedTold(Shown, frozen=True, tag_field="kind", tag="handed"):
    """A message was "handed" over on a route, which is not received, or that "failed"; `asked` is the cell whose route
    it was, null with `cell` for the sender."""

    what: str
    subject: Subject
    party: str
    cell: str | None
    asked: str | None
    path: str
    route: str
    time: str


AboutMessage = MessageItem | ReachItem | EchoItem | RungItem | ReplyItem | MessageStateItem | DoubtItem | HandedItem
HotlineItem = AboutMessage | LineItem | WatchItem
HotlineTold = (
    MessageTold
    | ReachTold
    | EchoTold
    | RungTold
    | ReplyTold
    | MessageStateTold
    | DoubtTold
    | LineTold
    | WatchTold
    | HandedTold
)


def subject(item: AboutMessage) -> Subject:
    """The version of a message that an item speaks of."""
    return Subject(item.sender, id_text(item.message), item.version)


def hotline_told(item: HotlineItem, texts: Texts) -> HotlineTold:
    """An item in words and units for people."""
    match item:
        case MessageItem():
            return _message(item, texts)
        case ReachItem():
            return ReachTold(item.reach, subject(item), item.party, item.cell, item.effective)
        case EchoItem():
            rows = tuple(Difference(*row) for row in item.differences)
            return EchoTold(subject(item), item.party, item.cell, rows)
        case RungItem():
            return RungTold(subject(item), item.party, item.cell, item.rung, item.asked, item.path)
        case ReplyItem():
            return ReplyTold(item.answer, subject(item), item.party, item.cell, _text(texts, item.text))
        case MessageStateItem():
            return MessageStateTold(item.what, subject(item))
        case DoubtItem():
            words = _text(texts, item.text)
            return DoubtTold(item.what, subject(item), item.party or None, id_text(item.doubt), words)
        case LineItem():
            return LineTold(item.what, item.first, item.second, item.path, id_text(item.check))
        case WatchItem():
            return WatchTold(item.what, item.cell, b64(item.key))
        case HandedItem():
            asked = None if item.cell is None else item.asked
            place = (item.party, item.cell, asked, item.path, item.route)
            return HandedTold(item.outcome, subject(item), *place, time_text(item.at_us))


def _text(texts: Texts, commitment: bytes | None) -> str | None:
    return texts(commitment) if commitment is not None else None


def _message(item: MessageItem, texts: Texts) -> MessageTold:
    return MessageTold(
        item.kind,
        subject(item),
        item.precedence,
        item.phrase,
        _text(texts, item.text),
        item.where,
        item.read_back,
        item.cells,
        time_or_none(item.due_us),
        item.drill,
        item.late,
        item.off_watch,
        tuple(Difference("text", said, right) for said, right in item.contradictions),
    )


def hotline_kind(item: HotlineTold) -> str:
    """What a notice is called by its first item: "message-stop", "reach-received", "line-lost" ..."""
    match item:
        case EchoTold():
            return "echo"
        case RungTold(rung=rung):
            return f"rung-{rung}"
        case _:
            return f"{item.__struct_config__.tag}-{item.what}"
