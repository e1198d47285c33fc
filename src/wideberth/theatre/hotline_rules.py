"""Who has to acknowledge a message, who may, and how far it has come.

In:  the state, a message, its obligations, the key that speaks.
Out: cells, obligations as they will be written, and the reach of a party as a sender may see it.
A party always owes at least one acknowledgement, also where none of its cells is near: else a message would be a way
to ask where they are.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from wideberth.limits import ALTITUDE_MM_MAX, ALTITUDE_MM_MIN, TIME_US_MAX
from wideberth.party.hotline import Precedence
from wideberth.party.identity import Role
from wideberth.party.standard import uuid4_of
from wideberth.space.overlap import nears, prepare
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.theatre.hotline_items import Owed
from wideberth.theatre.hotline_rows import CRITICAL, PRECEDENCES, Message, Obligation
from wideberth.theatre.lifecycle import Reach
from wideberth.theatre.outcome import Item, Notice
from wideberth.theatre.rows import Member
from wideberth.theatre.state import State

REACHES: Final = tuple(Reach)
Items = dict[str, list[Item]]
"""What each party is told."""


def told(items: Items) -> list[tuple[str, Notice]]:
    """Notices by party."""
    return [(party, Notice(tuple(items[party]))) for party in sorted(items) if items[party]]


def obligation_id(message: tuple[str, bytes], version: int, party: str, cell: str) -> bytes:
    """What a cell owes to a version of a message."""
    return uuid4_of("obligation", *message, str(version), party, cell)


def line_id(first: str, second: str, path: str) -> bytes:
    """The line from one party to another on one path."""
    return uuid4_of("line", first, second, path)


def can_answer(member: Member | None) -> bool:
    """Whether a party has a watch that may acknowledge."""
    return member is not None and not member.left_us and member.role is Role.MEMBER


def acknowledge_us(state: State, precedence: Precedence) -> int:
    """How long a cell may leave a message of this precedence unacknowledged."""
    return state.charter.acknowledge_us[PRECEDENCES.index(precedence)]


def all_cells(state: State, party: str) -> tuple[str, ...]:
    """A party's cells; its one watch where it has named none."""
    tree = state.trees.get(party)
    return tuple(cell.code for cell in tree.cells) if tree is not None and tree.cells else ("",)


def affected(state: State, party: str, volumes: Sequence[Volume4D]) -> tuple[str, ...]:
    """The cells whose area meets a volume, whatever the height and time; those at the top where none does."""
    tree = state.trees.get(party)
    if tree is None or not tree.cells:
        return ("",)
    areas = [cell.area for cell in tree.cells if cell.area is not None]
    if not volumes or not areas:
        return all_cells(state, party)
    meeting = iter(_meets(areas, volumes))
    found = tuple(cell.code for cell in tree.cells if cell.area is None or next(meeting))
    return found or tuple(cell.code for cell in tree.cells if not cell.above)


def _meets(areas: Sequence[Circle | Polygon], volumes: Sequence[Volume4D]) -> list[bool]:
    """Of each area, whether it meets an outline."""
    ends = (ALTITUDE_MM_MIN, ALTITUDE_MM_MAX, 0, TIME_US_MAX)
    a, b = prepare([Volume4D(area, *ends) for area in areas]), prepare([Volume4D(v.outline, *ends) for v in volumes])
    pairs = len(areas) * len(volumes)
    query_of, slot_of = np.divmod(np.arange(pairs), len(volumes))
    out = np.empty((pairs, 10), np.int64)
    count = nears(a, b, query_of, slot_of, np.zeros(pairs), np.zeros(pairs, np.int64), out)
    near = set(query_of[out[:count, 0]].tolist())
    return [i in near for i in range(len(areas))]


def owed_by(state: State, parties: Iterable[str], volumes: Sequence[Volume4D] | None, due_us: int) -> tuple[Owed, ...]:
    """What is owed by parties: by the cells near to volumes, or (None) by all."""
    return tuple(
        Owed(party, cell, due_us)
        for party in parties
        if can_answer(state.members.get(party))
        for cell in (all_cells(state, party) if volumes is None else affected(state, party, volumes))
    )


# who may


def on_watch(state: State, member: Member, cell: str, now_us: int) -> bytes | None:
    """The key on watch for a cell; None where nobody is, so that any of the party may act."""
    watch = state.watches.get((member.party, cell))
    row = member.keys.get(watch.key) if watch is not None else None
    if watch is None or row is None or row.revoked_us or row.grant.expires_us <= now_us:
        return None
    return watch.key


def may_act(state: State, member: Member, owed: Obligation, key: bytes, now_us: int) -> str:
    """ "own" for who is on watch of the cell, "proxy" for who is asked instead by now; else empty."""
    own = on_watch(state, member, owed.cell, now_us)
    if own is None or own == key:
        return "own"
    tree = state.trees.get(member.party)
    above = tree.above(owed.cell) if tree is not None else ""
    if owed.rung >= 1 and above and on_watch(state, member, above, now_us) == key:
        return "proxy"
    return "proxy" if owed.rung > 1 else ""


# how far


def met(message: Message, reach: Reach) -> bool:
    """Whether that is as far as the message has to come."""
    return REACHES.index(reach) >= REACHES.index(message.needs)


def obligations_of(state: State, message: Message) -> list[Obligation]:
    """What is owed to the current version of a message."""
    return [state.obligations[owed] for owed in state.owing.get(message.key, ())]


def party_reach(owed: Iterable[Obligation], party: str) -> Reach:
    """How far a message has come with every cell of a party that it concerns."""
    reached = [REACHES.index(row.reach) for row in owed if row.party == party]
    return REACHES[min(reached)] if reached else Reach.SENT


def is_effective(message: Message, owed: Sequence[Obligation]) -> bool:
    """Whether every cell itself has it, and nobody's doubt waits."""
    return bool(owed) and not message.doubts and all(met(message, o.reach) and not o.proxy for o in owed)


def names_doubt(sender: str, doubter: str, reader: str) -> bool:
    """Whether a reader learns who doubts and why: a sender's own doubt is for all, a receiver's for the sender alone.

    Receivers do not learn from each other's doubts who else was sent the message.
    """
    return doubter == sender or reader in (sender, doubter)


def is_open(state: State, owed: Obligation) -> bool:
    """Whether somebody of the cell still has to act: not met by the watch of the cell itself."""
    message = state.messages[owed.message_key]
    return message.closed_us == 0 and not (met(message, owed.reach) and not owed.proxy)


def open_items(state: State, party: str, cell: str) -> list[Obligation]:
    """What is open for a cell."""
    return [o for o in state.obligations.values() if (o.party, o.cell) == (party, cell) and is_open(state, o)]


def is_critical(state: State, owed: Obligation) -> bool:
    """Whether it forbids a handover: urgent, and nobody has acknowledged it."""
    return state.messages[owed.message_key].precedence in CRITICAL and owed.reach is Reach.SENT
