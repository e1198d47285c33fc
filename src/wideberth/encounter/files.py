"""Recorded tracks out of files: Parquet, CSV, SBS logs, npz; frames of `traffic` and the recorder's own among them.

In:  a path; what the file does not say: the zone of times without one, the unit of a bare altitude.
Out: batches of rows, names growing; what became no row is counted by reason. Memory is bounded by a batch.
Refuses (`Refusal`, one sentence): what is none of these formats, columns that are missing, times without a zone, times
that are not since 1970. A pickle is never opened: it would be run.

The format is told by the content, not by the name.
"""

import csv
import gzip
import zipfile
import zlib
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from wideberth.encounter.columns import HEXADECIMAL, AltitudeUnit, Columns, find_columns
from wideberth.encounter.rows import ALT_FT_MAX, ALT_FT_MIN, GROUND, Names, Rows, make_rows
from wideberth.feeds.sbs import Sbs
from wideberth.limits import ENCOUNTER_NAMES_MAX, TIME_US_MAX
from wideberth.refusal import Reason, Refusal, refuse

BATCH_ROWS: Final = 1_000_000
BLOCK_BYTES: Final = 16 * 2**20
TIME_US_FIRST: Final = 946_684_800_000_000
"""2000: what is earlier is not in seconds since 1970."""
ALTITUDE_AGE_US: Final = 10_000_000
"""An SBS position without altitude takes the last one of at most this age."""
HINT: Final = "; --geometric compares heights above the ellipsoid instead"
NO_FIGURE: Final = {
    "",
    "ground",
    "null",
    "na",
    "n/a",
    "#n/a",
    "nan",
    "-nan",
    "1.#ind",
    "1.#qnan",
    "-1.#ind",
    "-1.#qnan",
}
"""Cells that say that there is none."""
TRUE: Final = pa.array(["true", "t", "1", "1.0", "-1", "yes"])
FORMATS: Final = "Parquet, CSV with a header, an SBS log (lines that begin with MSG), or npz"
Batch = Rows | Refusal


class Given:
    """What files leave out, and the names and counts of all of them."""

    def __init__(self, zone: str = "", altitude_unit: AltitudeUnit | None = None, geometric: bool = False) -> None:
        """`zone` is an IANA name or "UTC" for times without a zone; empty refuses these. `geometric`: heights above
        the ellipsoid are compared, and not pressure altitudes."""
        self.zone = zone
        self.altitude_unit = altitude_unit
        self.geometric = geometric
        self._before: bool | None = None
        """Whether the altitudes of the files before are geometric."""
        self.names = Names()
        self.left_out: dict[str, int] = {}
        self.notes: list[str] = []

    def count(self, why: str, how_many: int) -> None:
        """Rows that became none."""
        if how_many:
            self.left_out[why] = self.left_out.get(why, 0) + how_many

    def columns(self, there: Collection[str], file: str) -> Columns | Refusal:
        """The columns of a file, whose altitudes are of the kind of those of the files before it."""
        found = find_columns(there, self.altitude_unit, file, self.geometric)
        no = found if isinstance(found, Refusal) else self.one_kind(found.geometric, file)
        if no is not None:
            return no
        assert isinstance(found, Columns)
        self.note(file, found.note)
        return found

    def one_kind(self, geometric: bool, file: str) -> Refusal | None:
        """Both kinds differ by hundreds of feet with the weather: no pair is made of both."""
        if self._before not in (None, geometric):
            kinds = ("pressure altitudes", "geometric altitudes")
            rule = f"{kinds[not geometric]}, as in the files before it: search them apart, or all with --geometric"
            return refuse(Reason.MALFORMED, file, rule, kinds[geometric])
        self._before = geometric
        return None

    def note(self, file: str, text: str) -> None:
        """Something that was taken for granted."""
        if text and f"{file}: {text}" not in self.notes:
            self.notes.append(f"{file}: {text}")


