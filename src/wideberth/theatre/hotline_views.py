"""What a party may see of the hotline: messages that it sent or was sent, the lines that it is an end of, its watches.

In:  the state and the reader.
Out: values ready for JSON. A sender sees how far a message has come with a party, never with which of its cells; a
receiver sees its own cells alone. For what is not the reader's to see: None, the same as for what does not exist.
"""

from typing import Final

from wideberth.limits import PAGE_ITEMS_MAX
from wideberth.party.command import Text
from wideberth.party.envelope import decode_part
from wideberth.theatre.hotline_echo import expected, landmark
from wideberth.theatre.hotline_routes import handed_kinds
from wideberth.theatre.hotline_rows import PRECEDENCES, DoubtRow, Line, Message, Obligation
from wideberth.theatre.hotline_rules import (
    all_cells,
    is_open,
    names_doubt,
    obligations_of,
    on_watch,
    party_reach,
)
from wideberth.theatre.lifecycle import RUNG_MAX
from wideberth.theatre.rows import Held, Member
from wideberth.theatre.shown import AsOf, Outline, Shown, Volume, b64, id_text, outline, time_or_none, time_text, volume
from wideberth.theatre.state import State
from wideberth.words.lint import Kind, lint

_PRECEDENCE: Final = 1 << 40
"""More than a ledger has entries."""


class Owed(Shown, frozen=True):
    """What a cell of the reader's owes to a message. `asked` is who is asked by now: the cell itself, the cell above
    it, or empty for the whole party."""

    id: str
    cell: str
    reach: str
    open: bool
    rung: int
    asked: str
    proxy: bool
    acknowledge_by: str | None
    onward: str | None


class Reached(Shown, frozen=True):
    """How far a message has come with a receiver, as its sender sees it."""

    party: str
    reach: str
    rung: int
    handed: tuple[str, ...] = ()
    """Kinds of routes on which it was handed over beside the stream. That is not received."""


class Reply(Shown, frozen=True):
    """An answer; `cell` is null for the sender."""

    party: str
    cell: str | None
    answer: str
    time: str
    text: str | None


class Doubted(Shown, frozen=True):
    """A doubt; the open ones hold the message. `party` is null where it is another receiver's."""

    id: str
    party: str | None
    time: str
    reviewed: str | None
    text: str | None


class MessageNow(Shown, frozen=True):
    """A message as it stands. `effective` is when every cell that it concerns had it, `needs` how far it must come."""

    id: str
    sender: str
    mine: bool
    version: int
    kind: str
    precedence: str
    phrase: str
    text: str | None
    language: str | None
    volumes: tuple[Volume, ...]
    operation: str | None
    conflict: str | None
    drill: bool
    exercise: bool
    late: bool
    off_watch: bool
    sent: str
    position: int
    state: str
    needs: str
    effective: str | None
    receivers: tuple[Reached, ...]
    """Of the sender alone."""
    owed: tuple[Owed, ...]
    """Of the reader's cells."""
    answers: tuple[Reply, ...]
    doubts: tuple[Doubted, ...]
    read_back: tuple[str, ...]
    """What has to be read back, each with its check characters; empty where there is no geometry."""
    landmark: str | None
    """From which the bearing among them is."""


class Messages(Shown, frozen=True):
    """A page of the messages that the reader sent or was sent, and that are neither over nor forgotten; urgent ones
    first. `next` is what to ask for after, null at the end."""

    as_of: AsOf
    messages: tuple[MessageNow, ...]
    next: int | None


class LineNow(Shown, frozen=True):
    """A line as the comm checks found it."""

    first: str
    second: str
    path: str
    state: str
    misses: int
    heard: str | None
    check: str
    answer_by: str | None


class Lines(Shown, frozen=True):
    """The lines that the reader is an end of."""

    as_of: AsOf
    lines: tuple[LineNow, ...]


class CellNow(Shown, frozen=True):
    """A cell of the reader's and its watch: `key` is on it, `offered` was asked to take it over. `items` is what is
    open there."""

    cell: str
    above: str
    name: str
    languages: tuple[str, ...]
    area: Outline | None
    key: str | None
    label: str | None
    since: str | None
    offered: str | None
    items: tuple[str, ...]


class KeyNow(Shown, frozen=True):
    """A live watch key of the reader's party, to whom a watch may be handed over."""

    key: str
    label: str


class Watches(Shown, frozen=True):
    """The reader's cells and watches, and the keys that may keep them."""

    as_of: AsOf
    cells: tuple[CellNow, ...]
    keys: tuple[KeyNow, ...]


def find_message(state: State, reader: str, sender: str, message: bytes) -> Message | None:
    """A message that the reader sent or was sent; a STOP is everybody's."""
    found = state.messages.get((sender, message))
    return found if found is not None and reader in (found.sender, *found.to) else None


def open_messages(state: State, reader: str) -> list[Message]:
    """Messages of the reader's that somebody still has to do something about, and every STOP that is in force."""
    mine = (m for m in state.messages.values() if reader in (m.sender, *m.to) and not m.closed_us)
    waiting = [m for m in mine if not m.effective_us or m.kind in ("query", "stop")]
    return sorted(waiting, key=place_in_list)


def place_in_list(row: Message) -> int:
    """Where a message stands in the list: urgent ones first, then by their entry."""
    return PRECEDENCES.index(row.precedence) * _PRECEDENCE + row.sequence


