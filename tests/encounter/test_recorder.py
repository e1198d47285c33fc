"""The recorder never holds anybody up, and whatever happens leaves files that can be read."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from wideberth.encounter import recorder as room
from wideberth.encounter.files import Given, read
from wideberth.encounter.recorder import HOUR_US, Recorder, seal, whole_batches
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.limits import RECORDER_WAITING_MAX
from wideberth.refusal import Refusal

T0_US = 1_700_000_000 // 3_600 * HOUR_US


def report(time_us: int, received_us: int | None = None, kind: AddressKind = AddressKind.ICAO) -> Report:
    """A report at a time."""
    return Report(
        source="north",
        address="3c6444",
        kind=kind,
        method=Method.ADS_B,
        time_us=time_us,
        received_us=time_us if received_us is None else received_us,
        lat_nd=47_500_000_000,
        lon_nd=8_250_000_000,
        baro_ft=35_000,
        on_ground=False,
    )


def times(path: Path) -> list[int]:
    """The times of all rows of a file, as the search reads them."""
    found: list[int] = []
    for batch in read(path, Given()):
        assert not isinstance(batch, Refusal), batch.sentence()
        found += batch["time_us"].tolist()
    return found


def test_reports_come_back_by_the_hour_of_their_own_time(tmp_path: Path) -> None:
    """Every field under its name, hours apart, nothing lost; kinds of identity stay apart."""
    recorder = Recorder(tmp_path, 24, clock=lambda: T0_US / 1e6)
    sent = [report(T0_US + k * 60_000_000) for k in range(90)]
    recorder.put(sent[:45])
    recorder.put([*sent[45:], report(T0_US, kind=AddressKind.RADAR)])
    recorder.close()
    files = sorted(tmp_path.iterdir())
    assert [p.name for p in files] == ["tracks-2023111422-1.parquet", "tracks-2023111423-1.parquet"]
    assert [len(times(p)) for p in files] == [61, 30]
    assert sorted(t for p in files for t in times(p)) == sorted([r.time_us for r in sent] + [T0_US])
    back = pyarrow.parquet.read_table(files[0]).to_pylist()[0]
    assert back == {name: getattr(sent[0], name) for name in back}
    given = Given()
    assert all(not isinstance(batch, Refusal) for batch in read(files[0], given))
    assert given.names.list == ["3c6444", "radar:3c6444"]
    assert (recorder.written, recorder.dropped, recorder.failure) == (91, {}, "")


def test_what_lies_far_from_its_reception_is_dropped_and_counted(tmp_path: Path) -> None:
    """A feed with a wrong clock opens no files of other days."""
    recorder = Recorder(tmp_path, 24, clock=lambda: T0_US / 1e6)
    recorder.put([report(T0_US), report(T0_US - 2 * HOUR_US, T0_US), report(0, T0_US)])
    recorder.close()
    assert recorder.dropped == {"time": 2}
    assert len(list(tmp_path.iterdir())) == 1


def test_the_caller_never_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk hangs, `put` takes what there is room for, drops the rest counted, and returns."""
    hangs = threading.Event()
    monkeypatch.setattr(room._Hour, "write", lambda self, reports: hangs.wait(60))
    recorder = Recorder(tmp_path, 24, clock=lambda: T0_US / 1e6)
    batch = [report(T0_US)] * 10_000
    for _ in range(2 * RECORDER_WAITING_MAX // len(batch) + 1):
        recorder.put(batch)
    assert recorder.dropped["no room"] > 0
    assert recorder._rows_waiting <= RECORDER_WAITING_MAX
    hangs.set()
    recorder.close()


def test_a_disk_that_fails_is_said_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space left: the reports are counted as dropped, the thread lives on, and says so."""

    def full(self: object, reports: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room._Hour, "write", full)
    recorder = Recorder(tmp_path, 24, clock=lambda: T0_US / 1e6)
    recorder.put([report(T0_US)] * 7)
    wait_for(lambda: recorder.dropped.get("disk") == 7)
    assert "No space left" in recorder.failure
    monkeypatch.undo()
    recorder.put([report(T0_US)])
    wait_for(lambda: recorder.written == 1)
    assert recorder.failure == ""
    recorder.close()


def wait_for(holds: object) -> None:
    """Until something holds; ten seconds at most."""
    assert callable(holds)
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def test_an_hour_closes_after_its_end_and_old_ones_go(tmp_path: Path) -> None:
    """Two minutes after the hour its file is whole; files past the retention are deleted, others' files never."""
    now = [T0_US / 1e6]
    old, other = tmp_path / "tracks-2023111319-1.parquet", tmp_path / "notes.parquet"
    kept = tmp_path / "tracks-2023111405-2.parquet"
    for path in (old, other, kept):
        path.write_bytes(b"PAR1")
    recorder = Recorder(tmp_path, 24, clock=lambda: now[0])
    recorder.put([report(T0_US)])
    wait_for(lambda: recorder.written == 1)
    assert [p.suffix for p in tmp_path.glob("tracks-2023111422-*")] == [".arrows"]
    now[0] = T0_US / 1e6 + 3_600 + 121
    wait_for(lambda: (tmp_path / "tracks-2023111422-1.parquet").exists() and not old.exists())
    recorder.put([report(T0_US + 1, T0_US + HOUR_US)])  # late: a second file of that hour
    recorder.close()
    assert times(tmp_path / "tracks-2023111422-2.parquet") == [T0_US + 1]
    assert kept.exists()
    assert other.exists()


CHILD = """
import sys, time
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_recorder import T0_US, report
from wideberth.encounter.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), 24, clock=lambda: T0_US / 1e6)
k = 0
while True:
    recorder.put([report(T0_US + k + i) for i in range(1000)])
    k += 1000
    print(recorder.written, flush=True)
    time.sleep(0.02)
"""


def test_a_killed_process_leaves_a_readable_tail(tmp_path: Path) -> None:
    """What was written before a kill is read, in order and without holes, and becomes Parquet at the next start."""
    folder = tmp_path / "tracks"
    here = str(Path(__file__).parent)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), here], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    written = 0
    while written < 5_000:
        written = int(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    (tail,) = folder.glob("*.arrows")
    found = times(tail)
    assert len(found) >= written
    assert found == list(range(T0_US, T0_US + len(found)))
    Recorder(folder, 24, clock=lambda: T0_US / 1e6).close()
    (whole,) = folder.iterdir()
    assert times(whole) == found


def test_a_tail_cut_anywhere_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    """At every length the batches before the cut come back, no exception, no half batch."""
    hour = room._Hour(tmp_path, T0_US // HOUR_US)
    ends = []
    for k in range(4):
        hour.write([report(T0_US + k)] * 3)
        ends.append(hour.path.stat().st_size)
    whole = hour.path.read_bytes()
    hour.close()
    cut = tmp_path / "tracks-2023111422-9.arrows"
    for length in np.unique(np.linspace(0, len(whole), 400).astype(int)).tolist():
        cut.write_bytes(whole[:length])
        batches = list(whole_batches(cut))
        assert len(batches) == sum(end <= length for end in ends), length
        assert all(len(b) == 3 for b in batches)
    cut.write_bytes(whole[: ends[1] + 40])
    made = seal(cut)
    assert made is not None
    assert len(times(made)) == 6
