"""Runs under the disk shim, or is killed: appends to a ledger, and says in the file ACK what was answered.

disk_child.py run FOLDER GROUPS [SYNCHRONOUS]    one process, groups of 1 to 5 entries, opens and closes in between
disk_child.py fail FOLDER                        reads trials "<n> <mode>" from stdin, one forked process for each
disk_child.py stream FOLDER                      appends without end and answers on stdout, to be killed
"""

import os
import random
import shutil
import sys
from pathlib import Path

from ledger_kit import SIGNER, entries, plain_entry

from wideberth.ledger import sqlite
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerFailed, LedgerFull

ENTRIES = entries(400, size=700)
FAIL_FROM, FAIL_TO = 20, 44
GROUP_MAX = 8


def acknowledge(fd, size):
    """Say that so many entries were answered."""
    os.write(fd, size.to_bytes(4, "big"))


def run(folder, groups, synchronous=None):
    """Groups of several sizes, a checkpoint of the log now and then, and every so often a new start."""
    sqlite._CHECKPOINT_BYTES = 120_000
    ack = os.open(folder / "ACK", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ledger, size = None, 0
    for number in range(groups):
        if number % 12 == 0:
            if ledger:
                ledger.close()
            ledger = SqliteLedger(folder / "data", SIGNER)
            if synchronous:
                ledger._db.execute(f"PRAGMA synchronous = {synchronous}")
            size = ledger.head.size
        ledger.append(ENTRIES[size : size + 1 + number % 5], size)
        size = ledger.head.size
        acknowledge(ack, size)
    ledger.close()


def fail(folder):
    """Each trial in a process of its own, on a copy of the same ledger: what was answered, and how it ended."""
    made = SqliteLedger(folder / "made", SIGNER)
    made.append(ENTRIES[:FAIL_FROM], 0)
    made.close()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _trial(folder, line.strip())
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print("ended" if status == 0 else f"status {status}", flush=True)


def _trial(folder, trial):
    data, arm = folder / "data", os.open(folder / "ARM", os.O_WRONLY | os.O_CREAT)
    shutil.rmtree(data, ignore_errors=True)
    new = trial.startswith("new ")
    if not new:
        shutil.copytree(folder / "made", data)
    sqlite._CHECKPOINT_BYTES = 30_000
    size, ended = (0 if new else FAIL_FROM), "whole"
    os.write(arm, trial.removeprefix("new ").encode())
    try:
        ledger = SqliteLedger(data, SIGNER)
        size = ledger.head.size
        while size < FAIL_TO:
            size = ledger.append(ENTRIES[size : size + 3], size).size
    except LedgerFull:
        os.write(arm, b"0 -")
        assert ledger.head.size == size
        assert list(ledger.read()) == ENTRIES[:size]
        ended = "full"
        while size < FAIL_TO:
            size = ledger.append(ENTRIES[size : size + 3], size).size
    except LedgerFailed as error:
        os.write(arm, b"0 -")
        ended = f"failed: {error}"
    os.write(arm, b"0 -")
    print(size, ended, flush=True)
    os._exit(0)


def stream(folder):
    """Append until killed; each answer is a line with the size."""
    sqlite._CHECKPOINT_BYTES = 200_000
    ledger, chance = SqliteLedger(folder, SIGNER), random.Random(os.getpid())
    while True:
        size = ledger.head.size
        group = [plain_entry(sequence) for sequence in range(size, size + chance.randint(1, GROUP_MAX))]
        os.write(1, b"%d\n" % ledger.append(group, size).size)


if __name__ == "__main__":
    {"run": run, "fail": fail, "stream": stream}[sys.argv[1]](
        Path(sys.argv[2]), *[int(text) if text.isdigit() else text for text in sys.argv[3:]]
    )
