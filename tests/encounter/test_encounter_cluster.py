"""Past one machine the result is the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from distributed import Client, LocalCluster
from encounter_kit import T0_S, Track, rows_of, search
from test_encounter_search import SHORT, random_tracks

from wideberth.encounter.distributed import HOUR_US, Partition, hourly
from wideberth.encounter.distributed import search as search_cluster
from wideberth.encounter.files import Given
from wideberth.encounter.search import Found
from wideberth.refusal import Reason, Refusal


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two workers in this process: the scheduler, the wire and the pickling are the real ones."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as made,
    ):
        yield made


def partitioned(tracks: list[Track], folder: Path, hour_us: int) -> list[Partition]:
    """Rows as files of one span each, named as the recorder names hours where they are hours."""
    rows, names = rows_of(tracks)
    made = []
    for span in np.unique(rows["time_us"] // hour_us).tolist():
        mine = rows[rows["time_us"] // hour_us == span]
        columns: dict[str, Any] = {n: mine[n] for n in ("time_us", "lat_nd", "lon_nd")}
        columns |= {"baro_ft": mine["alt_ft"], "address": [names.list[c] for c in mine["code"]]}
        path = folder / f"rows-{span}.parquet"
        pa.parquet.write_table(pa.table(columns), path)
        made.append(Partition(span * hour_us, (span + 1) * hour_us, (str(path),)))
    return made


def test_the_cluster_finds_what_one_machine_finds(client: Any, tmp_path: Path) -> None:
    """Over many short partitions, with encounters, gaps and errors across their bounds: equal to the bit."""
    tracks = [t._replace(seconds=t.seconds + 97.0 * (k % 11)) for k, t in enumerate(random_tracks(3, 150, 0.1))]
    tracks[3].lat[4] += 2.0
    whole = search(tracks, SHORT)
    partitions = partitioned(tracks, tmp_path, 60_000_000)
    assert len(partitions) > 12
    across = sum(e.enter_us // 60_000_000 != e.exit_us // 60_000_000 for e in whole.encounters)
    assert across > 3
    assert search_cluster(client, partitions, SHORT) == whole


def test_hours_of_a_recorder_are_partitions(client: Any, tmp_path: Path) -> None:
    """The folder of a recorder is searched by the hour, several files of one hour together."""
    start = -T0_S % 3_600
    tracks = [t._replace(seconds=t.seconds + start - 150.0) for t in random_tracks(1, 60, 0.15)]
    for part in partitioned(tracks, tmp_path, HOUR_US):
        path = Path(part.files[0])
        name = np.datetime_as_string(np.datetime64(part.start_us, "us"), unit="h").replace("-", "").replace("T", "")
        path.rename(tmp_path / f"tracks-{name}-1.parquet")
    partitions = hourly(tmp_path)
    assert [p.end_us - p.start_us for p in partitions] == [HOUR_US, HOUR_US]
    found = search_cluster(client, partitions, SHORT)
    assert isinstance(found, Found)
    assert found == search(tracks, SHORT)
    assert found.encounters


def test_partitions_that_cannot_be_meant_are_refused(client: Any, tmp_path: Path) -> None:
    """Spans that overlap, that cut a bucket, or whose rows lie elsewhere; and what a file refuses."""
    partitions = partitioned(random_tracks(1, 5, 0.15), tmp_path, 60_000_000)
    first = partitions[0]
    for wrong, reason in (
        ([first, first], Reason.TIME_ORDER),
        ([first._replace(end_us=first.end_us - 1)], Reason.OUT_OF_RANGE),
        ([Partition(first.start_us + HOUR_US, first.end_us + HOUR_US, first.files)], Reason.OUT_OF_RANGE),
        ([first._replace(files=(__file__,))], Reason.MALFORMED),
    ):
        refused = search_cluster(client, wrong, SHORT, Given())
        assert isinstance(refused, Refusal)
        assert refused.reason is reason
