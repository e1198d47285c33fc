"""Writes messages, what is owed to them, lines and watches.

In:  an entry of the hotline on its way into the state, whose effects say what to write.
Out: the rows, and the deadlines ahead.
"""

import heapq
from collections.abc import Iterable

from wideberth.limits import KEPT_ENDED_US
from wideberth.party.hotline import (
    Acknowledge,
    AnswerCheck,
    AnswerMessage,
    CancelMessage,
    CheckLine,
    Delivered,
    Doubt,
    HandOver,
    HotlineCommand,
    MessageKind,
    MessageSubject,
    Precedence,
    Reject,
    Review,
    Send,
    SetContacts,
    SetPaths,
    SetTree,
    Stop,
    TakeOver,
)
from wideberth.party.phrase import phrase_or_none
from wideberth.theatre.applying import Applying
from wideberth.theatre.hotline_answers import REJECTED
from wideberth.theatre.hotline_items import HotlineEffects
from wideberth.theatre.hotline_routes import HANDED
from wideberth.theatre.hotline_rows import (
    Answered,
    DoubtRow,
    Line,
    Message,
    MessageState,
    Obligation,
    Tree,
    Watch,
)
from wideberth.theatre.hotline_rules import acknowledge_us, is_effective, line_id, obligation_id, obligations_of
from wideberth.theatre.hotline_watch import checked_line
from wideberth.theatre.lifecycle import LineState, Reach
from wideberth.theatre.rows import Held
from wideberth.theatre.state import State


def hotline(at: Applying, command: HotlineCommand) -> None:
    """Write what a command of the hotline says."""
    made = at.effects.hotline or HotlineEffects()
    match command:
        case SetTree():
            _tree(at, command)
        case SetPaths(cell, paths):
            _paths(at.state, (at.party, cell), at.held_or_none(paths))
        case Send() | Stop():
            _send(at, command, made)
        case Acknowledge(subject, cell):
            _reach(at, subject, cell, made, command.onward)
        case Reject(subject, cell):
            _reach(at, subject, cell, made)
            _said(at, command, REJECTED)
        case SetContacts(contacts):
            at.state.members[at.party].contacts = at.held(contacts)
            at.state.touch("member", at.party)
        case AnswerMessage():
            _answer(at, command, made)
        case CancelMessage(message):
            _close(at.state, at.state.messages[(at.party, message)], MessageState(made.state), at.time_us)
        case Doubt():
            _doubt(at, command)
        case Review(doubt):
            _review(at, doubt, made)
        case CheckLine():
            _check(at, command, made)
        case AnswerCheck():
            _answer_check(at, command)
        case HandOver() | TakeOver():
            _watch(at, command)


def _tree(at: Applying, command: SetTree) -> None:
    state = at.state
    state.trees[at.party] = Tree(command.cells)
    state.touch("tree", at.party)
    codes = {cell.code for cell in command.cells} | {""}
    for key in [key for key in state.watches if key[0] == at.party and key[1] not in codes]:
        del state.watches[key]
        state.touch("watch", key)
    for key in [key for key in state.paths if key[0] == at.party and key[1] not in codes]:
        _paths(state, key, None)


def _paths(state: State, key: tuple[str, str], held: Held | None) -> None:
    if held is None:
        state.paths.pop(key, None)
    else:
        state.paths[key] = held
    state.touch("path", key)


# messages


def _send(at: Applying, command: Send | Stop, made: HotlineEffects) -> None:
    state, key = at.state, (at.party, command.message)
    old = state.messages.get(key)
    if old is not None:
        drop_owed(state, old)
    volumes = at.held_or_none(made.volumes)
    if isinstance(command, Send):
        rest: tuple[MessageKind, Precedence] = (command.kind, command.precedence)
        operation, conflict = command.operation or b"", command.conflict or b""
        if operation:
            volumes = state.things[(at.party, operation)].volumes
    else:
        rest, operation, conflict = (MessageKind.STOP, Precedence.FLASH), b"", b""
    version = old.version + 1 if old is not None else 1
    message = Message(
        *key,
        version,
        *rest,
        made.to,
        phrase_or_none(command.phrase),
        command.drill,
        at.time_us,
        at.sequence,
        at.held_or_none(made.text),
        volumes,
        operation,
        conflict,
        made.late,
        made.off_watch,
        made.end_us,
        doubts=old.doubts if old is not None else (),
    )
    state.messages[key] = message
    state.touch("message", key)
    _owe(at, message, made)


def _owe(at: Applying, message: Message, made: HotlineEffects) -> None:
    state = at.state
    for party, cell, due_us in ((o.party, o.cell, o.due_us) for o in made.owed):
        owed = obligation_id(message.key, message.version, party, cell)
        head = (owed, *message.key, message.version, party, cell)
        state.obligations[owed] = Obligation(*head, Reach.SENT, 0, due_us)
        state.owing.setdefault(message.key, []).append(owed)
        state.expect(due_us, "rung", ("", owed))
        state.touch("obligation", owed)


