"""Crashes: kill -9, power cuts on a disk that forgets what was not synced, and writes that fail one after the other."""

import os
import random
import shutil
import subprocess
import time
from itertools import pairwise

import pytest
from disk import Disk, build_shim, command, environment, read_log
from disk_child import ENTRIES, FAIL_FROM, FAIL_TO, GROUP_MAX
from ledger_kit import SIGNER, plain_entry

from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerDamaged
from wideberth.ledger.stored import Stored

LONG = bool(os.environ.get("WIDEBERTH_LONG"))


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    return build_shim(tmp_path_factory.mktemp("shim"))


def test_kill_9_loses_nothing_answered(tmp_path):
    """However often the process is killed, every answered entry is there, once, in place, and the next run goes on."""
    chance, size = random.Random(9), 0
    for _ in range(100 if LONG else 20):
        child = subprocess.Popen(
            command("stream", tmp_path / "data"), stdout=subprocess.PIPE, env=environment(), bufsize=0
        )
        child.stdout.readline()
        time.sleep(chance.random() * 0.05)
        child.kill()
        answers = child.stdout.read().split(b"\n")[:-1]
        child.stdout.close()
        child.wait()
        ledger = SqliteLedger(tmp_path / "data", SIGNER)
        answered = int(answers[-1]) if answers else size + 1
        assert answered <= ledger.head.size <= answered + 2 * GROUP_MAX
        assert list(ledger.read(size)) == [plain_entry(sequence) for sequence in range(size, ledger.head.size)]
        size = ledger.head.size
        ledger.close()
    assert size > 100
    ledger = SqliteLedger(tmp_path / "data", SIGNER)
    assert list(ledger.read()) == [plain_entry(sequence) for sequence in range(size)]
    ledger.close()


def watched_run(shim, tmp_path, groups, *more):
    root = tmp_path / "disk"
    root.mkdir()
    log = tmp_path / "log"
    subprocess.run(command("run", root, groups, *more), env=environment(shim, root, log), check=True)
    return read_log(log)


def after_the_cut(disk, folder, chance):
    """Opens what the cut left: the size, or None where the ledger says that something is missing."""
    shutil.rmtree(folder, ignore_errors=True)
    disk.image(folder, chance)
    heads = Stored(folder / "data", [SIGNER.verifier]).heads
    assert disk.acknowledged == 0 or heads[-1].size >= disk.acknowledged, "the head was answered before it was durable"
    try:
        ledger = SqliteLedger(folder / "data", SIGNER)
    except LedgerDamaged:
        return None
    size = ledger.head.size
    assert list(ledger.read()) == ENTRIES[:size]
    more = ledger.append(ENTRIES[size : size + 2], size)
    assert more.size == size + 2
    ledger.close()
    return size


def cuts(log, tmp_path, count):
    """Acknowledged and found sizes after power cuts at `count` places of the log, twice each."""
    chance = random.Random(7)
    places = set(chance.sample(range(len(log)), min(count, len(log))))
    disk, found = Disk(), []
    for place, record in enumerate(log):
        disk.play(*record)
        if place in places:
            for how in (None, chance):
                found.append((disk.acknowledged, after_the_cut(disk, tmp_path / "image", how)))
    return found


def test_a_power_cut_loses_nothing_answered(shim, tmp_path):
    """Wherever the power is cut, what was answered is there, whether unsynced writes are lost whole or in parts."""
    log = watched_run(shim, tmp_path, 40)
    wal = [offset for op, name, offset, _ in log if (op, name[-4:]) == ("w", "-wal")]
    assert sum(after < before for before, after in pairwise(wal)) > 3, "the log was never begun anew"
    found = cuts(log, tmp_path, 10_000 if LONG else 150)
    for acknowledged, size in found:
        assert size is not None
        assert size >= acknowledged
    assert len({acknowledged for acknowledged, _ in found}) > 10


def test_the_power_cut_can_find_a_loss(shim, tmp_path):
    """With synchronous=OFF the same cuts do lose answered entries: the test is able to fail, and the loss is seen."""
    log = watched_run(shim, tmp_path, 40, "OFF")
    found = cuts(log, tmp_path, 60)
    lost = [size for acknowledged, size in found if size is None or size < acknowledged]
    assert len(lost) > 10
    assert all(size is None for size in lost), "a loss was not noticed at opening"


def trials(shim, folder, lines):
    """What each trial answered and how it ended, with the reopened ledger."""
    folder.mkdir()
    with subprocess.Popen(
        command("fail", folder),
        env=environment(shim, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        for line in lines:
            child.stdin.write(f"{line}\n")
            child.stdin.flush()
            size, _, ended = child.stdout.readline().strip().partition(" ")
            assert child.stdout.readline().strip() == "ended"
            ledger = SqliteLedger(folder / "data", SIGNER)
            assert list(ledger.read()) == ENTRIES[: ledger.head.size]
            yield line, int(size), ended, ledger.head.size
            ledger.close()
        child.stdin.close()


@pytest.mark.parametrize("mode", ["l", "p"])
def test_every_write_fails(shim, tmp_path, mode):
    """Whichever write or sync fails, persisted or not, the node says so in a sentence and loses nothing answered."""
    ended, lines = [], [f"{prefix}{n} {mode}" for prefix in ("", "new ") for n in range(1, 120, 1 if LONG else 2)]
    for line, size, how, found in trials(shim, tmp_path / "disk", lines):
        start = 0 if line.startswith("new") else FAIL_FROM
        assert max(start, size) <= found <= size + 3, line
        assert how == "whole" or how.startswith("failed: The ledger in "), (line, how)
        assert size >= FAIL_TO or how != "whole"
        ended.append(how != "whole")
    assert sum(ended) > len(lines) // 3


def test_the_disk_fills_up(shim, tmp_path):
    """From whichever write on the disk is full: nothing answered is lost, and with room again the ledger goes on."""
    lines = [f"{n} f" for n in range(1, 60, 1 if LONG else 4)]
    ended = []
    for line, size, how, found in trials(shim, tmp_path / "disk", lines):
        assert found == size >= FAIL_FROM, line
        assert how in ("whole", "full") or how.startswith("failed: "), (line, how)
        assert size >= FAIL_TO or how.startswith("failed: ")
        ended.append(how)
    assert ended.count("full") > len(lines) // 3
