"""A clean stop leaves a snapshot; the next start takes on only what follows, and finds the same state."""

from pathlib import Path

import msgspec
import pytest
from nacl.signing import SigningKey
from worlds import NODE_SEED, START_US, World, charter, founder, seed_of

from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerFailed
from wideberth.node import found_theatre, opening
from wideberth.node.opening import SNAPSHOT, open_folder, write_snapshot
from wideberth.party.command import AcceptRisk, Erase, Genesis, Text
from wideberth.party.identity import public_key
from wideberth.sequencer import Sequencer
from wideberth.theatre.outcome import DECIDE_VERSION
from wideberth.theatre.snapshot import dump
from wideberth.theatre.state import State


def stopped(folder: Path) -> bytes:
    """A theatre with two plans and their conflict, stopped cleanly; the digest of its state."""
    founders = tuple(founder(party) for party in ("AAA", "BBB", "CCC"))
    genesis = Genesis("test", 1, True, charter(), founders, public_key(NODE_SEED), DECIDE_VERSION)
    found_theatre(folder, genesis, NODE_SEED, wall_us=START_US)
    opened = open_folder(folder)
    world = World()
    world.store = opened.ledger
    world.sequencer = Sequencer(opened.ledger, opened.seed, world.draw, opened.state)
    world.plan("AAA", world.box())
    world.plan("BBB", world.box(lat=42.01))
    write_snapshot(folder, world.sequencer, world.now_us)
    opened.ledger.close()
    return world.state.digest()


def reopened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[State, int]:
    """The state found at the next start, and how many entries were taken on for it."""
    taken: list[int] = []
    replay = opening.replay
    monkeypatch.setattr(opening, "replay", lambda state, entry: (taken.append(entry.sequence), replay(state, entry)))
    opened = open_folder(folder)
    opened.ledger.close()
    return opened.state, len(taken)


def test_the_next_start_takes_on_the_tail_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry is replayed, the one that commits to the snapshot; the state is the same."""
    digest = stopped(tmp_path / "t")
    state, taken = reopened(tmp_path / "t", monkeypatch)
    assert (state.digest(), taken) == (digest, 1)
    assert not (tmp_path / "t" / SNAPSHOT).exists()


@pytest.mark.parametrize("damage", ["flipped", "of another ledger", "older"])
def test_a_snapshot_that_does_not_fit_is_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """Flipped, foreign or old: everything is replayed, and the state is right."""
    digest = stopped(tmp_path / "t")
    path = tmp_path / "t" / SNAPSHOT
    if damage == "flipped":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
    else:
        other = World(9, parties=("AAA", "BBB", "CCC"))
        if damage == "of another ledger":
            other.plan("CCC", other.box())
        path.write_bytes(dump(other.state))
    state, taken = reopened(tmp_path / "t", monkeypatch)
    assert state.digest() == digest
    assert taken >= 4


def test_a_ledger_is_opened_by_its_own_key_alone(tmp_path: Path) -> None:
    """Another node key does not open the folder."""
    stopped(tmp_path / "t")
    with pytest.raises(LedgerFailed):
        SqliteLedger(tmp_path / "t", Signer(origin_of("test", 1), SigningKey(seed_of("other"))))


def test_an_erasure_that_a_crash_cut_short_is_done_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure is in the ledger, the part still there: the next start destroys it."""
    folder = tmp_path / "t"
    stopped(folder)
    opened = open_folder(folder)
    world = World()
    world.store, world.now_us = opened.ledger, opened.state.time_us
    world.sequencer = Sequencer(opened.ledger, opened.seed, world.draw, opened.state)
    (conflict,) = opened.state.conflicts
    said = world.say("BBB", AcceptRisk(conflict, 0), Text("en", "Call Ms Example at home."))
    assert said.entry is not None
    commitment = msgspec.msgpack.decode(said.entry.leaf)[3][2]
    monkeypatch.setattr(opened.ledger, "erase", lambda sequence, part: False)
    assert world.say("BBB", Erase(said.entry.sequence, 2, commitment)).accepted is not None
    opened.ledger.close()
    open_folder(folder).ledger.close()
    assert not any(b"Ms Example" in path.read_bytes() for path in folder.iterdir())
