"""A notice as its reader gets it: the items of the ledger in words and units for people.

In:  a notice of the reader's, when it was made, and the texts that lie in the same entry, by commitment.
Out: values ready for JSON; nothing that the notice in the ledger does not hold, but names of parties and texts.
"""

from collections.abc import Callable

from wideberth.space.units import mm_to_m
from wideberth.theatre import shown
from wideberth.theatre.alert_items import AlertItem, EncounterItem
from wideberth.theatre.alerts import AlertTold, EncounterTold, alert_told, encounter_told
from wideberth.theatre.hotline_told import HotlineItem, HotlineTold, hotline_kind, hotline_told
from wideberth.theatre.outcome import (
    AnswerItem,
    AskedItem,
    ConflictItem,
    DueItem,
    Item,
    LateItem,
    MemberItem,
    Notice,
    StateItem,
    TalkItem,
)
from wideberth.theatre.planning import label_of
from wideberth.theatre.register_told import RegisterSaid, RegisterWord, register_kind, register_told
from wideberth.theatre.shown import AskedPlace, Change, Mine, Other, Place, Shown, b64, id_text, time_text

Texts = Callable[[bytes], str | None]
"""The text behind a commitment; None where it is not there to be read."""
Names = Callable[[str | None], str | None]
"""A party's name by its code."""


class ConflictTold(Shown, frozen=True, tag_field="kind", tag="conflict"):
    """A conflict was opened, or the plans in it changed: `what` is "opened", "changed" or "moved"."""

    what: str
    conflict: str
    label: str
    mine: Mine
    other: Other
    places: tuple[Place, ...]
    severity: str
    settle_by: str
    blocks: str


class StateTold(Shown, frozen=True, tag_field="kind", tag="state"):
    """A conflict has another state, and by what event."""

    conflict: str
    label: str
    state: str
    event: str


class TalkTold(Shown, frozen=True, tag_field="kind", tag="talk"):
    """Somebody spoke in a conflict; `by` is null where the peer is unnamed."""

    what: str
    conflict: str
    label: str
    by: str | None
    mine: bool
    proposal: str | None
    change: Change | None
    text: str | None


class AskedTold(Shown, frozen=True, tag_field="kind", tag="asked"):
    """A plan needs the reader's concurrence in an area."""

    party: str
    operation: str
    version: int
    area: str
    places: tuple[AskedPlace, ...]
    shared: str | None


class AnswerTold(Shown, frozen=True, tag_field="kind", tag="answer"):
    """A party concurred with, objected to or took back its word on a plan."""

    what: str
    party: str
    operation: str
    version: int
    text: str | None


class DueTold(Shown, frozen=True, tag_field="kind", tag="due"):
    """A deadline passed: "settle", "lapsed", "ended", "review", "availability"."""

    what: str
    thing: str


class MemberTold(Shown, frozen=True, tag_field="kind", tag="member"):
    """The membership or the charter changed: "invited", "joined", "declined", "left", "lapsed", "key", "charter"."""

    what: str
    party: str


class LateTold(Shown, frozen=True, tag_field="kind", tag="late"):
    """The plan behind a conflict was filed inside the charter's lead time."""

    conflict: str
    label: str
    start: str


TheatreTold = ConflictTold | StateTold | TalkTold | AskedTold | AnswerTold | DueTold | MemberTold | LateTold
ItemTold = TheatreTold | HotlineTold | RegisterSaid | AlertTold | EncounterTold


class Body(Shown, frozen=True):
    """What a notice says."""

    items: tuple[ItemTold, ...]


class NoticeRow(Shown, frozen=True):
    """One link of the reader's notice chain. `content` and `salt` are the part as it is committed in the ledger:
    SHA-256 of the content is `head`. Both are null, and the body empty, where the part was destroyed."""

    number: int
    position: int
    time: str
    head: str
    kind: str
    body: Body
    content: str | None
    salt: str | None


