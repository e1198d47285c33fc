"""The recorder: position reports into hourly Parquet files, kept for a while.

In:  lists of reports, from any thread; `put` never waits for the disk.
Out: a folder with `tracks-2026112219-1.parquet` for every hour of the reports' own times (UTC; a second number after a
restart within the hour, or for what came late), and `.arrows` for hours that are still open.
Refuses nothing: what finds no room, or whose time lies more than an hour from its reception, is dropped and counted.

An open hour is an Arrow stream: after a crash it is read as far as it is whole, at most FLUSH_S of reports are lost,
and at the next start it becomes Parquet. A Parquet file appears under its name only when it is whole (written apart,
synced, renamed). A disk that fails costs reports, counted, and never the caller.
"""

import calendar
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from wideberth.feeds.report import Report
from wideberth.limits import RECORDER_WAITING_MAX

HOUR_US: Final = 3_600_000_000
LATE_US: Final = 120_000_000
"""An hour is closed so long after its end."""
FLUSH_S: Final = 1.0
SYNC_S: Final = 5.0
GROUP_ROWS: Final = 250_000
_NAME: Final = re.compile(r"tracks-(\d{10})-(\d+)\.(parquet|arrows|tmp)")
SCHEMA: Final = pa.schema(
    [
        ("source", pa.string()),
        ("address", pa.string()),
        ("kind", pa.string()),
        ("method", pa.string()),
        *((name, pa.int64()) for name in ("time_us", "received_us", "lat_nd", "lon_nd")),
        ("baro_ft", pa.int32()),
        ("hae_mm", pa.int64()),
        *((name, pa.int32()) for name in ("speed_mm_s", "track_mdeg", "climb_mm_s")),
        ("callsign", pa.string()),
        ("on_ground", pa.bool_()),
        *((name, pa.int64()) for name in ("accuracy_mm", "integrity_mm")),
        ("category", pa.string()),
        ("simulated", pa.bool_()),
    ]
)
"""The fields of a report under their own names, units in these."""


