"""Case G, Su-22, 2017. Accounts are disputed; the scenario takes no side.

An aircraft was shot down. One side said that it had called on the agreed line before; the other that no call had come,
and suspended the line. Neither could show anything.

What must happen here: what was said and what arrived stands signed in a ledger that both hold (row 21); that a line
does not answer shows at both ends before anything happens (row 23).
"""

import pytest
from lines import Lines
from msgspec import msgpack
from worlds import seed_of

from wideberth.ledger.verify import verify
from wideberth.party.command import SignHead
from wideberth.party.envelope import Signed, check_signatures, decode_envelope
from wideberth.party.hotline import AnswerCheck, CheckLine, Path, Precedence, Send
from wideberth.party.identity import public_key
from wideberth.sequencer import Sequencer, content_of
from wideberth.theatre import hotline_watch
from wideberth.theatre.hotline_items import LineItem, MessageItem


def the_call(world: Lines) -> None:
    """AAA calls. BBB's node takes the notice, and BBB signs for it: neither can take that back."""
    call, answer = world.tell("AAA", "BBB", text="Turn away.", precedence=Precedence.FLASH)
    assert answer.entry is not None
    signed = msgpack.decode(content_of(answer.entry, 0), type=Signed)
    envelope = decode_envelope(signed.envelope)
    assert check_signatures(envelope, signed.envelope, signed.signatures) is None
    assert envelope.keys == (public_key(seed_of("AAA")),)
    assert isinstance(envelope.command, Send)
    assert envelope.command.message == call
    told = [t for t in world.sequencer.notices("BBB", 0, 100) if t.sequence == answer.entry.sequence]
    assert told, "nothing shows that it was told"
    assert world.speak("BBB", SignHead(told[0].number, told[0].head)).accepted
    assert world.state.members["BBB"].signed == told[0].number
    assert world.last("BBB", MessageItem).message == call
    assert verify(world.store.read(), None).ok


def the_line(world: Lines) -> None:
    """On the agreed line nobody answers; both ends are shown it after two checks, and that it is lost after four."""
    for _ in range(4):
        check = world.draw(16)
        world.speak("AAA", CheckLine(check, "BBB", Path.FIRST))
        world.wait(65)
    for party in ("AAA", "BBB"):
        seen = [item.what for _, item in world.told(party, LineItem) if item.what not in ("check", "up")]
        assert seen == ["missed", "degraded", "degraded", "lost"], "nobody knew that the line was dead"
    world.speak("BBB", AnswerCheck("AAA", check))
    assert world.last("AAA", LineItem).what == "up"


def test_what_was_said_and_what_arrived_can_be_shown() -> None:
    """The caller's signature, the receiver's signature for its notices, and a ledger that verifies."""
    the_call(Lines())


def test_without_notices_nothing_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story without a chain of notices: only the caller's word is left."""
    monkeypatch.setattr(Sequencer, "notices", lambda *_: iter(()))
    with pytest.raises(AssertionError, match="nothing shows"):
        the_call(Lines())


def test_a_dead_line_shows_at_both_ends() -> None:
    """Before anybody needs it."""
    the_line(Lines())


def test_without_checks_a_dead_line_looks_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story with no states of a line."""
    monkeypatch.setattr(hotline_watch, "LINE", {})
    with pytest.raises(AssertionError, match="nobody knew"):
        the_line(Lines())
