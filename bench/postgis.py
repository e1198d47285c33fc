"""PostGIS as a peer, at its best: a throw-away cluster on a Unix socket, everything in memory, nothing synced.

Envelopes and windows stand under one GiST index, bands are compared afterwards; beside it the same boxes as `cube`s of
four dimensions. Queries are prepared. Needs the Debian packages postgresql-15 and postgresql-15-postgis-3, and is left
out without them.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from bench.world import EPOCH_US

Int64s = npt.NDArray[np.int64]
Row = tuple[Any, ...]

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "8GB",
    "max_wal_size": "8GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "random_page_cost": "1.0",
}
RANGE_QUERY = (
    "SELECT id FROM live WHERE lasts && int8range(%s, %s) AND area && ST_MakeEnvelope(%s, %s, %s, %s)"
    " AND lower_m <= %s AND upper_m >= %s"
)
CUBE_QUERY = "SELECT id FROM cubes WHERE box && cube(ARRAY[%s,%s,%s,%s]::float8[], ARRAY[%s,%s,%s,%s]::float8[])"
INSERT = "INSERT INTO live VALUES (%s, int8range(%s, %s), ST_MakeEnvelope(%s, %s, %s, %s), %s, %s)"
DELETE = "DELETE FROM live WHERE id = %s"
LOAD = """
CREATE UNLOGGED TABLE live AS SELECT id, int8range(start_s::int8, end_s::int8) AS lasts,
    ST_MakeEnvelope(west, south, east, north) AS area, lower_m, upper_m FROM sides;
CREATE INDEX ON live USING gist (lasts, area);
CREATE INDEX ON live (id);
CREATE UNLOGGED TABLE cubes AS SELECT id,
    cube(ARRAY[west, south, lower_m, start_s], ARRAY[east, north, upper_m, end_s]) AS box FROM sides;
CREATE INDEX ON cubes USING gist (box);
"""
"""Of six layouts tried these were the fastest of PostGIS and of all; lines in four dimensions under
gist_geometry_ops_nd took twice as long."""


def programs() -> Path | None:
    """Where PostgreSQL 15 lives, None where it or PostGIS is not installed."""
    folder = Path("/usr/lib/postgresql/15/bin")
    extension = Path("/usr/share/postgresql/15/extension/postgis.control")
    return folder if (folder / "initdb").exists() and extension.exists() else None


@contextmanager
def cluster(folder: Path) -> Iterator[psycopg.Connection[Row]]:
    """A fresh cluster, connected to; stopped and removed in the end. PostgreSQL does not run as root."""
    home = Path(tempfile.mkdtemp(prefix="wideberth-postgis-"))
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if become:
        shutil.chown(home, "postgres")
    run = [*become, str(folder / "pg_ctl"), "-D", str(home / "data"), "-w", "-s", "-l", str(home / "log")]
    try:
        init = [*become, str(folder / "initdb"), "-D", str(home / "data"), "-U", "bench", "-A", "trust"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=home)
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        subprocess.run([*run, "-o", f"-k {home} {options}", "start"], check=True, cwd=home)
        try:
            with psycopg.connect(f"host={home} user=bench dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE EXTENSION postgis; CREATE EXTENSION cube")
                yield connection
        finally:
            subprocess.run([*run, "-m", "immediate", "stop"], check=True, cwd=home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def sides(boxes: Int64s) -> npt.NDArray[np.float64]:
    """Boxes (n, 8) as west, south, least metres, first second, then east, north, most metres, last second."""
    degrees, metres, seconds = boxes[:, :4] / 1e9, boxes[:, 4:6] / 1e3, (boxes[:, 6:] - EPOCH_US) / 1e6
    columns = [degrees[:, 2], degrees[:, 0], metres[:, 0], seconds[:, 0]]
    columns += [degrees[:, 3], degrees[:, 1], metres[:, 1], seconds[:, 1]]
    return np.stack(columns, axis=1)


def row_of(side: Sequence[float]) -> tuple[object, ...]:
    """The columns of `live`."""
    west, south, lower_m, start_s, east, north, upper_m, end_s = side
    return int(start_s), int(end_s), west, south, east, north, lower_m, upper_m


def question_of(side: Sequence[float]) -> tuple[object, ...]:
    """The same for `RANGE_QUERY`, which compares the band crosswise."""
    *most, lower_m, upper_m = row_of(side)
    return *most, upper_m, lower_m


def load(connection: psycopg.Connection[Row], boxes: Int64s) -> str:
    """Fill the tables and index them. Out: the version."""
    columns = "west, south, lower_m, start_s, east, north, upper_m, end_s".replace(",", " float8,")
    connection.execute(f"CREATE UNLOGGED TABLE sides (id bigint, {columns} float8)")
    with connection.cursor().copy("COPY sides FROM STDIN") as copy:
        for row, side in enumerate(sides(boxes).tolist()):
            copy.write_row((row, *side))
    connection.execute(LOAD)
    connection.execute("VACUUM ANALYZE live")
    connection.execute("VACUUM ANALYZE cubes")
    versions = connection.execute("SELECT postgis_lib_version(), split_part(version(), ' ', 2)").fetchone()
    assert versions is not None
    return f"PostGIS {versions[0]} on PostgreSQL {versions[1]}"
