"""One encounter rebuilt: a second computation that agrees, a hash that anybody makes again, a report that holds."""

import base64
import csv
import hashlib
import io
import itertools
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pypdf
import pytest
from encounter_kit import Track, brute, rows_of
from test_encounter_search import SHORT, crossing

from wideberth.encounter.pictures import Points, ground, pictures
from wideberth.encounter.rebuild import Rebuilt, Said, animation, rebuild
from wideberth.encounter.report import LIMITS, page, paper
from wideberth.encounter.rows import Rows
from wideberth.encounter.search import Search

ROOT = Path(__file__).parents[2]


def rebuilt(tracks: list[Track], said: tuple[Said, ...] = (), batches: int = 3) -> Rebuilt:
    """The only encounter of some tracks."""
    rows, names = rows_of(tracks)
    with Search(SHORT) as search:
        search.add(rows)
        (one,) = search.find(names).encounters
    parts: list[Rows] = np.array_split(rows, batches)
    return rebuild(one, SHORT, parts, names, said, ["rows.csv"], ["altitude is in feet"])


@pytest.fixture(scope="module")
def made() -> Rebuilt:
    """A crossing 700 m apart, with what was said."""
    one = rebuilt(crossing(48, 2, 1_000.0)).encounter
    said = (
        Said(one.nearest_us - 60_000_000, "NORTH", "told", "warned of an approach", 7),
        Said(one.nearest_us - 90_000_000_000, "NORTH", "said", "long ago", 3),
    )
    return rebuilt(crossing(48, 2, 1_000.0), said)


def test_the_series_agrees_with_the_search_and_with_brute_force(made: Rebuilt) -> None:
    """Geodesics second by second reach the search's minimum within 2 m, at the same moment, and dense sampling's."""
    one = made.encounter
    nearest = next(f for f in made.frames if f.time_us == one.nearest_us)
    assert nearest.horizontal_m == pytest.approx(one.horizontal_m.value, abs=2.0)
    assert nearest.vertical_ft == one.vertical_ft.value == 500
    least = min(f.horizontal_m for f in made.frames if f.horizontal_m is not None)
    assert least == pytest.approx(brute(crossing(48, 2, 1_000.0), SHORT, 0.05)["a", "b"], abs=2.0)
    closing = [f.closing_m_s for f in made.frames if f.closing_m_s is not None]
    assert max(closing) == pytest.approx(200 * math.sqrt(2), rel=0.02)
    assert min(closing) == pytest.approx(-200 * math.sqrt(2), rel=0.02)


def test_the_evidence_is_made_again_by_anybody(made: Rebuilt) -> None:
    """rows.csv follows from the recording and the encounter's times alone: sorted integers, LF, no more."""
    one = made.encounter
    lines = []
    for track in crossing(48, 2, 1_000.0):
        for s, lat, lon, alt in zip(*track[1:], strict=True):
            time_us = round((1_700_000_000 + s) * 1e6)
            if one.enter_us - 120_000_000 <= time_us <= one.exit_us + 120_000_000:
                lines.append((track.name, time_us, round(lat * 1e9), round(lon * 1e9), int(alt)))
    text = "identity,time_us,lat_nd,lon_nd,alt_ft\n" + "".join(
        f"{n},{t},{la},{lo},{a}\n" for n, t, la, lo, a in sorted(lines)
    )
    assert made.rows_csv.decode() == text
    assert made.evidence_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert rebuilt(crossing(48, 2, 1_000.0)[::-1], batches=7).evidence_sha256 == made.evidence_sha256


def test_names_with_commas_and_quotes_stay_one_field() -> None:
    """Identities are others' text; the rows stay readable as CSV."""
    one, two = crossing(48, 2, 1_000.0)
    odd = rebuilt([one._replace(name='a,"b"\n'), two])
    rows = list(csv.reader(io.StringIO(odd.rows_csv.decode())))
    assert {row[0] for row in rows[1:]} == {'a,"b"\n', "b"}
    assert {len(row) for row in rows} == {5}


def test_only_what_was_said_around_that_time_is_shown(made: Rebuilt) -> None:
    """What lies an hour and a half before is of another day."""
    assert [s.text for s in made.said] == ["warned of an approach"]


def test_the_animation_has_a_frame_for_every_second(made: Rebuilt) -> None:
    """Rows by the columns that it names, in order of time, null where nobody knows."""
    play = json.loads(json.dumps(animation(made)))
    times = [row[0] for row in play["frames"]]
    assert times == sorted(times)
    assert max(np.diff(times)) <= 1
    assert {len(row) for row in play["frames"]} == {len(play["columns"])}
    known = [row for row in play["frames"] if row[1] is not None and row[4] is not None]
    assert len(known) > 200
    assert all(row[7] is not None for row in known)


