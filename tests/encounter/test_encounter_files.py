"""Recorded tracks come out of every format alike, and what cannot be meant is refused in one sentence."""

import csv
import gzip
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from wideberth.encounter.files import Given, read
from wideberth.encounter.join import Minima
from wideberth.encounter.rows import GROUND, ROW, Rows
from wideberth.encounter.search import Search
from wideberth.refusal import Reason, Refusal

T0_US = 1_538_907_330_000_000
"""2018-10-07 10:15:30 UTC."""
WANTED = [
    # identity, time, latitude, longitude, feet
    ("3c6444", T0_US, 47_500_000_000, 8_250_000_000, 35_000),
    ("4ca8e4", T0_US + 500_000, -47_000_000_000, -179_999_000_000, -75),
    ("3c6444", T0_US + 1_000_000, 47_501_000_000, 8_251_000_000, GROUND),
]


def got(path: Path, given: Given) -> list[tuple[str, int, int, int, int]] | Refusal:
    """All rows of a file, or the refusal that ended it."""
    made: list[Rows] = [np.empty(0, dtype=ROW)]
    for batch in read(path, given):
        if isinstance(batch, Refusal):
            return batch
        made.append(batch)
    rows = np.concatenate(made)
    names = [given.names.list[c] for c in rows["code"]]
    columns = [rows[n].tolist() for n in ("time_us", "lat_nd", "lon_nd", "alt_ft")]
    return list(zip(names, *columns, strict=True))


def frame(**other: Any) -> Any:
    """As a frame of `traffic` is kept in Parquet."""
    columns = {
        "timestamp": pa.array([t for _, t, *_ in WANTED], pa.timestamp("us", "UTC")),
        "icao24": ["3C6444 ", "4ca8e4", "3c6444"],
        "latitude": [47.5, -47.0, 47.501],
        "longitude": [8.25, -179.999, 8.251],
        "altitude": [35_000.0, -75.0, None],
        "groundspeed": [440.0, 0.0, 3.0],
        "onground": [False, None, True],
        "callsign": ["A", "B", None],
    }
    return pa.table({name: c for name, c in (columns | other).items() if c is not None})


def test_frames_of_traffic_are_read(tmp_path: Path) -> None:
    """Parquet as pandas writes it: altitude in feet is the convention, and is said to be one."""
    path = tmp_path / "frame.parquet"
    pa.parquet.write_table(frame(), path)
    given = Given()
    assert got(path, given) == WANTED
    assert given.notes == ["frame.parquet: altitude is in feet, as frames of traffic keep it"]


def test_a_bare_altitude_needs_a_unit(tmp_path: Path) -> None:
    """Feet or metres is never guessed: refused, or taken as declared."""
    path = tmp_path / "bare.parquet"
    pa.parquet.write_table(frame(groundspeed=None), path)
    refused = got(path, Given())
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.UNKNOWN_UNIT
    assert "--altitude-unit" in refused.sentence()
    assert got(path, Given(altitude_unit="ft")) == WANTED
    metres = got(path, Given(altitude_unit="m"))
    assert not isinstance(metres, Refusal)
    assert metres[1][4] == round(-75 / 0.3048)


SPELLINGS = [
    """hex,time,lat,lon,alt_baro
3c6444,1538907330,47.5,8.25,35000
4CA8E4,1538907330.5,-47,-179.999,-75
3c6444,1538907331,47.501,8.251,ground
""",
    """ICAO24,Timestamp,Latitude,Longitude,altitude_ft,onground
3c6444,2018-10-07T10:15:30Z,47.5,8.25,35000,0
4ca8e4,2018-10-07 10:15:30.5+00:00,-47,-179.999,-75,false
3c6444,2018-10-07T10:15:31Z,47.501,8.251,,True
""",
    """time_ms,id,lat_nd,lng,baro_altitude_m,on_ground
1538907330000,3c6444,47500000000,8.25,10668,
1538907330500,4ca8e4,-47000000000,-179.999,-22.86,
1538907331000,3c6444,47501000000,8.251,,-1
""",
]


@pytest.mark.parametrize("text", SPELLINGS, ids=["readsb", "iso times", "metres and milliseconds"])
@pytest.mark.parametrize("packed", [False, True])
def test_csv_is_read_by_the_names_of_its_columns(tmp_path: Path, text: str, packed: bool) -> None:
    """Synonyms, units in names, numbers or times with a zone, packed or not: the same rows."""
    path = tmp_path / ("rows.csv.gz" if packed else "rows.csv")
    data = text.replace("\n", "\r\n").encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    assert got(path, Given()) == WANTED


