"""STOP's own road through a node: before all that waits, on the streams before it is an entry, and never lost."""

import asyncio
import errno
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from api_kit import World, found_in, on_loopback, opened, run, until
from test_api_streams import events
from test_node_core import HeldAppend, begun
from worlds import HOUR

from wideberth.ledger.store import LedgerFailed
from wideberth.limits import ALERTS_SHOUTED_MAX, ROOM_BYTES_MIN, STOPS_RELAYED_PER_MINUTE
from wideberth.node import stops
from wideberth.node.stops import SPOOL
from wideberth.node.streams import MISSED, Streams
from wideberth.node.turns import Turns
from wideberth.party.command import Text
from wideberth.party.hotline import Stop
from wideberth.refusal import Refusal
from wideberth.theatre.shown import id_text


async def first(client: Any, headers: dict[str, str], wanted: str) -> Any:
    """The first event of a name."""
    async with aclosing(events(client, headers, 0)) as heard:
        async for name, data in heard:
            if name == wanted:
                return data
    raise AssertionError("the stream ended")


def test_it_is_on_every_stream_before_it_is_an_entry(tmp_path: Path) -> None:
    """While the disk holds everything up, the receiver already has it, with the signature that proves whose it is."""

    async def steps(world: World) -> None:
        headers = await world.headers("BBB")
        message = world.draw(16)
        async with on_loopback(world) as client:
            hearing = asyncio.create_task(first(client, headers, "stop"))
            await until(lambda: len(world.node.streams) == 1)
            held = HeldAppend(world.node)
            saying = asyncio.create_task(world.say("AAA", Stop(message, "stop", 0), Text("en", "Our people.")))
            heard = await asyncio.wait_for(hearing, 10)
            assert not saying.done()
            await begun(held)
            held.go.set()
            assert (await saying).status_code == 200
        assert (heard["sender"], heard["message"], heard["text"]) == ("AAA", id_text(message), "Our people.")
        assert not heard["off_watch"]
        assert heard["signature"]

    run(tmp_path, steps)


def test_a_stream_that_waits_for_the_ledger_hears_it(tmp_path: Path) -> None:
    """Also a stream that is just about to read what the disk holds up."""

    async def steps(world: World) -> None:
        headers = await world.headers("BBB")
        async with on_loopback(world) as client:
            hearing = asyncio.create_task(first(client, headers, "stop"))
            await until(lambda: len(world.node.streams) == 1)
            held = HeldAppend(world.node)
            planning = asyncio.create_task(world.plan("CCC", world.box()))
            await begun(held)
            world.node.streams.wake(["BBB"])
            await asyncio.sleep(0.1)
            saying = asyncio.create_task(world.say("AAA", Stop(world.draw(16), "stop", 0), Text("en", "Our people.")))
            assert (await asyncio.wait_for(hearing, 10))["sender"] == "AAA"
            assert not saying.done()
            held.go.set()
            assert (await saying).status_code == 200
            await planning

    run(tmp_path, steps)


def test_a_repeat_is_relayed_once_and_a_flood_not_at_all(tmp_path: Path) -> None:
    """The same bytes again are one alarm; past the limit of a minute a STOP comes with its entry."""

    async def steps(world: World) -> None:
        shouted: list[bytes] = []
        world.node.streams.shout = shouted.append  # type: ignore[method-assign]
        body = world.seal("AAA", Stop(world.draw(16), "stop"))
        for _ in range(3):
            assert (await world.send(body)).status_code == 200
        assert len(shouted) == 1
        for _ in range(STOPS_RELAYED_PER_MINUTE + 5):
            assert (await world.say("AAA", Stop(world.draw(16), "stop"))).status_code == 200
        assert len(shouted) == STOPS_RELAYED_PER_MINUTE
        assert (await world.say("BBB", Stop(world.draw(16), "stop"))).status_code == 200
        assert len(shouted) == STOPS_RELAYED_PER_MINUTE + 1

    run(tmp_path, steps)


def test_while_the_clock_is_wrong_it_is_relayed_kept_and_entered_later(tmp_path: Path) -> None:
    """Nobody decides, but the receiver hears it; once the clock is right it is an entry, once."""

    async def steps(world: World) -> None:
        headers = await world.headers("BBB")
        async with on_loopback(world) as client:
            hearing = asyncio.create_task(first(client, headers, "stop"))
            await until(lambda: len(world.node.streams) == 1)
            world.hands.wall_us += HOUR
            await until(lambda: world.node.trouble() is not None)
            world.hands.wall_us -= HOUR
            body = world.seal("AAA", Stop(world.draw(16), "stop"))
            world.hands.wall_us += HOUR
            answer = await world.send(body)
            assert (answer.status_code, answer.json()["reason"]) == (503, "clock")
            assert "kept" in answer.json()["limit"]
            await asyncio.wait_for(hearing, 10)
        assert (tmp_path / SPOOL).exists()
        assert not world.node.state.messages
        world.hands.wall_us -= HOUR
        await until(lambda: bool(world.node.state.messages))
        await until(lambda: not (tmp_path / SPOOL).exists())
        assert (await world.send(body)).status_code == 200
        assert next(iter(world.node.state.messages.values())).version == 1

    run(tmp_path, steps)


