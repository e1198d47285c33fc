"""decide_per_s, dense_conflicts_per_s, replay_entries_per_s: the theatre in process, the ledger in memory.

decide_per_s: decide + append + apply of operations with four volumes, minima 0, among a million live volumes, envelopes
already verified. dense_conflicts_per_s: crewed flights with 3 NM and 3,000 ft, where one plan meets many.
replay_entries_per_s: the ledger of the first from its entries to a state that is ready; and with every signature, leaf
and part checked again.
"""

import gc
import time
from functools import partial
from typing import Final

import msgspec

from bench.frame import Figure, resident_bytes, seconds
from bench.theatre_world import (
    CROWD,
    MINIMA_3NM,
    SPREAD,
    START_US,
    charter,
    fill,
    operations,
    submissions,
    theatre,
)
from wideberth.ledger.entry import Entry
from wideberth.ledger.verify import verify
from wideberth.node.opening import uncollected
from wideberth.party.envelope import Signed, check_signatures, decode_envelope
from wideberth.sequencer import Sequencer, Submission, content_of
from wideberth.theatre.record import replay
from wideberth.theatre.state import State

ROUNDS: Final = 5


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` uses a tenth of the live volumes and says so."""
    live = 25_000 if quick else 250_000
    before = resident_bytes()
    sequencer = theatre(charter())
    fill(sequencer, live, seed=10)
    gc.freeze()
    held = (resident_bytes() - before) / 1e6
    figures = [decide_figure(sequencer, live, quick), dense_figure(quick)]
    figures += replay_figures(sequencer, quick)
    note = f"{4 * live:,} live volumes in {live:,} operations: state, index, and the ledger in memory"
    return [*figures, Figure("theatre_resident_mb", "MB", held, target="<= 1,500", met=held <= 1500, note=note)]


def decide_figure(sequencer: Sequencer, live: int, quick: bool) -> Figure:
    """Operations decided a second."""
    n = 500 if quick else 1_000
    batches = [submissions(sequencer, operations(n, 900_000 + r), SPREAD.crewed) for r in range(ROUNDS)]
    before = len(sequencer.state.conflicts)
    rates = [len(batch) / seconds(partial(_decide, sequencer, batch, 100)) for batch in batches]
    met = (len(sequencer.state.conflicts) - before) / (ROUNDS * n)
    note = f"{4 * live:,} live volumes; a plan meets {met:.1f} others; groups of 100"
    return _rate("decide_per_s", rates, 5_000, note)


def _decide(sequencer: Sequencer, batch: list[Submission], group: int) -> None:
    for i in range(0, len(batch), group):
        sequencer.decide_group(batch[i : i + group], START_US)


def _rate(name: str, rates: list[float], target: float, note: str) -> Figure:
    rate = sorted(rates)[len(rates) // 2]
    return Figure(name, "/s", rate, better="higher", target=f">= {target:,.0f}", met=rate >= target, note=note)


def dense_figure(quick: bool) -> Figure:
    """Conflicts decided a second where plans meet hundreds."""
    sequencer = theatre(charter(MINIMA_3NM))
    fill(sequencer, 1_500 if quick else 6_000, seed=77, world=CROWD)
    gc.freeze()
    rates = []
    asked = 0
    before = len(sequencer.state.conflicts)
    for r in range(ROUNDS):
        batch = submissions(sequencer, operations(40, 800_000 + r, CROWD), CROWD.crewed)
        standing = len(sequencer.state.conflicts)
        took = seconds(partial(_decide, sequencer, batch, 1))
        rates.append((len(sequencer.state.conflicts) - standing) / took)
        asked += len(batch)
    met = (len(sequencer.state.conflicts) - before) / asked
    return _rate("dense_conflicts_per_s", rates, 200_000, f"crewed, 3 NM and 3,000 ft; a plan meets {met:.0f} others")


def replay_figures(sequencer: Sequencer, quick: bool) -> list[Figure]:
    """Entries replayed a second, without and with every check."""
    entries = list(sequencer.store.read(0, 20_000 if quick else None))
    note = f"{len(entries):,} entries of four volumes to a ready index, no snapshot"
    plain = _rate("replay_entries_per_s", [_replayed(entries) for _ in range(ROUNDS)], 60_000, note)
    signed = theatre(charter())
    fill(signed, 5_000, seed=5, signed=True)
    entries = list(signed.store.read())
    note = f"{len(entries):,} entries: every commitment, leaf, signature and notice chain checked, then replayed"
    rates = [1 / (1 / _replayed(entries) + seconds(partial(_verified, entries)) / len(entries)) for _ in range(ROUNDS)]
    return [plain, _rate("replay_entries_per_s_verified", rates, 10_000, note)]


def _replayed(entries: list[Entry]) -> float:
    """Entries a second into a fresh state; the collector looks away, as when a node opens its ledger."""
    state = State()
    begin = time.perf_counter()
    with uncollected():
        for entry in entries:
            replay(state, entry)
        state.occupied.settle()
    return len(entries) / (time.perf_counter() - begin)


def _verified(entries: list[Entry]) -> None:
    report = verify(entries, None, _signature_fault)
    assert report.ok, report.faults


def _signature_fault(entry: Entry) -> str | None:
    signed = msgspec.msgpack.decode(content_of(entry, 0), type=Signed)
    no = check_signatures(decode_envelope(signed.envelope), signed.envelope, signed.signatures)
    return None if no is None else no.sentence()
