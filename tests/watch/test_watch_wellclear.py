"""Well clear: the closed form says what the definitions say, moment by moment."""

import math

import numpy as np
import pytest

from wideberth.watch.approach import approaches, moving, one_minimum
from wideberth.watch.motion import FOOT, motion
from wideberth.watch.wellclear import (
    DO_365,
    DO_365_PREVENTIVE,
    DO_365A_TERMINAL,
    F3442,
    WellClear,
    horizontal,
    lost,
    vertical,
)

FT, KT = 0.3048, 1852 / 3600


def violated(s: tuple[float, float], v: tuple[float, float], sz: float, vz: float, w: WellClear, t: float) -> bool:
    """The definitions of AIAA 2014-2412, at one moment. Heights in metres."""
    x, y = s[0] + v[0] * t, s[1] + v[1] * t
    s2, sv, v2 = x * x + y * y, x * v[0] + y * v[1], v[0] ** 2 + v[1] ** 2
    sideways = s2 <= w.dmod_m**2
    if not sideways and sv < 0:
        tau = (w.dmod_m**2 - s2) / sv
        t_cpa = -sv / v2
        cpa = math.hypot(x + v[0] * t_cpa, y + v[1] * t_cpa)
        sideways = 0 <= tau <= w.taumod_s and cpa <= w.dmod_m
    z = sz + vz * t
    upright = abs(z) <= w.zthr * 1e-4 or (z * vz < 0 and 0 <= -z / vz <= w.tcoa_s)
    return sideways and upright


BUFFERED = WellClear(1_852.0, 35.0, 450.0 * FOOT, 20.0)


@pytest.mark.parametrize("w", [DO_365, DO_365_PREVENTIVE, DO_365A_TERMINAL, F3442, BUFFERED])
def test_the_interval_is_that_of_the_definitions(w: WellClear) -> None:
    """For thousands of random encounters every tenth of a second is inside the interval just when it is a violation."""
    random = np.random.default_rng(7)
    met = 0
    for _ in range(1_500):
        s = tuple(random.uniform(-6_000, 6_000, 2).tolist())
        v = tuple(random.uniform(-120, 120, 2).tolist())
        sz, vz = random.uniform(-400, 400), random.choice([0.0, random.uniform(-8, 8)])
        s2, sv, v2 = s[0] ** 2 + s[1] ** 2, s[0] * v[0] + s[1] * v[1], v[0] ** 2 + v[1] ** 2
        a = horizontal(s2, sv, v2, w.dmod_m, w.taumod_s)
        b = vertical(sz * 1e4, vz * 1e4, w.zthr, w.tcoa_s)
        begin, end = max(a[0], b[0], 0.0), min(a[1], b[1])
        for t in np.arange(0.0, 90.0, 1.7).tolist():
            if min(abs(t - begin), abs(t - end)) > 1e-6:
                assert (begin <= t <= end) == violated(s, v, sz, vz, w, t), (s, v, sz, vz, t)
        met += begin <= end
    assert met > 100


def test_thresholds_are_the_published_ones() -> None:
    """DO-365, phase I: 4,000 ft, 35 s, 450 ft, no time to co-altitude; preventive 700 ft; terminal 1,500 ft."""
    assert pytest.approx((4_000 * FT, 35, 450 * FOOT, 0)) == DO_365
    assert DO_365_PREVENTIVE.zthr == 700 * FOOT
    assert (DO_365A_TERMINAL.dmod_m, DO_365A_TERMINAL.taumod_s) == pytest.approx((1_500 * FT, 0))
    assert (F3442.dmod_m, F3442.zthr) == pytest.approx((2_000 * FT, 250 * FOOT))
    assert DO_365.dmod_m == pytest.approx(0.66 * 1_852, abs=4)


def test_head_on_at_a_known_distance() -> None:
    """Head on at a closure of c, tau_mod reaches 35 s where r - DMOD**2 / r = 35 c: worked out by hand."""
    closure, r0 = 400 * KT, 15_000.0
    r = (35 * closure + math.sqrt((35 * closure) ** 2 + 4 * DO_365.dmod_m**2)) / 2
    begin, end = horizontal(r0**2, -r0 * closure, closure**2, DO_365.dmod_m, 35.0)
    assert begin == pytest.approx((r0 - r) / closure)
    assert end == pytest.approx((r0 + DO_365.dmod_m) / closure)


def test_the_scenario_of_the_reference_implementation() -> None:
    """The first state of DAIDALUS's example (ownship 33.95 N 96.7 W, 8,700 ft; intruder 9,000 ft): about 5.5 NM apart
    and closing, well clear is lost before the nearest moment, and by the definitions exactly when we say."""
    m = moving([33.95, 33.86191658], [-96.7, -96.73272601], [8_700, 9_000], [151 * KT, 210 * KT], [206.0, 0.0])
    pairs = approaches(m, one_minimum())
    begin, end = lost(motion(m), pairs.i, pairs.j, DO_365, 180.0)[0].tolist()
    assert 0 < begin < pairs.cpa_s[0] < end
    # flat earth, by hand: kilometres north and east of the ownship
    north, east = math.radians(-0.08808342) * 6_356_000.0, math.radians(-0.03272601) * 6_384_000 * math.cos(0.5917)
    v = (
        -151 * KT * math.sin(math.radians(206)),
        210 * KT - 151 * KT * math.cos(math.radians(206)),
    )
    w = DO_365
    times = [t for t in np.arange(0, 180, 0.05).tolist() if violated((east, north), v, 300 * FT, 0.0, w, t)]
    assert begin == pytest.approx(times[0], abs=0.3)
    assert end == pytest.approx(times[-1], abs=0.3)


def test_an_unknown_height_is_taken_as_the_same() -> None:
    """Without an altitude nothing is well clear by height."""
    m = moving([48, 48.05], [8, 8], [35_000, np.nan], [100, 100], [0, 180])
    out = lost(motion(m), np.array([0]), np.array([1]), DO_365, 180.0)
    assert np.isfinite(out).all()
    apart = moving([48, 48.05], [8, 8], [35_000, 36_000], [100, 100], [0, 180])
    assert not np.isfinite(lost(motion(apart), np.array([0]), np.array([1]), DO_365, 180.0)).any()
