"""ready_s_100k: from the start of the process to a node that answers, on a ledger of 100,000 entries.

The ledger is planned by eight parties, operations of four volumes, on disk; nothing is cached by us, and numba is
warm. Everything is read and checked, replayed, compiled code loaded. Also with the snapshot that a clean stop leaves.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.frame import Figure
from bench.theatre_world import NODE_SEED, START_US, charter, fill, founders
from wideberth.node import found_theatre
from wideberth.node.opening import open_folder, write_snapshot
from wideberth.party.command import Genesis
from wideberth.party.identity import public_key
from wideberth.sequencer import Sequencer
from wideberth.theatre.outcome import DECIDE_VERSION

CHILD = """
import asyncio, sys
from pathlib import Path
from wideberth.config import Config
from wideberth.node import Clocks, Node
async def main():
    clocks = Clocks(lambda: int(sys.argv[2]), lambda: 0)
    async with Node.open(Config(folder=Path(sys.argv[1]), log_level="error"), clocks=clocks):
        print("ready", flush=True)
        import os; os._exit(0)
asyncio.run(main())
"""


def start_s(folder: Path, now_us: int) -> float:
    """Seconds until a fresh process says that it is ready; it ends as if killed, so nothing is left behind."""
    begin = time.perf_counter()
    command = [sys.executable, "-c", CHILD, str(folder), str(now_us)]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    with node.stdout:
        lines = iter(node.stdout)
        while next(lines).strip() != "ready":
            continue
    took = time.perf_counter() - begin
    node.wait()
    return took


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` takes a tenth of the entries and says so."""
    entries = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at) / "theatre"
        genesis = Genesis("ready", 1, True, charter(), founders(), public_key(NODE_SEED), DECIDE_VERSION)
        found_theatre(folder, genesis, NODE_SEED, wall_us=START_US)
        opened = open_folder(folder)
        sequencer = Sequencer(opened.ledger, opened.seed, os.urandom, opened.state)
        fill(sequencer, entries, seed=3)
        now_us, size = sequencer.state.time_us + 1, sequencer.state.size
        opened.ledger.close()
        plain = sorted(start_s(folder, now_us) for _ in range(3))[1]
        opened = open_folder(folder)
        sequencer = Sequencer(opened.ledger, opened.seed, os.urandom, opened.state)
        write_snapshot(folder, sequencer, now_us)
        opened.ledger.close()
        snapped = start_s(folder, now_us + 10)
    note = f"{size:,} entries of four volumes, all read and checked; {snapped:.1f} s from the snapshot of a clean stop"
    return [Figure("ready_s_100k", "s", plain, target="<= 10", met=plain <= 10, note=note)]
