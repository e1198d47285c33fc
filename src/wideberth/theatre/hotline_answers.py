"""What receivers say to a message: that it arrived, what they understood, what they answer, that they doubt it.

In:  the state, the receiver, its key and command, the parts, the time.
Out: an `Outcome` with everybody's notices, or a Refusal.
Refuses: old versions, what is over, cells that it does not concern, keys that are not on their watch.
"""

from typing import Final, NamedTuple

import msgspec

from wideberth.limits import DOUBTS_MAX, ID_BYTES
from wideberth.party.command import Disclosure
from wideberth.party.hotline import (
    Acknowledge,
    AnswerKind,
    AnswerMessage,
    Doubt,
    MessageKind,
    MessageSubject,
    Reject,
    Review,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.filing import Parts, text_part
from wideberth.theatre.hotline_echo import Wrong, differences
from wideberth.theatre.hotline_items import (
    DoubtItem,
    EchoItem,
    HotlineEffects,
    MessageItem,
    MessageStateItem,
    Owed,
    ReachItem,
    ReplyItem,
)
from wideberth.theatre.hotline_rows import Message, MessageState, Obligation
from wideberth.theatre.hotline_rules import (
    Items,
    acknowledge_us,
    can_answer,
    is_effective,
    may_act,
    met,
    names_doubt,
    obligations_of,
    owed_by,
    party_reach,
    told,
)
from wideberth.theatre.lifecycle import REACH, Reach
from wideberth.theatre.outcome import Accepted, Effects, Outcome, accepted
from wideberth.theatre.rows import Member
from wideberth.theatre.settlement import said_text
from wideberth.theatre.state import State

CLOSING: Final = (AnswerKind.NOT_AFFECTED, AnswerKind.DECLINED)
"""Of a query, where every cell says so; a conflict answers it at once. "Not ours" and "unknown" close nothing."""
REJECTED: Final = Reach.REJECTED.value
ELSEWHERE: Final = (AnswerKind.NOT_OURS, AnswerKind.UNKNOWN)


class Speaking(NamedTuple):
    """A cell of a receiver that speaks about a message."""

    message: Message
    owed: Obligation
    as_: str
    """"own" or "proxy"."""


def speaking(
    state: State, member: Member, key: bytes, subject: MessageSubject, cell: str, now_us: int
) -> Speaking | Refusal:
    """The message and what the cell owes to it, if this key may speak for the cell."""
    message = readable(state, member, subject)
    if isinstance(message, Refusal):
        return message
    owed = next((o for o in obligations_of(state, message) if (o.party, o.cell) == (member.party, cell)), None)
    if owed is None:
        return refuse(Reason.UNKNOWN, "command.cell", "a cell of yours that the message concerns", cell)
    as_ = may_act(state, member, owed, key, now_us)
    if not as_:
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", f"the key on watch of {cell or member.party}", "another")
    return Speaking(message, owed, as_)


def readable(state: State, member: Member, subject: MessageSubject) -> Message | Refusal:
    """The current version of a message that the member sent or was sent, and that is not over."""
    message = state.messages.get((subject.sender, subject.message))
    if message is None or member.party not in (message.sender, *message.to):
        return refuse(Reason.UNKNOWN, "command.subject", "a message to you", subject.message.hex())
    if message.version != subject.version:
        limit = f"the current version {message.version}"
        return refuse(Reason.STALE_VERSION, "command.subject.version", limit, subject.version)
    if message.closed_us:
        return refuse(Reason.WRONG_STATE, "command.subject", "a message that is not over", message.state.value)
    return message


# acknowledging


def decide_acknowledge(
    state: State, member: Member, key: bytes, command: Acknowledge, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """A cell has received a message, or reads it back."""
    found = speaking(state, member, key, command.subject, command.cell, now_us)
    if isinstance(found, Refusal):
        return found
    no = text_part(parts, command.onward, "command.onward")
    if no is not None:
        return no
    message, owed, as_ = found
    wrong = differences(state, message, command.echo) if command.echo else ()
    if isinstance(wrong, Refusal):
        return wrong
    if wrong:
        return _misread(found, wrong)
    reach = REACH.get((owed.reach, "read back rightly" if command.echo else "acknowledged"))
    if reach is None and owed.proxy and as_ == "own" and not command.echo:
        reach = owed.reach  # the cell itself, after somebody did it for it
    if reach is None:
        limit = "a message that you have not acknowledged so"
        return refuse(Reason.WRONG_STATE, "command.subject", limit, owed.reach.value)
    effects, items = reached(state, found, reach, now_us)
    result = accepted(Accepted(message.version), Effects(hotline=effects), len(parts))
    result.notices = told(items)
    return result


def decide_reject(
    state: State, member: Member, key: bytes, command: Reject, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """A cell cannot use a message as it is. From now on its sender is reminded, until there is a new version."""
    found = speaking(state, member, key, command.subject, command.cell, now_us)
    if isinstance(found, Refusal):
        return found
    no = text_part(parts, command.text, "command.text")
    if no is not None:
        return no
    message, owed, as_ = found
    if message.kind is MessageKind.STOP:
        return refuse(Reason.WRONG_STATE, "command.subject", "no STOP: acknowledge it, and ask", "stop")
    reach = REACH.get((owed.reach, "rejected"))
    if reach is None or as_ == "proxy":
        limit = "a message that the cell itself has neither read back nor rejected"
        return refuse(Reason.WRONG_STATE, "command.subject", limit, owed.reach.value)
    effects, items = reached(state, found, reach, now_us)
    head = (message.sender, message.id, message.version, owed.party)
    for party, cell in ((message.sender, None), (owed.party, owed.cell)):
        items.setdefault(party, []).append(ReplyItem(*head, cell, REJECTED, said_text(parts, command.text)))
    result = accepted(Accepted(message.version), Effects(hotline=effects), len(parts))
    result.notices = told(items)
    return result


def _misread(found: Speaking, wrong: tuple[Wrong, ...]) -> Outcome:
    """It is on record, moves nothing, and both sides hear what differs."""
    message, owed = found.message, found.owed
    head = (message.sender, message.id, message.version, owed.party)
    result = accepted(Accepted(message.version), Effects(hotline=HotlineEffects()))
    result.notices = told(
        {message.sender: [EchoItem(*head, None, wrong)], owed.party: [EchoItem(*head, owed.cell, wrong)]}
    )
    return result


def reached(state: State, found: Speaking, reach: Reach, now_us: int) -> tuple[HotlineEffects, Items]:
    """What follows where a message has come further with a cell."""
    message, owed, as_ = found
    proxy = as_ == "proxy"
    before = obligations_of(state, message)
    mine = msgspec.structs.replace(owed, reach=reach, proxy=proxy)
    after = [mine if o.id == owed.id else o for o in before]
    effective = is_effective(message, after)
    due_us = 0 if met(message, reach) else now_us + acknowledge_us(state, message.precedence)
    head = (message.sender, message.id, message.version, owed.party)
    items: Items = {owed.party: [ReachItem(*head, owed.cell, reach, effective)]}
    whole = party_reach(after, owed.party)
    if effective or whole is not party_reach(before, owed.party):
        items[message.sender] = [ReachItem(*head, None, whole, effective)]
    return HotlineEffects(reach=reach, proxy=proxy, due_us=due_us, effective=effective), items


# answering


def decide_answer(
    state: State, member: Member, key: bytes, command: AnswerMessage, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """What a cell answers; it has received the message, then."""
    found = speaking(state, member, key, command.subject, command.cell, now_us)
    if isinstance(found, Refusal):
        return found
    no = text_part(parts, command.text, "command.text")
    if no is not None:
        return no
    message, owed, _ = found
    effects, items = HotlineEffects(), Items()
    if owed.reach in (Reach.SENT, Reach.REJECTED):
        effects, items = reached(state, found, Reach.RECEIVED, now_us)
    head = (message.sender, message.id, message.version)
    for party, cell in ((message.sender, None), (owed.party, owed.cell)):
        reply = ReplyItem(*head, owed.party, cell, command.answer, said_text(parts, command.text))
        items.setdefault(party, []).append(reply)
    effects = _query_after(state, found, command.answer, now_us, effects, items)
    result = accepted(Accepted(message.version), Effects(hotline=effects), len(parts))
    result.notices = told(items)
    return result


def _query_after(
    state: State, found: Speaking, answer: AnswerKind, now_us: int, effects: HotlineEffects, items: Items
) -> HotlineEffects:
    """Whether a query is answered, or goes to everybody else who may know."""
    message, owed, _ = found
    if message.kind is not MessageKind.QUERY:
        return effects
    given: dict[tuple[str, str], str] = {(a.party, a.cell): a.answer for a in message.answers}
    given |= {(owed.party, owed.cell): answer}
    all_given = [given.get((o.party, o.cell)) for o in obligations_of(state, message)]
    if answer is AnswerKind.CONFLICT or all(said in CLOSING for said in all_given):
        for party in (message.sender, *message.to):
            item = MessageStateItem(message.sender, message.id, message.version, "answered")
            items.setdefault(party, []).append(item)
        return msgspec.structs.replace(effects, state=MessageState.ANSWERED)
    if None in all_given or not any(said in ELSEWHERE for said in all_given) or not _may_widen(state, message):
        return effects
    return _widened(state, message, now_us, effects, items)


def _may_widen(state: State, message: Message) -> bool:
    """Whether a query may go to more parties: not what belongs to a conflict, nor the geometry of a plan that is not
    open. A receiver's word must not show it to those whom its owner's class shows nothing."""
    if message.conflict:
        return False
    thing = state.things.get((message.sender, message.operation)) if message.operation else None
    return not message.operation or (thing is not None and thing.disclosure == Disclosure.OPEN)


def _widened(state: State, message: Message, now_us: int, effects: HotlineEffects, items: Items) -> HotlineEffects:
    """Nobody who was asked knows: the question goes to every party that may."""
    asked = {message.sender, *message.to}
    others = tuple(m.party for m in state.members.values() if can_answer(m) and m.party not in asked)
    if not others:
        return effects
    due_us = now_us + acknowledge_us(state, message.precedence)
    owed: tuple[Owed, ...] = owed_by(state, others, state.message_volumes(message), due_us)
    items.setdefault(message.sender, []).append(
        MessageStateItem(message.sender, message.id, message.version, "widened")
    )
    for party in others:
        cells = tuple(o.cell for o in owed if o.party == party)
        items.setdefault(party, []).append(_asked(message, cells, due_us))
    return msgspec.structs.replace(effects, to=others, owed=owed, effective=False)


def _asked(message: Message, cells: tuple[str, ...], due_us: int) -> MessageItem:
    """A query as those hear of it to whom it comes later."""
    return MessageItem(
        message.sender,
        message.id,
        message.version,
        message.kind,
        message.precedence,
        message.phrase,
        message.text.commitment if message.text is not None else None,
        message.volumes is not None,
        False,
        cells,
        due_us,
        message.drill,
        message.late,
        message.off_watch,
    )


# doubting


def decide_doubt(state: State, member: Member, command: Doubt, parts: Parts) -> Outcome | Refusal:
    """Somebody doubts a message; it is not effective until a second person of that party has looked."""
    message = readable(state, member, command.subject)
    if isinstance(message, Refusal):
        return message
    no = text_part(parts, command.text, "command.text")
    if no is not None:
        return no
    if len(command.doubt) != ID_BYTES:
        return refuse(Reason.MALFORMED, "command.doubt", f"{ID_BYTES} bytes", f"{len(command.doubt)} bytes")
    if (member.party, command.doubt) in state.doubts:
        return refuse(Reason.EXISTS, "command.doubt", "an id that is new", command.doubt.hex())
    if sum(1 for party, _ in message.doubts if party == member.party) >= DOUBTS_MAX:
        limit = f"at most {DOUBTS_MAX} that wait for a review"
        return refuse(Reason.TOO_MANY, "command.doubt", limit, DOUBTS_MAX + 1)
    return _doubted(message, member, command.doubt, "raised", said_text(parts, command.text), False, len(parts))


def decide_review(state: State, member: Member, key: bytes, command: Review, parts: Parts) -> Outcome | Refusal:
    """A second person has looked at a doubt."""
    doubt = state.doubts.get((member.party, command.doubt))
    if doubt is None:
        return refuse(Reason.UNKNOWN, "command.doubt", "a doubt of your party", command.doubt.hex())
    no = text_part(parts, command.text, "command.text")
    if no is not None:
        return no
    if doubt.reviewed_us:
        return refuse(Reason.WRONG_STATE, "command.doubt", "a doubt that nobody has reviewed", "reviewed")
    if doubt.key == key:
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", "a second person's key", "the key that doubted")
    message = state.messages[(doubt.sender, doubt.message)]
    left = tuple(ref for ref in message.doubts if ref != doubt.ref)
    effective = is_effective(msgspec.structs.replace(message, doubts=left), obligations_of(state, message))
    text = said_text(parts, command.text)
    return _doubted(message, member, command.doubt, "reviewed", text, effective, len(parts))


def _doubted(
    message: Message, member: Member, doubt: bytes, what: str, text: bytes | None, effective: bool, attached: int
) -> Outcome:
    """All who know the message hear of it; whose doubt it is and why, those who may (`names_doubt`)."""
    head = (message.sender, message.id, message.version)
    named, unnamed = DoubtItem(*head, member.party, doubt, what, text), DoubtItem(*head, "", doubt, what, None)
    result = accepted(Accepted(message.version), Effects(hotline=HotlineEffects(effective=effective)), attached)
    result.notices = told(
        {
            party: [named if names_doubt(message.sender, member.party, party) else unnamed]
            for party in (message.sender, *message.to)
        }
    )
    return result
