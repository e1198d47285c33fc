"""What is owed is carried once, patiently, STOP first, and no slow route slows another."""

import asyncio
import random
from pathlib import Path

import pytest
from routes_kit import FLASH, PRIORITY, ROUTINE, START_US, STOP, Carried, Far, job, route

from wideberth.delivery.gate import Gate
from wideberth.delivery.spool import FILE
from wideberth.delivery.tried import Tried, handed, lasting, passing
from wideberth.limits import OWED_WAITING_MAX, ROUTE_RETRY_S_MAX
from wideberth.theatre.hotline_routes import Job, route_id

DAY = 86_400
DAY_US = DAY * 1_000_000


def test_each_thing_arrives_once(tmp_path: Path) -> None:
    """What went over is kept and told of, and not sent again however often it is asked for."""

    async def go() -> None:
        far = Far()
        carried = Carried(tmp_path, far)
        jobs = [job(n, FLASH) for n in range(1, 6)]
        for _ in range(3):
            carried.want(*jobs)
            await carried.sim.run(10)
        assert far.arrived == jobs
        assert [row.outcome for _, row in carried.told] == ["handed"] * 5
        assert carried.courier.waiting == 0
        await carried.courier.close()

    asyncio.run(go())


def test_only_what_is_urgent_is_told_of(tmp_path: Path) -> None:
    """The ledger hears of STOP, FLASH and IMMEDIATE, not of the rest, nor of checks."""

    async def go() -> None:
        carried = Carried(tmp_path, Far())
        carried.want(*(job(n, urgency) for n, urgency in enumerate(range(5), 1)), job(9, FLASH, what="check"))
        await carried.sim.run(10)
        assert sorted(int.from_bytes(made) for made, _ in carried.told) == [1, 2, 3]
        await carried.courier.close()

    asyncio.run(go())


