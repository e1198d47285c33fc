"""Who is on watch, whether the line is alive, and what it means that nobody answered.

In:  the state, the sender, its key and command, or a deadline; the time.
Out: an `Outcome` with everybody's notices, or a Refusal.
Refuses: a handover with critical items that nobody has acknowledged, unless for a stated reason; a successor who does
not sign for exactly what is open.
"""

from typing import Final

from wideberth.limits import CONTACTS_MAX, ID_BYTES, NAME_CHARACTERS_MAX
from wideberth.party.charter import check_languages
from wideberth.party.hotline import AnswerCheck, CheckLine, Contacts, HandOver, Path, SetContacts, TakeOver
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.filing import Parts, text_part
from wideberth.theatre.hotline_items import HotlineEffects, LineItem, MessageStateItem, ReachItem, RungItem, WatchItem
from wideberth.theatre.hotline_rows import Line, MessageState
from wideberth.theatre.hotline_rules import (
    Items,
    acknowledge_us,
    all_cells,
    can_answer,
    is_critical,
    line_id,
    on_watch,
    open_items,
    told,
)
from wideberth.theatre.lifecycle import ESCALATION, LINE, RUNG_MAX, LineState, Reach
from wideberth.theatre.outcome import Accepted, Effects, Outcome, accepted
from wideberth.theatre.rows import Member
from wideberth.theatre.state import State

LEVELS: Final = 3
"""Of contacts: the watch, who leads it, who decides for the party."""

# deadlines


def decide_rung(state: State, obligation: bytes, at_us: int, now_us: int) -> Outcome:
    """Nobody acknowledged in time: the next rung is asked. What is over by now is owed no more, and says so."""
    owed = state.obligations[obligation]
    message = state.messages[owed.message_key]
    head = (message.sender, message.id, message.version)
    if message.end_us and message.end_us <= now_us:
        item = MessageStateItem(*head, "expired")
        result = accepted(Accepted(), Effects(hotline=HotlineEffects(state=MessageState.EXPIRED)))
        result.notices = told({party: [item] for party in (message.sender, *message.to)})
        return result
    if owed.reach is Reach.REJECTED:
        due_us = max(at_us, now_us) + acknowledge_us(state, message.precedence)
        result = accepted(Accepted(), Effects(hotline=HotlineEffects(rung=owed.rung, due_us=due_us)))
        result.notices = told({message.sender: [ReachItem(*head, owed.party, None, owed.reach, False)]})
        return result
    rung, times, _ = ESCALATION[owed.rung]
    wait_us = times * acknowledge_us(state, message.precedence)
    due_us = at_us + wait_us if at_us + wait_us > now_us else now_us + wait_us
    tree = state.trees.get(owed.party)
    asked = tree.above(owed.cell) if tree is not None and rung < RUNG_MAX else ""
    items: Items = {owed.party: [RungItem(*head, owed.party, owed.cell, rung, asked, Path.SECOND)]}
    if rung >= RUNG_MAX:
        items[message.sender] = [RungItem(*head, owed.party, None, rung, "", Path.SECOND)]
    result = accepted(Accepted(), Effects(hotline=HotlineEffects(rung=rung, due_us=due_us)))
    result.notices = told(items)
    return result


def decide_missed(line: Line) -> Outcome:
    """A check was not answered in time: both ends are told."""
    after = LINE.get((line.state, line.misses + 1), line.state)
    result = accepted(Accepted(), Effects(hotline=HotlineEffects(state=after)))
    item = LineItem(line.first, line.second, line.path, line.check, after)
    result.notices = told({line.first: [item], line.second: [item]})
    return result


# lines


def decide_check(state: State, member: Member, command: CheckLine, now_us: int) -> Outcome | Refusal:
    """Is the line alive?"""
    if command.to == member.party or not can_answer(state.members.get(command.to)):
        return refuse(Reason.UNKNOWN, "command.to", "another member of this theatre that has a watch", command.to)
    if len(command.check) != ID_BYTES:
        return refuse(Reason.MALFORMED, "command.check", f"{ID_BYTES} bytes", f"{len(command.check)} bytes")
    line = state.lines.get(line_id(member.party, command.to, command.path))
    if line is not None and line.due_us:
        return refuse(Reason.WRONG_STATE, "command.to", "a line whose last check is answered or missed", "it waits")
    result = accepted(Accepted(), Effects(hotline=HotlineEffects(due_us=now_us + state.charter.check_us)))
    result.notices = told({command.to: [LineItem(member.party, command.to, command.path, command.check, "check")]})
    return result


def checked_line(state: State, party: str, command: AnswerCheck) -> Line | None:
    """The line that a check of another's belongs to."""
    ids = (line_id(command.sender, party, path) for path in Path)
    rows = (state.lines.get(found) for found in ids)
    return next((row for row in rows if row is not None and row.check == command.check), None)