def test_times_without_a_zone_are_refused_or_taken_as_declared(tmp_path: Path) -> None:
    """A naive time is never taken for UTC; --zone says whose it is, summer time and all."""
    path = tmp_path / "naive.csv"
    path.write_text("icao,time,lat,lon,alt_ft\n3c6444,2018-10-07 12:15:30,47.5,8.25,35000\n")
    refused = got(path, Given())
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.NAIVE_TIME
    assert got(path, Given(zone="Europe/Paris")) == WANTED[:1]


def test_times_in_another_unit_are_refused(tmp_path: Path) -> None:
    """Milliseconds in a column of seconds would lie in the year 50,000; seconds of a day in 1970."""
    for value in ("1538907330000", "36930"):
        path = tmp_path / "rows.csv"
        path.write_text(f"icao,time,lat,lon,alt_ft\n3c6444,{value},47.5,8.25,35000\n")
        refused = got(path, Given())
        assert isinstance(refused, Refusal)
        assert refused.reason is Reason.OUT_OF_RANGE


SBS = """MSG,3,1,1,3C6444,1,2018/10/07,10:15:30.000,2018/10/07,10:15:30.000,,35000,,,47.5,8.25,,,0,0,0,0
MSG,4,1,1,4CA8E4,1,2018/10/07,10:15:30.100,2018/10/07,10:15:30.100,,,420,90,,,0,,0,0,0,0
MSG,5,1,1,4CA8E4,1,2018/10/07,10:15:30.200,2018/10/07,10:15:30.200,,-75,,,,,,,0,0,0,0
MSG,3,1,1,4CA8E4,1,2018/10/07,10:15:30.500,2018/10/07,10:15:30.500,,,,,-47.0,-179.999,,,0,0,0,0
MSG,2,1,1,3C6444,1,2018/10/07,10:15:31.000,2018/10/07,10:15:31.000,,0,3,,47.501,8.251,,,0,0,0,-1
MSG,3,1,1,3C6444,1,2018/10/07,half
"""


def test_sbs_logs_are_read(tmp_path: Path) -> None:
    """Positions with their own or the last altitude; half lines are counted; the zone has to be said."""
    path = tmp_path / "log.sbs"
    path.write_text(SBS)
    refused = got(path, Given())
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.NAIVE_TIME
    given = Given(zone="UTC")
    assert got(path, given) == WANTED
    assert given.left_out == {"no position": 2, "malformed": 1}


def test_npz_is_read(tmp_path: Path) -> None:
    """Arrays by name; and the export of `make traffic`, whose flights are numbers into a list of names."""
    path = tmp_path / "rows.npz"
    names, time_us, lat, lon, _alt = map(list, zip(*WANTED, strict=True))
    np.savez(path, icao=np.array(names), time_us=time_us, lat_nd=lat, lon_nd=lon, baro_ft=[35_000, -75, 0])
    rows = got(path, Given())
    assert rows == [*WANTED[:2], (*WANTED[2][:4], 0)]
    samples = [[n, t / 1e6, la / 1e9, lo / 1e9, 0 if a == GROUND else a, a == GROUND] for n, (_, t, la, lo, a) in
               zip((0, 1, 0), WANTED, strict=True)]  # fmt: skip
    np.savez(path, samples=np.array(samples, dtype=float), names=np.array(["3c6444", "4ca8e4"]))
    assert got(path, Given()) == WANTED


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """What would be run on opening is refused, by itself and inside npz."""
    path = tmp_path / "rows.npz"
    np.savez(path, icao=np.array([object()]))
    assert isinstance(got(path, Given()), Refusal)
    other = tmp_path / "frame.pkl"
    other.write_bytes(b"\x80\x05\x95K\x00\x00\x00\x00\x00\x00\x00\x8c")
    assert isinstance(got(other, Given()), Refusal)


def test_what_is_missing_or_cannot_be_is_counted_by_reason(tmp_path: Path) -> None:
    """Rows without identity, place, time or altitude, and values that nothing has, cost themselves alone."""
    path = tmp_path / "rows.csv"
    good = ["3c6444", "1538907330", "47.5", "8.25", "35000"]
    spoiled = [(0, ""), (1, ""), (2, ""), (2, "91"), (3, "-181"), (4, ""), (4, "200000")]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["icao", "time", "lat", "lon", "alt_ft"])
        for column, value in [(0, good[0]), *spoiled]:
            writer.writerow([value if k == column else v for k, v in enumerate(good)])
    given = Given()
    assert got(path, given) == WANTED[:1]
    assert given.left_out == {
        "no identity": 1,
        "no time": 1,
        "no position": 1,
        "place outside the Earth": 2,
        "no altitude": 1,
        "altitude outside what is flown": 1,
    }