def drop_owed(state: State, message: Message) -> None:
    """Nothing is owed to a message any more."""
    for owed in state.owing.pop(message.key, ()):
        del state.obligations[owed]
        state.touch("obligation", owed)


def _close(state: State, message: Message, to: MessageState, now_us: int) -> None:
    message.state, message.closed_us = to, now_us
    for owed in obligations_of(state, message):
        owed.due_us = 0
        state.touch("obligation", owed.id)
    _pass(state, message, now_us)
    state.touch("message", message.key)


def _pass(state: State, message: Message, now_us: int) -> None:
    """It is to be forgotten a day after it is over."""
    heapq.heappush(state.passing, (max(now_us, message.end_us) + KEPT_ENDED_US, message.key))


def _reach(at: Applying, subject: MessageSubject, cell: str, made: HotlineEffects, onward: int | None = None) -> None:
    if not made.reach:
        return
    state = at.state
    message = state.messages[(subject.sender, subject.message)]
    owed = state.obligations[obligation_id(message.key, message.version, at.party, cell)]
    owed.reach, owed.proxy, owed.rung, owed.due_us = Reach(made.reach), made.proxy, 0, made.due_us
    owed.key, owed.time_us = at.envelope.keys[0], at.time_us
    if onward is not None:
        owed.onward = at.held(onward)
    if owed.due_us:
        state.expect(owed.due_us, "rung", ("", owed.id))
    state.touch("obligation", owed.id)
    _effective(at, message, made)


def _effective(at: Applying, message: Message, made: HotlineEffects) -> None:
    if made.effective and not message.effective_us:
        message.effective_us = at.time_us
        _pass(at.state, message, at.time_us)
        at.state.touch("message", message.key)


def _answer(at: Applying, command: AnswerMessage, made: HotlineEffects) -> None:
    state, subject = at.state, command.subject
    _reach(at, subject, command.cell, made)
    message = _said(at, command, command.answer)
    if made.to:
        message.to = (*message.to, *made.to)
        message.effective_us = 0
        _owe(at, message, made)
    if made.state:
        _close(state, message, MessageState(made.state), at.time_us)
    state.touch("message", message.key)


def _said(at: Applying, command: AnswerMessage | Reject, answer: str) -> Message:
    """The last word of a cell about a message."""
    message = at.state.messages[(command.subject.sender, command.subject.message)]
    others = tuple(a for a in message.answers if (a.party, a.cell) != (at.party, command.cell))
    said = Answered(at.party, command.cell, answer, at.time_us, at.held_or_none(command.text))
    message.answers = (*others, said)
    at.state.touch("message", message.key)
    return message


def _doubt(at: Applying, command: Doubt) -> None:
    state, subject = at.state, command.subject
    message = state.messages[(subject.sender, subject.message)]
    key, text = at.envelope.keys[0], at.held(command.text)
    row = DoubtRow(command.doubt, at.party, key, *message.key, message.version, text, at.time_us)
    state.doubts[row.ref] = row
    message.doubts, message.effective_us = (*message.doubts, row.ref), 0
    state.touch("doubt", row.ref)
    state.touch("message", message.key)


def _review(at: Applying, doubt: bytes, made: HotlineEffects) -> None:
    state = at.state
    row = state.doubts[(at.party, doubt)]
    row.reviewed_us = at.time_us
    state.touch("doubt", row.ref)
    message = state.messages[(row.sender, row.message)]
    message.doubts = tuple(ref for ref in message.doubts if ref != row.ref)
    state.touch("message", message.key)
    _effective(at, message, made)


# lines and watches


def _check(at: Applying, command: CheckLine, made: HotlineEffects) -> None:
    state, found = at.state, line_id(at.party, command.to, command.path)
    line = state.lines.get(found)
    if line is None:
        line = state.lines[found] = Line(found, at.party, command.to, command.path)
    line.check, line.due_us = command.check, made.due_us
    state.expect(made.due_us, "check", ("", found))
    state.touch("line", found)


def _answer_check(at: Applying, command: AnswerCheck) -> None:
    line = checked_line(at.state, at.party, command)
    assert line is not None, "decided"
    line.state, line.misses, line.due_us, line.heard_us = LineState.UP, 0, 0, at.time_us
    at.state.touch("line", line.id)


def _watch(at: Applying, command: HandOver | TakeOver) -> None:
    state, key, own = at.state, (at.party, command.cell), at.envelope.keys[0]
    watch = state.watches.get(key)
    if isinstance(command, TakeOver):
        state.watches[key] = Watch(*key, own, at.time_us)
    else:
        if watch is None:
            watch = state.watches[key] = Watch(*key, own, at.time_us)
        watch.offered, watch.reason = command.to, at.held_or_none(command.reason)
    state.touch("watch", key)


