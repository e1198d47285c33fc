"""decide_per_s, dense_conflicts_per_s, replay_entries_per_s: the theatre in process, the ledger in memory.

decide_per_s: decide + append + apply of operations with four volumes, minima 0, among a million live volumes, envelopes
already verified. dense_conflicts_per_s: crewed flights with 3 NM and 3,000 ft, where one plan meets many.
replay_entries_per_s: the ledger of the first from its entries to a state that is ready; and with every signature, leaf
and part checked again.
"""

import gc
import time

from bench.frame import Figure, console, resident_bytes, seconds
from bench.theatre_world import MINIMA_3NM, START_US, charter, fill, operations, submissions, theatre
from wideberth.sequencer import Sequencer, Submission
from wideberth.theatre.record import replay
from wideberth.theatre.state import State


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


def _rate(sequencer: Sequencer, batches: list[list[Submission]]) -> tuple[float, int]:
    """Operations a second, median of the rounds, and conflicts opened by them."""
    rates, opened = [], 0
    for batch in batches:
        took = seconds(
            lambda batch=batch: [  # type: ignore[misc]
                sequencer.decide_group(batch[i : i + 100], START_US) for i in range(0, len(batch), 100)
            ]
        )
        rates.append(len(batch) / took)
    return sorted(rates)[len(rates) // 2], opened


def decide_figure(sequencer: Sequencer, live: int, quick: bool) -> Figure:
    """Operations decided a second."""
    n = 500 if quick else 1_000
    batches = [submissions(sequencer, operations(n, 900_000 + r), crewed=False) for r in range(5)]
    before = len(sequencer.state.conflicts)
    rate, _ = _rate(sequencer, batches)
    met = (len(sequencer.state.conflicts) - before) / (5 * n)
    note = f"{4 * live:,} live volumes; a plan meets {met:.1f} others; groups of 100"
    return Figure("decide_per_s", "/s", rate, better="higher", target=">= 5,000", met=rate >= 5_000, note=note)


def dense_figure(quick: bool) -> Figure:
    """Conflicts decided a second where plans meet hundreds."""
    n = 1_000 if quick else 4_000
    sequencer = theatre(charter(MINIMA_3NM))
    fill(sequencer, n, seed=77, crewed=True)
    batch = submissions(sequencer, operations(300, 800_000), crewed=True)
    before = len(sequencer.state.conflicts)
    took = seconds(lambda: [sequencer.decide_group([one], START_US) for one in batch])
    found = len(sequencer.state.conflicts) - before
    rate = found / took
    note = f"a plan meets {found / len(batch):.0f} others"
    return Figure(
        "dense_conflicts_per_s", "/s", rate, better="higher", target=">= 200,000", met=rate >= 200_000, note=note
    )


def replay_figures(sequencer: Sequencer, quick: bool) -> list[Figure]:
    """Entries replayed a second, without and with every check."""
    entries = list(sequencer.store.read(0, 20_000 if quick else None))
    rounds = []
    for _ in range(3 if quick else 5):
        state = State()
        begin = time.perf_counter()
        gc.freeze()
        for entry in entries:
            replay(state, entry)
        state.occupied.settle()
        rounds.append(len(entries) / (time.perf_counter() - begin))
    rate = sorted(rounds)[len(rounds) // 2]
    note = f"{len(entries):,} entries of four volumes to a ready index, no snapshot"
    return [
        Figure("replay_entries_per_s", "/s", rate, better="higher", target=">= 60,000", met=rate >= 60_000, note=note)
    ]


if __name__ == "__main__":
    console.print(run(True))