def read(path: Path, given: Given) -> Iterator[Batch]:
    """Batches of a file; a refusal ends it. Raises OSError where the file cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if head[:4] == b"PAR1":
            yield from _parquet(path, given)
        elif head[:4] == b"PK\x03\x04":
            yield from _npz(path, given)
        elif head[:6] == b"ARROW1" or head[:4] == b"\xff\xff\xff\xff":
            yield from _arrow(path, given)
        elif _text(head)[:4] in ("MSG,", "MLAT", "STA,", "SEL,", "AIR,", "CLK,") or _text(head)[:3] == "ID,":
            yield from _sbs(path, given)
        elif "," in _text(head).split("\n")[0]:
            yield from _csv(path, given)
        else:
            yield refuse(Reason.MALFORMED, path.name, FORMATS, repr(head[:8]))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, pa.ArrowKeyError) as error:
        yield refuse(Reason.MALFORMED, path.name, "values of the columns' kinds", str(error))
    except (EOFError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError) as error:
        yield refuse(Reason.MALFORMED, path.name, "a whole file", str(error))
    except OSError as error:
        if error.errno is not None:
            raise
        yield refuse(Reason.MALFORMED, path.name, "a whole file", str(error))  # of the content, not of the disk


def _text(head: bytes) -> str:
    """The beginning as text, unpacked where it is packed; empty where it is none."""
    if head[:2] == b"\x1f\x8b":
        head = zlib.decompressobj(31).decompress(head, 65_536)
    return "" if b"\x00" in head else head.decode("utf-8", "replace").removeprefix("\ufeff")


def _parquet(path: Path, given: Given) -> Iterator[Batch]:
    with pa.parquet.ParquetFile(path) as file:
        columns = given.columns(file.schema_arrow.names, path.name)
        if isinstance(columns, Refusal):
            yield columns
            return
        for batch in file.iter_batches(BATCH_ROWS, columns=columns.names()):
            yield _rows(batch, columns, given, path.name)


def _arrow(path: Path, given: Given) -> Iterator[Batch]:
    """A recorder's tail: as far as it is whole."""
    from wideberth.encounter.recorder import whole_batches

    columns: Columns | Refusal | None = None
    for batch in whole_batches(path):
        columns = columns or given.columns(batch.schema.names, path.name)
        if isinstance(columns, Refusal):
            yield columns
            return
        yield _rows(batch, columns, given, path.name)


def _csv(path: Path, given: Given) -> Iterator[Batch]:
    with pa.input_stream(str(path), compression="detect" if path.suffix == ".gz" else None) as stream:
        with path.open("rb") as file:
            header = _text(file.read(65_536)).split("\n")[0]
        names = [n.strip('"\r ') for n in header.split(",")]
        columns = given.columns(names, path.name)
        if isinstance(columns, Refusal):
            yield columns
            return
        kinds = dict.fromkeys(columns.names(), pa.string()) | dict.fromkeys((columns.lat, columns.lon), pa.float64())
        try:
            reader = pa.csv.open_csv(
                stream,
                pa.csv.ReadOptions(block_size=BLOCK_BYTES, column_names=names, skip_rows=1),
                convert_options=pa.csv.ConvertOptions(
                    include_columns=columns.names(), column_types=kinds, strings_can_be_null=True
                ),
            )
            for batch in reader:
                yield _rows(batch, columns, given, path.name)
        except pa.ArrowInvalid as error:
            yield refuse(Reason.MALFORMED, *(_bad_cell(path, names, columns) or (path.name, "whole rows", str(error))))


def _bad_cell(path: Path, names: list[str], columns: Columns) -> tuple[str, str, str] | None:
    """The first cell that is no figure: where, what it should be, what it is."""
    cells = [(names.index(n), n) for n in (columns.lat, columns.lon, columns.altitude, columns.time)]
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        lines = csv.reader(file)
        next(lines)
        for row in lines:
            where = f"{path.name}, line {lines.line_num}"
            if row and len(row) != len(names):
                return where, f"{len(names)} cells, as in the first line", str(len(row))
            for at, name in cells if row else ():
                text = row[at].strip()
                if text.lower() not in NO_FIGURE and not _is_figure(text, name == columns.time):
                    return f"{where}, {name}", "a figure, or nothing", repr(text[:40])
    return None


def _is_figure(text: str, time: bool) -> bool:
    try:
        float(text)
    except ValueError:
        if not time:
            return False
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return False
    return True