def delivered(state: State, command: Delivered) -> None:
    """What was handed over, beside what is owed; it moves nothing."""
    for row in command.rows:
        owed = state.obligations.get(obligation_id((row.sender, row.message), row.version, row.party, row.cell))
        way = (row.path.value, row.route)
        if owed is not None and row.outcome == HANDED and way not in owed.handed:
            owed.handed = (*owed.handed, way)
            state.touch("obligation", owed.id)


# what time does


def rung(at: Applying, obligation: bytes) -> None:
    """A deadline of an obligation has passed."""
    state, made = at.state, at.effects.hotline
    assert made is not None, "decided"
    owed = state.obligations[obligation]
    if made.state:
        _close(state, state.messages[owed.message_key], MessageState(made.state), at.time_us)
        return
    owed.rung, owed.due_us = made.rung, made.due_us
    state.expect(owed.due_us, "rung", ("", obligation))
    state.touch("obligation", obligation)


def missed(at: Applying, line_: bytes) -> None:
    """A check was not answered."""
    made, line = at.effects.hotline, at.state.lines[line_]
    assert made is not None, "decided"
    line.state, line.misses, line.due_us = LineState(made.state), line.misses + 1, 0
    at.state.touch("line", line_)


def forget_messages(state: State, now_us: int) -> None:
    """Drop messages that have been over for a day, with what was owed to them and doubted of them."""
    while state.passing and state.passing[0][0] <= now_us:
        key = heapq.heappop(state.passing)[1]
        message = state.messages.get(key)
        if message is None or message.doubts or not (over := message.closed_us or message.effective_us):
            continue
        if max(over, message.end_us) + KEPT_ENDED_US > now_us:
            continue
        drop_owed(state, message)
        del state.messages[key]
        state.touch("message", key)
        for ref in [ref for ref, row in state.doubts.items() if (row.sender, row.message) == key]:
            del state.doubts[ref]
            state.touch("doubt", ref)


def party_left(at: Applying) -> None:
    """A party is gone: nobody waits for it, its lines and watches end, and what it said is taken back."""
    state, party = at.state, at.party
    for message in state.messages.values():
        if message.sender == party and not message.closed_us:
            _close(state, message, MessageState.CANCELLED, at.time_us)
        elif party in message.to:
            _leave_message(at, message)
    for found in [line.id for line in state.lines.values() if party in (line.first, line.second)]:
        del state.lines[found]
        state.touch("line", found)
    for key in [key for key in state.watches if key[0] == party]:
        del state.watches[key]
        state.touch("watch", key)
    for key in [key for key in state.paths if key[0] == party]:
        _paths(state, key, None)


def _leave_message(at: Applying, message: Message) -> None:
    state = at.state
    message.to = tuple(party for party in message.to if party != at.party)
    message.doubts = tuple(ref for ref in message.doubts if ref[0] != at.party)
    mine = [owed for owed in obligations_of(state, message) if owed.party == at.party]
    for owed in mine:
        state.owing[message.key].remove(owed.id)
        del state.obligations[owed.id]
        state.touch("obligation", owed.id)
    if not message.closed_us and not message.to:
        _close(state, message, MessageState.CANCELLED, at.time_us)
    elif not message.closed_us and is_effective(message, obligations_of(state, message)):
        _effective(at, message, HotlineEffects(effective=True))
    state.touch("message", message.key)


def key_revoked(at: Applying, key: bytes, since_us: int) -> None:
    """What a suspected key acknowledged is owed again."""
    state = at.state
    for owed in state.obligations.values():
        message = state.messages[owed.message_key]
        if owed.key != key or owed.time_us < since_us or message.closed_us:
            continue
        owed.reach, owed.proxy, owed.rung, owed.key = Reach.SENT, False, 0, b""
        owed.due_us = at.time_us + acknowledge_us(state, message.precedence)
        state.expect(owed.due_us, "rung", ("", owed.id))
        state.touch("obligation", owed.id)
        message.effective_us = 0
        state.touch("message", message.key)


def texts_of(state: State, party: str) -> Iterable[Held | None]:
    """What a party attached to what it said on the hotline."""
    yield from (held for (owner, _), held in state.paths.items() if owner == party)
    for message in state.messages.values():
        if message.sender == party:
            yield from (message.text, message.volumes)
        yield from (answer.text for answer in message.answers if answer.party == party)
    yield from (owed.onward for owed in state.obligations.values() if owed.party == party)
    yield state.members[party].contacts
    yield from (doubt.text for doubt in state.doubts.values() if doubt.party == party)
    yield from (watch.reason for watch in state.watches.values() if watch.party == party)
