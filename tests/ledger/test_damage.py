"""What a data folder must not be to be opened, and from which entry on it is refused."""

import os
import random
import shutil

import pytest
from ledger_kit import DB, HEAD, SIGNER, T0, WAL, closed, entries, fill, opened, sql
from ledger_kit import SIXTY as ENTRIES
from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import Signer
from wideberth.ledger.entry import make_entry, parts_bytes
from wideberth.ledger.head import SECTOR_BYTES, SLOT_BYTES
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerDamaged, LedgerFailed

LONG = bool(os.environ.get("WIDEBERTH_LONG"))


def pulled(folder, into, count=60, group=7):
    """A copy of the folder as it lies there while the node runs: most of it in the write-ahead log."""
    ledger = fill(opened(folder), ENTRIES[:count], group)
    shutil.copytree(folder, into)
    ledger.close()
    return into


def damage(folder):
    with pytest.raises(LedgerDamaged) as caught:
        opened(folder)
    return caught.value


def flip(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_a_pulled_plug_keeps_everything(data, tmp_path):
    """A folder copied while the node runs opens with every answered entry, and goes on."""
    ledger = opened(pulled(data, tmp_path / "copy", count=50))
    assert list(ledger.read()) == ENTRIES[:50]
    assert list(fill(ledger, ENTRIES).read()) == ENTRIES
    ledger.close()


def test_entries_ahead_of_the_head_are_kept(data):
    """A group that reached the database and not the head (a crash between the two) is kept and then covered."""
    closed(data, 50)
    head = (data / HEAD).read_bytes()
    closed(data, 55)
    (data / HEAD).write_bytes(head)
    ledger = opened(data)
    assert ledger.head.size == 55
    assert list(ledger.read()) == ENTRIES[:55]
    ledger.close()
    assert (data / HEAD).read_bytes() != head


@pytest.mark.parametrize("name", [WAL, DB])
def test_a_cut_tail_is_found(data, tmp_path, name):
    """Whatever is cut from the end of a file, the ledger does not open, or nothing that was answered is missing."""
    source = pulled(data, tmp_path / "copy") if name == WAL else closed(data)
    size = (source / name).stat().st_size
    kept, refused = 0, []
    for cut in range(0, size, max(1, size // 40)):
        trial = tmp_path / f"trial{cut}"
        shutil.copytree(source, trial)
        os.truncate(trial / name, cut)
        try:
            ledger = opened(trial)
        except LedgerDamaged as error:
            refused.append(error)
        else:
            kept += 1
            assert list(ledger.read()) == ENTRIES
            ledger.close()
    assert len(refused) > 20
    assert kept <= 2
    assert all(error.sequence < 60 and f"from entry {error.sequence} on" in str(error) for error in refused)


def test_a_lost_log_is_found(data, tmp_path):
    """Without its write-ahead log a pulled folder is refused from the first entry that is gone."""
    fill(opened(data), ENTRIES[:20]).close()
    ledger = fill(opened(data), ENTRIES)
    shutil.copytree(data, tmp_path / "copy")
    ledger.close()
    (tmp_path / "copy" / WAL).unlink()
    assert damage(tmp_path / "copy").sequence == 20


def test_a_lost_database_is_found(data):
    """A head without its database is refused from entry 0 on."""
    closed(data)
    (data / DB).unlink()
    assert damage(data).sequence == 0


def test_an_old_copy_is_found(data, tmp_path):
    """A database that was put back from an older copy is refused from its end on."""
    closed(data, 30)
    shutil.copy(data / DB, tmp_path / "old")
    closed(data, 60)
    shutil.copy(tmp_path / "old", data / DB)
    assert damage(data).sequence == 30


def test_an_old_log_is_found(data, tmp_path):
    """A write-ahead log of earlier days laid beside the database is refused."""
    ledger = fill(opened(data), ENTRIES[:10])
    shutil.copy(data / WAL, tmp_path / "old")
    fill(ledger, ENTRIES).close()
    shutil.copy(tmp_path / "old", data / WAL)
    assert damage(data).sequence <= 10


def test_a_missing_head_is_found(data):
    """Entries without a head are refused: nothing says that they are all."""
    closed(data)
    (data / HEAD).unlink()
    assert damage(data).sequence == 0


def test_what_a_crash_leaves_of_a_ledger_in_the_making_is_no_ledger(data):
    """A crash while the ledger was being made leaves nothing that could be damaged; it is made anew."""
    data.mkdir()
    for name in (f"{DB}.new", f"{DB}.new-journal", f"{DB}.new-wal", "head.new", "lock"):
        (data / name).write_bytes(b"half")
    ledger = opened(data)
    assert ledger.head.size == 0
    assert not (data / f"{DB}.new-wal").exists()
    ledger.close()


def test_a_database_without_our_table_is_found(data):
    """A database that was cut to nothing is refused from entry 0 on, also where nothing was appended yet."""
    opened(data).close()
    (data / DB).write_bytes(b"")
    assert damage(data).sequence == 0


def test_every_flipped_bit_of_the_head_is_found(data):
    """Any flipped bit in the head file is refused: in either note, in the padding, anywhere."""
    closed(data)
    whole = (data / HEAD).read_bytes()
    assert len(whole) == 2 * SLOT_BYTES
    bits = [*range(0, 8 * SECTOR_BYTES, 1 if LONG else 5), *range(0, 8 * len(whole), 997)]
    for bit in bits:
        flip(data / HEAD, bit)
        with pytest.raises(LedgerDamaged):
            opened(data)
        (data / HEAD).write_bytes(whole)
    opened(data).close()


@pytest.mark.parametrize("size", [0, 100, SLOT_BYTES, 2 * SLOT_BYTES - 1, 2 * SLOT_BYTES + 1])
def test_a_head_of_another_size_is_found(data, size):
    """A head file that was cut or extended is refused."""
    closed(data)
    os.truncate(data / HEAD, size)
    assert damage(data).sequence == 0


def test_an_empty_head_is_found(data):
    """A head file of zeroes is refused."""
    closed(data)
    (data / HEAD).write_bytes(bytes(2 * SLOT_BYTES))
    assert damage(data).sequence == 0


def test_a_foreign_head_is_found(data, tmp_path):
    """A head that another key signed, or ours for another origin, is refused; a former key can be named as known."""
    closed(data)
    other = Signer(SIGNER.origin, SigningKey(b"o" * 32))
    with pytest.raises(LedgerDamaged, match="not this ledger's"):
        SqliteLedger(data, other)
    elsewhere = Signer("wideberth/elsewhere/1", SigningKey(b"o" * 32))
    with pytest.raises(LedgerDamaged, match="not this ledger's"):
        SqliteLedger(data, elsewhere)
    with pytest.raises(AssertionError, match="origin"):
        SqliteLedger(data, elsewhere, known=[SIGNER.verifier])
    ledger = SqliteLedger(data, other, known=[SIGNER.verifier])
    assert ledger.head.size == 60
    ledger.append([make_entry(60, T0 + 10_000, ENTRIES[0].parts)], 60)
    ledger.append([make_entry(61, T0 + 20_000, ENTRIES[0].parts)], 61)
    ledger.close()
    SqliteLedger(data, other).close()


def test_a_forged_tail_is_found(data):
    """Entries that are sound in themselves and are not those of the head are refused from the head before on."""
    closed(data, 50)
    head = (data / HEAD).read_bytes()
    shutil.rmtree(data)
    fill(opened(data), entries(60, seed="forged")).close()
    (data / HEAD).write_bytes(head)
    assert damage(data).sequence == 0


def test_a_deleted_swapped_or_doctored_row_is_found(data, tmp_path):
    """Rows that somebody deleted, swapped or changed by SQL are refused, from the first such row on."""
    closed(data)
    other = entries(60, seed="other")
    doctored = [
        ("DELETE FROM entry WHERE sequence = 17", (), 17),
        ("DELETE FROM entry WHERE sequence >= 58", (), 58),
        ("UPDATE entry SET sequence = 70 WHERE sequence = 59", (), 59),
        ("UPDATE entry SET parts = (SELECT parts FROM entry WHERE sequence = 3) WHERE sequence = 4", (), 4),
        ("UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE sequence = 3) WHERE sequence = 4", (), 4),
        ("UPDATE entry SET leaf = CAST(leaf AS TEXT) WHERE sequence = 9", (), 9),
        ("UPDATE entry SET parts = 5 WHERE sequence = 9", (), 9),
        ("UPDATE entry SET parts = ?, leaf = ? WHERE sequence = 20", (b"\x90", other[20].leaf), 20),
        ("DROP TABLE entry", (), 0),
        ("ALTER TABLE entry RENAME TO entries", (), 0),
    ]
    for number, (statement, values, sequence) in enumerate(doctored):
        trial = tmp_path / str(number)
        shutil.copytree(data, trial)
        sql(trial, statement, *values)
        assert damage(trial).sequence == sequence, statement


def test_times_that_stand_still_are_found(data, monkeypatch):
    """Entries that are sound and signed for, written by a node that let time stand still, are refused from there on."""
    ledger = fill(opened(data), ENTRIES[:10])
    monkeypatch.setattr("wideberth.ledger.sqlite.check_group", lambda *_: None)
    ledger.append([make_entry(10, ENTRIES[9].time_us, ENTRIES[10].parts)], 10)
    ledger.close()
    assert damage(data).sequence == 10


def test_a_refused_folder_is_left_as_it_was(data, tmp_path):
    """Refusing changes neither database, log nor head: what happened can still be looked into."""
    copy = pulled(data, tmp_path / "copy")
    flip(copy / WAL, (copy / WAL).stat().st_size * 4)
    before = {name: (copy / name).read_bytes() for name in (DB, WAL, HEAD)}
    damage(copy)
    assert {name: (copy / name).read_bytes() for name in (DB, WAL, HEAD)} == before


@pytest.mark.parametrize("name", [DB, WAL])
def test_flipped_bytes_are_found_or_harmless(data, tmp_path, name):
    """Of hundreds of flipped bits in database and log each is refused, or nothing at all reads differently.

    A flipped bit is harmless in bytes that nobody reads: gaps of a page, counters of the file header, pages of the
    database of which the log holds a newer copy. Harmless means: every entry, by scan and by place, is what was
    written, and the ledger takes further entries and opens again.
    """
    source = pulled(data, tmp_path / "copy") if name == WAL else closed(data)
    randomness = random.Random(name)
    size = (source / name).stat().st_size
    refused = 0
    rounds = 2_000 if LONG else 250
    for _ in range(rounds):
        trial = tmp_path / "trial"
        shutil.copytree(source, trial)
        flip(trial / name, randomness.randrange(size * 8))
        refused += not _opens_whole(trial)
        shutil.rmtree(trial)
    assert refused > rounds // 2


def _opens_whole(folder):
    try:
        ledger = opened(folder)
    except LedgerFailed:
        return False
    assert list(ledger.read()) == ENTRIES
    assert [next(ledger.read(at, 1)) for at in range(60)] == ENTRIES
    more = [make_entry(60, T0 + 1_000, ENTRIES[0].parts)]
    ledger.append(more, 60)
    ledger.close()
    ledger = opened(folder)
    assert list(ledger.read()) == ENTRIES + more
    ledger.close()
    return True


def test_damage_while_running_is_found_by_reading(data):
    """An entry that changes under a running node is not handed out."""
    ledger = fill(opened(data), ENTRIES)
    sql(data, "UPDATE entry SET parts = (SELECT parts FROM entry WHERE sequence = 3) WHERE sequence = 4")
    assert list(ledger.read(0, 4)) == ENTRIES[:4]
    with pytest.raises(LedgerDamaged) as caught:
        list(ledger.read())
    assert caught.value.sequence == 4
    forged = entries(60, seed="forged")[4]
    sql(data, "UPDATE entry SET leaf = ?, parts = ? WHERE sequence = 4", forged.leaf, parts_bytes(forged.parts))
    with pytest.raises(LedgerDamaged, match="entry 4 on: its leaf is not the one that the head covers"):
        list(ledger.read())
    sql(data, "DELETE FROM entry WHERE sequence >= 4")
    with pytest.raises(LedgerDamaged, match="entry 4 is missing"):
        list(ledger.read())
    ledger.close()


def test_a_broken_path_to_an_entry_is_found(data):
    """A database in which every row is sound and cannot be found by its number is refused."""
    closed(data)
    stored = bytearray((data / DB).read_bytes())
    page = 4_096
    assert stored[page] == 5, "the second page is the root of a tree of several pages"
    first_cell = page + int.from_bytes(stored[page + 12 : page + 14], "big")
    stored[first_cell + 4] -= 3
    (data / DB).write_bytes(stored)
    assert "not in order" in str(damage(data))
