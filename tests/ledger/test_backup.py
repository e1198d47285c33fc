"""Backups are whole and checked, never mistaken for the ledger, and come back as a new epoch."""

import shutil
import sqlite3
import threading

import pytest
from ledger_kit import KEY, SIGNER, T0, entries, fill, salt

from wideberth.ledger.backup import back_up, restore
from wideberth.ledger.checkpoint import Signer, origin_of, verify_note
from wideberth.ledger.entry import Part, erased, make_entry
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerDamaged, LedgerFailed
from wideberth.ledger.stored import Stored

ENTRIES = entries(60)
KNOWN = [SIGNER.verifier]
NEXT = Signer(origin_of("exercise", 2), KEY)


@pytest.fixture
def ledger(tmp_path):
    made = fill(SqliteLedger(tmp_path / "data", SIGNER), ENTRIES)
    yield made
    made.close()


def test_a_backup_is_whole(ledger, tmp_path):
    """A backup of a ledger in use holds every entry up to its head, and is checked when it is made."""
    head = back_up(ledger, tmp_path / "backup", KNOWN)
    assert head == ledger.head
    stored = Stored(tmp_path / "backup", KNOWN)
    assert list(stored.entries()) == ENTRIES
    assert stored.note == head.note
    assert stored.check()[0].root() == head.root


def test_a_backup_while_entries_come_in(tmp_path):
    """A backup made while a group after another is appended ends exactly at the head that it holds."""
    ledger = SqliteLedger(tmp_path / "data", SIGNER)
    made = entries(1_500)
    begun = threading.Event()

    def append():
        for at in range(0, len(made), 5):
            ledger.append(made[at : at + 5], at)
            begun.set()

    writer = threading.Thread(target=append)
    writer.start()
    begun.wait()
    heads = [back_up(ledger, tmp_path / f"backup{index}", KNOWN) for index in range(3)]
    writer.join()
    for index, head in enumerate(heads):
        assert list(Stored(tmp_path / f"backup{index}", KNOWN).entries()) == made[: head.size]
    assert list(ledger.read()) == made
    ledger.close()


def test_a_backup_does_not_open_as_a_ledger(ledger, tmp_path):
    """Nobody goes on from a backup under the old origin by mistake."""
    back_up(ledger, tmp_path / "backup", KNOWN)
    with pytest.raises(LedgerFailed, match="is a backup; restore it into a new folder, as a new epoch"):
        SqliteLedger(tmp_path / "backup", SIGNER)


def test_a_backup_overwrites_nothing(ledger, tmp_path):
    """An existing folder is neither written over nor restored over."""
    (tmp_path / "there").mkdir()
    with pytest.raises(LedgerFailed, match="exists"):
        back_up(ledger, tmp_path / "there", KNOWN)
    back_up(ledger, tmp_path / "backup", KNOWN)
    with pytest.raises(LedgerFailed, match="exists"):
        restore(tmp_path / "backup", tmp_path / "there", NEXT, KNOWN)


def test_restoring_opens_a_new_epoch(ledger, tmp_path):
    """A restored ledger has the same entries and root under a new origin, and says what it came from."""
    ledger.erase(7, 1)
    back_up(ledger, tmp_path / "backup", KNOWN)
    restored = restore(tmp_path / "backup", tmp_path / "new", NEXT, KNOWN)
    assert (restored.before.origin, restored.before.size, restored.before.root) == (
        SIGNER.origin,
        60,
        ledger.head.root,
    )
    assert verify_note(restored.before_note, KNOWN).checkpoint == restored.before
    assert (restored.size, restored.root, restored.lost) == (60, ledger.head.root, 0)
    assert restored.last_time_us == ENTRIES[-1].time_us
    again = SqliteLedger(tmp_path / "new", NEXT)
    assert list(again.read()) == [*ENTRIES[:7], erased(ENTRIES[7], 1), *ENTRIES[8:]]
    parts = [Part(salt(1), b"a new epoch"), Part(salt(2), b"decision")]
    again.append([make_entry(60, T0 + 10_000, parts)], 60)
    assert verify_note(again.head.note, [NEXT.verifier]).checkpoint.origin == "wideberth/exercise/2"
    again.close()


def test_what_stands_before_the_damage_can_be_saved(ledger, tmp_path):
    """A damaged ledger is not restored whole; the entries before the damage are, and what is lost is counted."""
    ledger.close()
    db = sqlite3.connect(tmp_path / "data" / "ledger.sqlite3", isolation_level=None)
    db.execute("UPDATE entry SET parts = x'90' WHERE sequence = 44")
    db.close()
    with pytest.raises(LedgerDamaged) as caught:
        restore(tmp_path / "data", tmp_path / "new", NEXT, KNOWN)
    assert caught.value.sequence == 44
    with pytest.raises(LedgerDamaged):
        restore(tmp_path / "data", tmp_path / "new", NEXT, KNOWN, entries_kept=45)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    restored = restore(tmp_path / "data", tmp_path / "new", NEXT, KNOWN, entries_kept=44)
    assert (restored.size, restored.lost, restored.before.size) == (44, 16, 60)
    again = SqliteLedger(tmp_path / "new", NEXT)
    assert list(again.read()) == ENTRIES[:44]
    again.close()
    SqliteLedger(tmp_path / "empty", SIGNER).close()
    with pytest.raises(LedgerDamaged, match="to be kept"):
        restore(tmp_path / "empty", tmp_path / "other", NEXT, KNOWN, entries_kept=1)


def test_restoring_needs_a_known_head_and_a_new_origin(ledger, tmp_path):
    """Without a head that a known key signed nothing is restored, and never under the old origin."""
    back_up(ledger, tmp_path / "backup", KNOWN)
    with pytest.raises(LedgerDamaged, match="not this ledger's"):
        restore(tmp_path / "backup", tmp_path / "new", NEXT, [NEXT.verifier])
    with pytest.raises(AssertionError, match="new epoch"):
        restore(tmp_path / "backup", tmp_path / "new", SIGNER, KNOWN)
    (tmp_path / "backup" / "head").unlink()
    with pytest.raises(LedgerDamaged, match="no signed head"):
        restore(tmp_path / "backup", tmp_path / "new", NEXT, KNOWN)


def test_a_forged_backup_is_not_restored(ledger, tmp_path):
    """Entries that are not those of the signed head are not taken over."""
    back_up(ledger, tmp_path / "backup", KNOWN)
    forged = fill(SqliteLedger(tmp_path / "forged", SIGNER), entries(60, seed="forged"))
    forged.close()
    shutil.copy(tmp_path / "forged" / "ledger.sqlite3", tmp_path / "backup" / "ledger.sqlite3")
    for kept in (None, 60):
        with pytest.raises(LedgerDamaged, match="not those of the signed head"):
            restore(tmp_path / "backup", tmp_path / "new", NEXT, KNOWN, entries_kept=kept)


def test_an_interrupted_restore_is_seen(ledger, tmp_path):
    """What an interrupted restore left behind is named, not built upon."""
    back_up(ledger, tmp_path / "backup", KNOWN)
    (tmp_path / "new.restoring").mkdir()
    with pytest.raises(LedgerFailed, match="did not end"):
        restore(tmp_path / "backup", tmp_path / "new", NEXT, KNOWN)
