"""The running node: nothing shows before it is durable, and what the environment does to it."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from api_kit import Hands, World, found_in, opened, run, unb64, until
from prometheus_client import generate_latest
from worlds import DAY, HOUR, MINUTE, START_US, seed_of

from wideberth.config import Config
from wideberth.ledger.entry import Entry
from wideberth.ledger.store import LedgerFailed
from wideberth.limits import RESERVE_BYTES, ROOM_BYTES_MIN
from wideberth.node import Node, NodeFailed
from wideberth.node.opening import NODE_KEY, open_folder
from wideberth.party.command import Confirm, OperationState, RevokeKey, SetState, SignHead
from wideberth.party.identity import public_key

YEAR_2038_US = 2_147_483_648 * 1_000_000


class HeldAppend:
    """Holds every append until it is let go; or has it fail."""

    def __init__(self, node: Node) -> None:
        self._append, self.node = node.sequencer.append, node
        self.begun, self.go = threading.Event(), threading.Event()
        self.error: Exception | None = None
        node.sequencer.append = self  # type: ignore[method-assign]

    def __call__(self, group: list[Entry], size: int) -> None:
        """In place of appending."""
        if group:
            self.begun.set()
            assert self.go.wait(20)
            if self.error is not None:
                raise self.error
        self._append(group, size)


async def begun(held: HeldAppend) -> None:
    """Wait until an append is held."""
    await until(held.begun.is_set)


def test_reads_wait_for_what_is_being_written(tmp_path: Path) -> None:
    """While a group is on its way to the disk, neither its answer nor a read of it leaves; both do afterwards."""

    async def steps(world: World) -> None:
        headers = await world.headers("AAA")
        held = HeldAppend(world.node)
        saying = asyncio.create_task(world.plan("AAA", world.box()))
        await begun(held)
        reading = asyncio.create_task(world.client.get("/v1/view", headers=headers))
        checkpoint = asyncio.create_task(world.client.get("/v1/checkpoint", headers=headers))
        await asyncio.sleep(0.2)
        assert not saying.done()
        assert not reading.done()
        assert not checkpoint.done()
        assert (await world.client.get("/healthz")).status_code == 200
        held.go.set()
        assert (await saying)[1].status_code == 200
        assert len((await reading).json()["operations"]) == 1
        assert (await checkpoint).json()["size"] == world.node.state.size

    run(tmp_path, steps)


def test_after_the_ledger_failed_nothing_more_is_said(tmp_path: Path) -> None:
    """The group and reads are answered with 503, the node ends and says why; a new start finds what was durable."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            await world.plan("AAA", world.box())
            headers = await world.headers("AAA")
            held = HeldAppend(world.node)
            held.error = LedgerFailed("The ledger in x cannot be written: disk I/O error.")
            saying = asyncio.create_task(world.plan("AAA", world.box(lat=44)))
            await begun(held)
            reading = asyncio.create_task(world.client.get("/v1/view", headers=headers))
            held.go.set()
            for answer in ((await saying)[1], await reading, (await world.plan("BBB", world.box()))[1]):
                assert (answer.status_code, answer.json()["reason"]) == (503, "storage")
            assert (await world.client.get("/readyz")).status_code == 503
            await world.node.ended.wait()
            assert world.node.failed == "The ledger in x cannot be written: disk I/O error."
        async with opened(tmp_path) as world:
            assert len((await world.view("AAA"))["operations"]) == 1

    asyncio.run(go())


def test_a_fault_of_the_house_ends_the_node_with_a_sentence(tmp_path: Path) -> None:
    """An error nobody foresaw, after which the state may be half changed: no answer but 503, and an end."""

    async def steps(world: World) -> None:
        def broken(*_: object) -> Any:
            raise KeyError("unforeseen")

        world.node.sequencer.decide_one = broken  # type: ignore[method-assign]
        _, answer = await world.plan("AAA", world.box())
        assert answer.status_code == 503
        await world.node.ended.wait()
        assert "KeyError" in world.node.failed

    run(tmp_path, steps)


