"""Who may judge whom goes by what places state of themselves, not by their method alone."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from test_watch_bias import SITE_ND, crowd, radians
from watch_kit import Flyer, metres, place, us

from wideberth.feeds.report import Method, Report
from wideberth.watch.bias import Bias, biased, estimate
from wideberth.watch.fuse import Sky, Source
from wideberth.watch.together import Tracks

GEOD = Geodesic.WGS84
FLYERS = crowd(12, 5)
NACP_1, NACP_9, NIC_1 = 18_520_000, 30_000, 37_040_000


def shifted(flyer: Flyer, t: float, azimuth: float, off_m: float, source: str, **changes: object) -> Report:
    """A report of a place that lies off the true one."""
    lat, lon, track = flyer.at(t)
    end = GEOD.Direct(lat, lon, azimuth, off_m)
    there = {"lat_nd": round(end["lat2"] * 1e9), "lon_nd": round(end["lon2"] * 1e9)}
    return flyer.report(t, source, **(there | {"track_mdeg": round(track * 1e3) % 360_000} | changes))


def radar(flyer: Flyer, t: float, azimuth: float = 0.0, off_m: float = 0.0, name: str = "radar") -> Report:
    """A radar's plot that gives the address, good for 100 m."""
    return shifted(flyer, t, azimuth, off_m, name, method=Method.RADAR, accuracy_mm=100_000)


def swept(batches: list[list[Report]]) -> tuple[Sky, Tracks]:
    """The sky after a second of each."""
    sky = Sky({"radar": SITE_ND})
    tracks = sky.sweep(us(-1))
    for t, batch in enumerate(batches):
        sky.reports(batch)
        tracks = sky.sweep(us(t))
    return sky, tracks


def judged(sky: Sky, name: str = "radar") -> tuple[Source, Bias]:
    """How a source does."""
    source = sky.sources[name]
    assert source.bias is not None
    return source, source.bias


@pytest.mark.parametrize(
    "quality",
    [
        {"accuracy_mm": NACP_1},
        {"accuracy_mm": None},
        {"accuracy_mm": NACP_9, "integrity_mm": NIC_1},
        {"accuracy_mm": None, "integrity_mm": NIC_1},
    ],
)
def test_jammed_ads_b_puts_no_radar_out_of_use(quality: dict[str, int | None]) -> None:
    """All ADS-B lies 4 km east and says, or shows by saying nothing, that it is no good: the radar stays in use."""
    random = np.random.default_rng(3)
    sky, tracks = swept(
        [
            [shifted(f, t, 90.0, 4_000.0, "a", **quality) for f in FLYERS]
            + [radar(f, t, random.uniform(0, 360), abs(random.normal(0, 50))) for f in FLYERS]
            for t in range(20)
        ]
    )
    source, bias = judged(sky)
    assert bias.east_m == pytest.approx(-4_000, abs=60)
    assert not source.aside
    assert not sky.sources["a"].aside
    where = [place(tracks, at) for at in range(len(tracks.number))]
    for f in FLYERS:
        assert min(metres(one, f.at(19)) for one in where) < 300.0
    if quality["accuracy_mm"] == NACP_1:
        assert len(where) == 12
        assert max(tracks.error_m) == 100.0


def test_a_radar_that_lies_off_sound_ads_b_is_set_aside() -> None:
    """Two kilometres past what the other side vouches for are the radar's own."""
    sky, tracks = swept(
        [[f.report(t, integrity_mm=185_200) for f in FLYERS] + [radar(f, t, 90.0, 2_000.0) for f in FLYERS]
         for t in range(3)]
    )  # fmt: skip
    source, bias = judged(sky)
    assert source.aside
    assert bias.doubt_m == pytest.approx(185.2)
    assert len(tracks.number) == 12


