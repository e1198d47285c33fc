"""Messages: who owes what to them, how far they have come, what time makes of it."""

import pytest
from lines import Lines, cell, key_of, reason
from worlds import DAY, HOUR, MINUTE, SECOND, charter, circle

from wideberth.party.command import Disclosure, Leave, RevokeKey
from wideberth.party.hotline import (
    Acknowledge,
    AnswerKind,
    CancelMessage,
    MessageKind,
    MessageSubject,
    Precedence,
    SetTree,
    Stop,
)
from wideberth.refusal import Reason
from wideberth.theatre.hotline_items import MessageItem, MessageStateItem, ReachItem, ReplyItem, RungItem
from wideberth.theatre.hotline_rows import MessageState
from wideberth.theatre.hotline_views import find_message
from wideberth.theatre.lifecycle import Reach
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State

NEAR, FAR = circle(42, -38, 5_000), circle(45, -33, 5_000)


@pytest.fixture
def world() -> Lines:
    """BBB has a headquarters and two batteries, one near the valley; each has a watch of its own."""
    world = Lines()
    world.tree("BBB", cell("HQ"), cell("B1", "HQ", NEAR), cell("B2", "HQ", FAR))
    for watch, code in (("hq", "HQ"), ("one", "B1"), ("two", "B2")):
        world.grant("BBB", watch)
        assert world.take("BBB", code, watch).accepted
    return world


def same_after_replay(world: Lines) -> bool:
    """Whether the ledger alone, and a snapshot, give the state that there is."""
    loaded = load(dump(world.state))
    assert isinstance(loaded, State)
    return world.replayed().digest() == loaded.digest() == world.state.digest()


def test_receipt_at_headquarters_is_never_effective(world: Lines) -> None:
    """A notice is effective when every affected cell itself acknowledged, and not before."""
    message, answer = world.tell("AAA", "BBB")
    assert answer.accepted
    assert {cell for _, cell in world.owed("AAA", message)} == {"HQ", "B1", "B2"}
    assert world.receive("BBB", "AAA", message, "HQ", "hq").accepted
    assert not world.row("AAA", message).effective_us
    assert world.told("AAA", ReachItem) == []
    world.receive("BBB", "AAA", message, "B1", "one")
    world.receive("BBB", "AAA", message, "B2", "two")
    assert world.row("AAA", message).effective_us == world.state.time_us
    last = world.last("AAA", ReachItem)
    assert (last.party, last.cell, last.effective) == ("BBB", None, True)
    assert same_after_replay(world)


def test_a_notice_goes_to_the_cells_that_it_concerns(world: Lines) -> None:
    """Cells whose area meets the volumes owe it, and those without an area; nobody is told which."""
    message, _ = world.tell("AAA", "BBB", "CCC", volumes=(world.box(),), precedence=Precedence.ROUTINE)
    assert set(world.owed("AAA", message)) == {("BBB", "HQ"), ("BBB", "B1"), ("CCC", "")}
    assert world.last("BBB", MessageItem).cells == ("HQ", "B1")
    assert world.last("AAA", MessageItem).cells == ()


def test_where_no_cell_is_near_the_top_still_owes() -> None:
    """A message does not tell its sender that nobody is there."""
    world = Lines()
    world.tree("BBB", cell("HQ", area=FAR), cell("B1", "HQ", FAR))
    message, _ = world.tell("AAA", "BBB", volumes=(world.box(),), precedence=Precedence.ROUTINE)
    assert set(world.owed("AAA", message)) == {("BBB", "HQ")}


def test_a_new_version_voids_what_was_acknowledged(world: Lines) -> None:
    """An acknowledgement of an old version is refused, and the new one begins at sent."""
    message, _ = world.tell("AAA", "CCC")
    old = world.subject("AAA", message)
    assert world.receive("CCC", "AAA", message).accepted
    assert world.row("AAA", message).effective_us
    _, answer = world.tell("AAA", "CCC", message=message, replaces=1)
    assert answer.accepted is not None
    assert answer.accepted.version == 2
    assert not world.row("AAA", message).effective_us
    assert world.speak("CCC", Acknowledge(old, "")).refusal.reason is Reason.STALE_VERSION  # type: ignore[union-attr]
    assert world.owed("AAA", message)["CCC", ""].reach is Reach.SENT


