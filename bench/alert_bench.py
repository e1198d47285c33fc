"""How soon a party hears of what was just reported: 10,000 aircraft by SBS over sockets, a report a second each.

alert_ms_p99        from the write of the report that makes it an alert to its event on the party's stream
alert_predicted_ms_p99
                    the same where more than two minutes are left: such a pair is told of once two sweeps say so

Two aircraft of two parties fly side by side until one of them turns towards the other; the line that says so is the one
whose write counts. The rest of the sky is nobody's, spread as in the figure of the sweep. Four feeds; generator,
readers and node share the machine and its clock, the node has a process of its own.
"""

import asyncio
import math
import os
import random
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from bench.frame import Figure, console
from bench.http_world import Served, seed_of, served
from wideberth.client import Answer, Client
from wideberth.limits import AIRCRAFT_MAX
from wideberth.space.volume import Polygon, Volume4D

TRACKS: Final = 10_000
FEEDS: Final = 4
PARTIES: Final = ("ONE", "TWO")
SETTLE_S: Final = 12.0
EVERY_S: Final = 0.25
"""Between two turns."""
TICK_S: Final = 0.01
LATE_S: Final = 10.0
"""After the last turn; what was not told by then did not come."""
FEET: Final = 60_000
"""The pairs fly above all others."""
SPEED: Final = 150.0
NEAR_M, FAR_M = 10_000.0, 36_000.0
"""Side by side; 30 s and 200 s before the 3 NM of the charter once they turn."""
KNOT: Final = 1_852 / 3_600
DEGREE_M: Final = 111_200.0
CYCLE: Final = 5
"""Of so many reports of an aircraft one says how fast it flies and where to, the others where it is."""


class Fleet:
    """Everything that flies, as columns; where each is now."""

    def __init__(self, pairs: int) -> None:
        """The pairs first, both sides in turn; every second one is far apart."""
        draw = np.random.default_rng(5)
        rest = TRACKS - 2 * pairs
        places = [self._pair(k) for k in range(pairs)]
        self.lat = np.array([lat for lat, _, _ in places for _ in PARTIES] + draw.uniform(25, 50, rest).tolist())
        self.lon = np.array([x for _, a, b in places for x in (a, b)] + draw.uniform(-125, -65, rest).tolist())
        self.speed = np.concatenate((np.full(2 * pairs, SPEED), draw.uniform(150, 260, rest)))
        self.track = np.concatenate((np.zeros(2 * pairs), draw.uniform(0, 360, rest)))
        self.feet = np.concatenate((np.full(2 * pairs, FEET), 1_000 * draw.integers(10, 42, rest)))
        self.phase = draw.random(TRACKS)
        self.since = np.full(TRACKS, time.time())

    @staticmethod
    def _pair(k: int) -> tuple[float, float, float]:
        """Cells of a degree by a degree and a half, too far from one another to matter."""
        lat, lon = 26.0 + k // 38, -123.0 + 1.5 * (k % 38)
        return lat, lon, lon + (FAR_M if k % 2 else NEAR_M) / (DEGREE_M * math.cos(math.radians(lat)))

    def at(self, k: int, now: float) -> tuple[float, float]:
        """Where it is, degrees."""
        way, course = self.speed[k] * (now - self.since[k]) / DEGREE_M, math.radians(self.track[k])
        lat = self.lat[k] + way * math.cos(course)
        return lat, self.lon[k] + way * math.sin(course) / math.cos(math.radians(self.lat[k]))

    def turn(self, k: int, now: float) -> None:
        """Towards the one that flies beside it in the west, keeping level with it."""
        self.lat[k], self.lon[k] = self.at(k, now)
        self.since[k], self.speed[k], self.track[k] = now, SPEED * math.sqrt(2), 315.0

    def line(self, k: int, now: float, moves: bool) -> bytes:
        """What SBS says of it."""
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d,%H:%M:%S.%f")[:-3]
        head = f"1,1,{address(k).upper()},1,{stamp},{stamp}"
        if moves:
            return f"MSG,4,{head},,,{self.speed[k] / KNOT:.1f},{self.track[k]:.1f},,,0,,0,0,0,0\r\n".encode()
        lat, lon = self.at(k, now)
        return f"MSG,3,{head},,{self.feet[k]:.0f},,,{lat:.6f},{lon:.6f},,,0,0,0,0\r\n".encode()


