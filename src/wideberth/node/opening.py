"""A data folder: founding a theatre in it, and opening it with everything checked.

In:  a folder, a node's seed; clocks.
Out: the ledger, and the state that its entries make.
Raises `NodeFailed` with one sentence: no theatre there, a key that is not the ledger's, a ledger that is damaged, in
use, or cannot be read.

In the folder lie the ledger (`ledger.sqlite3`), the signed head (`head`), the lock, the reserve, `node.key`, which
only its owner may read, and between a clean stop and the next start a snapshot of the state. It goes at the start, so
that what is erased later is nowhere.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from nacl.signing import SigningKey

from wideberth.intake.standard import ring_of
from wideberth.keys import Key, read_key, write_key
from wideberth.ledger.checkpoint import Signer, origin_of, read_note
from wideberth.ledger.entry import Entry
from wideberth.ledger.head import create_whole, read_slots
from wideberth.ledger.sqlite import BACKUP, SqliteLedger
from wideberth.ledger.store import LedgerFailed
from wideberth.limits import EXTENT_M_MAX, PERIMETER_M_MAX
from wideberth.node.rehearsal import rehearse
from wideberth.party.command import CommitState, Genesis
from wideberth.party.identity import public_key
from wideberth.refusal import Refusal
from wideberth.sequencer import Sequencer, envelope_of, erase_of, found
from wideberth.space.live import LiveVolumes
from wideberth.space.outline import overlap_outline, too_near_outline
from wideberth.space.overlap import area_m2, contains, near
from wideberth.space.volume import Circle, Polygon, Volume4D, boxes, check_volume
from wideberth.theatre.record import replay
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import Draw, State

NODE_KEY: Final = "node.key"
SNAPSHOT: Final = "snapshot"
COLLECTOR: Final = (5_000, 20, 50)
"""Python's collector runs so much more rarely than by default: rows are many, and none is in a cycle."""


class NodeFailed(Exception):
    """The node cannot start, or cannot go on. The text is one sentence for the operator."""


class Clocks(NamedTuple):
    """Where the time comes from: the wall clock and one that only goes on, both in microseconds."""

    wall_us: Callable[[], int]
    mono_us: Callable[[], int]


class Opened(NamedTuple):
    """A ledger that was checked, the state that it makes, and the node's seed."""

    ledger: SqliteLedger
    state: State
    seed: bytes
    origin: str