class Recorder:
    """Writes on a thread of its own; `close` writes what waits and leaves whole files."""

    def __init__(self, folder: Path, keep_hours: int, clock: Callable[[], float] = time.time) -> None:
        """Into a folder that is made where it is missing; hours left open by a crash are closed first."""
        self.folder, self.keep_hours, self._clock = folder, keep_hours, clock
        self.written = 0
        self.dropped: dict[str, int] = {}
        self.failure = ""
        """The last failure of the disk; empty once it writes again."""
        self._waiting: deque[Sequence[Report]] = deque()
        self._rows_waiting = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._over = False
        self._open: dict[int, _Hour] = {}
        folder.mkdir(parents=True, exist_ok=True)
        recover(folder)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def put(self, reports: Sequence[Report]) -> None:
        """Take reports; returns at once."""
        with self._lock:
            if self._over or self._rows_waiting + len(reports) > RECORDER_WAITING_MAX:
                self._drop("no room", len(reports))
                return
            self._waiting.append(reports)
            self._rows_waiting += len(reports)
        self._wake.set()

    def close(self) -> None:
        """Write what waits; every hour becomes Parquet."""
        with self._lock:
            self._over = True
        self._wake.set()
        self._thread.join()

    def _drop(self, why: str, count: int) -> None:
        self.dropped[why] = self.dropped.get(why, 0) + count

    def _run(self) -> None:
        while not self._over:
            self._wake.wait(FLUSH_S)
            self._wake.clear()
            self._step(self._clock())
            time.sleep(0 if self._over else FLUSH_S / 10)
        self._step(self._clock())
        for hour in sorted(self._open):
            self._guard(self._seal, hour)

    def _step(self, now_s: float) -> None:
        with self._lock:
            batches, self._waiting = list(self._waiting), deque()
            self._rows_waiting = 0
        hours: dict[int, list[Report]] = {}
        for report in (r for batch in batches for r in batch):
            if abs(report.time_us - report.received_us) > HOUR_US:
                self._drop("time", 1)
                continue
            hours.setdefault(report.time_us // HOUR_US, []).append(report)
        for hour, reports in hours.items():
            if not self._guard(self._write, hour, reports):
                self._drop("disk", len(reports))
        now_us = int(now_s * 1e6)
        for hour in [h for h in self._open if (h + 1) * HOUR_US + LATE_US <= now_us]:
            if self._guard(self._seal, hour):
                self._guard(self._forget, now_us // HOUR_US)

    def _guard(self, work: Callable[..., None], *args: Any) -> bool:
        """Do what may fail with the disk; False where it did."""
        try:
            work(*args)
        except (OSError, pa.ArrowException) as error:
            self.failure = str(error)
            return False
        self.failure = ""
        return True

    def _write(self, hour: int, reports: list[Report]) -> None:
        if hour not in self._open:
            self._open[hour] = _Hour(self.folder, hour)
        self._open[hour].write(reports)
        self.written += len(reports)

    def _seal(self, hour: int) -> None:
        tail = self._open.pop(hour)
        tail.close()
        seal(tail.path)

    def _forget(self, hour_now: int) -> None:
        """Delete what is older than is kept."""
        for path in self.folder.glob("tracks-*-*.parquet"):
            hour = hour_of(path)
            if hour is not None and hour < hour_now - self.keep_hours:
                path.unlink()


class _Hour:
    """An open hour: an Arrow stream, flushed with every write, synced every SYNC_S."""

    def __init__(self, folder: Path, hour: int) -> None:
        name = time.strftime("%Y%m%d%H", time.gmtime(hour * 3_600))
        taken = [int(m[2]) for p in folder.glob(f"tracks-{name}-*") if (m := _NAME.fullmatch(p.name))]
        self.path = folder / f"tracks-{name}-{max(taken, default=0) + 1}.arrows"
        self._file = self.path.open("xb")
        self._stream = pa.ipc.new_stream(self._file, SCHEMA)
        self._synced = time.monotonic()

    def write(self, reports: list[Report]) -> None:
        columns = [[_plain(getattr(r, name)) for r in reports] for name in SCHEMA.names]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        self._stream.write_batch(pa.record_batch(arrays, schema=SCHEMA))
        self._file.flush()
        if time.monotonic() - self._synced > SYNC_S:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def close(self) -> None:
        self._stream.close()
        self._file.close()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def hour_of(path: Path) -> int | None:
    """Hours since 1970 of a recorder's file; None where the name is another's."""
    found = _NAME.fullmatch(path.name)
    return None if found is None else calendar.timegm(time.strptime(found[1], "%Y%m%d%H")) // 3_600


def recorded_in(folder: Path) -> list[Path]:
    """The files of a recorder's folder, open hours among them, in the order of time."""
    return sorted(p for p in folder.glob("tracks-*-*") if hour_of(p) is not None and p.suffix != ".tmp")


def whole_batches(path: Path) -> Iterator[Any]:
    """The batches of an Arrow stream as far as it is whole."""
    with path.open("rb") as file:
        try:
            reader = pa.ipc.open_stream(file)
        except pa.ArrowInvalid:
            return  # it ends within its head: nothing was written yet
        while True:
            try:
                batch = reader.read_next_batch()
            except (StopIteration, pa.ArrowInvalid, OSError):
                return
            yield batch


def seal(tail: Path) -> Path | None:
    """Turn an hour's stream into Parquet of the same name; None where nothing was in it."""
    made, apart = tail.with_suffix(".parquet"), tail.with_suffix(".tmp")
    rows = 0
    with apart.open("wb") as file:
        with pa.parquet.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
            held: list[Any] = []
            for batch in whole_batches(tail):
                held.append(batch)
                rows += len(batch)
                if sum(map(len, held)) >= GROUP_ROWS:
                    writer.write_table(pa.Table.from_batches(held, SCHEMA))
                    held = []
            if held:
                writer.write_table(pa.Table.from_batches(held, SCHEMA))
        file.flush()
        os.fsync(file.fileno())
    if rows:
        apart.replace(made)
        _sync_folder(tail.parent)
    else:
        apart.unlink()
    tail.unlink()
    return made if rows else None


def recover(folder: Path) -> None:
    """Close the hours that a crash left open."""
    for apart in folder.glob("tracks-*.tmp"):
        apart.unlink()
    for tail in sorted(folder.glob("tracks-*.arrows")):
        if tail.with_suffix(".parquet").exists():
            tail.unlink()  # the crash came between the two
        else:
            seal(tail)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
