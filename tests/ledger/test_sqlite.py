"""The ledger on disk in use: locking, erasing, the full disk, failing writes, folders that may not be written."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from ledger_kit import DB, T0, WAL, closed, content, fill, opened, salt
from ledger_kit import SIXTY as ENTRIES

from wideberth.ledger.entry import Part, make_entry
from wideberth.ledger.sqlite import RESERVE
from wideberth.ledger.store import LedgerFailed, LedgerFull
from wideberth.limits import RESERVE_BYTES


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_reopening_keeps_everything(data):
    """What was answered is there after closing and opening, and replays in order while it is checked."""
    closed(data)
    replayed = []
    ledger = opened(data, each=replayed.append)
    assert replayed == list(ledger.read()) == ENTRIES
    assert ledger.head.size == 60
    ledger.close()


def test_a_second_node_is_turned_away(data):
    """One node holds a data folder; a second one is told so in a sentence, and can open it later."""
    first = opened(data)
    with pytest.raises(LedgerFailed, match="Another node holds the data folder"):
        opened(data)
    first.close()
    opened(data).close()


def test_an_erased_part_is_in_no_file(data):
    """After erasing, salt and content stand in no file of the folder, not even piecewise, and the ledger opens."""
    made = [
        make_entry(
            at, T0 + at, [Part(salt(at, index), content(at, index, size=900 * index + 40)) for index in range(5)]
        )
        for at in range(40)
    ]
    ledger = fill(opened(data), made)
    for at in (0, 5, 6, 7, 21, 39):
        assert ledger.erase(at, at % 5)
    for at in (0, 5, 6, 7, 21, 39):
        gone = made[at].parts[at % 5]
        for path in data.iterdir():
            stored = path.read_bytes()
            assert gone.salt[:12] not in stored, (at, path)
            assert not any(gone.content[k : k + 24] in stored for k in range(0, len(gone.content), 24)), (at, path)
    ledger.close()
    ledger = opened(data)
    assert [sum(part is None for part in entry.parts) for entry in ledger.read()] == [
        int(at in (0, 5, 6, 7, 21, 39)) for at in range(40)
    ]
    ledger.close()


def test_a_copy_in_a_gap_of_the_file_is_erased_too(data):
    """Where the database file itself still holds a copy of an erased part outside any row, erasing takes that too."""
    ledger = fill(opened(data), ENTRIES)
    part = ENTRIES[5].parts[1]
    ledger._db.execute("PRAGMA secure_delete = OFF")
    ledger._db.execute("CREATE TABLE other (value BLOB)")
    ledger._db.execute("INSERT INTO other VALUES (?)", (bytes(100) + part.salt + part.content,))
    ledger._db.execute("DROP TABLE other")
    ledger._db.execute("PRAGMA secure_delete = ON")
    ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (data / DB).read_bytes().count(part.salt) == 2
    assert ledger.erase(5, 1)
    assert not any(part.salt in path.read_bytes() for path in data.iterdir())
    ledger.close()
    ledger = opened(data)
    assert [next(ledger.read(at, 1)).sequence for at in range(60)] == list(range(60))
    ledger.close()


@pytest.mark.parametrize("ends_by", ["appending", "closing"])
def test_a_reader_that_holds_the_erased_part_ends_nothing(data, ends_by):
    """Erasing while another process reads is done for the ledger, which goes on; the copy goes once the reader has."""
    ledger = fill(opened(data), ENTRIES[:20])
    salt = ENTRIES[5].parts[1].salt
    reader = sqlite3.connect(data / DB, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entry").fetchone()
    assert ledger.erase(5, 1) is True
    assert next(ledger.read(5, 1)).parts[1] is None
    assert any(salt in path.read_bytes() for path in data.iterdir())
    ledger.append(ENTRIES[20:21], 20)
    reader.close()
    if ends_by == "appending":
        for at in range(21, 60):
            ledger.append(ENTRIES[at : at + 1], at)
        assert not any(salt in path.read_bytes() for path in data.iterdir())
    ledger.close()
    assert not any(salt in path.read_bytes() for path in data.iterdir())


def test_a_full_disk_loses_nothing_and_goes_on(data):
    """When the disk is full a group is refused whole; after making room the ledger goes on where it was."""
    ledger = fill(opened(data), ENTRIES[:20])
    head = ledger.head
    (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerFull, match=r"The disk of the ledger in .* is full\."):
        fill(ledger, ENTRIES, group=40)
    assert ledger.head == head
    assert list(ledger.read()) == ENTRIES[:20]
    ledger._db.execute("PRAGMA max_page_count = 1000000")
    assert list(fill(ledger, ENTRIES).read()) == ENTRIES
    ledger.close()
    ledger = opened(data)
    assert list(ledger.read()) == ENTRIES
    ledger.close()


def test_the_reserve(data):
    """Disk is set aside when the ledger opens, released on demand, and set aside again."""
    ledger = opened(data)
    assert (data / RESERVE).stat().st_blocks * 512 >= RESERVE_BYTES
    assert ledger.release_reserve() == RESERVE_BYTES
    assert (data / RESERVE).stat().st_blocks == 0
    assert ledger.release_reserve() == 0
    assert ledger.hold_reserve()
    assert (data / RESERVE).stat().st_blocks * 512 >= RESERVE_BYTES
    ledger.close()


def test_a_failed_head_breaks_the_ledger(data, monkeypatch):
    """When the head cannot be synced nothing is answered, and the process takes no further group."""
    ledger = fill(opened(data), ENTRIES[:5])

    def fail(fd):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(LedgerFailed, match="cannot be written"):
            ledger.append(ENTRIES[5:6], 5)
    for call in (lambda: ledger.append(ENTRIES[5:6], 5), lambda: ledger.erase(0, 0)):
        with pytest.raises(LedgerFailed, match="has to be started again"):
            call()
    ledger.close()
    ledger = opened(data)
    assert ledger.head.size == 6
    ledger.close()


READ_ONLY = """
import os, pathlib, sys
from ledger_kit import SIGNER
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerFailed
if os.geteuid() == 0: os.setuid(65534)
try: SqliteLedger(pathlib.Path(sys.argv[1]), SIGNER)
except LedgerFailed as error: print(error)
"""


def test_a_read_only_folder_is_refused_in_a_sentence():
    """A node that may not write its folder says so in one sentence and ends."""
    with tempfile.TemporaryDirectory() as outer:
        os.chmod(outer, 0o755)
        data = closed(Path(outer) / "data")
        for path in (*data.iterdir(), data):
            path.chmod(0o555 if path.is_dir() else 0o444)
        search = os.pathsep.join([os.path.dirname(__file__), *sys.path])
        command = [sys.executable, "-c", READ_ONLY, str(data)]
        run = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": search}, check=False)
        data.chmod(0o755)
    assert run.stdout.startswith(f"The ledger in {data} cannot be opened: "), run
    assert run.stdout.count("\n") == 1


def test_the_log_is_copied_into_the_database(data):
    """A long run does not let the write-ahead log grow without end."""
    ledger = opened(data)
    big = [
        make_entry(at, T0 + at, [Part(salt(at, index), content(at, index, size=100_000)) for index in range(2)])
        for at in range(120)
    ]
    fill(ledger, big, group=3)
    assert (data / WAL).stat().st_size < 12_000_000
    assert list(ledger.read()) == big
    ledger.close()
    ledger = opened(data)
    assert list(ledger.read()) == big
    ledger.close()