def system_clocks() -> Clocks:
    """This machine's."""
    return Clocks(lambda: time.time_ns() // 1_000, lambda: time.monotonic_ns() // 1_000)


def found_theatre(
    folder: Path, genesis: Genesis, node_seed: bytes, *, wall_us: int | None = None, draw: Draw = os.urandom
) -> bytes:
    """Found a theatre in a new folder and keep the node's key there; the hash that names it. NodeFailed otherwise."""
    if genesis.node_key != public_key(node_seed):
        raise NodeFailed("The genesis names another node key than the one given.")
    signer = Signer(origin_of(genesis.theatre, genesis.epoch), SigningKey(node_seed))
    try:
        ledger = SqliteLedger(folder, signer)
    except LedgerFailed as error:
        raise NodeFailed(str(error)) from error
    try:
        if ledger.head.size:
            raise NodeFailed(f"There is a theatre in {folder} already.")
        write_key(folder / NODE_KEY, Key("node", "", "node", node_seed))
        at_us = system_clocks().wall_us() if wall_us is None else wall_us
        sequencer = found(ledger, node_seed, draw, genesis, at_us)
    except (LedgerFailed, OSError) as error:
        raise NodeFailed(f"No theatre could be founded in {folder}: {error}.") from error
    finally:
        ledger.close()
    return sequencer.state.genesis


@contextmanager
def uncollected() -> Iterator[None]:
    """Work that makes millions of rows and no cycles: the collector looks at none of them, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(*COLLECTOR)


def open_folder(folder: Path) -> Opened:
    """Check everything in a folder and replay it."""
    erased: list[tuple[int, int]] = []
    try:
        seed, origin = _read_seed(folder), _read_origin(folder)
        signer = Signer(origin, SigningKey(seed))
        with uncollected():
            try:
                ledger, state = _open_after_snapshot(folder, signer, erased)
            except SnapshotUnfit:
                state = State()
                ledger = SqliteLedger(folder, signer, each=partial(_take, state, 0, erased))
        for sequence, part in erased:
            ledger.erase(sequence, part)
    except (LedgerFailed, OSError) as error:
        raise NodeFailed(str(error)) from error
    if state.size == 0:
        ledger.close()
        raise NodeFailed(f"There is no theatre in {folder}: found one first.")
    if (state.node_key, origin_of(state.theatre, state.epoch)) != (public_key(seed), origin):
        ledger.close()
        raise NodeFailed(f"The key or the signed head in {folder} is not that of the theatre {state.theatre}.")
    state.occupied.settle()
    (folder / SNAPSHOT).unlink(missing_ok=True)
    return Opened(ledger, state, seed, origin)


class SnapshotUnfit(Exception):
    """The snapshot is not of this ledger: it is left aside, and everything replayed."""


def _open_after_snapshot(folder: Path, signer: Signer, erased: list[tuple[int, int]]) -> tuple[SqliteLedger, State]:
    """The ledger, and the state that its snapshot and the entries after it make."""
    state = _read_snapshot(folder)
    ledger = SqliteLedger(folder, signer, each=partial(_take, state, state.size, erased))
    if state.size == ledger.head.size:
        return ledger, state
    ledger.close()
    raise SnapshotUnfit("the snapshot is of a longer ledger")


def _read_snapshot(folder: Path) -> State:
    """The state that a clean stop left, or an empty one where there is none."""
    path = folder / SNAPSHOT
    if not path.exists():
        return State()
    state = load(path.read_bytes())
    if isinstance(state, Refusal):
        raise SnapshotUnfit(state.sentence())
    return state


def _take(state: State, size: int, erased: list[tuple[int, int]], entry: Entry) -> None:
    """Take on an entry after the snapshot; the one at its size must commit to its digest.

    What entries had erased is noted, and erased again: the process may have ended between the two.
    """
    erasure = erase_of(entry)
    if erasure is not None:
        erased.append(erasure)
    if size and entry.sequence == size:
        command = envelope_of(entry).command
        if not isinstance(command, CommitState) or command.digest != state.digest():
            raise SnapshotUnfit(f"entry {size} does not commit to the snapshot")
    if entry.sequence >= size:
        replay(state, entry)


def write_snapshot(folder: Path, sequencer: Sequencer, wall_us: int) -> None:
    """Leave the state as a file, and its digest as the ledger's last entry: the way a node stops cleanly."""
    data = dump(sequencer.state)
    sequencer.say(CommitState(sequencer.state.digest()), wall_us)
    create_whole(folder / SNAPSHOT, data)


def _read_seed(folder: Path) -> bytes:
    if (folder / BACKUP).exists():
        raise NodeFailed(f"{folder} is a backup; use wideberth restore {folder} NEW_FOLDER, then serve the new folder.")
    path = folder / NODE_KEY
    if not path.exists():
        raise NodeFailed(f"There is no theatre in {folder}: found one first.")
    key = read_key(path)
    if isinstance(key, Refusal):
        raise NodeFailed(key.sentence())
    return key.seed


def _read_origin(folder: Path) -> str:
    """The origin that the signed head names; the signature is checked when the ledger is opened."""
    notes = [note for note in read_slots(folder) if note]
    if not notes:
        raise NodeFailed(
            f"The signed head in {folder} is missing, so nothing tells whether the ledger is whole; put a backup in "
            "its place: wideberth restore BACKUP NEW_FOLDER."
        )
    note = read_note(notes[0])
    if isinstance(note, Refusal):
        raise NodeFailed(f"The signed head in {folder} cannot be read: {note.sentence()}")
    return note.checkpoint.origin


def warm_up() -> None:
    """Have everything compiled that deciding needs, so that the first command waits for nothing."""
    ring = Polygon((0, 0, 0, 10_000_000, 10_000_000, 10_000_000, 10_000_000, 0))
    square = Volume4D(ring, 0, 100_000, 0, 1_000_000)
    disc = Volume4D(Circle(5_000_000, 12_000_000, 500_000), 0, 100_000, 0, 1_000_000)
    live = LiveVolumes()
    slots = live.add((square, disc), 0)
    for volume in (square, disc):
        live.near((volume,), np.array([1_000.0]), np.array([1_000]))
        check_volume(volume, 0, 10**12)
        area_m2(volume.outline)
    boxed = live.add_boxes(boxes((square, disc)), np.zeros(2, np.int64))
    live.remove(np.concatenate((slots, boxed)))
    far = msgspec.structs.replace(disc, outline=Circle(5_000_000, 20_000_000, 500_000))
    near(square, disc, 1_000.0, 1_000)
    live.about(boxes((square,)), 1_000.0, 1_000)
    ring_of(np.array((0.0, 0.0, 0.0, 0.01, 0.01, 0.01, 0.01, 0.0)), 1e9, EXTENT_M_MAX, PERIMETER_M_MAX)
    contains(square.outline, disc.outline)
    overlap_outline(square.outline, disc.outline)
    too_near_outline(square.outline, far.outline, 10_000.0)
    rehearse()