def _npz(path: Path, given: Given) -> Iterator[Batch]:
    """Arrays by column name; or `samples` (number, seconds, latitude, longitude, feet, on the ground) and `names`."""
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except ValueError as error:
        yield refuse(Reason.MALFORMED, path.name, "arrays without pickled objects", str(error))
        return
    if "samples" in arrays and arrays["samples"].ndim == 2 and arrays["samples"].shape[1] == 6:
        samples = arrays["samples"]
        number = samples[:, 0].astype(np.int64)
        names = arrays.get("names", np.arange(number.max(initial=-1) + 1)).astype(str)
        if len(number) and not 0 <= number.min() <= number.max() < len(names):
            yield refuse(Reason.MALFORMED, path.name, f"numbers of flights from 0 to {len(names) - 1}", number.max())
            return
        made = dict(zip(("time_s", "lat_deg", "lon_deg", "altitude_ft", "ground"), samples.T[1:], strict=True))
        arrays = {"id": names[number], **made}
    if len({a.shape for a in arrays.values()}) != 1 or any(a.ndim != 1 for a in arrays.values()):
        yield refuse(Reason.MALFORMED, path.name, "columns of equal length")
        return
    columns = given.columns(arrays, path.name)
    if isinstance(columns, Refusal):
        yield columns
        return
    batch = pa.table({name: pa.array(arrays[name]) for name in columns.names()})
    yield _rows(batch, columns, given, path.name)


def _sbs(path: Path, given: Given) -> Iterator[Batch]:
    if not given.zone:
        yield refuse(Reason.NAIVE_TIME, path.name, "--zone, whose times an SBS log has, such as UTC")
        return
    if (no := given.one_kind(False, path.name)) is not None:
        yield no
        return
    parser = Sbs(path.name, zone_of(given.zone))
    heights: dict[str, tuple[int, int]] = {}
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            found: list[tuple[str, int, int, int, int]] = []
            for report in parser.feed(data if data.endswith(b"\n") else data + (b"" if file.peek(1) else b"\n"), 0):
                if report.baro_ft is not None:
                    heights[report.address] = report.baro_ft, report.time_us
                if report.lat_nd is None or report.lon_nd is None:
                    given.count("no position", 1)
                    continue
                height, since_us = heights.get(report.address, (None, 0))
                if report.on_ground:
                    height = GROUND
                elif height is None or abs(report.time_us - since_us) > ALTITUDE_AGE_US:
                    given.count("no altitude", 1)
                    continue
                name = report.address if report.kind == "icao" else f"{report.kind}:{report.address}"
                found.append((name, report.time_us, report.lat_nd, report.lon_nd, height))
            if found:
                names, *columns = zip(*found, strict=True)
                yield make_rows(given.names.codes(names), *columns)
    for why, count in parser.dropped.items():
        given.count(str(why), count)


def zone_of(name: str) -> tzinfo:
    """A zone by name. Raises `ZoneInfoNotFoundError`, a KeyError."""
    return UTC if name.upper() in ("UTC", "Z") else ZoneInfo(name)


def _rows(batch: Any, columns: Columns, given: Given, file: str) -> Batch:
    """One batch of Arrow columns as rows."""
    time_us = _times(batch.column(columns.time), columns, given, file)
    if isinstance(time_us, Refusal):
        return time_us
    lat, lon = (_floats(batch.column(n)) * f for n, f in ((columns.lat, columns.lat_nd), (columns.lon, columns.lon_nd)))
    alt, ground = _altitudes(batch, columns)
    code = _codes(batch, columns, given)
    if len(given.names) > ENCOUNTER_NAMES_MAX:
        return refuse(Reason.TOO_MANY, file, f"at most {ENCOUNTER_NAMES_MAX:,} identities", len(given.names))
    keep = np.ones(len(code), dtype=bool)
    simulated = _flags(batch.column(columns.simulated)) if columns.simulated else np.zeros(len(code), dtype=bool)
    height = ground | ((alt >= ALT_FT_MIN) & (alt <= ALT_FT_MAX))
    for why, good in (
        ("no identity", code >= 0),
        ("simulated", ~simulated),
        ("no time", time_us >= 0),
        ("no position", ~(np.isnan(lat) | np.isnan(lon))),
        ("place outside the Earth", (np.abs(lat) <= 90e9) & (np.abs(lon) <= 180e9) | np.isnan(lat) | np.isnan(lon)),
        ("no altitude", ground | ~np.isnan(alt)),
        ("altitude outside what is flown", height | np.isnan(alt)),
    ):
        given.count(why, int((keep & ~good).sum()))
        if why == "no altitude" and columns.other and (keep & ~good).any():
            given.note(file, f"rows without {columns.altitude} are left out{'' if columns.geometric else HINT}")
        keep &= good
    if (bad := keep & (time_us < TIME_US_FIRST)).any() or (bad := keep & (time_us > TIME_US_MAX)).any():
        rule = f"times since 1970 UTC in the unit of {columns.time} (seconds, or as the name says) from 2000 to 2100"
        return refuse(Reason.OUT_OF_RANGE, f"{file}, {columns.time}", rule, int(time_us[bad][0]) / columns.time_us)
    feet = np.where(ground, GROUND, np.rint(np.nan_to_num(alt)))
    return make_rows(code[keep], time_us[keep], np.rint(lat[keep]), np.rint(lon[keep]), feet[keep])


