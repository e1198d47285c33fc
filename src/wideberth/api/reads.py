"""What a party reads: the theatre, its view, one thing, its notices; and a place in the forms that people speak.

In:  a session and an address. Out: values of `theatre`, as of a ledger position.
Refuses: what does not exist and what is not the reader's to see with the same words (UNKNOWN); numbers outside their
range; notices after one that this ledger does not have (FORKED): the reader knows another history, and should alarm.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import Response

from wideberth.api.call import Call
from wideberth.intake.coordinates import Form, show
from wideberth.ledger.entry import Entry
from wideberth.limits import PAGE_ITEMS_MAX
from wideberth.party.command import Text
from wideberth.party.envelope import decode_part
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import notice_in
from wideberth.theatre import notices, roster, shown
from wideberth.theatre.hotline_items import MessageItem
from wideberth.theatre.notices import NoticeRow
from wideberth.theatre.options import Option, options, seen_from
from wideberth.theatre.outcome import AskedItem, ConflictItem, Notice
from wideberth.theatre.rows import Held
from wideberth.theatre.shown import AsOf, Conflict, Operation, Shown

if TYPE_CHECKING:
    from wideberth.node.core import Node

ROWS: Final = 100
"""Notices of a page, where nobody asks for more or less."""
VIEWS_KEPT: Final = 64


class OperationNow(Operation, frozen=True, kw_only=True):
    """An operation, as of a position."""

    as_of: AsOf


class ConflictNow(Conflict, frozen=True, kw_only=True):
    """A conflict, as of a position."""

    as_of: AsOf


class Options(Shown, frozen=True):
    """What would clear a conflict."""

    as_of: AsOf
    options: tuple[Option, ...]


class Notices(Shown, frozen=True):
    """A page of the reader's notices; `next` is what to ask for after, null at the end."""

    as_of: AsOf
    notices: tuple[NoticeRow, ...]
    next: int | None


class Spoken(Shown, frozen=True):
    """A place in four forms."""

    dm: str
    dms: str
    mgrs: str
    gars: str


class KeptViews:
    """Views of the present position, so that many desks of one party cost one reading."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, bytes], tuple[int, bytes]] = OrderedDict()

    def get(self, party: str, key: bytes, size: int, make: Callable[[], bytes]) -> bytes:
        """The encoded view of a party at a size of the ledger."""
        kept = self._kept.pop((party, key), None)
        if kept is None or kept[0] != size:
            kept = (size, make())
        self._kept[party, key] = kept
        if len(self._kept) > VIEWS_KEPT:
            self._kept.popitem(last=False)
        return kept[1]


def as_of(node: "Node") -> AsOf:
    """The position that an answer rests on."""
    return node.views.as_of(node.ledger.head.root)


async def theatre(call: Call) -> roster.Theatre | Refusal:
    """The charter and the parties."""
    node = call.node
    return await call.read(lambda: roster.theatre(node.state, call.member, node.heard_us, as_of(node)))


async def view(call: Call) -> Response | Refusal:
    """Everything that the reader may see now."""
    node, key = call.node, call.session.key
    kept: KeptViews = call.request.app.state.views

    def make() -> bytes:
        return msgspec.json.encode(node.views.view(call.member, key, node.ledger.head.root))

    found = await call.read(lambda: kept.get(call.party, key, node.state.size, make))
    return found if isinstance(found, Refusal) else Response(found, media_type="application/json")


def _unknown(what: str, thing: bytes) -> Refusal:
    return refuse(Reason.UNKNOWN, "id", f"{what} that you may see", shown.id_text(thing))


async def operation(call: Call) -> OperationNow | Refusal:
    """One operation: the reader's own, or an open one."""
    thing_id = call.thing_id()
    if isinstance(thing_id, Refusal):
        return thing_id
    views = call.node.views

    def find() -> OperationNow | Refusal:
        thing = views.find_operation(call.party, thing_id)
        if thing is None:
            return _unknown("an operation", thing_id)
        return OperationNow(**_members(views.operation(call.party, thing)), as_of=as_of(call.node))

    return await call.read(find)


