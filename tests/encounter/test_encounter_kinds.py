"""Kinds of altitude are never mixed, and the gravest moment gives the class."""

import json
from pathlib import Path

import pytest

from wideberth.cli import run as call

HEAD = "icao24,timestamp,latitude,longitude,{altitude}"
EAST_DEG = 0.013_4
"""About 1,000 m at 48 degrees."""


def written(path: Path, altitude: str, rows: list[tuple[str, int, float, float, float]]) -> str:
    """A CSV of these rows."""
    lines = [f"{who},{1_700_000_000 + t},{lat:.6f},{lon:.6f},{feet}" for who, t, lat, lon, feet in rows]
    path.write_text("\n".join([HEAD.format(altitude=altitude), *lines]) + "\n")
    return str(path)


def flown(who: str, feet: float, lon: float = 8.0, seconds: int = 60) -> list[tuple[str, int, float, float, float]]:
    """Northwards at 100 m/s, a row a second."""
    return [(who, t, 48 + t * 0.0009, lon, feet) for t in range(seconds)]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, output, errors."""
    code = call(["encounters", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_pressure_and_geometric_altitudes_make_no_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files of two kinds are refused in a sentence that says what to do."""
    one = written(tmp_path / "a.csv", "alt_baro", flown("3c6444", 30_000))
    two = written(tmp_path / "b.csv", "alt_geom", flown("4b1815", 30_500))
    code, _, words = run(capsys, one, two)
    assert code == 2
    assert "geometric altitudes" in words
    assert "--geometric" in words


def test_what_has_heights_above_the_ellipsoid_alone_is_found_by_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a file has both kinds and rows of one alone, the list says so, and --geometric finds what they are."""
    path = tmp_path / "both.csv"
    rows = [
        f"{who},{1_700_000_000 + t},{48 + t * 0.0009:.6f},8.0,,3000" for who in ("a00001", "a00002") for t in range(60)
    ]
    path.write_text("\n".join(["icao24,timestamp,latitude,longitude,alt_baro,alt_geom", *rows]) + "\n")
    code, out, words = run(capsys, str(path), "--json")
    assert code == 0
    assert "--geometric compares heights above the ellipsoid" in out + words
    code, out, _ = run(capsys, str(path), "--geometric", "--json")
    assert code == 1
    assert '"a00002"' in out


def test_the_gravest_moment_gives_the_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1,000 m and 440 ft for a minute is B, also where they were later farther apart and nearer in height."""
    base = flown("3c6444", 30_000, seconds=180)
    away = [min(max(0.0, (t - 60) / 60), 1.0) for t in range(180)]
    down = [min(max(0, t - 120), 40) * 8 for t in range(180)]
    other = [("4b1815", t, lat, lon + EAST_DEG * (1 + 0.6 * away[t]), 30_440 - down[t]) for _, t, lat, lon, _ in base]
    code, out, _ = run(capsys, written(tmp_path / "c.csv", "alt_baro", base + other), "--json")
    assert code == 1
    (one,) = json.loads(out)["encounters"]
    assert (one["class"], one["least_horizontal_m"]["value"] < 1_219) == ("B", True)