def test_a_read_that_fails_is_a_500_with_a_number_and_harms_nobody(tmp_path: Path) -> None:
    """Its asker gets a number that stands in the log; the next read is served."""

    async def steps(world: World) -> None:
        views, world.node.views = world.node.views, None  # type: ignore[assignment]
        failed = await world.get("AAA", "/v1/view")
        assert failed.status_code == 500
        assert failed.json()["type"] == "about:blank"
        assert "number" in failed.json()["detail"]
        world.node.views = views
        assert (await world.get("AAA", "/v1/view")).status_code == 200

    run(tmp_path, steps)


# the clock


@pytest.mark.parametrize("step_us", [-HOUR, YEAR_2038_US - START_US, 3_000_000], ids=["back", "2038", "3 s"])
def test_a_clock_that_is_stepped_stops_the_deciding(tmp_path: Path, step_us: int) -> None:
    """No entry, no tick, 503 with the clock's sentence, /readyz says so; reads go on; back in step it decides again."""

    async def steps(world: World) -> None:
        size, ticks = world.node.state.size, world.node.ticks
        world.hands.wall_us += step_us
        _, refused = await world.plan("AAA", world.box())
        assert (refused.status_code, refused.json()["reason"]) == (503, "clock")
        assert "stepped" in refused.json()["detail"]
        assert refused.headers["retry-after"] == "5"
        ready = await world.client.get("/readyz")
        assert (ready.status_code, ready.json()["reason"]) == (503, "clock")
        world.hands.move(MINUTE)
        await asyncio.sleep(0.1)
        assert (await world.get("AAA", "/v1/view")).status_code == 200
        assert (world.node.state.size, world.node.ticks) == (size, ticks)
        world.hands.wall_us -= step_us
        await until(lambda: world.node.trouble() is None)
        _, good = await world.plan("AAA", world.box())
        assert good.status_code == 200

    run(tmp_path, steps)


def test_a_clock_that_is_wrong_at_the_start_decides_nothing(tmp_path: Path) -> None:
    """Behind the ledger, or a week ahead of it without anybody's word: 503; with the operator's word it decides."""

    async def go() -> None:
        found_in(tmp_path)
        for now_us, trusted, status in (
            (START_US - HOUR, False, 503),
            (START_US + 30 * DAY, False, 503),
            (START_US + 30 * DAY, True, 200),
        ):
            hands = Hands(now_us)
            config = Config(folder=tmp_path, clock_is_right=trusted)
            async with Node.open(config, clocks=hands.clocks(), warm=False) as node:
                await asyncio.sleep(0.05)
                assert (503 if node.trouble() else 200) == status

    asyncio.run(go())


