"""Reports into strands: what physics allows goes in, what it does not is told apart, flagged or counted. Compiled.

In:  strands, and a batch of reports as columns in the order of arrival.
Out: strands as they are then; for each report a `Verdict`.
Refuses nothing: every report gets its verdict, and only what is late, repeated or impossible changes no strand.

A place goes to the strand of its source and identity that could have come there: from where it was, at its velocity,
with up to `TURN_M_S2` of acceleration, give or take both accuracies and `STAMP_S` of unsteady time stamps. Where none
could, a twin begins, and says nothing until `TWIN_PLACES` places agree: so a single wild plot moves nothing.

What a report leaves out holds for `OLD_VALUE_US` from the last that said it: velocity, climb, accuracy and being on the
ground. After that velocity is what the places give (`motion.follow`), climb what the altitudes give (`climb`), accuracy
what the method is taken for, the rest undefined.
"""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from wideberth.feeds.report import Method
from wideberth.space.geodesy import RADIAN_PER_ND, arc, direct, ecef, inverse
from wideberth.watch.climb import rise
from wideberth.watch.motion import COUNT, GO_E, GO_N, LAG_E, LAG_N, P_VV, SAID_E, SAID_N, SCATTER, STEP_S, follow, swung
from wideberth.watch.state import END, NONE, Flag, Int64s, Strands


class Verdict(IntEnum):
    """What became of a report."""

    TAKEN = 0
    REPEATED = 1
    """Nothing in it is newer than what is known."""
    BACK_IN_TIME = 2
    """Older than the newest of its strand."""
    TOO_OLD = 3
    AHEAD = 4
    """Its time lies in the future by more than clocks differ."""
    SIMULATED = 5
    JUMPED = 6
    """It began a twin, or takes the place of one that never became sure where there are `TWINS_MAX`."""
    NO_ROOM = 7
    """The source has as many strands as it may have."""
    WITHOUT_PLACE = 8
    """It has no place, and nothing is known where its identity is."""


TWINS_MAX: Final = 8
"""Places that one source may report under one address at once: more make nothing clearer, and each costs time."""
OLD_US: Final = 60_000_000
"""Reports older than this on arrival are of no use to a watch."""
AHEAD_US: Final = 5_000_000
SPEED_MM_S_MAX: Final = 1_100_000
"""No aircraft that is watched flies faster: the fastest crewed ones reached 980 m/s."""
CLIMB_MM_S_MAX: Final = 350_000
TURN_M_S2: Final = 50.0
"""5 g."""
ACCELERATION_MM_S2: Final = 100_000
"""10 g along the track."""
STAMP_S: Final = 2.0
PLAY_M: Final = 200.0
TWIN_PLACES: Final = 3
TOGETHER_US: Final = 15_000_000
"""Twins that were both heard within this time share an address."""
MISMATCH_ROW: Final = 3
ANCHOR_S: Final = 10.0
"""Places this far apart in time are compared with the reported speed: time stamps and noise weigh little then."""
MISMATCH_M_S: Final = 60.0
UNSTATED_MM: Final = 500_000
"""Taken for an accuracy that the format does not give."""
_UNSTATED: Final = np.array([
    900_000 if method in (Method.RADAR, Method.TIS_B) else UNSTATED_MM for method in Method
])  # fmt: skip
"""By method. EUROCONTROL asks of surveillance 500 m RMS en route and 300 m in terminal areas, which are 95 % radii of
0.87 and 0.52 km (SUR.ET1.ST01.1000-STD-01-01): the one is taken for radars and what is made of them, the other for
multilateration and what reports itself."""
OLD_VALUE_US: Final = 10_000_000
"""In 10 s a standard turn goes through 30 degrees, and a climb of 2,000 ft/min through 330 ft. ADS-B sends velocity
twice a second, a radar gives it with each place."""
UNSURE_M_S: Final = 60.0
"""A velocity from places whose standard deviation is wider is none: two places alone seldom give one."""
FLIES_MM_S: Final = 51_444
"""100 kt: what is faster flies, whatever it says; so do transponders find for themselves (RTCA DO-260B 2.2.3.2.1.2)."""
FLIES_FT: Final = 200
"""What was on the ground and is that much higher flies."""
FLIES_MM: Final = 60_960
_RADIUS_95: Final = 2.4477
"""95 % radius of a normal distribution of two equal axes, in standard deviations."""
_START_M: Final = 50.0
"""The scatter of places before it was measured, at most."""