def test_a_turn_is_the_radars_own_whatever_ads_b_states() -> None:
    """No jamming turns everything about a radar's site: ADS-B without accuracy still finds the turn."""
    north, east = (value * 1e-9 for value in SITE_ND)

    def turned(f: Flyer, t: float) -> Report:
        line = GEOD.Inverse(north, east, *f.at(t)[:2])
        end = GEOD.Direct(north, east, line["azi1"] + 10.0, line["s12"])
        there = {"lat_nd": round(end["lat2"] * 1e9), "lon_nd": round(end["lon2"] * 1e9)}
        return f.report(t, "radar", method=Method.RADAR, accuracy_mm=100_000, **there)

    sky, _ = swept([[f.report(t, accuracy_mm=None) for f in FLYERS] + [turned(f, t) for f in FLYERS] for t in range(3)])
    source, bias = judged(sky)
    assert bias.rotation_deg == pytest.approx(10.0, abs=0.2)
    assert source.aside


def test_where_some_are_jammed_the_sound_ones_judge() -> None:
    """Seven of twelve lie 4 km off and say so; the five that are sound find the radar right, or wrong."""
    for off_m in (0.0, 3_000.0):
        batch = [shifted(f, 0, 90.0, 4_000.0, "a", accuracy_mm=NACP_1) for f in FLYERS[:7]]
        batch += [f.report(0) for f in FLYERS[7:]] + [radar(f, 0, 0.0, off_m) for f in FLYERS]
        source, bias = judged(swept([batch])[0])
        assert (bias.compared, bias.doubt_m) == (5, 30.0)
        assert bias.north_m == pytest.approx(off_m, abs=30)
        assert source.aside == (off_m > 0)


def test_a_sound_source_of_lower_standing_judges_before_a_jammed_one_of_higher() -> None:
    """Multilateration of 100 m names what a radar has wrong, beside ADS-B that says 18 km."""
    batch = [shifted(f, 0, 90.0, 4_000.0, "a", accuracy_mm=NACP_1) for f in FLYERS]
    batch += [f.report(0, "mlat", method=Method.MLAT, accuracy_mm=100_000) for f in FLYERS]
    batch += [radar(f, 0, 0.0, 3_000.0) for f in FLYERS]
    sky, _ = swept([batch])
    source, bias = judged(sky)
    assert source.aside
    assert source.against == "mlat"
    assert bias.north_m == pytest.approx(3_000, abs=30)
    assert not sky.sources["mlat"].aside


def test_another_radar_is_no_shield() -> None:
    """A second radar of better accuracy than ADS-B states does not take its place as the judge."""
    batch = [f.report(0, accuracy_mm=185_200) for f in FLYERS] + [radar(f, 0, 90.0, 3_000.0) for f in FLYERS]
    batch += [radar(f, 0, 90.0, 3_000.0, "twin") for f in FLYERS]
    sky, _ = swept([batch])
    assert sky.sources["radar"].aside
    assert sky.sources["twin"].aside


def test_places_weigh_by_their_stated_error() -> None:
    """Six of ten lie 800 m off and state 926 m: what the four of 30 m say counts."""
    flyers = crowd(10, 2)
    known = radians([(f.lat, f.lon) for f in flyers])
    seen = radians([(f.lat, f.lon) for f in flyers])
    off = [GEOD.Direct(f.lat, f.lon, 90.0, 800.0) for f in flyers[:6]]
    known[:6] = radians([(end["lat2"], end["lon2"]) for end in off])
    errors = np.full((10, 2), 30.0)
    errors[:6, 1] = 926.0
    bias, blind = estimate(seen, known, None, None, errors), estimate(seen, known)
    assert bias is not None
    assert blind is not None
    assert abs(bias.east_m) < 30.0
    assert blind.east_m < -400.0


def test_what_the_judge_errs_by_is_granted() -> None:
    """1.2 km off a judge that vouches for 300 m may be 0.9 km: under the limit of one."""
    bias = Bias(0.0, 1_200.0, 0.0, 0.0, 12, 12, 50.0, 1_200.0)
    assert biased(bias)
    assert not biased(bias._replace(doubt_m=300.0))
    assert biased(bias._replace(east_m=1_500.0, off_m=1_500.0, doubt_m=300.0))
    assert not biased(bias._replace(east_m=15_000.0, off_m=15_000.0, doubt_m=500.0))
    assert biased(bias._replace(rotation_deg=90.0, off_m=15_000.0, doubt_m=500.0))
    assert not biased(bias._replace(rotation_deg=90.0, off_m=15_000.0, doubt_m=18_520.0))