@pytest.mark.parametrize("lost", ["icao24", "timestamp", "latitude", "longitude", "altitude"])
def test_a_missing_column_is_refused_by_name(tmp_path: Path, lost: str) -> None:
    """One sentence says which column is wanted and which are there."""
    path = tmp_path / "rows.parquet"
    pa.parquet.write_table(frame(**{lost: None}), path)
    refused = got(path, Given())
    assert isinstance(refused, Refusal)
    assert lost in refused.limit


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """Every format, cut or spoiled at many places: rows or a refusal, never an exception of the reader's."""
    made = tmp_path / "frame.parquet"
    pa.parquet.write_table(frame(), made)
    packed = gzip.compress(SPELLINGS[0].encode())
    rng = np.random.default_rng(1)
    for whole in (made.read_bytes(), packed, SPELLINGS[1].encode(), SBS.encode()):
        for k in itertools.chain(range(0, len(whole), max(len(whole) // 25, 1)), rng.integers(0, len(whole), 25)):
            path = tmp_path / "damaged.gz" if whole is packed else tmp_path / "damaged"
            for spoiled in (whole[:k], whole[:k] + bytes([whole[k] ^ 0x55]) + whole[k + 1 :]):
                path.write_bytes(spoiled)
                assert isinstance(got(path, Given(zone="UTC")), list | Refusal)


def test_the_day_of_the_constant_is_right() -> None:
    """The times of this file are what they are said to be."""
    assert datetime.fromtimestamp(T0_US / 1e6, tz=UTC).isoformat() == "2018-10-07T10:15:30+00:00"


@pytest.mark.parametrize(("sample", "least"), [("quickstart", 60), ("switzerland", 100)])
def test_encounters_of_real_frames_are_found_and_none_on_the_ground(sample: str, least: int) -> None:
    """Frames of `traffic` as they are: encounters are found, and inside none of both is said to be on the ground."""
    path = Path(__file__).parents[2] / "bench" / "out" / f"{sample}.parquet"
    if not path.exists():
        pytest.skip(f"no recorded frame: `make traffic` writes bench/out/{path.name}")
    given = Given()
    with Search(Minima()) as search:
        for batch in read(path, given):
            assert not isinstance(batch, Refusal)
            search.add(batch)
        found = search.find(given.names)
    assert len(found.encounters) > least
    assert all(e.vertical_ft.value < 1_000 and e.horizontal_m.value < 9_260 for e in found.encounters)
    frame_ = pa.parquet.read_table(path)
    if "onground" not in frame_.column_names:
        return
    rows = frame_.filter(frame_["onground"])
    on_ground: dict[str, list[int]] = {}
    for name, when in zip(rows["icao24"].to_pylist(), rows["timestamp"].cast(pa.int64()).to_pylist(), strict=True):
        on_ground.setdefault(name, []).append(when // 1_000)
    assert len(on_ground) > 20
    for one in found.encounters:
        for name in (one.first, one.second):
            said = sum(one.enter_us < when < one.exit_us for when in on_ground.get(name, ()))
            # a single spoiled message says so within a flight: its second counts as unknown, not as inside
            assert said <= 1, one.id
            assert one.inside_us <= one.exit_us - one.enter_us - said * 1_000_000, one.id


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("3c6444,1700000001,47.5,8.2x,35000", "a.csv, line 3, lon: a figure, or nothing; received '8.2x'"),
        ("3c6444,1700000001,47.5,8.2,FL350", "a.csv, line 3, alt_baro: a figure, or nothing; received 'FL350'"),
        ("3c6444,high noon,47.5,8.2,", "a.csv, line 3, time: a figure, or nothing; received 'high noon'"),
        ("3c6444,1700000001,47.5", "a.csv, line 3: 5 cells, as in the first line; received 3"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_cell_that_is_no_figure_is_named_with_its_line(tmp_path: Path, row: str, says: str, packed: bool) -> None:
    """In a file of millions of lines one has to find it."""
    text = f"icao24,time,lat,lon,alt_baro\n3c6444,1700000000,47.5,8.25,ground\n{row}\n"
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    *_, last = read(path, Given())
    assert isinstance(last, Refusal)
    assert says.replace("a.csv", path.name) in last.sentence()