_JUMP, _TELEPORT, _SHARED = int(Flag.JUMP), int(Flag.TELEPORT), int(Flag.SHARED)
_SPEED, _ACCELERATION, _MISMATCH = int(Flag.SPEED), int(Flag.ACCELERATION), int(Flag.MISMATCH)


class Batch(NamedTuple):
    """Reports as columns, int64."""

    head: Int64s
    """The first row of its source and identity; END where the source has no room."""
    time_us: Int64s
    received_us: Int64s
    lat_nd: Int64s
    lon_nd: Int64s
    baro_ft: Int64s
    hae_mm: Int64s
    speed_mm_s: Int64s
    track_mdeg: Int64s
    climb_mm_s: Int64s
    ground: Int64s
    accuracy_mm: Int64s
    integrity_mm: Int64s
    method: Int64s
    simulated: Int64s


@njit(cache=True, nogil=True, error_model="numpy")
def absorb(s: Strands, b: Batch, free: Int64s, numbers: Int64s, verdicts: Int64s) -> int:
    """Take a batch. `free` (stack of free rows; numbers[1] of them), numbers[0] the last number given.

    Out: how many twins were begun; each took a row from the stack. There must be a row for every report.
    """
    twins = 0
    for k in range(len(b.head)):
        row, verdict = _row_of(s, b, k)
        if verdict == Verdict.JUMPED:
            numbers[0] += 1
            if row == END:
                numbers[1] -= 1
                row = free[numbers[1]]
                s.twin[row], s.twin[b.head[k]] = s.twin[b.head[k]], row
                twins += 1
            _begin_twin(s, b, k, row, numbers[0])
        if verdict == Verdict.TAKEN or verdict == Verdict.JUMPED:
            _write(s, b, k, row)
        verdicts[k] = verdict
    return twins


@njit(cache=True, nogil=True, error_model="numpy")
def _row_of(s: Strands, b: Batch, k: int) -> tuple[int, int]:
    """The strand that a report belongs to, and whether it may go in."""
    if b.simulated[k] == 1:
        return END, Verdict.SIMULATED
    head, time_us = b.head[k], b.time_us[k]
    if head == END:
        return END, Verdict.NO_ROOM
    if time_us > b.received_us[k] + AHEAD_US:
        return END, Verdict.AHEAD
    if time_us < b.received_us[k] - OLD_US:
        return END, Verdict.TOO_OLD
    if b.lat_nd[k] == NONE:
        return _without_place(s, b, k)
    if s.placed_us[head] == NONE:
        return head, Verdict.TAKEN if time_us >= s.placed_us[head] else Verdict.BACK_IN_TIME
    best, least, row, twins, unsure = END, math.inf, head, 0, END
    while row != END:
        excess = _excess(s, b, k, row)
        if excess < least:
            best, least = row, excess
        if s.sure_us[row] == NONE and (unsure == END or s.received_us[row] < s.received_us[unsure]):
            unsure = row
        row, twins = s.twin[row], twins + 1
    if least > 0.0:
        if twins <= TWINS_MAX:
            return END, Verdict.JUMPED
        return unsure, Verdict.JUMPED if unsure != END else Verdict.NO_ROOM
    if time_us < s.placed_us[best]:
        return best, Verdict.BACK_IN_TIME
    if time_us == s.placed_us[best] and not _news(s, b, k, best):
        return best, Verdict.REPEATED
    return best, Verdict.TAKEN


@njit(cache=True, nogil=True, error_model="numpy")
def _without_place(s: Strands, b: Batch, k: int) -> tuple[int, int]:
    """Altitude or velocity alone: to the strand heard last; where twins are alive, nobody knows whose it is."""
    head = b.head[k]
    if s.placed_us[head] == NONE and s.time_us[head] == 0:
        return head, Verdict.TAKEN
    if s.twin[head] != END:
        return END, Verdict.WITHOUT_PLACE
    if b.time_us[k] < s.time_us[head]:
        return head, Verdict.BACK_IN_TIME
    return head, Verdict.TAKEN if _news(s, b, k, head) else Verdict.REPEATED


@njit(cache=True, nogil=True, error_model="numpy")
def _news(s: Strands, b: Batch, k: int, row: int) -> bool:
    """Whether a report says anything that is not known, or is newer than what is."""
    if b.time_us[k] > s.time_us[row]:
        return True
    pairs = (
        (b.lat_nd[k], s.lat_nd[row]), (b.lon_nd[k], s.lon_nd[row]), (b.baro_ft[k], s.baro_ft[row]),
        (b.hae_mm[k], s.hae_mm[row]), (b.speed_mm_s[k], s.speed_mm_s[row]), (b.track_mdeg[k], s.track_mdeg[row]),
        (b.climb_mm_s[k], s.climb_mm_s[row]), (b.ground[k], s.ground[row]),
    )  # fmt: skip
    known = False
    for new, old in pairs:
        known = known or (new != NONE and new != old)
    return known