def test_only_the_watch_of_the_cell_acknowledges(world: Lines) -> None:
    """The wrong role, twice, a cell that is not concerned, a stranger: each is refused with its reason."""
    message, _ = world.tell("AAA", "BBB")

    def reason(party: str, cell_: str, watch: str = "watch") -> Reason | None:
        no = world.receive(party, "AAA", message, cell_, watch).refusal
        return no.reason if no is not None else None

    assert reason("BBB", "B1", "two") is Reason.NOT_PERMITTED
    assert reason("BBB", "B1", "hq") is Reason.NOT_PERMITTED
    assert reason("BBB", "B9", "one") is Reason.UNKNOWN
    assert reason("CCC", "") is Reason.UNKNOWN
    assert reason("BBB", "B1", "one") is None
    assert reason("BBB", "B1", "one") is Reason.WRONG_STATE


def test_silence_climbs_and_is_never_silent(world: Lines) -> None:
    """FLASH: at 60 s the cell above, at 180 s the whole party and the sender, then every 120 s again."""
    message, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    began = world.state.time_us
    for code, watch in (("HQ", "hq"), ("B2", "two")):
        world.receive("BBB", "AAA", message, code, watch)
    world.wait(430)
    rungs = [(at - began, i.rung, i.asked, i.cell, i.path) for at, i in world.told("BBB", RungItem)]
    assert [(r, asked, code, path) for _, r, asked, code, path in rungs] == [
        (1, "HQ", "B1", "second"),
        *[(2, "", "B1", "second")] * 3,
    ]
    for (late, *_), due in zip(rungs, (60, 180, 300, 420), strict=True):
        assert 0 <= late - due * SECOND <= 5 * SECOND
    assert [(i.rung, i.cell) for _, i in world.told("AAA", RungItem)] == [(2, None)] * 3
    assert same_after_replay(world)


def test_who_is_asked_instead_may_acknowledge_but_it_is_not_effective(world: Lines) -> None:
    """The cell above takes it at the first rung; only the cell itself makes it effective."""
    message, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    world.receive("BBB", "AAA", message, "HQ", "hq")
    world.receive("BBB", "AAA", message, "B2", "two")
    assert world.receive("BBB", "AAA", message, "B1", "hq").refusal is not None
    world.wait(65)
    assert world.receive("BBB", "AAA", message, "B1", "hq").accepted
    assert not world.row("AAA", message).effective_us
    world.wait(600)
    assert len(world.told("BBB", RungItem)) == 1
    assert world.receive("BBB", "AAA", message, "B1", "one").accepted
    assert world.row("AAA", message).effective_us


def test_stop_goes_to_all_cells_of_all(world: Lines) -> None:
    """Any key may say it, whatever it is granted; off watch it arrives flagged; repeats are one alarm."""
    world.grant("AAA", "guard", "sign_head", hours=1)
    message, answer = world.stop("AAA", watch="guard")
    assert answer.accepted
    assert set(world.owed("AAA", message)) == {("BBB", "HQ"), ("BBB", "B1"), ("BBB", "B2"), ("CCC", "")}
    assert world.last("CCC", MessageItem).kind == "stop"
    assert not world.last("CCC", MessageItem).off_watch
    world.now_us += 2 * HOUR
    assert world.stop("AAA", message, "guard")[1].accepted
    assert world.last("CCC", MessageItem).off_watch
    assert world.last("CCC", MessageItem).version == 2
    assert [key for key in world.state.messages if key[0] == "AAA"] == [("AAA", message)]
    world.grant("BBB", "spare")
    off, _ = world.stop("BBB", watch="spare")
    assert world.row("BBB", off).off_watch
    assert same_after_replay(world)


def test_stop_is_not_held_up_by_what_is_odd_in_it() -> None:
    """Pointers to parts that are not there do not stop a STOP."""
    world = Lines()
    assert world.speak("AAA", Stop(world.draw(16), "stop", 3, 7)).accepted
    assert world.last("BBB", MessageItem).text is None


@pytest.mark.parametrize("odd", ["welcome", "STOP", "notice ", "\u202estop", "a" * 10_000])
def test_phrases_are_of_the_closed_set(odd: str) -> None:
    """A message whose phrase is no code is refused, naming the field; a STOP goes out without it."""
    world = Lines()
    no = world.tell("AAA", "BBB", phrase=odd)[1].refusal
    assert no is not None
    assert (no.reason, no.field) == (Reason.UNKNOWN, "command.phrase")
    stop = Stop(world.draw(16), odd)
    assert world.speak("AAA", stop).accepted
    assert (world.last("BBB", MessageItem).phrase, world.row("AAA", stop.message).phrase) == ("", "")
    assert world.tell("AAA", "BBB", phrase="", text="Mind the bridge")[1].accepted
    assert world.tell("AAA", "BBB", phrase="avoid")[1].accepted
    assert same_after_replay(world)


