"""Case A, Deir ez-Zor, 2016. Accounts are disputed; the scenario takes no side.

A force gave notice of where it would strike, through the agreed contact. The place that it said was 9 km from the one
it meant. When the other side called to say that its people were being hit, the usual contact was away: 27 minutes went
by while strikes went on. An analyst had doubted the target beforehand, and the doubt was not passed on.

What must happen here: a read-back of another place does not count, and both sides hear by how much (row 3). The doubt
holds the notice until a second person has looked, and everybody hears of it (row 13). The call is not left with one
person: at 60 s the next rung, at 180 s the whole party (row 5); STOP reaches every cell of everybody at once (row 6).
"""

from collections.abc import Sequence

import pytest
from lines import Lines, cell
from worlds import MINUTE, SECOND

from wideberth.party.command import Text
from wideberth.party.hotline import Doubt, Precedence
from wideberth.theatre import dues, hotline_answers
from wideberth.theatre.hotline_items import DoubtItem, EchoItem, MessageItem, RungItem
from wideberth.theatre.hotline_rows import Message, Obligation
from wideberth.theatre.hotline_rules import met
from wideberth.words.readback import readback_of


def theatre() -> Lines:
    """AAA strikes; BBB is on the ground. AAA's contact is one person at one desk."""
    world = Lines()
    world.tree("AAA", cell("CELL"), cell("DESK", "CELL"))
    for watch in ("contact", "duty", "analyst"):
        world.grant("AAA", watch)
    world.take("AAA", "DESK", "contact")
    world.take("AAA", "CELL", "duty")
    return world


def the_call(world: Lines) -> None:
    """BBB calls; the contact is away for 27 minutes. Somebody has to have been asked at 60 s and all at 180 s."""
    call, _ = world.tell("BBB", "AAA", text="You are hitting our people.", precedence=Precedence.FLASH)
    world.receive("AAA", "BBB", call, "CELL", "duty")
    began = world.row("BBB", call).sent_us
    world.wait(27 * 60)
    rungs = [(at - began, item.rung) for at, item in world.told("AAA", RungItem)]
    assert rungs, "27 minutes of silence"
    assert [rung for _, rung in rungs[:2]] == [1, 2]
    assert rungs[0][0] <= 65 * SECOND
    assert rungs[1][0] <= 3 * MINUTE + 5 * SECOND
    assert next(item.rung for _, item in world.told("BBB", RungItem)) == 2


def the_doubt(world: Lines) -> None:
    """The analyst doubts AAA's own notice: it is not effective, and BBB hears why."""
    notice, _ = world.tell("AAA", "BBB", text="Strike south of the airfield.", watch="contact")
    doubt = Doubt(world.draw(16), world.subject("AAA", notice), 0)
    world.speak("AAA", doubt, Text("en", "These do not look like who we think."), watch="analyst")
    world.receive("BBB", "AAA", notice)
    assert not world.row("AAA", notice).effective_us, "it counts although somebody doubts it"
    assert world.last("BBB", DoubtItem).what == "raised"


def the_place(world: Lines) -> None:
    """AAA's unit has the place 9 km off: its read-back does not fit, both hear by how much, nothing is effective."""
    meant = world.box(lat=42.0, lon=-38.0)
    noted = world.box(lat=42.0, lon=-38.0 + 9 / 82.7)
    notice, _ = world.tell("BBB", "AAA", volumes=(meant,), precedence=Precedence.IMMEDIATE)
    for code, watch in (("CELL", "duty"), ("DESK", "contact")):
        world.receive("AAA", "BBB", notice, code, watch, readback_of((noted,), 1).items())
    assert not world.row("BBB", notice).effective_us, "9 km off went unnoticed"
    for party in ("AAA", "BBB"):
        wrong = {item: what for item, _, _, what in world.last(party, EchoItem).differences}
        assert wrong["position"].startswith("other, 9")
    for code, watch in (("CELL", "duty"), ("DESK", "contact")):
        world.receive("AAA", "BBB", notice, code, watch, readback_of((meant,), 1).items())
    assert world.row("BBB", notice).effective_us


def test_nine_kilometres_are_noticed() -> None:
    """A place that is not the meant one never becomes effective (row 3)."""
    the_place(theatre())


def test_without_reading_back_nine_kilometres_go_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where whatever is read back counts."""
    monkeypatch.setattr(hotline_answers, "differences", lambda *_: ())
    with pytest.raises(AssertionError, match="unnoticed"):
        the_place(theatre())


def test_the_silence_ends_at_the_third_rung_within_three_minutes() -> None:
    """27 minutes of absence end after one and three minutes."""
    the_call(theatre())


def test_without_escalation_the_silence_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story with deadlines switched off: nobody else is asked."""
    pending = dues.pending
    off = lambda state, kind, ref, at_us: kind != "rung" and pending(state, kind, ref, at_us)  # noqa: E731
    monkeypatch.setattr(dues, "pending", off)
    with pytest.raises(AssertionError, match="27 minutes of silence"):
        the_call(theatre())


def test_a_doubt_is_passed_on() -> None:
    """One person's doubt holds the notice."""
    the_doubt(theatre())


def test_without_doubts_it_would_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where doubts weigh nothing."""

    def careless(message: Message, owed: Sequence[Obligation]) -> bool:
        return all(met(message, o.reach) for o in owed)

    monkeypatch.setattr(hotline_answers, "is_effective", careless)
    with pytest.raises(AssertionError, match="somebody doubts"):
        the_doubt(theatre())


def test_stop_asks_for_nobody() -> None:
    """BBB need not wait for the contact: STOP is before every cell of AAA in the entry that says it."""
    world = theatre()
    stop, _ = world.stop("BBB")
    told = world.told("AAA", MessageItem)[-1]
    assert told[0] == world.row("BBB", stop).sent_us
    assert told[1].kind == "stop"
    assert set(told[1].cells) == {"CELL", "DESK"}