def _codes(batch: Any, columns: Columns, given: Given) -> npt.NDArray[np.int32]:
    """Numbers of the identities; -1 where there is none."""
    texts = pc.utf8_trim_whitespace(_strings(batch.column(columns.identity)))
    if columns.identity.strip().lower() in HEXADECIMAL:
        texts = pc.utf8_lower(texts)
    if columns.kind:
        kinds = _strings(batch.column(columns.kind))
        marked = pc.binary_join_element_wise(kinds, texts, ":")
        texts = pc.if_else(pc.equal(kinds, "icao"), texts, marked)
    if columns.source:
        texts = pc.binary_join_element_wise(texts, pc.fill_null(_strings(batch.column(columns.source)), ""), "\n")
    encoded = pc.dictionary_encode(texts)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    numbers = [_code(text, bool(columns.source), given) for text in encoded.dictionary.to_pylist()]
    known = np.array([*numbers, -1], dtype=np.int32)
    index = pc.fill_null(encoded.indices, len(known) - 1).to_numpy(zero_copy_only=False)
    codes: npt.NDArray[np.int32] = known[index].astype(np.int32)
    return codes


def _code(text: str, sourced: bool, given: Given) -> int:
    """The number of an identity, with its source behind the last line break where a file says it."""
    name, _, source = text.rpartition("\n") if sourced else (text, "", "")
    return given.names.code(name[:64], source[:64]) if name else -1


def _strings(column: Any) -> Any:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return column.cast(pa.string()) if kind != pa.string() or kind != column.type else column


def _floats(column: Any) -> npt.NDArray[np.float64]:
    """As numbers, NaN where null."""
    cast = column.cast(pa.float64())
    filled = pc.fill_null(cast, float("nan"))
    values: npt.NDArray[np.float64] = (
        filled.to_numpy() if isinstance(filled, pa.ChunkedArray) else filled.to_numpy(False)
    )
    return values


def _flags(column: Any) -> npt.NDArray[np.bool_]:
    """As truth, false where null."""
    if pa.types.is_boolean(column.type):
        made = column
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        made = pc.is_in(pc.utf8_lower(_strings(column)), TRUE)
    else:
        made = pc.not_equal(column, 0)
    return np.asarray(pc.fill_null(made, False).to_numpy(zero_copy_only=False), dtype=bool)


def _altitudes(batch: Any, columns: Columns) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Feet, and whether on the ground; the text "ground" in place of an altitude says so too."""
    column = batch.column(columns.altitude)
    ground = _flags(batch.column(columns.ground)) if columns.ground else np.zeros(len(column), dtype=bool)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        said = pc.fill_null(pc.equal(pc.utf8_lower(column), "ground"), False)
        ground = ground | np.asarray(said.to_numpy(zero_copy_only=False), dtype=bool)
        column = pc.if_else(said, pa.scalar(None, column.type), column)
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
    return _floats(column) * columns.altitude_ft, ground


def _times(column: Any, columns: Columns, given: Given, file: str) -> npt.NDArray[np.int64] | Refusal:
    """Microseconds since 1970 UTC, -1 where null."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _parsed(column)
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            if not given.zone:
                return refuse(Reason.NAIVE_TIME, f"{file}, {columns.time}", "times with a zone, or --zone")
            column = pc.assume_timezone(column, given.zone, ambiguous="earliest", nonexistent="latest")
        whole = column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        made = pc.fill_null(whole, -1).to_numpy(zero_copy_only=False)
        return np.asarray(made, dtype=np.int64)
    if pa.types.is_integer(column.type):
        whole = pc.fill_null(column.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        return np.where(whole < 0, -1, whole * int(columns.time_us))
    values = _floats(column) * columns.time_us
    return np.where(np.isnan(values) | (np.abs(values) > 9e18), -1, np.nan_to_num(values).round()).astype(np.int64)


def _parsed(column: Any) -> Any:
    """Texts as numbers where the first is one, as times otherwise."""
    first = next((t for t in column.slice(0, 1000).to_pylist() if t), "0")
    try:
        float(first)
    except ValueError:
        zoned = first.rstrip().upper().endswith("Z") or "+" in first[10:] or "-" in first[11:]
        return pc.utf8_trim_whitespace(column).cast(pa.timestamp("us", "UTC") if zoned else pa.timestamp("us"))
    return column.cast(pa.float64())