def test_pictures_and_reports_are_the_same_bytes_again(made: Rebuilt) -> None:
    """The same encounter, drawn twice, gives the same files."""
    drawn = pictures(made)
    assert sorted(drawn) == ["map.png", "map.svg", "profile.png", "profile.svg"]
    assert pictures(made) == drawn
    assert page(made, drawn) == page(made, drawn)
    assert paper(made, drawn) == paper(made, drawn)
    assert b"<script" not in drawn["map.svg"]
    read = pypdf.PdfReader(io.BytesIO(paper(made, drawn)))
    text = " ".join(" ".join(p.extract_text() for p in read.pages).split())
    for wanted in (made.evidence_sha256[:20], "warned of an approach", "between", "It is no finding"):
        assert wanted in text


def test_land_lies_under_an_encounter_at_a_coast() -> None:
    """Off Brest the picture has land and sea and says whose outlines they are; in the midst of the Atlantic neither;
    inland the whole ground is land. Known places fall where they are."""
    coast, sea, inland = (
        rebuilt(crossing(lat, lon, 1_000.0)) for lat, lon in ((48.4, -4.75), (40.0, -40.0), (47.0, 2.5))
    )
    assert b"Natural Earth" in said_in(pictures(coast)["map.svg"])
    extent = (-40.0, 40.0, -40.0, 40.0)
    for made_, on, off in ((coast, [(30.0, 0.0)], [(-35.0, 0.0)]), (inland, [(0.0, 0.0)], []), (sea, [], [(0.0, 0.0)])):
        land = [ring for kind, rings in ground(made_.encounter, extent) if kind == "land" for ring in rings]
        for place in on:
            assert any(inside(ring, place) for ring in land), place
        for place in off:
            assert not any(inside(ring, place) for ring in land), place


def said_in(svg: bytes) -> bytes:
    """Texts of a picture: matplotlib keeps each as a comment beside its outlines."""
    return b" ".join(re.findall(rb"<!-- (.*?) -->", svg))


def inside(ring: Points, place: tuple[float, float]) -> bool:
    """Whether a place lies in a ring, by the crossings of a ray."""
    x, y = place
    within = False
    for (x1, y1), (x2, y2) in itertools.pairwise([*ring.tolist(), ring[0].tolist()]):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            within = not within
    return within


def test_the_report_holds_itself_to_nothing_but_itself() -> None:
    """No scripts, no addresses, a strict policy that fits its style; names escaped; what it does not say is said."""
    one, two = crossing(48, 2, 1_000.0)
    names = '<script>alert("1")</script>', '_b $\\frac$ \u4e2d #read("/etc/passwd")'
    hostile = rebuilt([one._replace(name=names[0]), two._replace(name=names[1])])
    drawn = pictures(hostile)
    text = page(hostile, drawn).decode()
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=\"(?!data:)", text)
    assert "default-src 'none'" in text
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in text
    assert all(line.replace("'", "&#x27;") in text for line in LIMITS)
    assert "alert" in " ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(paper(hostile, drawn))).pages)
    for word in (" safe", " clear of", "approved"):
        assert word not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", text).lower()


def test_the_command_writes_a_folder_and_refuses_what_it_cannot_mean(tmp_path: Path) -> None:
    """Nine files whose rows hash to what was said; an unknown id, a folder that exists and odd evidence are refused."""
    tracks = str(ROOT / "examples" / "tracks.csv")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wideberth.cli", "encounter", *words]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANG": "C"})

    out = tmp_path / "made"
    ran = run("d274", tracks, "--out", str(out), "--json")
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert len(list(out.iterdir())) == 9
    assert hashlib.sha256((out / "rows.csv").read_bytes()).hexdigest() == said["evidence_sha256"]
    odd = tmp_path / "odd.zip"
    odd.write_text("no zip")
    for words, wanted in (
        (["d274", tracks, "--out", str(out)], "exists"),
        (["ffff", tracks], "no such thing"),
        (["d274", tracks, "--evidence", str(odd)], "no file that"),
        (["d274", tracks, "--vertical-ft", "0"], "above 0"),
    ):
        ran = run(*words)
        assert ran.returncode == 2, (words, ran)
        assert ran.stderr.count("\n") == 1
        assert wanted in ran.stderr
