"""Recordings in which several sources saw one aircraft: nobody is near itself, and each pair is told once."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from encounter_kit import T0_S, Track, flight, search
from test_encounter_search import SHORT, TIMES, WIDE, crossing

from wideberth.cli import run as call
from wideberth.encounter.distributed import HOUR_US, Partition, merge, part
from wideberth.encounter.files import Given, read
from wideberth.encounter.join import Minima
from wideberth.encounter.rebuild import rebuild
from wideberth.encounter.recorder import SCHEMA
from wideberth.encounter.rows import Rows
from wideberth.encounter.search import Found, Search
from wideberth.refusal import Refusal


def write(path: Path, seen: list[tuple[str, Track]]) -> Path:
    """A recorder's file of what each source saw."""
    rows = []
    for source, track in seen:
        kind, _, address = track.name.rpartition(":")
        for second, lat, lon, alt_ft in zip(*track[1:], strict=True):
            time_us = round((second + T0_S) * 1e6)
            row = dict.fromkeys(SCHEMA.names) | {"source": source, "address": address, "kind": kind or "icao"}
            row |= {"time_us": time_us, "received_us": time_us, "baro_ft": round(alt_ft)}
            rows.append(row | {"lat_nd": round(lat * 1e9), "lon_nd": round(lon * 1e9)})
    rows.sort(key=lambda row: row["time_us"])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, SCHEMA), path)
    return path


def batches(path: Path, given: Given) -> list[Rows]:
    """What the file holds."""
    made = []
    for batch in read(path, given):
        assert not isinstance(batch, Refusal), batch.sentence()
        made.append(batch)
    return made


def found_in(path: Path, minima: Minima = SHORT) -> Found:
    """What is found in the file."""
    given = Given()
    with Search(minima) as made:
        for batch in batches(path, given):
            made.add(batch)
        return made.find(given.names)


def radar(track: Track, every_s: float, off_deg: float, name: str = "") -> Track:
    """The same flight as a radar sees it: seldom, and off to the north."""
    times = np.arange(track.seconds[0], track.seconds[-1], every_s)
    columns = (np.interp(times, track.seconds, c) for c in track[2:])
    lat, lon, alt_ft = columns
    return Track(name or track.name, times, lat + off_deg, lon, alt_ft)


def test_one_source_for_both_is_better_than_two(tmp_path: Path) -> None:
    """A pair that ADS-B and a radar 300 m off both saw is one encounter, with the figures of ADS-B alone."""
    one, two = crossing(48, 2, 1_000.0)
    alone = search([one, two], SHORT).encounters[0]
    seen = [("adsb", one), ("adsb", two), ("north", radar(one, 12.0, 0.0027)), ("north", radar(two, 12.0, -0.0027))]
    found = found_in(write(tmp_path / "a.parquet", seen))
    (told,) = found.encounters
    assert told.sources == (("adsb",), ("adsb",))
    assert (told.horizontal_m, told.gap_us) == (alone.horizontal_m, alone.gap_us)
    assert not found.along
    assert found.counts.implausible == 0


def test_where_one_source_goes_blind_the_other_goes_on(tmp_path: Path) -> None:
    """ADS-B is lost five seconds before the nearest moment; the radar saw it, and it is still one encounter."""
    one, two = crossing(48, 2, 1_000.0)
    early = [Track(t.name, *(c[t.seconds < 148] for c in t[1:])) for t in (one, two)]
    seen = [("adsb", early[0]), ("adsb", early[1]), ("north", radar(one, 12.0, 0.0)), ("north", radar(two, 12.0, 0.0))]
    (told,) = found_in(write(tmp_path / "a.parquet", seen)).encounters
    assert told.sources == (("north", "adsb"), ("north", "adsb"))
    assert told.horizontal_m.value == pytest.approx(1_000 / np.sqrt(2), abs=20)
    assert told.inside_us == told.exit_us - told.enter_us


def test_nobody_is_near_itself_under_two_names(tmp_path: Path) -> None:
    """A radar without addresses and ADS-B saw one aircraft: told apart, and the one that crosses it is still found."""
    one, two = crossing(48, 2, 1_000.0)
    seen = [("adsb", one), ("north", radar(one, 4.0, 0.003, "radar:17")), ("adsb", two)]
    found = found_in(write(tmp_path / "a.parquet", seen))
    assert [(e.first, e.second) for e in found.along] == [("a", "radar:17")]
    assert found.along[0].sources == (("adsb",), ("north",))
    assert {(e.first, e.second) for e in found.encounters} == {("a", "b"), ("b", "radar:17")}


def test_two_that_one_source_saw_together_are_two(tmp_path: Path) -> None:
    """A formation that both sources saw, each under its names, stays an encounter."""
    one = flight("a", 48, 2, 90, 200, 20_000, TIMES)
    two = flight("b", 48.004, 2, 90, 200, 20_000, TIMES)
    seen = [("adsb", one), ("adsb", two), ("north", radar(two, 4.0, 0.0))]
    found = found_in(write(tmp_path / "a.parquet", seen))
    assert [(e.first, e.second) for e in found.encounters] == [("a", "b")]
    assert not found.along
    apart = [("adsb", one), ("north", two)]
    assert len(found_in(write(tmp_path / "b.parquet", apart)).along) == 1


def test_two_sources_that_see_two_cross_tell_an_encounter(tmp_path: Path) -> None:
    """Each of two that cross is seen by another source alone: they came from elsewhere, so they are two."""
    one, two = crossing(48, 2, 1_000.0)
    found = found_in(write(tmp_path / "a.parquet", [("adsb", one), ("north", two)]))
    assert len(found.encounters) == 1
    assert not found.along


