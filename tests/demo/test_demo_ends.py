"""The exercise's node ends with the exercise, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wideberth.demo.exercise import genesis, seed_of
from wideberth.node import found_theatre
from wideberth.party.identity import public_key

PARENT = """
import sys, time
from pathlib import Path
from wideberth.demo.stage import serving
with serving(Path(sys.argv[1]), 0):
    print("up", flush=True)
    time.sleep(60)
"""


def nodes_of(folder: Path) -> list[int]:
    """Processes that serve a folder."""
    found = []
    for at in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = at.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if b"serve" in words and str(folder).encode() in words:
            found.append(int(at.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is told to its children on Linux alone")
def test_a_killed_exercise_leaves_no_node_behind(tmp_path: Path) -> None:
    """kill -9 of the parent: within seconds nobody holds the folder any more."""
    seed = seed_of("1", "node", "node")
    found_theatre(tmp_path / "t", genesis("1", public_key(seed), time.time_ns() // 1_000), seed)
    command = [sys.executable, "-c", PARENT, str(tmp_path / "t")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert len(nodes_of(tmp_path / "t")) == 1
        os.kill(parent.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while nodes_of(tmp_path / "t") and time.monotonic() < until:
        time.sleep(0.1)
    assert nodes_of(tmp_path / "t") == []
