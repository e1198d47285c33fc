"""Reading back, and what each side may see of a message."""

import pytest
from lines import Lines, cell
from worlds import charter, circle

from wideberth.party.hotline import AnswerKind, MessageKind, Precedence
from wideberth.refusal import Reason
from wideberth.theatre.hotline_items import EchoItem
from wideberth.theatre.hotline_views import MessageNow, find_message, message, messages, watches
from wideberth.theatre.lifecycle import Reach
from wideberth.theatre.shown import AsOf
from wideberth.words.readback import readback_of

NOW = AsOf(0, "", "")


def seen(world: Lines, reader: str, sender: str, message_id: bytes) -> MessageNow:
    """A message as a party sees it."""
    row = find_message(world.state, reader, sender, message_id)
    assert row is not None
    return message(world.state, reader, row)


def test_a_notice_with_geometry_has_to_be_read_back() -> None:
    """Received is not enough; a right read-back, spoken in groups, makes it effective."""
    world = Lines()
    notice, _ = world.tell("AAA", "BBB", volumes=(world.box(),))
    assert world.receive("BBB", "AAA", notice).accepted
    assert world.owed("AAA", notice)["BBB", ""].reach is Reach.RECEIVED
    assert not world.row("AAA", notice).effective_us
    right = seen(world, "BBB", "AAA", notice).read_back
    assert right == readback_of((world.box(),), 1).items()
    spaced = tuple(" ".join(item.lower()) for item in right)
    assert world.receive("BBB", "AAA", notice, echo=spaced).accepted
    assert world.row("AAA", notice).effective_us
    assert world.replayed().digest() == world.state.digest()


def test_after_receipt_the_read_back_is_asked_for_again() -> None:
    """The deadline begins anew: what was received and not read back climbs, too."""
    world = Lines()
    notice, _ = world.tell("AAA", "BBB", volumes=(world.box(),), precedence=Precedence.FLASH)
    world.wait(50)
    world.receive("BBB", "AAA", notice)
    world.wait(55)
    assert world.owed("AAA", notice)["BBB", ""].rung == 0
    world.wait(10)
    assert world.owed("AAA", notice)["BBB", ""].rung == 1


@pytest.mark.parametrize("item", range(7))
def test_every_wrong_digit_is_told_to_both(item: int) -> None:
    """One character off in any item: it is on record, moves nothing, and both sides hear which."""
    world = Lines()
    notice, _ = world.tell("AAA", "BBB", volumes=(world.box(),))
    right = readback_of((world.box(),), 1).items()
    if not right[item]:
        return
    said = list(right)
    said[item] = ("1" if right[item][0] != "1" else "2") + right[item][1:]
    assert world.receive("BBB", "AAA", notice, echo=tuple(said)).accepted
    assert world.owed("AAA", notice)["BBB", ""].reach is Reach.SENT
    for party in ("AAA", "BBB"):
        assert [wrong for *_, wrong in world.last(party, EchoItem).differences] == ["misheard"]


def test_nothing_is_read_back_of_what_has_no_geometry() -> None:
    """An echo of such a message is refused, and so is an endless one."""
    world = Lines()
    plain, _ = world.tell("AAA", "BBB")
    no = world.receive("BBB", "AAA", plain, echo=("1",)).refusal
    assert no is not None
    assert no.reason is Reason.OUT_OF_RANGE
    placed, _ = world.tell("AAA", "BBB", volumes=(world.box(),))
    no = world.receive("BBB", "AAA", placed, echo=("1",) * 1_000).refusal
    assert no is not None
    assert no.reason is Reason.OUT_OF_RANGE


def test_geometry_comes_from_the_plan() -> None:
    """A notice about a plan carries the plan's volumes, whatever becomes of the plan."""
    world = Lines()
    operation, _ = world.plan("AAA", world.box())
    notice, answer = world.tell("AAA", "BBB", operation=operation)
    assert answer.accepted
    world.plan("AAA", world.box(lat=43), operation=operation, replaces=1)
    assert seen(world, "BBB", "AAA", notice).read_back == readback_of((world.box(),), 1).items()
    assert seen(world, "BBB", "AAA", notice).operation is None
    assert seen(world, "AAA", "AAA", notice).operation is not None


def test_a_sender_sees_no_cells() -> None:
    """How many cells there are, which were affected and which of them answered is the receiver's alone."""

    def shown(many: bool) -> MessageNow:
        world = Lines(rules=charter())
        near = circle(42, -38, 5_000)
        world.tree("BBB", cell("HQ"), *(cell(f"B{i}", "HQ", near) for i in range(1, 9 if many else 2)))
        query, _ = world.tell("AAA", "BBB", kind=MessageKind.QUERY, volumes=(world.box(),), message=bytes(16))
        world.reply("BBB", "AAA", query, AnswerKind.UNKNOWN, "B1")
        found = seen(world, "AAA", "AAA", query)
        assert len(seen(world, "BBB", "AAA", query).owed) == (9 if many else 2)
        return found

    few, many = shown(False), shown(True)
    assert few.owed == many.owed == ()
    assert few.receivers == many.receivers
    assert few.answers[0].cell is many.answers[0].cell is None


def test_a_bystander_sees_nothing_but_stop() -> None:
    """Messages among others are not there for a third party; a STOP is."""
    world = Lines()
    notice, _ = world.tell("AAA", "BBB")
    assert find_message(world.state, "CCC", "AAA", notice) is None
    assert messages(world.state, "CCC", NOW).messages == ()
    stop, _ = world.stop("AAA")
    assert [m.kind for m in messages(world.state, "CCC", NOW).messages] == ["stop"]
    assert find_message(world.state, "CCC", "AAA", stop) is not None


def test_urgent_messages_come_first() -> None:
    """By precedence, then by time; what is effective is open no more."""
    world = Lines()
    routine, _ = world.tell("AAA", "BBB", precedence=Precedence.ROUTINE)
    flash, _ = world.tell("CCC", "BBB", precedence=Precedence.FLASH)
    assert [m.precedence for m in messages(world.state, "BBB", NOW).messages] == ["flash", "routine"]
    world.receive("BBB", "CCC", flash)
    assert [m.sender for m in messages(world.state, "BBB", NOW).messages] == ["AAA"]
    assert [c.items for c in watches(world.state, world.state.members["BBB"], NOW).cells] != [()]
    world.receive("BBB", "AAA", routine)
    assert [c.items for c in watches(world.state, world.state.members["BBB"], NOW).cells] == [()]


def test_open_messages_come_in_pages() -> None:
    """Pages of any size, one after the other, hold what one page would, in its order, each once."""
    world = Lines()
    for i in range(11):
        world.tell("AAA", "BBB", precedence=tuple(Precedence)[i % 4])
    whole = [m.id for m in messages(world.state, "BBB", NOW).messages]
    assert len(whole) == 11
    for size in (1, 3, 11, 12):
        found, after = [], 0
        while True:
            page = messages(world.state, "BBB", NOW, after, size)
            assert len(page.messages) <= size
            found += [m.id for m in page.messages]
            if page.next is None:
                break
            after = page.next
        assert found == whole