def test_every_deadline_gets_its_due_and_every_5_s_a_tick(tmp_path: Path) -> None:
    """Time passes by itself: ticks at their distance, the due of a plan that ends, and nothing in between."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box(start_h=1, hours=0.01))
        ticks = world.node.ticks
        for _ in range(5):
            await world.pass_time(5_000_000)
        assert world.node.ticks == ticks + 5
        await world.pass_time(3 * HOUR)
        await until(lambda: world.node.state.members["AAA"].live == 0)
        (mine,) = (await world.view("AAA"))["operations"]
        assert mine["state"] == "Ended"

    run(tmp_path, steps)


# the disk


def test_a_full_disk_takes_only_what_is_essential(tmp_path: Path) -> None:
    """Plans are refused and are no entries; withdrawing, revoking, signing for notices go through; with room again,
    all is taken."""

    async def steps(world: World) -> None:
        operation, _ = await world.plan("AAA", world.box())
        await world.plan("BBB", world.box())
        head = (await world.get("AAA", "/v1/notices")).json()["notices"][0]["head"]
        reserve = world.node.config.folder / "reserve"
        assert reserve.stat().st_size == RESERVE_BYTES
        world.node.room.free_bytes = lambda: ROOM_BYTES_MIN - 1
        world.hands.move(2_000_000)
        size = world.node.state.size
        _, refused = await world.plan("AAA", world.box(lat=45))
        assert (refused.status_code, refused.json()["reason"]) == (503, "storage")
        assert refused.json().get("position") is None
        assert reserve.stat().st_size == 0
        refused = await world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED))
        assert refused.status_code == 503
        assert world.node.state.size == size
        taken = [
            await world.say("AAA", SignHead(1, unb64(head))),
            await world.say("AAA", SetState(operation, 1, OperationState.ENDED)),
            await world.say("CCC", RevokeKey(public_key(seed_of("CCC")), START_US), seeds=(seed_of("CCC", "root"),)),
        ]
        assert [answer.status_code for answer in taken] == [200, 200, 200]
        world.node.room.free_bytes = lambda: ROOM_BYTES_MIN + 2 * RESERVE_BYTES
        world.hands.move(2_000_000)
        _, good = await world.plan("AAA", world.box(lat=45))
        assert good.status_code == 200
        assert reserve.stat().st_size == RESERVE_BYTES

    run(tmp_path, steps)


# the folder


def test_a_restart_finds_the_same_state(tmp_path: Path) -> None:
    """Stopped and opened again: the digest of the state is what it was, by snapshot and by replay alike."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            for i in range(10):
                await world.plan(("AAA", "BBB")[i % 2], world.box(lat=41 + i / 20))
            await world.say("AAA", Confirm(world.draw(16), 3))
            views = [await world.view(party) for party in ("AAA", "BBB", "CCC")]
            hands = world.hands
        for _ in range(2):
            found = open_folder(tmp_path)
            found.ledger.close()
            assert not (tmp_path / "snapshot").exists()
        async with opened(tmp_path, hands=hands) as world:
            again = [await world.view(party) for party in ("AAA", "BBB", "CCC")]
        for before, after in zip(views, again, strict=True):
            assert {**before, "as_of": None} == {**after, "as_of": None}

    asyncio.run(go())


def sentences(folder: Path) -> str:
    """The sentence with which a folder is refused."""
    with pytest.raises(NodeFailed) as failed:
        open_folder(folder)
    return str(failed.value)


def test_folders_that_are_no_theatre_are_refused_with_a_sentence(tmp_path: Path) -> None:
    """Empty, in use, without its key, with another's key, with a readable key: each says what is wrong."""
    assert "found one first" in sentences(tmp_path / "nothing")
    good = tmp_path / "good"
    found_in(good)
    with pytest.raises(NodeFailed, match="already"):
        found_in(good)
    first = open_folder(good)
    assert "Another node holds the data folder" in sentences(good)
    first.ledger.close()
    key = good / NODE_KEY
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    assert "chmod 600" in sentences(good)
    key.chmod(0o600)
    other = tmp_path / "other"
    found_in(other, seed=2)
    open_folder(other).ledger.close()
    key.unlink()
    assert "found one first" in sentences(good)


def test_a_ledger_with_a_flipped_byte_is_refused_from_the_entry_on(tmp_path: Path) -> None:
    """The node does not start on a doctored ledger, and names the first entry that cannot be trusted."""

    async def fill() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            await world.plan("AAA", world.box(), label="A-LABEL-TO-FIND")

    asyncio.run(fill())
    database = tmp_path / "ledger.sqlite3"
    data = bytearray(database.read_bytes())
    at = data.index(b"A-LABEL-TO-FIND")
    data[at] ^= 1
    database.write_bytes(bytes(data))
    assert "The ledger is damaged from entry 2 on" in sentences(tmp_path)


def test_metrics_count_and_name_nobody(tmp_path: Path) -> None:
    """Commands by outcome, sizes, readiness; no party's code anywhere."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        await world.say("AAA", Confirm(world.draw(16), 1))
        text = generate_latest(world.node.metrics.registry).decode()
        assert 'wideberth_commands_total{outcome="accepted"} 1.0' in text
        assert 'wideberth_commands_total{outcome="unknown"} 1.0' in text
        assert f"wideberth_ledger_entries {float(world.node.state.size)}" in text
        assert "wideberth_ready 1.0" in text
        assert "AAA" not in text

    run(tmp_path, steps)