def _members(value: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


async def conflict(call: Call) -> ConflictNow | Refusal:
    """One conflict of the reader's."""
    thing_id = call.thing_id()
    if isinstance(thing_id, Refusal):
        return thing_id
    views = call.node.views

    def find() -> ConflictNow | Refusal:
        row = views.find_conflict(call.party, thing_id)
        found = views.conflict(call.party, row) if row is not None else None
        if found is None:
            return _unknown("a conflict", thing_id)
        return ConflictNow(**_members(found), as_of=as_of(call.node))

    return await call.read(find)


async def conflict_options(call: Call) -> Options | Refusal:
    """What would clear a conflict, tried against what the reader may see."""
    thing_id = call.thing_id()
    if isinstance(thing_id, Refusal):
        return thing_id
    node, now_us = call.node, call.node.now_us()

    def find() -> Options | Refusal:
        row = node.views.find_conflict(call.party, thing_id)
        item = node.views.item(call.party, row) if row is not None else None
        if row is None or item is None or (call.party, item.mine) not in node.state.things:
            return _unknown("a conflict", thing_id)
        near = seen_from(row, (call.party, item.mine), node.state.places_of(row))
        found = options(node.state, call.party, row, item, near, now_us)
        return Options(as_of(node), found)

    return await call.read(find)


# notices


def rows_after(node: "Node", party: str, after: int, limit: int) -> list[NoticeRow]:
    """The notices of a party above a number, in order. To be called in a turn for reading."""
    where = node.state.notice_at.get(party)
    sequences = where[after : after + limit] if where is not None else ()
    return [_row(node, party, next(node.ledger.read(sequence, 1))) for sequence in sequences]


def _row(node: "Node", party: str, entry: Entry) -> NoticeRow:
    told = notice_in(entry, party)
    assert told is not None, f"entry {entry.sequence} has a notice of {party}"
    part = entry.parts[told.part]
    texts = _texts(node, party, entry, told.notice)
    body = notices.body(party, told.notice, _what_of(node, party), node.views.name_of, texts)
    kept = (part.salt, part.content) if part is not None else None
    return notices.row(told.number, entry.sequence, entry.time_us, told.head, body, kept)


def _what_of(node: "Node", party: str) -> Callable[[bytes], str]:
    def what(thing_id: bytes) -> str:
        thing = node.state.things.get((party, thing_id))
        return thing.what if thing is not None else "operation"

    return what


def _texts(node: "Node", party: str, entry: Entry, notice: Notice | None) -> notices.Texts:
    """Texts that the notice names: of its own entry, or what goes along with a plan that stands."""

    def text(commitment: bytes) -> str | None:
        for part in entry.parts:
            if part is not None and part.commitment == commitment:
                value = decode_part(part.content)
                return value.text if isinstance(value, Text) else None
        held = (_shared(node, party, item) for item in (notice.items if notice is not None else ()))
        for shared in held:
            if shared is not None and shared.commitment == commitment and shared.content is not None:
                value = decode_part(shared.content)
                return value.text if isinstance(value, Text) else None
        return None

    return text


def _shared(node: "Node", party: str, item: object) -> Held | None:
    """What goes along with the plan, or the text of the message, that an item speaks of."""
    things = node.state.things
    if isinstance(item, MessageItem):
        message = node.state.messages.get((item.sender, item.message))
        return message.text if message is not None else None
    if isinstance(item, AskedItem):
        thing = things.get((item.party, item.operation))
    elif isinstance(item, ConflictItem) and item.conflict in node.state.conflicts:
        thing = things.get(node.state.conflicts[item.conflict].other((party, item.mine)))
    else:
        return None
    return thing.shared if thing is not None else None


def check_after(node: "Node", party: str, after: int) -> Refusal | None:
    """Refuse a number that the reader's chain has not reached: it comes from another history."""
    told = node.state.members[party].notices
    if after <= told:
        return None
    return refuse(Reason.FORKED, "after", f"at most {told}, the last of your notices in this ledger", after)


async def notice_page(call: Call) -> Notices | Refusal:
    """A page of the reader's notices."""
    after = call.integer("after", 0)
    if isinstance(after, Refusal):
        return after
    limit = call.integer("limit", ROWS, PAGE_ITEMS_MAX, 1)
    if isinstance(limit, Refusal):
        return limit
    node = call.node

    def find() -> Notices | Refusal:
        no = check_after(node, call.party, after)
        if no is not None:
            return no
        rows = tuple(rows_after(node, call.party, after, limit))
        more = bool(rows) and rows[-1].number < call.member.notices
        return Notices(as_of(node), rows, rows[-1].number if more else None)

    return await call.read(find)


async def position(call: Call) -> Spoken | Refusal:
    """A place in the forms that people read aloud."""
    lat = call.degrees("lat", 90)
    if isinstance(lat, Refusal):
        return lat
    lon = call.degrees("lon", 180)
    if isinstance(lon, Refusal):
        return lon
    return Spoken(*(show(lat, lon, form) for form in (Form.DM, Form.DMS, Form.MGRS, Form.GARS)))