def test_what_was_kept_outlives_the_process(tmp_path: Path) -> None:
    """A STOP that the node could not enter is entered by its next start; a torn line harms nothing."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            world.hands.wall_us += HOUR
            await until(lambda: world.node.trouble() is not None)
            world.hands.wall_us -= HOUR
            body = world.seal("AAA", Stop(world.draw(16), "stop"))
            world.hands.wall_us += HOUR
            (tmp_path / SPOOL).write_bytes(b"half a li")
            assert (await world.send(body)).status_code == 503
        with (tmp_path / SPOOL).open("ab") as file:
            file.write(b"abcde")
        async with opened(tmp_path) as world:
            await until(lambda: bool(world.node.state.messages))
            assert (await world.send(body)).status_code == 200

    asyncio.run(go())


def test_a_full_disk_takes_it(tmp_path: Path) -> None:
    """The reserve is there for it."""

    async def steps(world: World) -> None:
        world.node.room.free_bytes = lambda: ROOM_BYTES_MIN - 1
        world.hands.move(2_000_000)
        assert (await world.say("AAA", Stop(world.draw(16), "stop"))).status_code == 200
        assert (await world.plan("AAA", world.box()))[1].status_code == 503

    run(tmp_path, steps)


def test_what_is_said_again_is_kept_once_and_a_flood_fills_no_disk(tmp_path: Path) -> None:
    """A sender that repeats itself adds no line; past its bound a party's STOPs are not kept, another party's are."""

    async def steps(world: World) -> None:
        bodies = [world.seal(p, Stop(world.draw(16), "stop")) for p in ("AAA", "AAA", "AAA", "BBB")]
        world.hands.wall_us += HOUR
        await until(lambda: world.node.trouble() is not None)
        for body in bodies * 3:
            assert (await world.send(body)).status_code == 503
        assert len((tmp_path / SPOOL).read_bytes().split()) == 3
        assert "kept" not in (await world.send(bodies[2])).json()["limit"]
        world.hands.wall_us -= HOUR
        await until(lambda: not (tmp_path / SPOOL).exists())
        assert len(world.node.state.messages) == 3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stops, "STOPS_KEPT_PER_PARTY_MAX", 2)
        run(tmp_path, steps)


def test_what_the_disk_did_not_take_is_said_so_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ledger nor file can be written: the sender is told to go on saying it, and it is entered once."""

    async def steps(world: World) -> None:
        body = world.seal("AAA", Stop(world.draw(16), "stop"))
        world.hands.wall_us += HOUR
        await until(lambda: world.node.trouble() is not None)
        with monkeypatch.context() as patch:
            patch.setattr(stops.os, "fsync", full)
            for _ in range(2):
                assert "say it again" in (await world.send(body)).json()["limit"]
        assert "kept" in (await world.send(body)).json()["limit"]
        world.hands.wall_us -= HOUR
        await until(lambda: not (tmp_path / SPOOL).exists())
        assert [m.version for m in world.node.state.messages.values()] == [1]

    run(tmp_path, steps)


def full(_file: int) -> None:
    """A disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stop_that_the_ledger_could_not_take_is_on_the_streams_and_kept(tmp_path: Path) -> None:
    """The node fails over it: who listens has it all the same, and the next start enters it without being asked."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            headers = await world.headers("BBB")
            async with on_loopback(world) as client:
                hearing = asyncio.create_task(first(client, headers, "stop"))
                await until(lambda: len(world.node.streams) == 1)
                world.node.sequencer.append = broken  # type: ignore[method-assign]
                answer = await world.say("AAA", Stop(world.draw(16), "stop"))
                assert (answer.status_code, answer.json()["reason"]) == (503, "storage")
                assert "kept" in answer.json()["limit"]
                assert (await asyncio.wait_for(hearing, 10))["sender"] == "AAA"
        async with opened(tmp_path) as world:
            await until(lambda: bool(world.node.state.messages))

    asyncio.run(go())


def test_no_flood_of_alerts_pushes_a_stop_out() -> None:
    """For a reader who takes nothing, alerts past their bound fall away; the STOP is there, and leaves first."""
    streams = Streams()
    place = streams.enter("AAA")
    assert not isinstance(place, Refusal)
    told = [b'event: alert\ndata: {"id":"%d"}\n\n' % i for i in range(ALERTS_SHOUTED_MAX + 1)]
    streams.tell("AAA", told[0])
    streams.shout(b"STOP")
    for alert in told[1:]:
        streams.tell("AAA", alert)
    found = place.shouted()
    assert found == b"STOP" + b"".join(told[1:]) + MISSED
    assert place.shouted() == b""


def broken(*_: object) -> None:
    """A ledger that cannot be written."""
    raise LedgerFailed("it broke")


@pytest.mark.parametrize("waiting", [0, 1, 500])
def test_it_overtakes_every_queue(waiting: int) -> None:
    """Whatever waits, of whomever, an urgent job is taken next."""
    turns: Turns[str] = Turns(1_000)
    for i in range(waiting):
        turns.put(f"P{i % 7}", f"job {i}")
    turns.put("P1", "stop", urgent=True)
    turns.put("P2", "stop too", urgent=True)
    assert [turns.take(), turns.take()] == ["stop", "stop too"]
    assert len(turns) == waiting
    assert sum(turns.take() is not None for _ in range(waiting + 3)) == waiting