def kind_of(item: ItemTold) -> str:
    """What a notice is called by its first item: "conflict-opened", "talk-proposed", "member-joined" ..."""
    if isinstance(item, HotlineTold):
        return hotline_kind(item)
    if isinstance(item, RegisterSaid):
        return register_kind(item)
    if isinstance(item, AlertTold):
        return f"alert-{item.what}"
    if isinstance(item, EncounterTold):
        return "encounter"
    match item:
        case ConflictTold(what=what):
            return f"conflict-{what}"
        case StateTold(state=state):
            return f"state-{state}"
        case TalkTold(what=what):
            return f"talk-{what}"
        case AnswerTold(what=what):
            return f"answer-{what}"
        case DueTold(what=what):
            return f"due-{what}"
        case MemberTold(what=what):
            return f"member-{what}"
        case AskedTold():
            return "asked"
        case LateTold():
            return "late"


def body(reader: str, notice: Notice | None, what_of: Callable[[bytes], str], names: Names, texts: Texts) -> Body:
    """A notice's items for its reader. `what_of` says what a thing of the reader's is."""
    items = notice.items if notice is not None else ()
    return Body(tuple(_item(reader, item, what_of, names, texts) for item in items))


def _item(reader: str, item: Item, what_of: Callable[[bytes], str], names: Names, texts: Texts) -> ItemTold:
    if isinstance(item, HotlineItem):
        return hotline_told(item, texts)
    if isinstance(item, AlertItem):
        return alert_told(item)
    if isinstance(item, EncounterItem):
        return encounter_told(item, texts)
    if isinstance(item, RegisterWord):
        return register_told(item)
    match item:
        case ConflictItem():
            return conflict_told(item, what_of(item.mine), names, texts)
        case StateItem(conflict, state, event):
            return StateTold(id_text(conflict), label_of(conflict), state, event)
        case TalkItem():
            return _talk(reader, item, texts)
        case AskedItem(party, operation, version, area, shared, places):
            inside = shown.asked_places(places)
            return AskedTold(party, id_text(operation), version, area, inside, _text(texts, shared))
        case AnswerItem(party, operation, version, what, text):
            return AnswerTold(what, party, id_text(operation), version, _text(texts, text))
        case DueItem(kind, thing):
            return DueTold(kind, id_text(thing))
        case MemberItem(what, party):
            return MemberTold(what, party)
        case LateItem(conflict, start_us):
            return LateTold(id_text(conflict), label_of(conflict), time_text(start_us))


def _text(texts: Texts, commitment: bytes | None) -> str | None:
    return texts(commitment) if commitment is not None else None


def conflict_told(item: ConflictItem, what: str, names: Names, texts: Texts) -> ConflictTold:
    """A conflict as a notice tells it; `what` is what the reader's own thing is."""
    return ConflictTold(
        item.what,
        id_text(item.conflict),
        label_of(item.conflict),
        Mine(what, id_text(item.mine), item.mine_version, None),
        Other(item.party, names(item.party), item.other, shared=_text(texts, item.shared)),
        shown.places(item.places.each(), item.minima_mm),
        item.severity,
        time_text(item.settle_by_us),
        item.blocks,
    )


def _talk(reader: str, item: TalkItem, texts: Texts) -> TalkTold:
    text = _text(texts, item.text)
    change = None
    if item.change is not None:
        kind, whose, start_us, altitude_mm = item.change
        words = text if kind == "procedure" and item.what == "proposed" else None
        change = Change(kind, whose, start_us / 1_000_000, mm_to_m(altitude_mm), words)
    proposal = id_text(item.proposal) if item.proposal else None
    mine = item.party == reader
    return TalkTold(
        item.what, id_text(item.conflict), label_of(item.conflict), item.party, mine, proposal, change, text
    )


def opened_conflict(told: ConflictTold, time_us: int, sequence: int) -> shown.Conflict:
    """A conflict as the answer to the command that opened it shows it: as of that entry, for good."""
    at = time_text(time_us)
    said = shown.Said(at, sequence, None, False, "opened" if told.what == "opened" else "changed")
    return shown.Conflict(
        told.conflict,
        told.label,
        "open",
        told.severity,
        told.mine,
        told.other,
        told.places,
        at,
        sequence,
        told.settle_by,
        False,
        told.blocks,
        said=(said,),
    )


def row(
    number: int, position: int, time_us: int, head: bytes, said: Body, part: tuple[bytes, bytes] | None
) -> NoticeRow:
    """A link of the chain; `part` is salt and content of its part of the entry."""
    kind = kind_of(said.items[0]) if said.items else "erased"
    salt, content = (b64(part[0]), b64(part[1])) if part is not None else (None, None)
    return NoticeRow(number, position, time_text(time_us), b64(head), kind, said, content, salt)
