"""Close approaches in recorded tracks: rows a second, the memory of a hundred million, `traffic` beside it.

encounter_rows_per_s         matching of 10M rows in memory: sort, clean, search, join
encounter_recording_rows_per_s   the recording `quickstart`, with its peer
encounter_resident_mb        `wideberth encounters` over 100M rows of Parquet, in a process of its own: its peak

The world is made up: level and climbing flights over Europe, a sample a second.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from bench.frame import OUT, ROUNDS, Figure, Kept, console, keep, kept, seconds, steps
from wideberth.encounter.files import Given, read
from wideberth.encounter.join import Minima
from wideberth.encounter.rows import Names, Rows, make_rows
from wideberth.encounter.search import Found, Search
from wideberth.refusal import Refusal

TRACKS: Final = 3_000
SECONDS: Final = 3_334
MANY: Final = 100_000_000
T0_S: Final = 1_700_000_000
PEER: Final = "encounters"


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` has a tenth of the rows, and no hundred million."""
    rows, names = world(TRACKS, SECONDS // 10 if quick else SECONDS, 1)
    search(rows[:100_000], names)
    took = float(np.median([seconds(lambda: search(rows, names)) for _ in steps(range(ROUNDS), "searching")]))
    rate = len(rows) / took
    note = f"{len(rows):,} rows of {TRACKS:,} tracks; {len(search(rows, names).encounters):,} encounters"
    figures = [Figure("encounter_rows_per_s", "rows/s", rate, None, "", "higher", ">= 5M", rate >= 5e6, note)]
    figures += recording()
    return figures if quick else [*figures, memory()]


def search(rows: Rows, names: Names) -> Found:
    """The work that is measured."""
    with Search(Minima()) as made:
        made.add(rows)
        return made.find(names)


def world(tracks: int, length_s: int, seed: int, begin_s: int = T0_S) -> tuple[Rows, Names]:
    """Rows in order of time."""
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(36, 60, tracks), rng.uniform(-10, 30, tracks)
    heading, speed = rng.uniform(0, 2 * np.pi, tracks), rng.uniform(100, 260, tracks)
    level, climb = rng.integers(40, 410, tracks) * 100, rng.choice([0, 0, 0, 20, -20], tracks)
    t = np.arange(length_s)[:, None]
    north = lat + np.cos(heading) * speed * t / 111e3
    east = lon + np.sin(heading) * speed * t / 111e3 / np.cos(np.radians(lat))
    feet = np.clip(level + climb * t // 25 * 25, 1_000, 41_000)
    code = np.broadcast_to(np.arange(tracks), north.shape)
    when = np.broadcast_to((begin_s + t) * 1_000_000, north.shape)
    columns = (code, when, np.rint(north * 1e9), np.rint(east * 1e9), feet)
    return make_rows(*(c.ravel() for c in columns)), Names(f"{k:06x}" for k in range(tracks))


def recording() -> list[Figure]:
    """The recording that `make traffic` exports, where it is there."""
    path = OUT / "traffic.npz"
    if not path.exists():
        console.print("no recording: `make traffic` exports it")
        return []
    given = Given()
    batches = [batch for batch in read(path, given) if not isinstance(batch, Refusal)]
    rows = np.concatenate(batches)
    search(rows, given.names)
    took = float(np.median([seconds(lambda: search(rows, given.names)) for _ in range(ROUNDS)]))
    peer = kept(PEER) or measure_peer()
    note = (
        f"quickstart, {len(rows):,} rows in {took * 1e3:.0f} ms: {len(search(rows, given.names).encounters)} encounters"
    )
    name, theirs = ("", None)
    if peer is not None:
        name, theirs = f"{peer.peer} ({peer.date})", peer.figures["rows_per_s"]
        note += f"; {peer.peer} {peer.figures['rows']:,.0f} rows in {peer.figures['seconds']:.0f} s"
    return [
        Figure("encounter_recording_rows_per_s", "rows/s", len(rows) / took, theirs, name, "higher", "", None, note)
    ]


def measure_peer() -> Kept | None:
    """Let `traffic` do it once, minutes, and keep what it took."""
    python = Path(".venv-traffic/bin/python")
    if not python.exists():
        return None
    with console.status("traffic, some minutes"):
        ran = subprocess.run([python, "bench/traffic_encounters.py"], capture_output=True, text=True, check=True)
    keep_peer(json.loads(ran.stdout.splitlines()[-1]))
    return kept(PEER)


def keep_peer(found: dict[str, float]) -> None:
    """A dated file."""
    keep(PEER, "traffic 2.13", {**found, "rows_per_s": found["rows"] / found["seconds"]})


def memory() -> Figure:
    """A hundred million rows through the command line."""
    with tempfile.TemporaryDirectory() as at:
        path = Path(at) / "many.parquet"
        begin = time.perf_counter()
        write_many(path)
        console.print(
            f"{MANY:,} rows written in {time.perf_counter() - begin:.0f} s, {path.stat().st_size / 1e9:.1f} GB"
        )
        script = "import sys; from wideberth.cli import run; sys.exit(run(sys.argv[1:]))"
        begin = time.perf_counter()
        ran = subprocess.run([sys.executable, "-c", script, "encounters", str(path)], capture_output=True, text=True)
        took = time.perf_counter() - begin
    assert ran.returncode == 1, ran.stderr
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    note = f"{MANY:,} rows of Parquet, read, spilled and searched in {took:.0f} s; {ran.stdout.splitlines()[0]}"
    return Figure("encounter_resident_mb", "MB", peak_mb, None, "", "lower", "<= 4,000", peak_mb <= 4_000, note)


def write_many(path: Path) -> None:
    """Spans of 3,000 tracks, one after the other, as a recorder's day would have them."""
    kinds = [("time_us", pa.int64()), ("lat_nd", pa.int64()), ("lon_nd", pa.int64()), ("baro_ft", pa.int32())]
    schema = pa.schema([("address", pa.dictionary(pa.int32(), pa.string())), *kinds])
    length_s = 333
    with pa.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for k in steps(range(MANY // (TRACKS * length_s) + 1), "writing"):
            rows, names = world(TRACKS, length_s, 100 + k, T0_S + k * length_s)
            address = pa.DictionaryArray.from_arrays(pa.array(rows["code"]), pa.array(names.list))
            columns = [pa.array(np.ascontiguousarray(rows[n])) for n in ("time_us", "lat_nd", "lon_nd", "alt_ft")]
            writer.write_table(pa.Table.from_arrays([address, *columns], schema=schema))