@njit(cache=True, nogil=True, error_model="numpy")
def _said(s: Strands, row: int, time_us: int) -> bool:
    """Whether a velocity was reported of late."""
    return bool(s.speed_mm_s[row] != NONE and s.velocity_us[row] >= time_us - OLD_VALUE_US)


@njit(cache=True, nogil=True, error_model="numpy")
def _gone(s: Strands, row: int) -> tuple[float, float]:
    """Speed in m/s that its places give, and its 95 % error; NaN where they give none, or one that nothing has."""
    f = s.fit[row]
    speed = math.hypot(f[GO_E], f[GO_N])
    if f[COUNT] < 2.0 or f[P_VV] > UNSURE_M_S * UNSURE_M_S or 1e3 * speed > SPEED_MM_S_MAX:
        return math.nan, math.nan
    return speed, _RADIUS_95 * math.sqrt(f[P_VV])


@njit(cache=True, nogil=True, error_model="numpy")
def velocity(s: Strands, row: int) -> tuple[int, int]:
    """Speed and direction at its last place: as reported of late, else as its places give it, else NONE."""
    if _said(s, row, s.placed_us[row]):
        return s.speed_mm_s[row], s.track_mdeg[row]
    speed, _ = _gone(s, row)
    if math.isnan(speed):
        return NONE, NONE
    f = s.fit[row]
    return round(1e3 * speed), round(math.degrees(math.atan2(f[GO_E], f[GO_N])) * 1e3) % 360_000


@njit(cache=True, nogil=True, error_model="numpy")
def slip(s: Strands, row: int) -> float:
    """95 % error of `velocity` in m/s where its places give it; 0 where it was reported, or is none."""
    if _said(s, row, s.placed_us[row]):
        return 0.0
    _, error = _gone(s, row)
    return 0.0 if math.isnan(error) else error


@njit(cache=True, nogil=True, error_model="numpy")
def noise(s: Strands, row: int) -> float:
    """95 % error in m/s that the scatter of its places leaves in `velocity`: `slip` without what it may do next."""
    error, f = slip(s, row), s.fit[row]
    if error == 0.0 or f[STEP_S] <= 0.0:
        return error
    scattered: float = _RADIUS_95 * math.sqrt(2.0 * f[SCATTER]) / f[STEP_S]
    return min(error, scattered)


@njit(cache=True, nogil=True, error_model="numpy")
def _excess(s: Strands, b: Batch, k: int, row: int) -> float:
    """By how many metres a report lies beyond what a strand could reach; 0 or less: it could have come there."""
    dt = (b.time_us[k] - s.placed_us[row]) * 1e-6
    gone_s = abs(dt)
    lat, lon = s.lat_nd[row] * RADIAN_PER_ND, s.lon_nd[row] * RADIAN_PER_ND
    speed, track = velocity(s, row)
    slack = PLAY_M + 1e-3 * (s.accuracy_mm[row] + _accuracy(b, k))
    most = SPEED_MM_S_MAX * 1e-3 * (gone_s + STAMP_S)
    if speed != NONE:
        lat, lon = direct(lat, lon, math.radians(track * 1e-3), speed * 1e-3 * dt)
        most = min(most, 0.5 * TURN_M_S2 * (gone_s + 1.0) ** 2 + speed * 1e-3 * STAMP_S)
    x, y, z = ecef(round(lat / RADIAN_PER_ND), round(lon / RADIAN_PER_ND))
    u, v, w = ecef(b.lat_nd[k], b.lon_nd[k])
    beyond: float = arc(x, y, z, u, v, w) - slack - most
    return beyond


@njit(cache=True, nogil=True, error_model="numpy")
def _accuracy(b: Batch, k: int) -> int:
    """95 % radius of a report's place: no wider than its containment, where it states that alone."""
    if b.accuracy_mm[k] != NONE:
        return int(b.accuracy_mm[k])
    return int(_UNSTATED[b.method[k]] if b.integrity_mm[k] == NONE else b.integrity_mm[k])