def test_receivers_must_be_there() -> None:
    """Nobody writes to a stranger, to oneself, to a party that left, or twice to one."""
    world = Lines()
    assert world.root_say("CCC", Leave()).accepted

    def reason(*to: str) -> Reason | None:
        no = world.tell("AAA", *to)[1].refusal
        return no.reason if no is not None else None

    assert reason("ZZZ") is Reason.UNKNOWN
    assert reason("AAA") is Reason.UNKNOWN
    assert reason("CCC") is Reason.UNKNOWN
    assert reason("BBB", "BBB") is Reason.OUT_OF_RANGE
    assert reason() is Reason.OUT_OF_RANGE
    assert reason("BBB") is None


def test_nobody_waits_for_a_party_that_left() -> None:
    """What it owed falls, what it said is taken back."""
    world = Lines()
    to_both, _ = world.tell("AAA", "BBB", "CCC")
    from_it, _ = world.tell("CCC", "BBB")
    world.receive("BBB", "AAA", to_both)
    assert world.root_say("CCC", Leave()).accepted
    assert world.row("AAA", to_both).effective_us
    assert world.row("CCC", from_it).state is MessageState.CANCELLED
    assert same_after_replay(world)


def test_not_ours_closes_nothing() -> None:
    """A query that nobody knows about goes to everybody else, and stays open."""
    world = Lines(parties=("AAA", "BBB", "CCC", "DDD"))
    query, _ = world.tell("AAA", "BBB", kind=MessageKind.QUERY)
    assert world.reply("BBB", "AAA", query, AnswerKind.NOT_OURS).accepted
    row = world.row("AAA", query)
    assert row.state is MessageState.OPEN
    assert row.to == ("BBB", "CCC", "DDD")
    assert world.last("DDD", MessageItem).message == query
    world.reply("CCC", "AAA", query, AnswerKind.UNKNOWN)
    world.reply("DDD", "AAA", query, AnswerKind.NOT_OURS)
    assert world.row("AAA", query).state is MessageState.OPEN
    assert world.last("AAA", ReplyItem).answer == "not-ours"
    world.reply("DDD", "AAA", query, AnswerKind.CONFLICT)
    assert world.row("AAA", query).state is MessageState.ANSWERED
    no = world.reply("BBB", "AAA", query, AnswerKind.NOT_AFFECTED).refusal
    assert no is not None
    assert no.reason is Reason.WRONG_STATE
    assert same_after_replay(world)


@pytest.mark.parametrize("disclosure", list(Disclosure))
def test_not_ours_shows_no_hidden_plan_to_others(disclosure: Disclosure) -> None:
    """A query with the geometry of a plan that is not open, or about a conflict, stays open with whom it was sent to;
    a receiver's "not ours" shows it to nobody else."""
    world = Lines(parties=("AAA", "BBB", "CCC"))
    plan, _ = world.plan("AAA", world.box(), disclosure=disclosure)
    query, _ = world.tell("AAA", "BBB", kind=MessageKind.QUERY, operation=plan)
    assert world.reply("BBB", "AAA", query, AnswerKind.NOT_OURS).accepted
    seen = find_message(world.state, "CCC", "AAA", query) is not None
    assert seen is (disclosure is Disclosure.OPEN)
    _, met = world.plan("BBB", world.box())
    assert met.accepted is not None
    if disclosure is Disclosure.PRIVATE:
        return  # its conflict names nobody to write to
    query, answer = world.tell("AAA", "BBB", kind=MessageKind.QUERY, conflict=met.accepted.conflicts[0], text="Yours?")
    assert answer.accepted, answer.refusal
    assert world.reply("BBB", "AAA", query, AnswerKind.NOT_OURS).accepted
    assert find_message(world.state, "CCC", "AAA", query) is None
    assert world.row("AAA", query).state is MessageState.OPEN
    assert same_after_replay(world)


def test_a_query_is_answered_when_nobody_is_affected() -> None:
    """Every cell that was asked says so."""
    world = Lines()
    query, _ = world.tell("AAA", "BBB", "CCC", kind=MessageKind.QUERY)
    world.reply("BBB", "AAA", query, AnswerKind.NOT_AFFECTED)
    assert world.row("AAA", query).state is MessageState.OPEN
    world.reply("CCC", "AAA", query, AnswerKind.DECLINED)
    assert world.row("AAA", query).state is MessageState.ANSWERED


def test_a_notice_inside_the_lead_time_goes_out_marked() -> None:
    """Too late is still better than not: it is sent, and says that it is late."""
    world = Lines(rules=charter(lead_us=3 * HOUR))
    _, answer = world.tell("AAA", "BBB", volumes=(world.box(start_h=0.5),))
    assert answer.accepted is not None
    assert answer.accepted.late
    assert world.last("BBB", MessageItem).late


