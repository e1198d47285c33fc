"""How a source's places lie against those of common traffic: rotation, offset and delay, robustly.

In:  places by one source and, at the same moments, by sources of higher standing, of the same things; or, where nothing
     names what a radar sees, its places and all known traffic.
Out: a `Bias`, or None where too few things tell.
Refuses nothing.

Everything is laid flat around the radar's site, where it is known, else around the middle of what was seen (azimuthal
equidistant, by geodesics). A turned sensor turns everything about its site; so the turn is the one that brings most
things home, found by trying what each pair of things says, and only then made exact by least squares over those that
agree. A single wrong pairing, or a quarter of them, moves nothing. Each place weighs by what both sides state for it.

Nobody is judged by what the other side's own stated error explains. Where that is wider than `SOUND_M`, or nothing is
stated, an offset may lie on either side and says nothing of the judged; a turn about its site, or a delay, still does.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.space.geodesy import inverse
from wideberth.watch.motion import Float64s

LEAST: Final = 5
"""Things that must agree before anything is said."""
SHARE: Final = 0.6
"""Of all compared, how many must agree."""
SAMPLES_MAX: Final = 60
NEAR_M: Final = 1_000.0
NEAR_SHARE: Final = 0.03
"""Two places agree within this, or this part of their distance from the middle."""
VOTE_DEG: Final = 1
SOUND_M: Final = 370.4
"""0.2 NM, within which 14 CFR 91.227 (c) wants ADS-B contained; jammed receivers state more, or nothing."""


class Bias(NamedTuple):
    """How a source's places lie against the others'."""

    rotation_deg: float
    """Clockwise, about its site where known, else about the middle of what was seen."""
    east_m: float
    north_m: float
    delay_s: float
    """By how much its time stamps are ahead of its places: above 0, the places are old."""
    compared: int
    agreeing: int
    spread_m: float
    """Median distance that is left once all this is taken away."""
    off_m: float
    """Median distance as they come."""
    doubt_m: float = 0.0
    """Median of what the others state, or are taken for, as their own error."""


class Limits(NamedTuple):
    """Past which a source is set aside. For two radars of 0.2 degrees and 100 m each these are never reached."""

    rotation_deg: float = 1.0
    offset_m: float = 1_000.0
    delay_s: float = 5.0


LIMITS: Final = Limits()


def biased(bias: Bias, limits: Limits = LIMITS) -> bool:
    """Whether what the others' own error does not explain is past a limit, and stands out of what is left over."""
    share = 1.0 - bias.doubt_m / bias.off_m if bias.off_m > bias.doubt_m else 0.0
    turned = share * abs(bias.rotation_deg) > limits.rotation_deg
    moved = share * math.hypot(bias.east_m, bias.north_m) > limits.offset_m and bias.doubt_m <= SOUND_M
    late = share * abs(bias.delay_s) > limits.delay_s
    return (turned or moved or late) and bias.off_m > 2.0 * bias.spread_m


def estimate(
    seen: Float64s, known: Float64s, velocity: Float64s | None = None, site: tuple[float, float] | None = None,
    errors: Float64s | None = None,
) -> Bias | None:  # fmt: skip
    """From places (n, 2) in radians, seen and known of the same things at the same moments; known velocities (n, 2)
    east and north in m/s, for the delay; where the sensor stands, if that is known; their errors (n, 2), metres, above
    0, of what is seen and of what is known (exact and alike without them)."""
    n = len(seen)
    if n < LEAST:
        return None
    middle = site or (float(np.median(known[:, 0])), _middle_lon(known[:, 1]))
    a, b = flat_around(known, *middle), flat_around(seen, *middle)
    chosen = _agreeing(a, b, site is not None)
    if chosen is None:
        return None
    going = np.zeros((n, 2)) if velocity is None else velocity
    square = np.ones(n) if errors is None else (errors**2).sum(1)
    trust = square[chosen].min() / square[chosen]
    rotation, offset, delay, left = _solve(a[chosen], b[chosen], going[chosen], velocity is not None, trust)
    return Bias(
        -math.degrees(rotation), float(offset[0]), float(offset[1]), delay, n, int(chosen.sum()),
        float(np.median(left)), float(np.median(np.hypot(*(b - a)[chosen].T))),
        0.0 if errors is None else float(np.median(errors[chosen, 1])),
    )  # fmt: skip


def _middle_lon(lon: Float64s) -> float:
    return float(lon[0] + np.median((lon - lon[0] + math.pi) % (2 * math.pi) - math.pi))


@njit(cache=True, nogil=True, error_model="numpy")
def flat_around(places: Float64s, lat: float, lon: float) -> Float64s:
    """(n, 2) east and north metres: azimuth and distance of the geodesic from the middle."""
    out = np.empty((len(places), 2))
    for k in range(len(places)):
        metres, azimuth, _ = inverse(lat, lon, places[k, 0], places[k, 1])
        out[k, 0], out[k, 1] = metres * math.sin(azimuth), metres * math.cos(azimuth)
    return out


def _turned(a: Float64s, angle: float) -> Float64s:
    """Counter-clockwise."""
    c, s = math.cos(angle), math.sin(angle)
    turned: Float64s = a @ np.array([[c, s], [-s, c]])
    return turned


