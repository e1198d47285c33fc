"""kill -9 at random points while commands stream in: nothing acknowledged is lost, nothing is doubled.

20 rounds, 100 with WIDEBERTH_LONG=1. A kill does not prove that fsync was asked for: `tests/ledger/test_power.py` cuts
the power instead.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from worlds import DAY, NODE_SEED, charter, circle, founder, seed_of

from wideberth.client import Answer, Client, Sealed, Unreachable
from wideberth.node import found_theatre
from wideberth.node.opening import open_folder
from wideberth.party.command import Activity, Disclosure, Domain, Genesis, Plan, Volumes
from wideberth.party.identity import KeyGrant, public_key
from wideberth.sequencer import envelope_of
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

PARTIES = ("AAA", "BBB", "CCC")
LONG = bool(os.environ.get("WIDEBERTH_LONG"))
ROUNDS = 100 if LONG else 20


def found(folder: Path, now_us: int) -> None:
    """A theatre whose keys are good today."""
    founders = tuple(
        msgspec.structs.replace(founder(p), watch=KeyGrant(public_key(seed_of(p)), ("*",), now_us + DAY, ""))
        for p in PARTIES
    )
    genesis = Genesis("kill", 1, True, charter(), founders, public_key(NODE_SEED), DECIDE_VERSION)
    found_theatre(folder, genesis, NODE_SEED)


def serve(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    """A node in a process of its own, and its address."""
    command = [sys.executable, "-m", "wideberth.cli", "serve", str(folder), "--port", "0", "--quiet"]
    node = subprocess.Popen([*command, "--log-level", "error"], stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    with node.stdout:
        line = node.stdout.readline()
    assert "http://" in line, line
    return node, line[line.index("http://") :].strip()


class Planner(threading.Thread):
    """One party that plans until nobody answers."""

    def __init__(self, url: str, party: str, seed: int) -> None:
        super().__init__()
        self.url, self.party, self.random = url, party, random.Random(seed)
        self.acknowledged: dict[bytes, Answer] = {}
        self.unanswered: Sealed | None = None

    def run(self) -> None:
        """Plan small things, one after another."""
        client = Client(self.url, self.party, seed_of(self.party), patience_s=0.0, timeout_s=5.0)
        try:
            while True:
                self.unanswered = client.seal(*self.command(client))
                answer = client.repeat(self.unanswered)
                assert isinstance(answer, Answer), answer
                self.acknowledged[self.unanswered.command_id] = answer
                self.unanswered = None
        except Unreachable:
            client.connection.close()

    def command(self, client: Client) -> tuple[Plan, tuple[Volumes]]:
        """A plan of an hour, tomorrow."""
        start = time.time_ns() // 1_000 + DAY // 2 + self.random.randrange(DAY)
        place = circle(self.random.uniform(35, 45), self.random.uniform(-42, -32), 500)
        volume = Volume4D(place, 0, 100_000, start, start + DAY // 24)
        return (
            Plan(client.new_id(), 0, 0, 0, Domain.AIR, False, Activity.SURVEY, Disclosure.CONFLICT_ONLY),
            (Volumes((volume,)),),
        )


def resend(url: str, planners: list[Planner]) -> None:
    """Commands that nobody answered are sent again; each has then happened exactly once."""
    for planner in planners:
        if planner.unanswered is not None:
            with Client(url, planner.party, seed_of(planner.party)) as client:
                answer = client.repeat(planner.unanswered)
            assert isinstance(answer, Answer), answer
            planner.acknowledged[planner.unanswered.command_id] = answer


@pytest.mark.timeout(1800)
def test_no_acknowledged_entry_is_lost_or_doubled(tmp_path: Path) -> None:
    """Three parties plan; the node is killed at a random moment, again and again; the ledger has every answer once."""
    folder = tmp_path / "theatre"
    found(folder, time.time_ns() // 1_000)
    acknowledged: dict[bytes, Answer] = {}
    moments = random.Random(os.environ.get("WIDEBERTH_SEED", "kill"))
    node, url = serve(folder)
    for round_ in range(ROUNDS):
        planners = [Planner(url, party, round_ * 10 + i) for i, party in enumerate(PARTIES)]
        for planner in planners:
            planner.start()
        time.sleep(moments.uniform(0.0, 0.6))
        node.send_signal(signal.SIGKILL)
        node.wait()
        for planner in planners:
            planner.join()
        node, url = serve(folder)
        resend(url, planners)
        for planner in planners:
            acknowledged.update(planner.acknowledged)
    node.terminate()
    assert node.wait(60) == 0
    check(folder, acknowledged)


def check(folder: Path, acknowledged: dict[bytes, Answer]) -> None:
    """Every acknowledged command stands where its receipt says, and no id stands twice."""
    opened = open_folder(folder)
    ids: Counter[bytes] = Counter()
    leaves: dict[int, bytes] = {}
    for entry in opened.ledger.read():
        envelope = envelope_of(entry)
        if envelope.party:
            ids[envelope.command_id] += 1
        leaves[entry.sequence] = entry.leaf_hash
    opened.ledger.close()
    assert len(acknowledged) > ROUNDS
    assert set(ids.values()) == {1}
    assert set(ids) == set(acknowledged)
    for answer in acknowledged.values():
        assert leaves[answer.receipt.sequence] == bytes(answer.receipt.leaf_hash)


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_a_node_that_is_told_to_stop_answers_first(tmp_path: Path, signal_: signal.Signals) -> None:
    """Told to stop, the node ends with exit code 0, and the next one finds everything."""
    folder = tmp_path / "theatre"
    found(folder, time.time_ns() // 1_000)
    node, url = serve(folder)
    planner = Planner(url, "AAA", 1)
    planner.start()
    time.sleep(0.3)
    node.send_signal(signal_)
    assert node.wait(60) == 0
    planner.join()
    node, url = serve(folder)
    resend(url, [planner])
    node.terminate()
    assert node.wait(60) == 0
    check_all = {**planner.acknowledged}
    opened = open_folder(folder)
    found_ids = {envelope_of(entry).command_id for entry in opened.ledger.read()}
    opened.ledger.close()
    assert set(check_all) <= found_ids
