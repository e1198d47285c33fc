"""`verify`, `replay`, `export`, `backup`, `restore` over the ledger of an exercise, sound and tampered with."""

import json
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from played import played
from worlds import HOUR, MINUTE, World, circle

from wideberth.cli import COMMANDS, run
from wideberth.cli.audit import Audit, same
from wideberth.cli.ledgers import folder_keys
from wideberth.ledger.checkpoint import Verifier
from wideberth.ledger.entry import Entry, Part, make_entry, parts_bytes, read_parts
from wideberth.ledger.store import LedgerDamaged
from wideberth.ledger.stored import DATABASE, Stored
from wideberth.party.envelope import Signed, decode_envelope, encode
from wideberth.refusal import Reason, Refusal
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import Near, decode_decision
from wideberth.theatre.record import replay as replay_entry
from wideberth.theatre.state import State

Captured = pytest.CaptureFixture[str]
signed_of = msgspec.msgpack.Decoder(Signed).decode


def entries() -> list[Entry]:
    """The entries of the exercise."""
    folder = played().folder
    return list(Stored(folder, folder_keys(folder)).entries())


def found(capsys: Captured, *words: str) -> tuple[int, dict[str, Any]]:
    """Status and finding of a verification."""
    capsys.readouterr()
    status = run(["verify", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the exercise's folder, to be tampered with."""
    target = tmp_path / "copy"
    shutil.copytree(played().folder, target)
    return target


def change(folder: Path, sequence: int, alter: Callable[[bytes], bytes], column: str = "parts") -> None:
    """Alter the bytes of an entry behind the ledger's back."""
    with sqlite3.connect(folder / DATABASE) as db:
        (data,) = db.execute(f"SELECT {column} FROM entry WHERE sequence = ?", (sequence,)).fetchone()
        db.execute(f"UPDATE entry SET {column} = ? WHERE sequence = ?", (alter(data), sequence))
    db.close()


def flip(data: bytes) -> bytes:
    """The same with one bit in the middle turned."""
    altered = bytearray(data)
    altered[len(altered) // 2] ^= 1
    return bytes(altered)


def test_a_sound_ledger_is_said_to_be_sound(capsys: Captured) -> None:
    """Every signature is checked, every command is decided again alike, and the head covers all entries."""
    status, finding = found(capsys, str(played().folder), "--again")
    assert status == 0
    assert finding["sound"]
    assert finding["covered"] == finding["entries"] == len(entries())
    assert finding["decided_again"] + finding["not_decided"] == finding["entries"]
    assert finding["not_decided"] == 0
    assert finding["signatures"] == finding["entries"]


@pytest.mark.parametrize("sequence", [0, 1, 40, 100])
@pytest.mark.parametrize("column", ["parts", "leaf"])
def test_one_flipped_bit_is_found(capsys: Captured, copy: Path, sequence: int, column: str) -> None:
    """One changed bit anywhere is found, and the first bad entry is named."""
    change(copy, sequence, flip, column)
    status, finding = found(capsys, str(copy))
    assert status == 1
    assert not finding["sound"]
    assert f"{sequence}" in finding["faults"][0]
    assert finding["entries"] == sequence


def test_a_cut_tail_is_found(capsys: Captured, copy: Path) -> None:
    """A database that lost its last entries does not fit its signed head."""
    size = len(entries())
    with sqlite3.connect(copy / DATABASE) as db:
        db.execute("DELETE FROM entry WHERE sequence >= ?", (size - 3,))
    db.close()
    status, finding = found(capsys, str(copy))
    assert status == 1
    assert f"counts {size} entries, {size - 3} were read" in finding["faults"][0]


def test_a_foreign_head_is_found(capsys: Captured, copy: Path) -> None:
    """A head that the node did not sign covers nothing."""
    head = (copy / "head").read_bytes()
    (copy / "head").write_bytes(head.replace(b"wideberth/sarvel/1\n", b"wideberth/sarvel/7\n", 1))
    assert found(capsys, str(copy))[0] == 1
    (copy / "head").unlink()
    status, finding = found(capsys, str(copy))
    assert status == 1
    assert "The signed head is missing." in finding["faults"]


def test_another_genesis_is_found(capsys: Captured) -> None:
    """A ledger that is sound in itself is not the one that was told of by its genesis."""
    _, finding = found(capsys, str(played().folder))
    assert found(capsys, str(played().folder), "--genesis", finding["genesis"].upper())[0] == 0
    status, other = found(capsys, str(played().folder), "--genesis", "00" * 32)
    assert status == 1
    assert "not the one that you were told" in other["faults"][0]


def audited(rows: list[Entry], again: bool = True) -> list[tuple[int, str]]:
    """What an auditor finds in entries whose hashes are not looked at."""
    audit = Audit(again)
    return [(entry.sequence, fault) for entry in rows if (fault := audit.entry(entry)) is not None]


def with_part(entry: Entry, index: int, content: bytes) -> Entry:
    """An entry as a node that lies would have written it: one part another, all hashes right."""
    parts = [part for part in entry.parts if part is not None]
    assert len(parts) == len(entry.parts)
    parts[index] = Part(parts[index].salt, content)
    return make_entry(entry.sequence, entry.time_us, parts)


def plan_entry(rows: list[Entry]) -> Entry:
    """The first entry in which a plan opened a conflict."""
    for entry in rows:
        part = entry.parts[1]
        assert part is not None
        if getattr(decode_decision(part.content).outcome, "conflicts", ()):
            return entry
    raise AssertionError("no plan opened a conflict")


def test_words_put_into_a_partys_mouth_are_found() -> None:
    """A node that alters what a party signed, with all hashes right, is found out by the signature."""
    rows = entries()
    part = rows[30].parts[0]
    assert part is not None
    signed = signed_of(part.content)
    envelope = decode_envelope(signed.envelope)
    forged = encode(msgspec.structs.replace(envelope, not_after_us=envelope.not_after_us + 1))
    rows[30] = with_part(rows[30], 0, encode(Signed(forged, signed.signatures)))
    faults = audited(rows, again=False)
    assert [sequence for sequence, _ in faults] == [30]
    assert "nobody is known to have said it" in faults[0][1]


def test_a_conflict_that_was_kept_quiet_is_found() -> None:
    """A node that decides otherwise than the rules say is found out when its commands are decided again."""
    rows = entries()
    entry = plan_entry(rows)
    part = entry.parts[1]
    assert part is not None
    decision = decode_decision(part.content)
    quiet = msgspec.structs.replace(decision, outcome=msgspec.structs.replace(decision.outcome, conflicts=()))
    rows[entry.sequence] = with_part(entry, 1, encode(quiet))
    faults = audited(rows)
    assert faults
    assert faults[0][0] == entry.sequence
    assert "decided again it reads otherwise" in faults[0][1]
    assert audited(rows, again=False) == []


def test_a_refusal_made_up_by_the_node_is_found() -> None:
    """A node that refuses what the rules allow is found out where the command's parts are kept."""
    rows = entries()
    for entry in rows:
        part = entry.parts[1]
        assert part is not None
        decision = decode_decision(part.content)
        if decision.attached == 0 and decision.derived and entry.sequence > 80:
            break
    made_up = Refusal(Reason.CLOCK, "", "no")
    bare = msgspec.structs.replace(decision, outcome=made_up, derived=0)
    shortened = make_entry(
        entry.sequence, entry.time_us, [p for p in entry.parts[:1] if p] + [Part(bytes(32), encode(bare))]
    )
    rows[entry.sequence] = shortened
    faults = audited(rows[: entry.sequence + 1])
    assert faults == [(entry.sequence, faults[0][1])]
    assert "recorded is refused (clock)" in faults[0][1]


def test_a_long_ledger_is_decided_again_alike() -> None:
    """Deciding from a state that was replayed loses no conflict, however many volumes are live: a restart is no gap."""
    world, draw = World(1), random.Random(3)
    for i in range(900):
        lat, lon = draw.uniform(40, 42), draw.uniform(-41, -38)
        start_us = world.now_us + HOUR + draw.randrange(8) * HOUR
        window = (1_000_000, 1_100_000, start_us, start_us + 10 * MINUTE)
        world.plan(World.usual[i % 3], *(Volume4D(circle(lat + 0.01 * k, lon, 800), *window) for k in range(4)))
    assert len(world.state.conflicts) > 20
    assert audited(list(world.store.read())) == []


def test_a_millimetre_is_accepted_and_two_are_not() -> None:
    """Another processor may round otherwise by a millimetre; more is another decision."""
    one = Near(0, 0, 1_000, 200, 5, 9, 1, 2, 30, 40)
    assert same(one, msgspec.structs.replace(one, horizontal_mm=1_001, lat_nd=70))
    assert not same(one, msgspec.structs.replace(one, horizontal_mm=1_002))
    assert not same(one, msgspec.structs.replace(one, start_us=6))
    assert not same(one, msgspec.structs.replace(one, lon_nd=400))
    assert not same((one,), (one, one))


def test_an_erased_part_leaves_a_ledger_that_verifies(capsys: Captured, copy: Path) -> None:
    """Where a part is destroyed, its commitment stands: the ledger is sound, and the gap is counted."""
    rows = entries()
    about = next(e for e in rows if e.sequence > 20 and len(e.parts) > 4)

    def destroy(data: bytes) -> bytes:
        parts = read_parts(data)
        assert not isinstance(parts, Refusal)
        return parts_bytes((*parts[:3], None, *parts[4:]))

    change(copy, about.sequence, destroy)
    status, finding = found(capsys, str(copy), "--again")
    assert (status, finding["parts_absent"], finding["faults"]) == (0, 1, [])
    assert finding["not_decided"] == 1


def test_replay_gives_the_state_of_the_ledger(capsys: Captured, tmp_path: Path) -> None:
    """A folder and its export replay to one digest, which is that of the state that the entries make."""
    state = State()
    for entry in entries():
        replay_entry(state, entry)
    folder, file = str(played().folder), str(tmp_path / "all.wb")
    assert run(["export", folder, file]) == 0
    capsys.readouterr()
    digests = []
    for path in (folder, file):
        assert run(["replay", path, "--json"]) == 0
        summary = json.loads(capsys.readouterr().out)
        digests.append(summary["digest"])
        assert summary["entries"] == state.size
        assert len(summary["parties"]) == len(state.members)
    assert digests == [state.digest().hex()] * 2
    assert run(["replay", folder, "--until", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 10


def test_a_damaged_ledger_is_not_replayed(capsys: Captured, copy: Path) -> None:
    """Replay stops at damage and names the way on."""
    change(copy, 60, flip)
    assert run(["replay", str(copy)]) == 1
    captured = capsys.readouterr()
    assert "damaged from entry 60 on" in captured.err
    assert "wideberth verify" in captured.err


def test_what_a_party_was_given_shows_nothing_else(capsys: Captured, tmp_path: Path) -> None:
    """An export for one party verifies by itself and holds no envelope of another but the founding."""
    file = tmp_path / "maf.wb"
    assert run(["export", str(played().folder), str(file), "--party", "MAF"]) == 0
    status, finding = found(capsys, str(file))
    assert status == 0
    assert list(finding["notices"]) == ["MAF"]
    assert finding["parts_absent"] > 0
    assert run(["replay", str(file)]) == 2
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    assert found(capsys, str(file))[0] == 1


def test_a_cut_export_is_found(capsys: Captured, tmp_path: Path) -> None:
    """An export without its end is not taken for a whole one."""
    file = tmp_path / "all.wb"
    assert run(["export", str(played().folder), str(file)]) == 0
    file.write_bytes(file.read_bytes()[:-40])
    status, finding = found(capsys, str(file))
    assert status == 1
    assert any("cut" in fault for fault in finding["faults"])


@pytest.mark.parametrize("command", ["verify", "replay"])
def test_what_is_no_ledger_ends_with_2(capsys: Captured, tmp_path: Path, command: str) -> None:
    """A file or folder that never was a ledger is wrong input, said in one line."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello")
    for name in ("empty", "text", "nowhere"):
        assert run([command, str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_exports_overwrite_nothing_and_know_their_parties(capsys: Captured, tmp_path: Path) -> None:
    """A name that exists is refused, and so is a party that the ledger never met; nothing is left behind."""
    file = tmp_path / "there"
    file.write_text("mine")
    assert run(["export", str(played().folder), str(file)]) == 2
    assert file.read_text() == "mine"
    assert run(["export", str(played().folder), str(tmp_path / "new"), "--party", "NOBODY"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_a_backup_is_restored_as_the_next_epoch(capsys: Captured, tmp_path: Path) -> None:
    """What was backed up is restored whole, under another origin and key, and says which ledger it continues."""
    backup, folder = tmp_path / "backup", tmp_path / "two"
    assert run(["backup", str(played().folder), str(backup)]) == 0
    assert not (backup / "node.key").exists()
    assert run(["restore", str(backup), str(folder)]) == 0
    assert "LOST" not in capsys.readouterr().out
    status, finding = found(capsys, str(folder), "--again")
    assert (status, finding["epoch"]) == (0, 2)
    assert finding["entries"] == len(entries()) + 1
    assert [key.name for key in folder_keys(folder)] == ["wideberth/sarvel/1", "wideberth/sarvel/2"]
    assert run(["restore", str(backup), str(folder)]) == 3
    assert run(["backup", str(folder), str(backup)]) == 2


def test_what_stands_before_damage_is_saved(capsys: Captured, copy: Path, tmp_path: Path) -> None:
    """A damaged ledger is not restored by itself; told how many entries to keep, the rest is counted as lost."""
    change(copy, 60, flip)
    assert run(["restore", str(copy), str(tmp_path / "two")]) == 1
    assert "--keep 60" in capsys.readouterr().err
    assert run(["restore", str(copy), str(tmp_path / "two"), "--keep", "60"]) == 0
    lost = len(entries()) - 60
    assert f"LOST: {lost} entries" in capsys.readouterr().out
    assert found(capsys, str(tmp_path / "two"))[0] == 0


def test_copies_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Plans stand in a ledger: no other user of the machine reads a backup, a restored folder or an export."""
    folder = str(played().folder)
    assert run(["backup", folder, str(tmp_path / "backup")]) == 0
    assert run(["restore", str(tmp_path / "backup"), str(tmp_path / "again")]) == 0
    assert run(["export", folder, str(tmp_path / "out.wb")]) == 0
    assert (tmp_path / "out.wb").stat().st_mode & 0o777 == 0o600
    for made in (tmp_path / "backup", tmp_path / "again"):
        assert made.stat().st_mode & 0o777 == 0o700
        files = {path.name: path.stat().st_mode & 0o777 for path in made.iterdir() if path.suffix != ".pub"}
        assert {"head", DATABASE} <= files.keys()
        assert set(files.values()) == {0o600}, files


def first_damage(folder: Path, known: Sequence[Verifier]) -> int | None:
    """The entry that opening names."""
    try:
        Stored(folder, known).check()
    except LedgerDamaged as damage:
        return damage.sequence
    return None


def test_verify_names_the_entry_that_serve_names(copy: Path, capsys: Captured) -> None:
    """Whichever byte of the database turned, both read it row by row and name the same entry."""
    sound, draw = (copy / DATABASE).read_bytes(), random.Random(5)
    known, named = folder_keys(copy), 0
    for _ in range(12):
        at = draw.randrange(4_096, len(sound))
        (copy / DATABASE).write_bytes(sound[:at] + bytes([sound[at] ^ 16]) + sound[at + 1 :])
        sequence = first_damage(copy, known)
        if sequence is not None:
            status, finding = found(capsys, str(copy))
            assert status == 1
            assert re.search(rf"[Ee]ntry {sequence}\b", finding["faults"][0]), (at, sequence, finding["faults"])
            named += 1
    assert named


def test_folders_that_cannot_be_served_say_what_to_do(tmp_path: Path, copy: Path, capsys: Captured) -> None:
    """A backup, and a ledger without its signed head, point to the way back."""
    backup = tmp_path / "backup"
    assert run(["backup", str(copy), str(backup)]) == 0
    (copy / "head").unlink()
    capsys.readouterr()
    for folder, said in ((backup, "is a backup; use wideberth restore"), (copy, "The signed head in")):
        assert run(["serve", str(folder), "--port", "0"]) == 3
        told = capsys.readouterr().err
        assert said in told
        assert "wideberth restore" in told


def test_a_folder_with_a_theatre_founds_no_second(copy: Path, capsys: Captured) -> None:
    """The folder is said to be taken, whatever the file holds."""
    assert run(["found", "any.toml", str(copy)]) == 2
    assert "holds a theatre already; name a new folder" in capsys.readouterr().err


def test_an_unknown_command_is_answered_with_all_commands(capsys: Captured) -> None:
    """Who mistypes a command is shown every one."""
    assert run(["verfy"]) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in COMMANDS)
    assert "'verfy'" in told
