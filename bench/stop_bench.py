"""How soon a STOP is with everybody while the node is as busy as it can be: 1,000 open streams, PUT at its peak.

stop_ms_p99         from saying STOP to its event at the last reader of a thousand streams
stop_put_per_s      what the door of ASTM F3548-21 takes meanwhile

The streams are read by a process of their own, which says when each STOP came; generator, readers, node and the watch
that says STOP share the machine and its clock.
"""

import asyncio
import multiprocessing
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np

from bench.frame import Figure, console
from bench.http_world import WATCH, Served, seed_of, served
from wideberth.client import Answer, Client
from wideberth.client.hotline import Hotline
from wideberth.limits import STREAMS_PER_PARTY_MAX
from wideberth.load import Generator, Key, Load, Spread, Step

STREAMS: Final = 1_000
CONNECTIONS: Final = 64
EVERY_S: Final = 1.2
"""Between two STOPs: below the limit of a minute for one party."""
USS: Final = "https://{subject}.example.com"
MARK: Final = b"event: stop\ndata: "
Heard = dict[str, list[float]]


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` has a tenth of the streams and a shorter run, and says so."""
    streams, seconds = (STREAMS // 10, 6.0) if quick else (STREAMS, 30.0)
    parties = [f"P{i:02d}" for i in range(-(-streams // STREAMS_PER_PARTY_MAX))]
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with tempfile.TemporaryDirectory() as at, served(Path(at) / "theatre", parties) as node:
        reader = spawn.Process(target=_read_all, args=(node.url, parties, streams, theirs), daemon=True)
        reader.start()
        with console.status(f"{streams:,} streams open"):
            assert ours.poll(120), "the streams did not open"
            assert ours.recv() == streams
        with console.status(f"{seconds:g} s of PUT with STOPs between"):
            said, step = asyncio.run(_busy(node, seconds))
        time.sleep(2.0)
        ours.send("over")
        heard: Heard = ours.recv()
        reader.join()
    return _figures(streams, said, heard, step)


async def _busy(node: Served, seconds: float) -> tuple[dict[str, float], Step]:
    load = Load(planners=(CONNECTIONS,), where=Spread(), key=Key.NONE, puts=True, suppliers=4)
    said: dict[str, float] = {}
    over = threading.Event()
    async with Generator(node.address, node.source, load, uss_url=USS) as generator:
        generator.grow(CONNECTIONS)
        await asyncio.sleep(2.0)
        saying = threading.Thread(target=_say, args=(node.url, said, over))
        saying.start()
        step = await generator.measure(seconds, 0.0)
        over.set()
        await asyncio.to_thread(saying.join)
        await generator.stop()
        for planner in generator.planners:
            planner.left.clear()  # the node is thrown away
    return said, step


def _say(url: str, said: dict[str, float], over: threading.Event) -> None:
    with Client(url, WATCH, seed_of(WATCH)) as client:
        hotline = Hotline(client)
        while not over.wait(EVERY_S):
            message = client.new_id()
            said[message.hex()] = time.monotonic()
            answer = hotline.stop(message, text="Our people are there.")
            assert isinstance(answer, Answer), answer


def _read_all(url: str, parties: list[str], streams: int, to: Connection) -> None:
    """In a process of its own: opens the streams, says how many stand, and in the end when each STOP came to each."""
    heads = []
    for party in parties:
        with Client(url, party, seed_of(party)) as client:
            client.view()
            heads += [client.connection.headers()] * STREAMS_PER_PARTY_MAX
    to.send(asyncio.run(_follow(url, heads[:streams], to)))


async def _follow(url: str, heads: list[dict[str, str]], to: Connection) -> Heard:
    heard: Heard = {}
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    limit = asyncio.Semaphore(32)
    opened = 0

    async def one(head: dict[str, str]) -> None:
        nonlocal opened
        async with limit:
            source, sink = await asyncio.open_connection(host, int(port), limit=1 << 22)
            lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
            sink.write(f"GET /v1/stream HTTP/1.1\r\nhost: {host}\r\n{lines}\r\n".encode())
            answer = await source.readuntil(b"\r\n\r\n")
            assert b" 200 " in answer.split(b"\r\n")[0], answer
            await source.readuntil(b"event: tick")
        opened += 1
        while True:
            await source.readuntil(MARK)
            data = await source.readuntil(b"\n")
            at, name = time.monotonic(), data.split(b'"message":"')[1][:36].replace(b"-", b"").decode()
            heard.setdefault(name, []).append(at)

    tasks = [asyncio.create_task(one(head)) for head in heads]
    while opened < len(heads):
        await asyncio.sleep(0.05)
        for task in tasks:
            if task.done():
                task.result()
    to.send(opened)
    while not to.poll():
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return heard


def _figures(streams: int, said: dict[str, float], heard: Heard, step: Step) -> list[Figure]:
    missing = sum(streams - len(set(heard.get(name, ()))) for name in said)
    all_ms = np.array([1e3 * (at - said[name]) for name, times in heard.items() if name in said for at in times])
    last_ms = [1e3 * (max(times) - said[name]) for name, times in heard.items() if name in said]
    p50, p99 = np.percentile(all_ms, [50, 99])
    note = (
        f"{len(said)} STOPs to {streams:,} open streams of {-(-streams // STREAMS_PER_PARTY_MAX)} parties while "
        f"{CONNECTIONS} connections PUT intents; p50 {p50:.0f} ms, the last reader of the worst one {max(last_ms):.0f} "
        f"ms; {missing} of {len(said) * streams:,} did not come"
    )
    put = f"with {streams:,} streams open and {len(said)} STOPs; accept p99 {step.kinds['accept'].p99_ms:.0f} ms"
    met = bool(p99 < 1_000) and not missing
    return [
        Figure("stop_ms_p99", "ms", float(p99), None, "", "lower", "< 1,000", met, note),
        Figure("stop_put_per_s", "/s", step.requests_per_s, None, "", "higher", "", None, put),
    ]