def test_what_is_over_is_owed_no_more_and_says_so() -> None:
    """A notice whose window passes before all have it expires, for both sides to see."""
    world = Lines()
    message, _ = world.tell("AAA", "BBB", volumes=(world.box(start_h=0.01, hours=0.1),), precedence=Precedence.FLASH)
    world.wait(600)
    assert world.row("AAA", message).state is MessageState.EXPIRED
    assert world.last("AAA", MessageStateItem).what == "expired"
    assert world.last("BBB", MessageStateItem).what == "expired"


def test_what_is_taken_back_is_owed_no_more() -> None:
    """After a cancellation nothing escalates, and a day later it is forgotten."""
    world = Lines()
    message, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    assert world.speak("AAA", CancelMessage(message, 1)).accepted
    world.wait(300)
    assert world.told("BBB", RungItem) == []
    assert world.last("BBB", MessageStateItem).what == "cancelled"
    world.pass_time(DAY + MINUTE)
    assert not world.state.messages
    assert not world.state.obligations
    assert same_after_replay(world)


def test_anybody_says_stop_and_who_is_on_watch_takes_it_back(world: Lines) -> None:
    """A key off watch may say STOP and may not take it back, not even its own."""
    world.grant("BBB", "spare")
    message, answer = world.stop("BBB", watch="spare")
    assert answer.accepted
    assert reason(world.speak("BBB", CancelMessage(message, 1), watch="spare")) is Reason.NOT_PERMITTED
    assert not world.row("BBB", message).closed_us
    assert world.speak("BBB", CancelMessage(message, 1), watch="hq").accepted
    assert world.row("BBB", message).state is MessageState.CANCELLED


def test_a_party_fills_no_ledger_with_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past so many in force another is refused, a repeat is not, and one taken back makes room."""
    monkeypatch.setattr("wideberth.theatre.hotline.STOPS_IN_FORCE_MAX", 2)
    world = Lines()
    first, _ = world.stop("AAA")
    world.stop("AAA")
    assert reason(world.stop("AAA")[1]) is Reason.TOO_MANY
    assert world.stop("AAA", first)[1].accepted
    assert world.stop("CCC")[1].accepted
    assert world.speak("AAA", CancelMessage(first, 2)).accepted
    assert world.stop("AAA")[1].accepted


def test_a_suspected_key_has_acknowledged_nothing(world: Lines) -> None:
    """When a key is revoked, what it acknowledged since it is suspected is owed again."""
    message, _ = world.tell("AAA", "BBB")
    for code, watch in (("HQ", "hq"), ("B1", "one"), ("B2", "two")):
        world.receive("BBB", "AAA", message, code, watch)
    assert world.row("AAA", message).effective_us
    world.root_say("BBB", RevokeKey(key_of("BBB", "two"), world.now_us - MINUTE))
    assert not world.row("AAA", message).effective_us
    assert world.owed("AAA", message)["BBB", "B2"].reach is Reach.SENT
    assert world.owed("AAA", message)["BBB", "B2"].due_us > world.state.time_us
    assert same_after_replay(world)


def test_cells_hang_together() -> None:
    """A tree with a loop, a stranger above, a code twice, or without a cell that has open items is refused."""
    world = Lines()

    def reason(*cells: object) -> Reason | None:
        no = world.speak("BBB", SetTree(cells)).refusal  # type: ignore[arg-type]
        return no.reason if no is not None else None

    assert reason(cell("A1", "A2"), cell("A2", "A1")) is Reason.OUT_OF_RANGE
    assert reason(cell("A1", "A1")) is Reason.OUT_OF_RANGE
    assert reason(cell("A1", "XX")) is Reason.OUT_OF_RANGE
    assert reason(cell("A1"), cell("A1")) is Reason.EXISTS
    assert reason(cell("A1", area=circle(0, 0, 10))) is Reason.OUT_OF_BOUNDS
    assert reason(*(cell(f"A{i}") for i in range(65))) is Reason.TOO_MANY
    assert reason(cell("A1"), cell("A2", "A1")) is None
    world.tell("AAA", "BBB")
    assert reason(cell("A1")) is Reason.OPEN_ITEMS


def test_a_stranger_learns_nothing() -> None:
    """What is not the reader's to see answers like what does not exist."""
    world = Lines()
    message, _ = world.tell("AAA", "BBB")
    there = world.receive("CCC", "AAA", message).refusal
    subject = MessageSubject("AAA", bytes(16), 1)
    nowhere = world.speak("CCC", Acknowledge(subject, "")).refusal
    assert there is not None
    assert nowhere is not None
    assert (there.reason, there.field, there.limit) == (nowhere.reason, nowhere.field, nowhere.limit)
    assert world.told("CCC", MessageItem) == []
