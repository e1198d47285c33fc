"""How the door of ASTM F3548-21 holds up: one node over HTTP, its ledger on disk and synced, every token checked.

http_put_per_s            PUT of new intents, spread, over 64 connections, on top of 100,000 live ones
busy_cell_flights_per_s   accept, activate, delete with all planners in one cell, by a ramp; then four times as many
busy_spot_flights_per_s   the same with every flight lying over every other, OVNs announced before they are written
notice_ms_p99             from sending a PUT to its notice on the stream of the party whose plan it conflicts with
soak_mb_per_minute        with WIDEBERTH_LONG=1: ten minutes at half of the peak, how the node's memory grows

The generator (`wideberth load`) and the node share the machine. Successes alone count.
"""

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from bench.frame import OUT, Figure, console
from bench.http_world import WATCH, Served, seed_of, served
from wideberth.client import Answer, Client, NoticeRow, follow
from wideberth.load import Accepted, Cell, Generator, Key, Load, Report, Spread, Step
from wideberth.load import run as run_load
from wideberth.load.plot import missing, plot
from wideberth.space.units import time_to_us
from wideberth.space.volume import Circle, Volume4D

CONNECTIONS: Final = 64
LIVE: Final = 100_000
PLANNERS: Final = 16
"""Planners of the flights that conflict with a party's plan."""
SOAK_S: Final = 600.0
EVERY_S: Final = 5.0
"""So often the node's memory is looked at."""
USS: Final = "https://{subject}.example.com"
CELL: Final = Cell(48.0, 10.0, 1_000.0)
SPOT: Final = Cell(48.0, 10.0, 0.0)
INTERUSS: Final = "InterUSS: docs/performance.md"
T = TypeVar("T")


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` takes a tenth of the intents and shorter steps, and says so."""
    figures = [_put(quick)]
    cell, busy = _busy("busy_cell_flights_per_s", CELL, Key.KNOWN, quick)
    figures.append(busy)
    figures.append(_busy("busy_spot_flights_per_s", SPOT, Key.ANNOUNCED, quick)[1])
    figures.append(_notices(quick))
    if os.environ.get("WIDEBERTH_LONG"):
        figures.append(_soak(cell.steps[cell.peak].flights_per_s / 2, SOAK_S))
    return figures


@contextmanager
def _node() -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as at, served(Path(at) / "theatre") as node:
        yield node


def _go(work: Coroutine[Any, Any, T]) -> T:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _times(step: Step, kind: str) -> str:
    times = step.kinds[kind]
    return f"{kind} p50 {times.p50_ms:.1f}, p95 {times.p95_ms:.1f}, p99 {times.p99_ms:.1f} ms"


def _rest(step: Step) -> str:
    """What did not succeed, by name; nothing is left out."""
    failed = ", ".join(f"{count} {what}" for what, count in step.failed.items())
    refused = sum(step.refused.values())
    return (
        f"{step.conflicts:,} keys completed after 409, {refused:,} refused with Retry-After, "
        f"{sum(step.refused_bare.values())} without, {step.timeouts} timed out, {step.broken} broken"
        + (f", {failed}" if failed else "")
    )


# http_put_per_s


def _put(quick: bool) -> Figure:
    live, seconds = (LIVE // 10, 5.0) if quick else (LIVE, 20.0)
    load = Load(planners=(CONNECTIONS,), where=Spread(), key=Key.NONE, puts=True, suppliers=4)

    async def work(node: Served) -> tuple[Step, float, float]:
        async with Generator(node.address, node.source, load, uss_url=USS) as generator:
            generator.grow(CONNECTIONS)
            begin_s = time.perf_counter()
            while (stands := sum(len(planner.left) for planner in generator.planners)) < live:
                await asyncio.sleep(0.1)
            filling = stands / (time.perf_counter() - begin_s)
            cpu_s = node.cpu_s()
            step = await generator.measure(seconds, 0.0)
            cores = (node.cpu_s() - cpu_s) / step.seconds
            await generator.stop()
            for planner in generator.planners:
                planner.left.clear()  # the node is thrown away
        return step, cores, filling

    with console.status(f"{live:,} live intents, then {seconds:g} s of PUT"), _node() as node:
        step, cores, filling = _go(work(node))
        resident = node.resident_mb()
    p99 = step.kinds["accept"].p99_ms
    note = (
        f"PUT of new intents of 4 volumes with implicit subscriptions, {CONNECTIONS} connections, on {live:,} live "
        f"ones of the same spread (put at {filling:,.0f}/s); {_times(step, 'accept')}; {_rest(step)}; "
        f"{step.seconds:.0f} s; node {cores:.2f} cores, {resident:,.0f} MB, generator {step.client_cores:.2f} cores"
    )
    met = step.requests_per_s >= 2_000 and p99 <= 60
    target = ">= 2,000, p99 <= 60 ms"
    return Figure("http_put_per_s", "/s", step.requests_per_s, None, INTERUSS, "higher", target, met, note)


# busy cell


def _busy(name: str, cell: Cell, key: Key, quick: bool) -> tuple[Report, Figure]:
    ramp = (1, 4, 16, 64) if quick else (1, 2, 4, 8, 16, 32, 64)
    seconds, warm_up_s = (2.0, 0.5) if quick else (8.0, 2.0)
    load = Load(planners=ramp, where=cell, key=key, seconds=seconds, warm_up_s=warm_up_s, past_peak=4, suppliers=4)
    with console.status(name) as status, _node() as node:

        def tell(what: str) -> None:
            status.update(f"{name}: {what}")

        report = _go(run_load(node.address, node.source, load, USS, tell))
    _keep(name, report)
    peak, past = report.steps[report.peak], report.past_peak
    assert past is not None
    ratio = past.flights_per_s / peak.flights_per_s
    lost = past.timeouts + past.broken + sum(past.refused_bare.values())
    ramped = ", ".join(f"{step.flights_per_s:,.0f} with {step.planners}" for step in report.steps)
    first = "the OVNs that stand" if key is Key.KNOWN else "the OVNs that stand and those announced"
    note = (
        f"accept, activate, delete of flights of 4 volumes, 4 suppliers, all within {cell.side_m:g} m, the first key "
        f"holds {first}; flights/s {ramped}; at the peak {_times(peak, 'flight')}, {_rest(peak)}; with {past.planners} "
        f"planners {past.flights_per_s:,.0f}/s, {ratio:.2f} of the peak, {_times(past, 'flight')}, {_rest(past)}; "
        f"{seconds:g} s a step"
    )
    met = peak.flights_per_s >= 300 and ratio > 0.5 and not lost
    target = ">= 300; at 4x the planners > half"
    if name != "busy_cell_flights_per_s":
        return report, Figure(name, "/s", peak.flights_per_s, better="higher", note=note)
    return report, Figure(name, "/s", peak.flights_per_s, None, INTERUSS, "higher", target, met, note)


def _keep(name: str, report: Report) -> None:
    """The raw figures, and a picture where matplotlib is installed."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    if not missing():
        plot(report, OUT / f"{name}.png")


# notices


def _listen(url: str, to: Connection) -> None:
    """In a process of its own: says when the stream is open, and once asked when what was heard."""
    heard: list[tuple[float, list[int]]] = []
    with Client(url, WATCH, seed_of(WATCH)) as client:
        _plan(client)
        for event in follow(client, stop=to.poll):
            if not heard:
                to.send("open")
            begins_us = _begins(event.body) if isinstance(event, NoticeRow) else []
            heard.append((time.perf_counter(), begins_us))
    to.send(heard)


def _plan(client: Client) -> None:
    """A plan of the party's over the whole cell, for two hours from now."""
    now = datetime.now(UTC)
    start_us, end_us = (time_to_us(now + timedelta(minutes=m)) for m in (-0.1, 120))
    place = Circle(round(CELL.lat * 1e9), round(CELL.lon * 1e9), 3_000_000)
    answer = client.plan(client.new_id(), [Volume4D(place, 0, 500_000, start_us, end_us)])
    assert isinstance(answer, Answer), answer


def _notices(quick: bool) -> Figure:
    """The same flights as fast as they go, then at half of that."""
    load = Load(where=CELL, key=Key.KNOWN, suppliers=4)
    accepted: dict[int, Accepted] = {}

    def kept(one: Accepted) -> None:
        accepted[one.begin_us] = one

    async def at(node: Served, rate: float, seconds: float) -> Step:
        paced = msgspec.structs.replace(load, rate=rate)
        async with Generator(node.address, node.source, paced, uss_url=USS, on_accepted=kept) as generator:
            generator.grow(PLANNERS)
            await generator.measure(1.0, 0.0)
            accepted.clear()
            return await generator.measure(seconds, 0.0)

    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with console.status("notices"), _node() as node:
        listener = spawn.Process(target=_listen, args=(node.url, theirs), daemon=True)
        listener.start()
        assert ours.poll(60), "the party's stream did not open"
        assert ours.recv() == "open"
        peak = _go(at(node, 0.0, 3.0 if quick else 8.0)).flights_per_s
        step = _go(at(node, peak / 2, 5.0 if quick else 20.0))
        time.sleep(1.0)
        ours.send("stop")
        heard = ours.recv()
        listener.join()
    return _noticed(peak, step, accepted, heard)


def _noticed(peak: float, step: Step, accepted: dict[int, Accepted], heard: list[tuple[float, list[int]]]) -> Figure:
    told: dict[int, float] = {}
    for heard_s, begins_us in heard:
        for begin_us in begins_us:
            told.setdefault(begin_us, heard_s)
    both = [(one, told[begin_us]) for begin_us, one in accepted.items() if begin_us in told]
    sent = np.percentile([1e3 * (at - one.sent_s) for one, at in both], [50, 95, 99])
    answered = np.percentile([1e3 * (at - one.answered_s) for one, at in both], [50, 95, 99])
    note = (
        f"from sending the PUT that is accepted to its notice on the party's stream, {len(both):,} of "
        f"{len(accepted):,}: p50 {sent[0]:.1f}, p95 {sent[1]:.1f} ms; from its answer p50 {answered[0]:.1f}, p99 "
        f"{answered[2]:.1f} ms; every flight conflicts with the party's plan, its key holds the OVN of what it is "
        f"shown of it; {step.flights_per_s:,.0f} flights/s, half of the {peak:,.0f} that {PLANNERS} planners reach; "
        f"{_rest(step)}; {step.seconds:.0f} s"
    )
    met = bool(sent[2] <= 100) and len(both) == len(accepted)
    return Figure("notice_ms_p99", "ms", float(sent[2]), None, "", "lower", "<= 100", met, note)


def _begins(body: Any) -> list[int]:
    """When the places of the conflicts of a notice begin, microseconds."""
    places = (place for item in body["items"] if item["kind"] == "conflict" for place in item["places"])
    return [time_to_us(datetime.fromisoformat(place["start"])) for place in places]


# soak


def _soak(rate: float, seconds: float) -> Figure:
    load = Load(planners=(CONNECTIONS,), where=CELL, key=Key.KNOWN, rate=rate, suppliers=4)
    sizes: list[tuple[float, float]] = []

    async def watch(node: Served) -> None:
        begin_s = time.perf_counter()
        while True:
            sizes.append((time.perf_counter() - begin_s, node.resident_mb()))
            await asyncio.sleep(EVERY_S)

    async def work(node: Served) -> Step:
        async with Generator(node.address, node.source, load, uss_url=USS) as generator:
            generator.grow(CONNECTIONS)
            watching = asyncio.create_task(watch(node))
            step = await generator.measure(seconds, 5.0)
            watching.cancel()
            return step

    with console.status("ten minutes at half of the peak"), _node() as node:
        step = _go(work(node))
    OUT.mkdir(exist_ok=True)
    (OUT / "soak.json").write_bytes(msgspec.json.encode({"step": step, "resident_mb": sizes}))
    half = [size for size in sizes if size[0] >= seconds / 2]
    slope = float(np.polyfit([at / 60 for at, _ in half], [mb for _, mb in half], 1)[0])
    note = (
        f"{step.flights_per_s:,.0f} flights/s for {seconds / 60:.1f} minutes, all ended; resident {sizes[0][1]:,.0f} "
        f"MB at the start, {half[0][1]:,.0f} at half, {sizes[-1][1]:,.0f} at the end, the slope is that of the second "
        f"half; {step.flights:,} flights; {_times(step, 'flight')}; {_rest(step)}"
    )
    return Figure("soak_mb_per_minute", "MB/min", slope, None, "", "lower", "flat", None, note)