@njit(cache=True, nogil=True, error_model="numpy")
def clear(s: Strands, row: int) -> None:
    """Nothing known."""
    s.track[row], s.time_us[row], s.received_us[row], s.twin[row] = 0, 0, 0, END
    s.flags[row], s.places[row], s.mismatches[row], s.method[row] = 0, 0, 0, -1
    s.fit[row] = 0.0
    for column in (
        s.placed_us, s.lat_nd, s.lon_nd, s.baro_ft, s.baro_us, s.hae_mm, s.hae_us, s.speed_mm_s, s.track_mdeg,
        s.velocity_us, s.climb_mm_s, s.climb_us, s.accuracy_mm, s.integrity_mm, s.stated_us, s.ground, s.ground_us,
        s.ground_ft, s.ground_hae_mm, s.sure_us, s.anchor_us,
    ):  # fmt: skip
        column[row] = NONE


@njit(cache=True, nogil=True, error_model="numpy")
def _begin_twin(s: Strands, b: Batch, k: int, row: int, number: int) -> None:
    head, chained = b.head[k], s.twin[row]
    clear(s, row)
    s.twin[row] = chained
    s.number[row], s.track[row], s.source[row], s.identity[row] = number, number, s.source[head], s.identity[head]
    s.kind[row], s.flags[row] = s.kind[head], _JUMP


@njit(cache=True, nogil=True, error_model="numpy")
def _write(s: Strands, b: Batch, k: int, row: int) -> None:
    """A report that may go in goes in."""
    time_us = b.time_us[k]
    if b.speed_mm_s[k] != NONE and b.track_mdeg[k] != NONE:
        _velocity(s, b, k, row)
    if s.climb_us[row] < time_us - OLD_VALUE_US:
        s.climb_mm_s[row] = NONE
    if b.climb_mm_s[k] != NONE:
        if abs(b.climb_mm_s[k]) > CLIMB_MM_S_MAX:
            s.flags[row] |= _SPEED
        else:
            s.climb_mm_s[row], s.climb_us[row] = b.climb_mm_s[k], time_us
    if b.lat_nd[k] != NONE:
        _place(s, b, k, row)
    if b.baro_ft[k] != NONE:
        s.baro_ft[row], s.baro_us[row] = b.baro_ft[k], time_us
    if b.hae_mm[k] != NONE:
        s.hae_mm[row], s.hae_us[row] = b.hae_mm[k], time_us
    rise(s, row, b.baro_ft[k], b.hae_mm[k], time_us)
    _ground(s, b, k, row)
    s.time_us[row], s.received_us[row] = max(s.time_us[row], time_us), max(s.received_us[row], b.received_us[k])