def test_a_mail_server_that_is_down_for_a_day(tmp_path: Path) -> None:
    """What is still owed arrives within minutes of its coming back, once; what was acknowledged meanwhile does not; the
    failure is told once a day, and tries are rare."""

    async def go() -> None:
        far = Far()
        far.does = far.down
        carried = Carried(tmp_path, far)
        box = route("box", "mail")
        jobs = [job(n, FLASH, to=box) for n in range(1, 41)]
        carried.want(*jobs)
        await carried.sim.run(DAY / 2)
        carried.over(jobs[:20])
        await carried.sim.run(DAY / 2)
        assert far.arrived == []
        days = {(START_US + at_us) // DAY_US for at_us in (0, carried.sim.now_us)}
        assert [row.outcome for _, row in carried.told] == ["failed"] * len(days)
        assert len(far.tries) < 2 * DAY / ROUTE_RETRY_S_MAX + 20
        far.does = far.take
        await carried.sim.run(ROUTE_RETRY_S_MAX + 60)
        assert sorted(far.arrived) == sorted(jobs[20:])
        await carried.courier.close()

    asyncio.run(go())


def test_a_restart_resumes_without_doubling(tmp_path: Path) -> None:
    """Killed in the middle: what had gone over does not go again, what had not goes, and the ledger hears of each."""

    async def go() -> None:
        far = Far()
        left = iter(range(7))

        async def some(what: Job) -> Tried:
            return await far.take(what) if next(left, None) is not None else passing("connect")

        far.does = some
        first = Carried(tmp_path, far)
        jobs = [job(n, FLASH, to=route(f"r{n % 4}")) for n in range(1, 13)]
        first.want(*jobs)
        await first.sim.run(1)
        assert len(far.arrived) == 7
        first.told = first.told[:3]  # the entry of the others was not written
        first.told_of()
        # killed: nothing is closed or flushed; a line was cut off in writing
        with (tmp_path / FILE).open("ab") as file:
            file.write(b'\n{"job":"AAA')
        await first.courier.close()
        far.does = far.take
        second = Carried(tmp_path, far)
        assert {made for made, _ in first.told}.isdisjoint(second.spool.untold)
        assert len(second.spool.untold) == 4
        second.spool.keep_only({one.id for one in jobs}, 0)
        assert len(second.spool.untold) == 4
        second.want(*jobs)
        await second.sim.run(60)
        assert sorted(far.arrived) == sorted(jobs)
        await second.courier.close()

    asyncio.run(go())


def test_stop_overtakes_what_is_under_way(tmp_path: Path) -> None:
    """A route that hangs on something else, and one that is being left alone, are tried at once for a STOP."""

    async def go() -> None:
        far = Far()
        hang = asyncio.Event()

        async def slow(what: Job) -> Tried:
            if what.urgency != STOP:
                await hang.wait()
            return await far.take(what)

        far.does = slow
        carried = Carried(tmp_path, far)
        carried.want(*(job(n) for n in range(1, 30)))
        await carried.sim.run(5)
        carried.want(job(99, STOP))
        await carried.sim.run(0)
        assert [one.urgency for one in far.arrived] == [STOP]
        hang.set()
        await carried.sim.run(60)
        assert len(far.arrived) == 30
        await carried.courier.close()

    asyncio.run(go())


def test_a_new_stop_waits_for_no_backoff(tmp_path: Path) -> None:
    """A route that failed is tried at once for the next STOP, and after 15 s at most for the first."""

    async def go() -> None:
        far = Far()
        far.does = far.down
        carried = Carried(tmp_path, far)
        carried.want(job(1, STOP))
        await carried.sim.run(300)
        gaps = [b - a for (a, _), (b, _) in zip(far.tries, far.tries[1:], strict=False)]
        assert max(gaps) <= 15_000_000
        tries = len(far.tries)
        carried.want(job(2, STOP))
        await carried.sim.run(0)
        assert len(far.tries) == tries + 1
        await carried.courier.close()

    asyncio.run(go())


def test_urgent_ones_go_first(tmp_path: Path) -> None:
    """Of what waits on one route the most urgent leaves first, and of equals the oldest."""

    async def go() -> None:
        far = Far()
        carried = Carried(tmp_path, far)
        carried.want(*(job(n, urgency) for n, urgency in ((1, ROUTINE), (2, PRIORITY), (3, FLASH), (4, ROUTINE))))
        await carried.sim.run(10)
        assert [int.from_bytes(one.id) for one in far.arrived] == [3, 2, 1, 4]
        await carried.courier.close()

    asyncio.run(go())


def test_a_party_that_hangs_slows_nobody_else(tmp_path: Path) -> None:
    """Sixty routes of one party that never answer take only that party's workers."""

    async def go() -> None:
        far = Far()

        async def hangs(what: Job) -> Tried:
            if what.party == "BBB":
                await carried.sim.sleep(10_000)
            return await far.take(what)

        far.does = hangs
        carried = Carried(tmp_path, far)
        carried.want(*(job(n, FLASH, to=route(f"r{n}")) for n in range(1, 61)))
        await carried.sim.run(1)
        carried.want(*(job(n, ROUTINE, "CCC", route(f"c{n}")) for n in range(100, 140)))
        await carried.sim.run(1)
        assert {one.party for one in far.arrived} == {"CCC"}
        assert len(far.arrived) == 40
        assert sum(one.party == "BBB" for _, one in far.tries) == 4
        await carried.courier.close()

    asyncio.run(go())


def test_a_slow_route_slows_no_other_of_its_party(tmp_path: Path) -> None:
    """While one route is being left alone the others go on."""

    async def go() -> None:
        far = Far()
        bad = route("bad")

        async def one_bad(what: Job) -> Tried:
            return passing("503", 100_000_000) if what.route == bad else await far.take(what)

        far.does = one_bad
        carried = Carried(tmp_path, far)
        carried.want(job(1, FLASH, to=bad), *(job(n, ROUTINE) for n in range(2, 12)))
        await carried.sim.run(20)
        assert len(far.arrived) == 10
        assert sum(one.route == bad for _, one in far.tries) == 1, "it asked to be left alone for 100 s"
        health = carried.courier.health(route_id("BBB", bad))
        assert (health.why, health.waiting, health.handed_us) == ("503", 1, 0)
        await carried.courier.close()

    asyncio.run(go())


def test_what_looks_gone_is_tried_each_hour(tmp_path: Path) -> None:
    """Nothing that is owed is given up: an address that is gone may come back."""

    async def go() -> None:
        far = Far()

        async def gone(_: Job) -> Tried:
            return lasting("410")

        far.does = gone
        carried = Carried(tmp_path, far)
        carried.want(job(1, FLASH))
        await carried.sim.run(DAY)
        assert 20 <= len(far.tries) <= 50
        far.does = far.take
        await carried.sim.run(3_700)
        assert len(far.arrived) == 1
        await carried.courier.close()

    asyncio.run(go())


def test_a_fault_of_one_route_ends_nothing(tmp_path: Path) -> None:
    """What nobody thought of is logged, and the others are carried on."""

    async def go() -> None:
        far = Far()

        async def fault(what: Job) -> Tried:
            if what.id == (1).to_bytes(16):
                raise ZeroDivisionError
            return await far.take(what)

        far.does = fault
        carried = Carried(tmp_path, far)
        carried.want(job(1), job(2, to=route("other")))
        await carried.sim.run(5)
        assert [int.from_bytes(one.id) for one in far.arrived] == [2]
        await carried.courier.close()

    asyncio.run(go())


def test_cancelling_goes_where_the_message_went(tmp_path: Path) -> None:
    """Who was not told of a message is not told that it was taken back."""

    async def go() -> None:
        far = Far()
        carried = Carried(tmp_path, far)
        told, untold = job(1), job(2)
        carried.want(told)
        await carried.sim.run(1)
        carried.want(job(11, what="cancelled", subject=told.subject, after=(told.id,)))
        carried.want(job(12, what="cancelled", subject=untold.subject, after=(untold.id,)))
        await carried.sim.run(5)
        assert [int.from_bytes(one.id) for one in far.arrived] == [1, 11]
        await carried.courier.close()

    asyncio.run(go())


def test_past_the_bound_it_waits_in_the_state(tmp_path: Path) -> None:
    """What finds no room is named, and goes once it is asked for again; a STOP always finds room."""

    async def go() -> None:
        far = Far()
        far.does = far.down
        carried = Carried(tmp_path, far)
        jobs = [job(n) for n in range(1, OWED_WAITING_MAX + 101)]
        carried.want(*jobs)
        assert carried.courier.waiting == OWED_WAITING_MAX
        assert len(carried.courier.left_out) == 100
        carried.want(job(9_999, STOP))
        assert carried.courier.waiting == OWED_WAITING_MAX + 1
        far.does = far.take
        await carried.sim.run(2_000)
        for subject in list(carried.courier.left_out):
            carried.courier.want(subject, [one for one in jobs if one.subject == subject[1]])
        await carried.sim.run(2_000)
        assert len(far.arrived) == len(jobs) + 1
        await carried.courier.close()

    asyncio.run(go())


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_lost_or_doubled_whatever_happens(tmp_path: Path, seed: int) -> None:
    """Routes that fail at random, restarts at random, answers lost at random: in the end each id that is still owed
    has arrived, and arrives again only where its answer was lost."""

    async def go() -> None:
        dice = random.Random(seed)
        far = Far()
        lost: set[bytes] = set()

        async def flaky(what: Job) -> Tried:
            await carried.sim.sleep(dice.random() * 5)
            roll = dice.random()
            if roll < 0.4:
                return passing("connect")
            await far.take(what)
            if roll < 0.5:
                lost.add(what.id)
                return passing("closed")
            return handed()

        far.does = flaky
        owed: dict[bytes, Job] = {}
        carried = Carried(tmp_path, far, seed)
        for n in range(1, 80):
            urgency, party = dice.randrange(5), dice.choice(["BBB", "CCC"])
            made = job(n, urgency, party, route(f"r{dice.randrange(6)}"))
            owed[made.id] = made
            carried.want(made)
            await carried.sim.run(dice.random() * 20)
            if dice.random() < 0.1:
                await carried.courier.close()
                carried = Carried(tmp_path, far, seed)
                carried.want(*owed.values())
        await carried.sim.run(DAY)
        counts = {made: sum(one.id == made for one in far.arrived) for made in owed}
        assert min(counts.values()) >= 1
        assert {made for made, count in counts.items() if count > 1} <= lost
        await carried.courier.close()

    asyncio.run(go())


def test_a_gate_lets_the_urgent_in_first() -> None:
    """Who waits is called by urgency; one that gives up waiting takes no place."""

    async def go() -> None:
        gate, called = Gate(1), list[int]()

        async def enter(urgency: int) -> None:
            async with gate.turn(urgency):
                called.append(urgency)
                await asyncio.sleep(0)

        async with gate.turn(0):
            tasks = [asyncio.create_task(enter(n)) for n in (3, 1, 2, 4)]
            await asyncio.sleep(0)
            tasks[2].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert called == [1, 3, 4]
        async with gate.turn(9):
            called.append(9)

    asyncio.run(go())


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path) -> None:
    """What went over is known at least until the node ends."""

    async def go() -> None:
        far = Far()
        carried = Carried(tmp_path, far)
        (tmp_path / FILE).mkdir()
        carried.want(job(1, FLASH))
        await carried.sim.run(1)
        carried.want(job(1, FLASH))
        await carried.sim.run(100)
        assert len(far.arrived) == 1
        await carried.courier.close()

    asyncio.run(go())