def decide_answer_check(state: State, member: Member, command: AnswerCheck) -> Outcome | Refusal:
    """It is; also where the answer comes late."""
    line = checked_line(state, member.party, command)
    if line is None:
        return refuse(Reason.UNKNOWN, "command.check", "the last check of a line to you", command.check.hex())
    if not line.due_us and line.state is LineState.UP:
        return refuse(Reason.WRONG_STATE, "command.check", "a check that you have not answered", "answered")
    result = accepted(Accepted(), Effects(hotline=HotlineEffects(state=LineState.UP)))
    item = LineItem(line.first, line.second, line.path, line.check, LineState.UP)
    result.notices = told({line.first: [item], line.second: [item]})
    return result


# whom to call


def decide_contacts(command: SetContacts, parts: Parts) -> Outcome | Refusal:
    """A party's contacts, all of them."""
    part = parts[command.contacts][0] if 0 <= command.contacts < len(parts) else None
    if not isinstance(part, Contacts):
        limit = "the place of a contacts part among the attached parts"
        return refuse(Reason.PARTS_MISMATCH, "command.contacts", limit, command.contacts)
    if len(part.contacts) > CONTACTS_MAX:
        return refuse(Reason.TOO_MANY, "contacts", f"at most {CONTACTS_MAX}", len(part.contacts))
    for i, row in enumerate(part.contacts):
        field = f"contacts[{i}]"
        if not 1 <= row.level <= LEVELS:
            return refuse(Reason.OUT_OF_RANGE, f"{field}.level", f"1 to {LEVELS}", row.level)
        for name, text in (("role", row.role), ("number", row.number)):
            if not 0 < len(text) <= NAME_CHARACTERS_MAX or not text.isprintable():
                limit = f"1 to {NAME_CHARACTERS_MAX} characters that can be printed"
                return refuse(Reason.OUT_OF_RANGE, f"{field}.{name}", limit, f"{len(text)} characters")
        no = check_languages(row.languages, f"{field}.languages")
        if no is not None:
            return no
    return accepted(Accepted(), Effects(hotline=HotlineEffects()), len(parts))


# handover


def decide_hand_over(
    state: State, member: Member, key: bytes, command: HandOver, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """The watch of a cell is offered to another key; until that one has signed, the old one stays."""
    no = text_part(parts, command.reason, "command.reason") or _check_cell(state, member, command.cell)
    if no is not None:
        return no
    own = on_watch(state, member, command.cell, now_us)
    if own is not None and own != key:
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", "the key on watch of the cell", "another")
    row = member.keys.get(command.to)
    if row is None or row.revoked_us or row.grant.expires_us <= now_us or command.to == key:
        limit = "another live watch key of your party"
        return refuse(Reason.UNKNOWN_KEY, "command.to", limit, command.to.hex()[:16])
    critical = sum(1 for owed in open_items(state, member.party, command.cell) if is_critical(state, owed))
    if critical and command.reason is None:
        limit = "acknowledge what is critical first, or give a reason"
        return refuse(Reason.OPEN_ITEMS, "command.cell", limit, f"{critical} that nobody has acknowledged")
    result = accepted(Accepted(), Effects(hotline=HotlineEffects()), len(parts))
    result.notices = told({member.party: [WatchItem(command.cell, "offered", command.to)]})
    return result


def _check_cell(state: State, member: Member, cell: str) -> Refusal | None:
    if not cell or cell in all_cells(state, member.party):
        return None
    return refuse(Reason.UNKNOWN, "command.cell", "a cell of yours", cell)


def decide_take_over(state: State, member: Member, key: bytes, command: TakeOver, now_us: int) -> Outcome | Refusal:
    """The successor signs for each open item. A watch that nobody keeps, or that let one come to the third rung, may be
    taken without an offer."""
    no = _check_cell(state, member, command.cell)
    if no is not None:
        return no
    watch = state.watches.get((member.party, command.cell))
    own = on_watch(state, member, command.cell, now_us)
    items = open_items(state, member.party, command.cell)
    deserted = any(owed.rung >= RUNG_MAX for owed in items)
    if own == key:
        return refuse(Reason.WRONG_STATE, "command.cell", "a watch that is not yours yet", "it is")
    if own is not None and not deserted and (watch is None or watch.offered != key):
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", "the key that the watch was offered to", "another")
    if set(command.items) != {owed.id for owed in items} or len(command.items) != len(items):
        limit = f"each of the {len(items)} open items, once"
        return refuse(Reason.OPEN_ITEMS, "command.items", limit, f"{len(command.items)} named")
    result = accepted(Accepted(), Effects(hotline=HotlineEffects()))
    result.notices = told({member.party: [WatchItem(command.cell, "taken", key)]})
    return result