def message(state: State, reader: str, row: Message) -> MessageNow:
    """A message as its sender or a receiver sees it."""
    mine = row.sender == reader
    owed, right = obligations_of(state, row), expected(state, row)
    text, language = _text(row.text)
    replies = (a for a in row.answers if mine or a.party == reader)
    return MessageNow(
        id_text(row.id),
        row.sender,
        mine,
        row.version,
        row.kind,
        row.precedence,
        row.phrase,
        text,
        language,
        tuple(volume(v) for v in state.message_volumes(row)),
        id_text(row.operation) if row.operation and mine else None,
        id_text(row.conflict) if row.conflict else None,
        row.drill,
        state.exercise,
        row.late,
        row.off_watch,
        time_text(row.sent_us),
        row.sequence,
        row.state,
        row.needs,
        time_or_none(row.effective_us),
        tuple(_reached(owed, party) for party in row.to) if mine else (),
        tuple(_owed(state, o) for o in owed if o.party == reader),
        tuple(
            Reply(a.party, None if mine else a.cell, a.answer, time_text(a.time_us), _text(a.text)[0]) for a in replies
        ),
        _doubts(state, reader, row),
        right.items() if right is not None else (),
        landmark(state, row) or None,
    )


def _text(held: Held | None) -> tuple[str | None, str | None]:
    """Text and language; None where there is none, or it was destroyed."""
    part = decode_part(held.content) if held is not None and held.content is not None else None
    return (part.text, part.language) if isinstance(part, Text) else (None, None)


def _reached(owed: list[Obligation], party: str) -> Reached:
    """A party's rung shows once the sender is told of it."""
    rung = max((o.rung for o in owed if o.party == party), default=0)
    shown_rung = rung if rung >= RUNG_MAX else 0
    return Reached(party, party_reach(owed, party), shown_rung, handed_kinds(owed, party))


def _owed(state: State, owed: Obligation) -> Owed:
    tree = state.trees.get(owed.party)
    above = tree.above(owed.cell) if tree is not None else ""
    asked = owed.cell if owed.rung == 0 else above if owed.rung < RUNG_MAX else ""
    return Owed(
        id_text(owed.id),
        owed.cell,
        owed.reach,
        is_open(state, owed),
        owed.rung,
        asked,
        owed.proxy,
        time_or_none(owed.due_us),
        _text(owed.onward)[0],
    )


class Contradiction(Shown, frozen=True):
    """What a text says, and what the geometry beside it says."""

    said: str
    geometry: str


def contradictions(state: State, row: Message) -> tuple[Contradiction, ...]:
    """What went out beside a late notice or a STOP: where its text says otherwise than its volumes."""
    text, volumes = _text(row.text)[0], state.message_volumes(row)
    if text is None or not volumes or not (row.late or row.kind == "stop"):
        return ()
    found = lint(text, volumes, row.sent_us, state.charter.landmarks)
    return tuple(Contradiction(c.said, c.volumes_say) for c in found if c.kind is not Kind.UNREAD)


def _doubts(state: State, reader: str, row: Message) -> tuple[Doubted, ...]:
    found = (d for d in state.doubts.values() if (d.sender, d.message) == row.key)
    return tuple(_doubted(d, names_doubt(d.sender, d.party, reader)) for d in found)


def _doubted(row: DoubtRow, named: bool) -> Doubted:
    who, why = (row.party, _text(row.text)[0]) if named else (None, None)
    return Doubted(id_text(row.id), who, time_text(row.time_us), time_or_none(row.reviewed_us), why)


def messages(state: State, reader: str, as_of: AsOf, after: int = 0, limit: int = PAGE_ITEMS_MAX) -> Messages:
    """A page of what is open for a reader."""
    rows = [row for row in open_messages(state, reader) if place_in_list(row) > after]
    shown = tuple(message(state, reader, row) for row in rows[:limit])
    return Messages(as_of, shown, place_in_list(rows[limit - 1]) if len(rows) > limit else None)


def lines(state: State, reader: str, as_of: AsOf) -> Lines:
    """The lines of a reader."""
    mine = (line for line in state.lines.values() if reader in (line.first, line.second))
    rows = sorted(mine, key=lambda line: (line.first, line.second, line.path))
    return Lines(as_of, tuple(_line(line) for line in rows))


def _line(line: Line) -> LineNow:
    head = (line.first, line.second, line.path, line.state, line.misses)
    return LineNow(*head, time_or_none(line.heard_us), id_text(line.check), time_or_none(line.due_us))


def watches(state: State, reader: Member, as_of: AsOf) -> Watches:
    """The cells of a reader and who keeps them."""
    waiting: dict[str, list[str]] = {}
    for owed in state.obligations.values():
        if owed.party == reader.party and is_open(state, owed):
            waiting.setdefault(owed.cell, []).append(id_text(owed.id))
    codes = dict.fromkeys((*all_cells(state, reader.party), *waiting))
    cells = tuple(_cell(state, reader, code, tuple(waiting.get(code, ()))) for code in codes)
    live = (row for row in reader.keys.values() if not row.revoked_us and row.grant.expires_us > state.time_us)
    return Watches(as_of, cells, tuple(KeyNow(b64(row.grant.key), row.grant.label) for row in live))


def _cell(state: State, reader: Member, code: str, items: tuple[str, ...]) -> CellNow:
    tree = state.trees.get(reader.party)
    cell = next((c for c in tree.cells if c.code == code), None) if tree is not None else None
    key = on_watch(state, reader, code, state.time_us)
    watch = state.watches.get((reader.party, code))
    return CellNow(
        code,
        cell.above if cell is not None else "",
        cell.name if cell is not None else reader.name,
        cell.languages if cell is not None else reader.languages,
        outline(cell.area) if cell is not None and cell.area is not None else None,
        b64(key) if key is not None else None,
        reader.keys[key].grant.label if key is not None else None,
        time_text(watch.since_us) if key is not None and watch is not None else None,
        b64(watch.offered) if watch is not None and watch.offered else None,
        items,
    )