def _agreeing(a: Float64s, b: Float64s, about_site: bool) -> npt.NDArray[np.bool_] | None:
    """Which of the things agree on the turn and shift that most agree on; None where too few do."""
    gate = np.maximum(NEAR_M, NEAR_SHARE * np.hypot(*a.T))
    best: npt.NDArray[np.bool_] = np.hypot(*(b - a).T) <= gate
    for angle, shift in _guesses(a, b, about_site):
        fits = np.hypot(*(b - _turned(a, angle) - shift).T) <= gate
        if fits.sum() > best.sum():
            best = fits
    if best.sum() < max(LEAST, SHARE * len(a)):
        return None
    return best


def _guesses(a: Float64s, b: Float64s, about_site: bool) -> list[tuple[float, Float64s]]:
    """Turns and shifts that single things, or pairs of them, speak for."""
    none = np.zeros(2)
    if about_site:
        far = np.flatnonzero((np.hypot(*a.T) > NEAR_M) & (np.hypot(*b.T) > NEAR_M))
        turn = np.arctan2(b[far, 1], b[far, 0]) - np.arctan2(a[far, 1], a[far, 0])
        return [(float(angle), none) for angle in turn] + [(0.0, np.median(b - a, axis=0))]
    guesses: list[tuple[float, Float64s]] = [(0.0, np.median(b - a, axis=0))]
    for i in range(min(len(a), SAMPLES_MAX)):
        for j in range(i + 1, min(len(a), i + 8)):
            p, q = a[j] - a[i], b[j] - b[i]
            if math.hypot(*p) > 5 * NEAR_M and abs(math.hypot(*p) - math.hypot(*q)) < 2 * NEAR_M:
                angle = math.atan2(q[1], q[0]) - math.atan2(p[1], p[0])
                guesses.append((angle, b[i] - _turned(a[i : i + 1], angle)[0]))
    return guesses


def _solve(
    a: Float64s, b: Float64s, going: Float64s, moving: bool, trust: Float64s
) -> tuple[float, Float64s, float, Float64s]:
    """Rotation, shift and delay by least squares with `trust` (n,) times Huber's weights; what is left of each."""
    ca, cb = a - a.mean(0), b - b.mean(0)
    angle = math.atan2(float((ca[:, 0] * cb[:, 1] - ca[:, 1] * cb[:, 0]).sum()), float((ca * cb).sum()))
    n, shift, delay = len(a), np.zeros(2), 0.0
    left = np.zeros(n)
    for _ in range(8):
        now, way = _turned(a, angle), _turned(going, angle)
        rest = b - now
        columns = [np.r_[-now[:, 1], now[:, 0]], np.r_[np.ones(n), np.zeros(n)], np.r_[np.zeros(n), np.ones(n)]]
        if moving:
            columns.append(-np.r_[way[:, 0], way[:, 1]])
        design, wanted = np.stack(columns, 1), np.r_[rest[:, 0], rest[:, 1]]
        weight = np.ones(n) if not left.any() else np.minimum(1.0, 1.5 * max(np.median(left), 1.0) / (left + 1e-9))
        root = np.sqrt(np.r_[weight * trust, weight * trust])
        found = np.linalg.lstsq(design * root[:, None], wanted * root, rcond=None)[0]
        angle, shift, delay = angle + float(found[0]), found[1:3], float(found[3]) if moving else 0.0
        over = wanted - design[:, 1:] @ found[1:] - design[:, 0] * found[0]
        left = np.hypot(over[:n], over[n:])
    return math.remainder(angle, 2 * math.pi), shift, delay, left


def turn_by_range(seen: Float64s, known: Float64s, site: tuple[float, float]) -> float | None:
    """A turned radar among strangers: the turn in degrees, clockwise, that most of its places speak for.

    In: its places (n, 2) and those of all known traffic (m, 2), in radians. Distance from the site is kept by a turn,
    so each place may be any known thing as far away; the true turn is the one that most have in common. None where no
    turn stands out; 0 where they lie as they should.
    """
    a, b = flat_around(known, *site), flat_around(seen, *site)
    far_a, far_b = np.hypot(*a.T), np.hypot(*b.T)
    votes = np.zeros((len(seen), 360 // VOTE_DEG), bool)
    for k in range(len(seen)):
        match = np.abs(far_a - far_b[k]) <= 500.0 + 0.01 * far_b[k]
        turn = np.degrees(np.arctan2(b[k, 0], b[k, 1]) - np.arctan2(a[match, 0], a[match, 1])) % 360.0
        bins = np.floor(turn / VOTE_DEG).astype(int)
        for near in (-1, 0, 1):
            votes[k, (bins + near) % votes.shape[1]] = True
    total = votes.sum(0)
    best = int(total.argmax())
    apart = np.abs((np.arange(len(total)) - best + len(total) // 2) % len(total) - len(total) // 2) * VOTE_DEG
    if total[best] < max(LEAST, SHARE * len(seen)) or (total[apart > 5] > 0.7 * total[best]).any():
        return None
    peak = np.flatnonzero((total == total[best]) & (apart <= 5))
    middle = best + float(np.mean((peak - best + len(total) // 2) % len(total) - len(total) // 2)) + 0.5
    return math.remainder(middle * VOTE_DEG, 360.0)