def address(k: int) -> str:
    """24 bits."""
    return f"{0x400000 + k:06x}"


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` has a fifth of the turns."""
    pairs = 80 if quick else 400
    with tempfile.TemporaryDirectory() as at:
        said, heard, behind_s, cores, others = asyncio.run(_measured(Path(at), pairs))
    rows = {k: [1e3 * (heard[k, p] - said[k]) for p in PARTIES if (k, p) in heard] for k in said}
    missing = sum(len(PARTIES) - len(found) for found in rows.values())
    near = np.array([ms for k, found in rows.items() if not k % 2 for ms in found])
    far = np.array([ms for k, found in rows.items() if k % 2 for ms in found])
    shared = (
        f"{TRACKS:,} aircraft, {FEEDS} feeds, node {cores:.2f} cores; {missing} of {2 * len(said)} did not come; "
        f"the generator was at most {1e3 * behind_s:.0f} ms late; other work on the machine took {others:.2f} cores"
    )
    return [
        _figure("alert_ms_p99", near, f"30 s before the minima, {shared}", not missing),
        _figure("alert_predicted_ms_p99", far, "200 s before the minima, of the same run", not missing),
    ]


def _figure(name: str, took: npt.NDArray[np.float64], what: str, whole: bool) -> Figure:
    p50, p99 = np.percentile(took, [50, 99])
    note = f"{len(took)} events, {what}; p50 {p50:.0f} ms, worst {took.max():.0f} ms"
    return Figure(name, "ms", float(p99), None, "", "lower", "< 1,000", whole and bool(p99 < 1_000), note)


Heard = dict[tuple[int, str], float]


async def _measured(folder: Path, pairs: int) -> tuple[dict[int, float], Heard, float, float, float]:
    """When each pair's turn was written, when each side heard of it, how late the generator was, the node's cores, and
    those that other work took."""
    outs: list[list[asyncio.StreamWriter]] = [[] for _ in range(FEEDS)]
    servers = [await _server(out) for out in outs]
    feeds = folder / "feeds.toml"
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    feeds.write_text(
        "".join(f'[[feeds]]\nname = "f{i}"\nformat = "sbs"\nurl = "tcp://127.0.0.1:{p}"\n' for i, p in enumerate(ports))
    )
    with served(folder / "theatre", PARTIES, {"WIDEBERTH_FEEDS": str(feeds)}) as node:
        await asyncio.to_thread(_plans, node, pairs)
        while not all(outs):
            await asyncio.sleep(0.05)
        heard: Heard = {}
        readers = [asyncio.create_task(_listen(node, party, heard)) for party in PARTIES]
        begin_s, cpu_s, all_s, mine_s = time.monotonic(), node.cpu_s(), _busy_s(), time.process_time()
        said, behind_s = await _fly(Fleet(pairs), [out[0] for out in outs], pairs)
        took_s = time.monotonic() - begin_s
        cores = (node.cpu_s() - cpu_s) / took_s
        others = max(0.0, (_busy_s() - all_s - (time.process_time() - mine_s)) / took_s - cores)
        for task in readers:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    for server, out in zip(servers, outs, strict=True):
        server.close()
        for writer in out:
            writer.close()
    return said, heard, behind_s, cores, others


def _busy_s() -> float:
    """Processor time that everything on the machine took so far."""
    user, nice, system, _, _, *interrupts = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / os.sysconf("SC_CLK_TCK")


async def _server(out: list[asyncio.StreamWriter]) -> asyncio.Server:
    """Keeps whoever connects."""
    return await asyncio.start_server(lambda _, writer: out.append(writer), "127.0.0.1", 0)


def _plans(node: Served, pairs: int) -> None:
    """Each party has as many plans, all in one place, as it takes to name its aircraft."""
    now_us = time.time_ns() // 1_000
    ring = Polygon((10**9, 10**9, 11 * 10**8, 10**9, 11 * 10**8, 11 * 10**8, 10**9, 11 * 10**8))
    where = Volume4D(ring, 0, 1_000_000, now_us + 10**6, now_us + 3_600 * 10**6)
    for side, party in enumerate(PARTIES):
        mine = [address(2 * k + side) for k in range(pairs)]
        with Client(node.url, party, seed_of(party)) as client:
            for begin in range(0, pairs, AIRCRAFT_MAX):
                operation = client.new_id()
                moved = msgspec.structs.replace(where, end_us=where.end_us + begin)
                assert isinstance(client.plan(operation, [moved]), Answer)
                assert isinstance(client.set_aircraft(operation, mine[begin : begin + AIRCRAFT_MAX]), Answer)


async def _listen(node: Served, party: str, heard: Heard) -> None:
    """When the first event of each pair came."""
    with Client(node.url, party, seed_of(party)) as client:
        await asyncio.to_thread(client.view)
        lines = "".join(f"{name}: {value}\r\n" for name, value in client.connection.headers().items())
    host, port = node.url.removeprefix("http://").rstrip("/").split(":")
    source, sink = await asyncio.open_connection(host, int(port), limit=1 << 22)
    sink.write(f"GET /v1/stream HTTP/1.1\r\nhost: {host}\r\n{lines}\r\n".encode())
    with suppress(asyncio.CancelledError):
        while True:
            await source.readuntil(b"event: alert\ndata: ")
            data, at = await source.readuntil(b"\n"), time.monotonic()
            view = msgspec.json.decode(data)["view"]
            if view["kind"] == "pair":
                heard.setdefault(((int(view["own"], 16) - 0x400000) // 2, party), at)
    sink.close()


async def _fly(fleet: Fleet, outs: list[asyncio.StreamWriter], pairs: int) -> tuple[dict[int, float], float]:
    """Report everything once a second, turn one pair after the other. Out: when, and how late the worst tick was."""
    order = np.argsort(fleet.phase).tolist()
    phases = fleet.phase[order]
    turns = list(range(pairs))
    random.Random(3).shuffle(turns)
    said: dict[int, float] = {}
    begin, behind_s, done = time.monotonic(), 0.0, 0
    step, next_s = 0.0, SETTLE_S
    end_s = SETTLE_S + EVERY_S * pairs + LATE_S
    with console.status(f"{TRACKS:,} aircraft, {pairs} turns in {end_s:.0f} s"):
        while step < end_s:
            step += TICK_S
            await asyncio.sleep(max(0.0, begin + step - time.monotonic()))
            behind_s = max(behind_s, time.monotonic() - begin - step) if done else 0.0
            now, second = time.time(), int(step)
            first, last = np.searchsorted(phases, [(step - TICK_S) % 1.0, step % 1.0]).tolist()
            due = order[first:last] if first <= last else order[first:] + order[:last]
            pieces: list[list[bytes]] = [[] for _ in outs]
            for k in due:
                pieces[k % FEEDS].append(fleet.line(k, now, (second + k) % CYCLE == 0))
            for out, piece in zip(outs, pieces, strict=True):
                out.write(b"".join(piece))
            if step >= next_s and done < pairs:
                pair, k = turns[done], 2 * turns[done] + 1
                fleet.turn(k, now)
                said[pair] = time.monotonic()
                outs[k % FEEDS].write(fleet.line(k, now, moves=True))
                done, next_s = done + 1, next_s + EVERY_S * random.uniform(0.5, 1.5)
    return said, behind_s
