"""What parties might say on the hotline in the storm, sensible or not."""

import random
from typing import Any

from lines import cell
from worlds import World, circle, seed_of

from wideberth.party.command import Text, Volumes
from wideberth.party.hotline import (
    Acknowledge,
    AnswerCheck,
    AnswerKind,
    AnswerMessage,
    CancelMessage,
    CheckLine,
    Contact,
    Contacts,
    Doubt,
    HandOver,
    MessageKind,
    MessageSubject,
    Path,
    Precedence,
    Reject,
    Review,
    Send,
    SetContacts,
    SetTree,
    Stop,
    TakeOver,
)
from wideberth.party.identity import public_key
from wideberth.theatre.hotline_echo import expected
from wideberth.theatre.hotline_rules import open_items

WORDS = Text("en", "Call before entering.")


def chatter(world: World, chance: random.Random, parties: tuple[str, ...], party: str, box: Any) -> tuple[Any, ...]:
    """A command of the hotline with its parts."""
    state = world.state
    others = [p for p in parties if p != party]
    messages = list(state.messages.values())
    message = chance.choice(messages) if messages else None
    mine = [o for o in state.obligations.values() if o.party == party]
    owed = chance.choice(mine) if mine and chance.random() < 0.9 else None
    if owed is not None and chance.random() < 0.6:
        return _reply(world, chance, owed)
    subject = MessageSubject(*(message.key if message is not None else (party, bytes(16))), 1)
    old = message if message is not None and message.sender == party and chance.random() < 0.3 else None
    head = (old.id, old.version) if old is not None else (world.draw(16), 0)
    to = tuple(chance.sample(others, chance.randint(1, 3)))
    precedence = chance.choice(list(Precedence))
    kind = chance.choice((MessageKind.NOTICE, MessageKind.QUERY))
    code = chance.choice(("", "HQ", "ONE"))
    return chance.choice(
        [
            (Send(*head, kind, precedence, to, "notice", 0, 1), WORDS, Volumes((box,))),
            (Send(*head, kind, precedence, to, "", 0), WORDS),
            (Send(*head, kind, precedence, to, "notice", operation=_operation(world, chance, party)),),
            (Stop(head[0], "stop", 0), WORDS),
            (CancelMessage(subject.message, subject.version),),
            (Doubt(world.draw(16), subject, 0), WORDS),
            (Review(_doubt(world, chance, party), 0), WORDS),
            (CheckLine(world.draw(16), chance.choice(others), chance.choice(list(Path))),),
            (AnswerCheck(*_check(world, chance, party)),),
            (HandOver(code, public_key(seed_of(party)), 0), WORDS),
            (TakeOver(code, tuple(o.id for o in open_items(state, party, code))),),
            (SetContacts(0), Contacts((Contact(chance.randint(0, 3), "Watch", "555", ("en",)),))),
            (SetTree((cell("HQ"), cell("ONE", "HQ", circle(42, -38, 9_000)))),),
        ]
    )


def _reply(world: World, chance: random.Random, owed: Any) -> tuple[Any, ...]:
    state = world.state
    message = state.messages[owed.message_key]
    subject = MessageSubject(*message.key, message.version)
    right = expected(state, message)
    echo = right.items() if right is not None and chance.random() < 0.7 else ()
    if echo and chance.random() < 0.3:
        echo = ("1" + echo[0][1:], *echo[1:])
    said = chance.random()
    if said < 0.4:
        return (Acknowledge(subject, owed.cell, echo),)
    if said < 0.5:
        return Acknowledge(subject, owed.cell, echo, 0), WORDS
    if said < 0.6:
        return Reject(subject, owed.cell, 0), WORDS
    return AnswerMessage(subject, owed.cell, chance.choice(list(AnswerKind)), 0), WORDS


def _operation(world: World, chance: random.Random, party: str) -> bytes:
    mine = [t.id for t in world.state.things.values() if t.owner == party and t.live]
    return chance.choice(mine) if mine else bytes(16)


def _doubt(world: World, chance: random.Random, party: str) -> bytes:
    mine = [d.id for d in world.state.doubts.values() if d.party == party]
    return chance.choice(mine) if mine else bytes(16)


def _check(world: World, chance: random.Random, party: str) -> tuple[str, bytes]:
    mine = [(line.first, line.check) for line in world.state.lines.values() if line.second == party]
    return chance.choice(mine) if mine else (party, bytes(16))
