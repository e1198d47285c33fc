"""Well clear: the second test of a pair, for those who must keep clear by themselves (drones among crewed traffic).

In:  things and pairs of them (`approach`), thresholds, how far to look ahead.
Out: for each pair when well clear is lost and when regained by straight motion; infinity where it is not.
Refuses nothing; a pair of which one has no altitude is taken to be at the same height.

Definitions (C. Munoz, A. Narkawicz, J. Chamberlain, M. Consiglio, J. Upchurch: A Family of Well-Clear Boundary Models
for the Integration of UAS in the NAS, AIAA 2014-2412; RTCA DO-365, 2.2.4.3, appendix C): with the horizontal
difference s and its velocity v, and DMOD, TAUMOD, HMD = DMOD,
    tau_mod = (DMOD**2 - s.s) / (s.v)   while s.v < 0
    horizontal: |s| <= DMOD, or 0 <= tau_mod <= TAUMOD and the least horizontal distance ahead <= HMD
    vertical:   |sz| <= ZTHR, or 0 <= t_coa <= TCOA, t_coa = -sz / vz while sz vz < 0
Well clear is lost while both hold. The intervals are those of the paper's theorems: tau_mod <= TAUMOD is
s.s + TAUMOD s.v - DMOD**2 <= 0, a quadratic in time.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from wideberth.watch.motion import CLIMB, FOOT, NEVER, Float64s, Int64s, flat, gap

FT_M: Final = 0.3048


class WellClear(NamedTuple):
    """Thresholds."""

    dmod_m: float
    """DMOD and HMD."""
    taumod_s: float
    zthr: float
    """Tenths of a millimetre."""
    tcoa_s: float


DO_365: Final = WellClear(4_000 * FT_M, 35.0, 450.0 * FOOT, 0.0)
"""DAA well clear, en route, cooperative traffic (DO-365, phase I)."""
DO_365_PREVENTIVE: Final = WellClear(4_000 * FT_M, 35.0, 700.0 * FOOT, 0.0)
DO_365A_TERMINAL: Final = WellClear(1_500 * FT_M, 0.0, 450.0 * FOOT, 0.0)
DO_365B_NON_COOPERATIVE: Final = WellClear(2_200 * FT_M, 0.0, 450.0 * FOOT, 0.0)
F3442: Final = WellClear(2_000 * FT_M, 0.0, 250.0 * FOOT, 0.0)
"""Small unmanned aircraft and crewed traffic (ASTM F3442/F3442M)."""


@njit(cache=True, nogil=True, error_model="numpy")
def lost(going: Float64s, i: Int64s, j: Int64s, w: WellClear, until_s: float) -> Float64s:
    """`going`: what `motion` gives. Out: (p, 2): when well clear is lost and regained within [0, until_s], both
    infinite where it is not."""
    out = np.empty((len(i), 2))
    for k in range(len(i)):
        dx, dy, dz, wx, wy, wz = flat(going[i[k]], going[j[k]])
        s2, sv, v2 = dx * dx + dy * dy + dz * dz, dx * wx + dy * wy + dz * wz, wx * wx + wy * wy + wz * wz
        begin, end = horizontal(s2, sv, v2, w.dmod_m, w.taumod_s)
        above, doubt = gap(going[i[k]], going[j[k]])
        rises, falls = vertical(above, going[j[k], CLIMB] - going[i[k], CLIMB], w.zthr + doubt, w.tcoa_s)
        begin, end = max(begin, rises, 0.0), min(end, falls, until_s)
        out[k, 0], out[k, 1] = (begin, end) if begin <= end else (NEVER, NEVER)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def horizontal(s2: float, sv: float, v2: float, dmod: float, taumod: float) -> tuple[float, float]:
    """From when until when the horizontal condition holds; NEVER, NEVER where it does not. s.s, s.v and v.v of now."""
    c = s2 - dmod * dmod
    if v2 < 1e-12:
        return (-NEVER, NEVER) if c <= 0.0 else (NEVER, NEVER)
    inside = sv * sv - v2 * c
    if inside < 0.0:
        return NEVER, NEVER
    leaves = (-sv + math.sqrt(inside)) / v2
    enters = (-sv - math.sqrt(inside)) / v2
    if taumod > 0.0 and sv < 0.0 and c > 0.0:
        b = 2.0 * sv + taumod * v2
        room = b * b - 4.0 * v2 * (s2 + taumod * sv - dmod * dmod)
        if room >= 0.0:
            enters = min(enters, (-b - math.sqrt(room)) / (2.0 * v2))
    return (enters, leaves) if leaves >= 0.0 else (NEVER, NEVER)


@njit(cache=True, nogil=True, error_model="numpy")
def vertical(sz: float, vz: float, zthr: float, tcoa: float) -> tuple[float, float]:
    """The same for the vertical condition."""
    if vz == 0.0:
        return (-NEVER, NEVER) if abs(sz) <= zthr else (NEVER, NEVER)
    reach = max(zthr, abs(vz) * tcoa)
    sign = 1.0 if vz > 0.0 else -1.0
    enters, leaves = (-sign * reach - sz) / vz, (sign * zthr - sz) / vz
    return (enters, leaves) if leaves >= 0.0 else (NEVER, NEVER)
