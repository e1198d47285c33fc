"""What a miss distance is worth: its interval and method; and a class in the manner of AIRPROX boards.

In:  an interpolated minimum with what is known of the samples around it.
Out: the interval in which the true one lies, and the class.

The interval. Between two samples g seconds apart something that turns or pulls with no more than TURN_M_S2 leaves the
straight line by at most TURN_M_S2 g^2 / 8, and likewise in height by CLIMB_FT_S2 g^2 / 8; each of two does. Where
times are whole seconds, each may be half a second of its speed away. An altitude in steps of q is off by q / 2. Not
inside the interval, because recordings do not tell: errors of the receivers' positions and of altimeters.

The class follows the words of the UK Airprox Board (A risk of collision, B safety not assured, C no risk, D not
determined, E procedures and standards held), but from the tracks alone, by figures:
Of the moments at which the legs of an encounter were nearest, by both minima together, the gravest counts:
    A  nearer than 500 ft and 100 ft at one moment (the near mid-air collision cylinder of RTCA DO-185B)
    B  nearer than 4,000 ft and 450 ft at one moment (HMD* and h* of well clear, RTCA DO-365B)
    C  nearer than two thirds of both minima at one moment
    E  inside the minima, not so near
    D  where the interval reaches over more than two of these neighbours
It is no finding: a board weighs what crews saw, knew and did; tracks know nothing of that.
"""

from typing import Final, Literal

import msgspec

TURN_M_S2: Final = 5.0
"""A bank of 27 degrees; crewed traffic seldom exceeds it."""
CLIMB_FT_S2: Final = 8.0
"""A quarter of gravity."""
COLLISION_M: Final = 152.4
COLLISION_FT: Final = 100.0
WELL_CLEAR_M: Final = 1_219.2
WELL_CLEAR_FT: Final = 450.0
Class = Literal["A", "B", "C", "D", "E"]
_ORDER: Final[tuple[Class, ...]] = ("A", "B", "C", "E")
RULE: Final = (
    "Class by figures alone: A nearer than 500 ft and 100 ft at one moment; B nearer than 4,000 ft and 450 ft; C "
    "nearer than two thirds of both minima; E inside the minima, not so near; D where the interval reaches over more "
    "than two of these. It is no finding: a board weighs what crews saw, knew and did, and tracks know nothing of that."
)


class Interval(msgspec.Struct, frozen=True):
    """A figure, and between which two the true one lies."""

    value: float
    low: float
    high: float


def horizontal(value_m: float, gap_s: float, speeds_m_s: float, whole_seconds: bool) -> Interval:
    """Metres; the sum of both speeds over ground, and whether times were rounded to the second."""
    off = 2.0 * TURN_M_S2 * gap_s * gap_s / 8.0 + (0.5 * speeds_m_s if whole_seconds else 0.0)
    return Interval(value_m, round(max(value_m - off, 0.0), 3), round(value_m + off, 3))


def vertical(value_ft: float, gap_s: float, quanta_ft: tuple[int, int]) -> Interval:
    """Feet; the steps in which either's altitude comes."""
    off = 2.0 * CLIMB_FT_S2 * gap_s * gap_s / 8.0 + 0.5 * sum(quanta_ft)
    return Interval(value_ft, round(max(value_ft - off, 0.0), 1), round(value_ft + off, 1))


def classify(apart_m: Interval, apart_ft: Interval, minima: tuple[float, float]) -> tuple[Class, Class, Class]:
    """The class, and what it would be at the worst and at the best end of the intervals; minima in metres and feet."""
    value = _class(apart_m.value, apart_ft.value, minima)
    worst, best = _class(apart_m.low, apart_ft.low, minima), _class(apart_m.high, apart_ft.high, minima)
    wide = _ORDER.index(best) - _ORDER.index(worst) > 1
    return ("D" if wide else value), worst, best


def gravity(h_m: float, v_ft: float, minima: tuple[float, float]) -> int:
    """How grave figures of one moment are, 0 the gravest."""
    return _ORDER.index(_class(h_m, v_ft, minima))


def _class(h_m: float, v_ft: float, minima: tuple[float, float]) -> Class:
    if h_m < COLLISION_M and v_ft < COLLISION_FT:
        return "A"
    if h_m < WELL_CLEAR_M and v_ft < WELL_CLEAR_FT:
        return "B"
    return "C" if h_m < minima[0] * 2 / 3 and v_ft < minima[1] * 2 / 3 else "E"


def method(gap_s: float, quanta_ft: tuple[int, int], whole_seconds: bool) -> str:
    """How the minima were found, in one sentence."""
    times = ", times rounded to the second" if whole_seconds else ""
    return (
        f"Interpolated in straight lines between samples at most {gap_s:.3g} s apart{times}; altitudes in steps of "
        f"{quanta_ft[0]} and {quanta_ft[1]} ft; errors of receivers and altimeters are not in the interval."
    )
