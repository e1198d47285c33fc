"""A node of a test, served by a thread of this process on a free port of loopback.

`serving(folder)` opens a founded folder and gives its address; `founded(folder)` founds a small theatre of the parties
AAA, BBB and CCC, whose keys are those of `worlds.seed_of`.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from worlds import NODE_SEED, charter, founder, seed_of

from wideberth.api.app import create_app
from wideberth.config import Config
from wideberth.node import Node, found_theatre
from wideberth.node.serve import listen, uvicorn_server
from wideberth.party.charter import Charter
from wideberth.party.command import Genesis
from wideberth.party.identity import public_key
from wideberth.theatre.outcome import DECIDE_VERSION

PARTIES = ("AAA", "BBB", "CCC")
DAY_US = 86_400_000_000
__all__ = ["DAY_US", "NODE_SEED", "PARTIES", "founded", "seed_of", "serving"]


def founded(folder: Path, rules: Charter | None = None) -> bytes:
    """A theatre whose keys are good for the coming year; the hash that names it."""
    now_us = time.time_ns() // 1_000
    founders = tuple(
        msgspec.structs.replace(f, watch=msgspec.structs.replace(f.watch, expires_us=now_us + 365 * DAY_US))
        for f in (founder(party) for party in PARTIES)
    )
    key = public_key(NODE_SEED)
    genesis = Genesis("valley", 1, True, rules or charter(), founders, key, DECIDE_VERSION)
    return found_theatre(folder, genesis, NODE_SEED)


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    """The address of a node over a founded folder."""
    config = Config(folder=folder, port=port)
    up, down = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with Node.open(config) as node:
            listening = listen(config)
            server = uvicorn_server(create_app(node), config)
            running = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.005)
            found.append(f"http://127.0.0.1:{listening.getsockname()[1]}")
            up.set()
            while not down.is_set():
                await asyncio.sleep(0.02)
            node.stop_streams()
            server.should_exit = True
            await running
            listening.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(120), "the node did not start"
        yield found[0]
    finally:
        down.set()
        thread.join(30)
