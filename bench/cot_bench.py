"""Cursor on Target through a server: one client sends events, another hears of each; ours beside taky.

cot_events_per_s    events over TCP, one in and one out, at most WINDOW on their way at once

Each server runs in a process of its own, and the two clients, which are the same for both, in this one. Ours reads
each event into a report and writes a new event from it, as its listener does for those who may see it; taky reads and
passes on. taky comes as source alone and wants setuptools below 81: TAKY names its command where there is one, else its
kept figure stands.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.feeds_world import UNBOUNDED, receiving
from bench.frame import Figure, console, keep, kept
from wideberth.feeds.formats import Format
from wideberth.feeds.settings import Feed

EVENTS: Final = 50_000
WINDOW: Final = 500
ROUNDS: Final = 5
TARGET: Final = 10_000
EVENT: Final = (
    '<event version="2.0" uid="bench-%d" type="a-n-A-C-F" how="m-g" time="2026-11-22T20:00:00.000Z" '
    'start="2026-11-22T20:00:00.000Z" stale="2099-11-22T20:05:00.000Z"><point lat="48.20849" lon="16.37208" '
    'hae="1234.5" ce="10.0" le="9999999.0"/><detail><contact callsign="BENCH %d"/><track course="271.5" speed="51.25"/>'
    '<__group name="Cyan" role="Team Member"/><status battery="81"/></detail></event>'
)


def run(quick: bool) -> list[Figure]:
    """The figure; `quick` has a fifth of the events and one round."""
    events, rounds = (EVENTS // 5, 1) if quick else (EVENTS, ROUNDS)
    command = os.environ.get("TAKY") or shutil.which("taky")
    ours: list[float] = []
    theirs: list[float] = []
    for i in range(rounds):
        with console.status(f"round {i + 1}: {events:,} events"):
            with _wideberth() as port:
                ours.append(_through(port, events))
            if command:
                with _taky(command) as port:
                    theirs.append(_through(port, events))
    median = sorted(ours)[len(ours) // 2]
    peer, name = (sorted(theirs)[len(theirs) // 2], "taky 0.10") if theirs else (None, "taky")
    if peer is not None and not quick:
        keep("taky", "taky 0.10", {"cot_events_per_s": peer})
    elif peer is None and (earlier := kept("taky")) is not None:
        peer, name = earlier.figures["cot_events_per_s"], f"taky 0.10, kept of {earlier.date}"
    note = f"{events:,} events, at most {WINDOW:,} on their way, median of {rounds}; our limits a second lifted"
    return [Figure("cot_events_per_s", "/s", median, peer, name, "higher", f">= {TARGET:,}", median >= TARGET, note)]


@contextmanager
def _wideberth() -> Iterator[int]:
    door = Feed(name="door", format=Format.COT, listen="tcp://127.0.0.1:0", reports_per_s=UNBOUNDED)
    with receiving([door], echo=True) as received:
        yield received.port


@contextmanager
def _taky(command: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as at:
        settings = Path(at) / "taky.conf"
        settings.write_text(
            f"[taky]\nbind_ip = 127.0.0.1\nroot_dir = {at}\nredis = false\n[cot_server]\nport = {port}\n"
        )
        process = subprocess.Popen([command, "-l", "error", "-c", str(settings)], cwd=at)
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def _through(port: int, events: int) -> float:
    """Events a second from the first that was sent to the last that was heard."""
    with socket.create_connection(("127.0.0.1", port)) as sender:
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", port)) as hearer:
            time.sleep(0.3)
            hearer.settimeout(20)
            room = threading.Semaphore(WINDOW)
            begin = time.perf_counter()
            sending = threading.Thread(target=_send, args=(sender, events, room))
            sending.start()
            end = _hear(hearer, events, room)
            sending.join()
    return events / (end - begin)


def _send(to: socket.socket, events: int, room: threading.Semaphore) -> None:
    some = 50
    for first in range(0, events, some):
        for _ in range(some):
            room.acquire()
        to.sendall("".join(EVENT % (n % 1_000, n) for n in range(first, first + some)).encode())


def _hear(source: socket.socket, events: int, room: threading.Semaphore) -> float:
    heard, rest = 0, b""
    while heard < events:
        data = source.recv(262_144)
        assert data, "the server closed"
        found = (rest + data).count(b'uid="bench-')
        heard += found
        # what may be the beginning of a mark is looked at again
        rest = (rest + data)[-10:]
        if found:
            room.release(found)
    return time.perf_counter()
