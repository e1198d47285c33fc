"""What every figure needs: how to time, how to sum up, how to keep what a slow peer took.

Ours and the peers take turns within one process, round by round. What a question took is its median over the rounds,
and percentiles are over the questions: so they tell hard questions from easy ones, not a busy machine from an idle one.
On a shared machine absolute times drift all the same; the ratio is the claim.
"""

import datetime
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

T = TypeVar("T")

OUT = Path(__file__).parent / "out"
PEERS = Path(__file__).parent / "peers"
ROUNDS = 5
console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Figure:
    """One row of the table. `peer` is None where there is none, or where it is not installed."""

    name: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    better: Literal["lower", "higher"] = "lower"
    target: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is than the peer; below 1 it is worse."""
        if not self.peer:
            return None
        return self.peer / self.ours if self.better == "lower" else self.ours / self.peer


@dataclass(frozen=True)
class Spread:
    """Percentiles of the questions' times."""

    p50: float
    p95: float
    p99: float

    def __str__(self) -> str:
        return f"p50 {self.p50:,.3g}, p95 {self.p95:,.3g}, p99 {self.p99:,.3g}"


def steps(items: Iterable[T], what: str) -> Iterable[T]:
    """The items, with a progress bar while they last."""
    return track(items, what, console=console, transient=True)


def times_us(ask: Callable[[T], object], questions: Sequence[T]) -> npt.NDArray[np.float64]:
    """How long each question took, microseconds."""
    took = np.empty(len(questions))
    for i, question in enumerate(questions):
        begin = time.perf_counter_ns()
        ask(question)
        took[i] = (time.perf_counter_ns() - begin) / 1e3
    return took


def seconds(work: Callable[[], object]) -> float:
    """How long some work took."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turns(
    sides: Mapping[str, Callable[[int], npt.NDArray[np.float64]]], what: str, rounds: int = ROUNDS
) -> dict[str, Spread]:
    """Let all sides measure themselves in every round. In: by name, a function of the round that gives its times."""
    took: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in sides}
    for round_ in steps(range(rounds), what):
        for name, measure in sides.items():
            took[name].append(measure(round_))
    return {name: Spread(*np.percentile(np.median(rows, axis=0), [50, 95, 99]).tolist()) for name, rows in took.items()}


def resident_bytes() -> int:
    """What this process holds in memory now."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096


def machine() -> str:
    """The processor, its cores, the memory and the versions that matter."""
    info = Path("/proc/cpuinfo").read_text()
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    kib = next(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    cpu = f"{len(names)} x {names[0]}" if names else platform.machine()
    return f"{cpu}, {kib / 2**20:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def keep(name: str, peer: str, figures: Mapping[str, float]) -> None:
    """Keep what a slow peer took in a dated file, with the machine and the command."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    command = "python -m bench " + " ".join(sys.argv[1:])
    kept = {"peer": peer, "date": today, "machine": machine(), "command": command.strip(), "figures": dict(figures)}
    PEERS.mkdir(exist_ok=True)
    (PEERS / f"{name}-{today}.json").write_text(json.dumps(kept, indent=1) + "\n")


@dataclass(frozen=True)
class Kept:
    """A slow peer's figures of an earlier day."""

    peer: str
    date: str
    machine: str
    command: str
    figures: dict[str, float]


def kept(name: str) -> Kept | None:
    """The newest kept figures of a peer, None where there are none."""
    files = sorted(PEERS.glob(f"{name}-????-??-??.json"))
    return Kept(**json.loads(files[-1].read_text())) if files else None