def test_a_slow_pass_is_an_encounter_by_narrow_minima_too(tmp_path: Path) -> None:
    """Overtaken at 40 m/s within 300 m, each seen by another source: inside 0.5 NM they look as if they flew along."""
    one = flight("a", 48.0, 2.0, 90, 200, 20_000, TIMES)
    two = flight("b", 48.0027, 1.92, 90, 240, 20_100, TIMES)
    path = write(tmp_path / "a.parquet", [("adsb", one), ("north", two)])
    for minima in (Minima(horizontal_mm=926_000), Minima(vertical_ft=500), WIDE):
        found = found_in(path, minima)
        assert (len(found.encounters), len(found.along)) == (1, 0)


def test_a_cluster_tells_the_same_of_several_sources(tmp_path: Path) -> None:
    """Part by part, over the bound of an hour, the result is that of one machine."""
    shift = -T0_S % 3_600 - 150
    one, two = (t._replace(seconds=t.seconds + shift) for t in crossing(48, 2, 1_000.0))
    seen = [("adsb", one), ("north", radar(one, 4.0, 0.003, "radar:17")), ("adsb", two), ("north", radar(two, 4.0, 0))]
    whole = found_in(write(tmp_path / "all.parquet", seen))
    rows = pyarrow.parquet.read_table(tmp_path / "all.parquet").to_pylist()
    parts = []
    for hour in sorted({row["time_us"] // HOUR_US for row in rows}):
        mine = [row for row in rows if row["time_us"] // HOUR_US == hour]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(mine, SCHEMA), tmp_path / f"{hour}.parquet")
        parts.append(Partition(hour * HOUR_US, (hour + 1) * HOUR_US, (str(tmp_path / f"{hour}.parquet"),)))
    assert len(parts) == 2
    files = [p.files[0] for p in parts]
    done = [part(p, tuple(f for f in files if f not in p.files), SHORT, "", None) for p in parts]
    assert merge(done[::-1], Given(), SHORT) == whole
    assert len(whole.along) == 1


def test_the_rebuilt_encounter_is_no_zigzag_between_sources(tmp_path: Path) -> None:
    """Its frames follow the source by which it was found; the samples of all are shown and are in the evidence."""
    one, two = crossing(48, 2, 1_000.0)
    seen = [("adsb", one), ("adsb", two), ("north", radar(one, 12.0, 0.0027))]
    path, given = write(tmp_path / "a.parquet", seen), Given()
    (told,) = found_in(path).encounters
    made = rebuild(told, SHORT, batches(path, given), given.names)
    alone = write(tmp_path / "b.parquet", seen[:2])
    given = Given()
    assert made.frames == rebuild(told, SHORT, batches(alone, given), given.names).frames
    assert sum(f.horizontal_m is not None for f in made.frames) > 200
    assert len(made.samples[0]) > len(made.samples[1])
    assert made.rows_csv.count(b"\na,") == len(made.samples[0])


def test_a_place_that_state_vectors_repeat_was_measured_once() -> None:
    """Rows once a second whose places are up to six seconds old: the interval says so, and holds the true distance."""
    seconds = np.arange(0.0, 300.0, 1.0)
    one = flight("a", 48.0, 2.0, 90, 200, 20_000, seconds)
    two = flight("b", 48.2, 2.4, 180, 150, 20_500, seconds)
    true = search([one, two], WIDE).encounters[0].least_horizontal_m.value
    held = []
    for track, off in ((one, 0), (two, 3)):
        last = np.maximum((np.arange(len(seconds)) + off) // 6 * 6 - off, 0)
        held.append(track._replace(lat=track.lat[last], lon=track.lon[last]))
    found = search(held, WIDE)
    (told,) = found.encounters
    assert told.gap_us == 6_000_000
    assert found.counts.held > 400
    assert told.least_horizontal_m.low <= true <= told.least_horizontal_m.high
    assert told.least_horizontal_m.value == pytest.approx(true, abs=20)
    assert told.relative_m_s == pytest.approx(250, rel=0.02)


def test_a_slow_one_that_repeats_its_place_is_kept_whole() -> None:
    """What hovers and creeps repeats places too: nothing of it is left out."""
    seconds = np.arange(0.0, 300.0, 1.0)
    slow = flight("a", 48.0, 2.0, 90, 5, 300, seconds)
    last = np.arange(len(seconds)) // 4 * 4
    found = search([slow._replace(lat=slow.lat[last], lon=slow.lon[last])], WIDE)
    assert found.counts.held == 0
    assert found.counts.searched == len(seconds)


def test_a_folder_of_a_recorder_is_searched_whole_and_doubles_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hours, whole and open, in the order of time; who flew along is under the list, and can be rebuilt by its id."""
    one, two = crossing(48, 2, 1_000.0)
    folder = tmp_path / "hours"
    folder.mkdir()
    assert call(["encounters", str(folder)]) == 2
    assert "holds no hours of a recorder" in capsys.readouterr().err
    write(folder / "tracks-2023111422-1.parquet", [("adsb", one), ("north", radar(one, 4.0, 0.003, "radar:17"))])
    write(folder / "tracks-2023111422-2.parquet", [("adsb", two)])
    assert call(["encounters", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "2 encounters of 2 pairs" in told
    assert "Gravest first" in told
    assert "perhaps one aircraft under two names" in told
    assert "radar:17 (north)" in told
    assert call(["encounters", str(folder), "--json"]) == 1
    (double,) = json.loads(capsys.readouterr().out)["along"]
    assert call(["encounter", double["id"], str(folder), "--out", str(tmp_path / "out")]) == 0
    assert "radar:17 seen by: north" in capsys.readouterr().out