@njit(cache=True, nogil=True, error_model="numpy")
def _ground(s: Strands, b: Batch, k: int, row: int) -> None:
    """On the ground is what says so of late, is not fast and has not risen since."""
    if b.ground[k] != NONE:
        s.ground[row], s.ground_us[row] = b.ground[k], b.time_us[k]
        s.ground_ft[row], s.ground_hae_mm[row] = b.baro_ft[k], b.hae_mm[k]
    elif s.ground_us[row] < b.time_us[k] - OLD_VALUE_US:
        s.ground[row] = NONE
    if s.ground[row] != 1:
        return
    speed, error = _gone(s, row)
    fast = _said(s, row, b.time_us[k]) and s.speed_mm_s[row] > FLIES_MM_S
    fast = fast or 1e3 * (speed - error) > FLIES_MM_S
    higher = s.ground_ft[row] != NONE and s.baro_ft[row] - s.ground_ft[row] > FLIES_FT
    above = s.ground_hae_mm[row] != NONE and s.hae_mm[row] - s.ground_hae_mm[row] > FLIES_MM
    if fast or higher or above:
        s.ground[row] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def _velocity(s: Strands, b: Batch, k: int, row: int) -> None:
    speed = b.speed_mm_s[k]
    if speed > SPEED_MM_S_MAX:
        s.flags[row] |= _SPEED
        return
    if s.velocity_us[row] != NONE and s.speed_mm_s[row] != NONE:
        dt_us = b.time_us[k] - s.velocity_us[row]
        # a second more for time stamps, 10 m/s for steps of the format
        allowed = ACCELERATION_MM_S2 * (dt_us + 1_000_000) // 1_000_000 + 10_000
        if abs(speed - s.speed_mm_s[row]) > allowed:
            s.flags[row] |= _ACCELERATION
    s.speed_mm_s[row], s.track_mdeg[row], s.velocity_us[row] = speed, b.track_mdeg[k], b.time_us[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _place(s: Strands, b: Batch, k: int, row: int) -> None:
    time_us, accuracy = b.time_us[k], _accuracy(b, k)
    east = north = turn = dt = 0.0
    if s.placed_us[row] != NONE:
        dt = (time_us - s.placed_us[row]) * 1e-6
        metres, first, last = inverse(
            s.lat_nd[row] * RADIAN_PER_ND, s.lon_nd[row] * RADIAN_PER_ND,
            b.lat_nd[k] * RADIAN_PER_ND, b.lon_nd[k] * RADIAN_PER_ND,
        )  # fmt: skip
        east, north, turn = metres * math.sin(first), metres * math.cos(first), last - first
    follow(s.fit[row], east, north, dt, turn, min(1e-3 * accuracy / _RADIUS_95, _START_M))
    _compare(s, b, k, row, swung(east, north, turn), dt, turn)
    if s.placed_us[row] == NONE or time_us > s.placed_us[row]:
        s.places[row] += 1
        if s.places[row] == (TWIN_PLACES if s.flags[row] & _JUMP else 1):
            s.sure_us[row] = time_us
    s.placed_us[row], s.lat_nd[row], s.lon_nd[row] = time_us, b.lat_nd[k], b.lon_nd[k]
    if b.accuracy_mm[k] != NONE or b.integrity_mm[k] != NONE:
        s.accuracy_mm[row], s.integrity_mm[row], s.stated_us[row] = accuracy, b.integrity_mm[k], time_us
    elif b.method[k] != s.method[row] or s.stated_us[row] < time_us - OLD_VALUE_US:
        s.accuracy_mm[row], s.integrity_mm[row], s.stated_us[row] = accuracy, NONE, NONE
    s.method[row] = b.method[k]
    head = b.head[k]
    if s.twin[head] != END:
        _twins(s, head, row, time_us)


@njit(cache=True, nogil=True, error_model="numpy")
def _compare(s: Strands, b: Batch, k: int, row: int, step: tuple[float, float], dt: float, turn: float) -> None:
    """Whether the places move as fast, and the way, that the reports say, over stretches of `ANCHOR_S` in a row.

    `step` and `dt` from the place before, `turn` of north between both (`motion.swung`), all by the north of this one.
    """
    f, time_us = s.fit[row], b.time_us[k]
    said_e, said_n = swung(f[SAID_E], f[SAID_N], turn)
    lag_e, lag_n = swung(f[LAG_E], f[LAG_N], turn)
    f[SAID_E] = f[SAID_N] = np.nan
    if _said(s, row, time_us):
        track = math.radians(s.track_mdeg[row] * 1e-3)
        speed = s.speed_mm_s[row] * 1e-3
        f[SAID_E], f[SAID_N] = speed * math.sin(track), speed * math.cos(track)
    f[LAG_E] = lag_e + step[0] - 0.5 * dt * (said_e + f[SAID_E])
    f[LAG_N] = lag_n + step[1] - 0.5 * dt * (said_n + f[SAID_N])
    known = s.anchor_us[row] != NONE and not math.isnan(f[LAG_E])
    gone = (time_us - s.anchor_us[row]) * 1e-6 if known else 0.0
    if known and gone < ANCHOR_S:
        return
    if known and gone < 3.0 * ANCHOR_S:
        noise = 1e-3 * (s.accuracy_mm[row] + _accuracy(b, k) + s.speed_mm_s[row] * STAMP_S)
        off = math.hypot(f[LAG_E], f[LAG_N]) / gone
        s.mismatches[row] = s.mismatches[row] + 1 if off > MISMATCH_M_S + noise / gone else 0
        if s.mismatches[row] >= MISMATCH_ROW:
            s.flags[row] |= _MISMATCH
    s.anchor_us[row], f[LAG_E], f[LAG_N] = time_us, 0.0, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _twins(s: Strands, head: int, row: int, time_us: int) -> None:
    """Of places under one address: heard in turns they share it; the later alone, it cannot have flown there."""
    alone, other = True, head
    while other != END:
        if other != row and s.sure_us[other] != NONE and time_us - s.placed_us[other] < TOGETHER_US:
            alone = False
            elder, younger = (row, other) if s.number[row] < s.number[other] else (other, row)
            if s.sure_us[younger] != NONE and s.placed_us[elder] > s.sure_us[younger]:
                s.flags[row] |= _SHARED
                s.flags[other] |= _SHARED
        other = s.twin[other]
    if alone and s.flags[row] & _JUMP and s.sure_us[row] != NONE:
        s.flags[row] |= _TELEPORT
