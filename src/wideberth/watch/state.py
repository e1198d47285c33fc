"""Strands as arrays: what one source says of one identity, a row each.

In:  written by `absorb` and `track`, and by nothing else.
Out: columns (`Strands`) that compiled code reads and writes, with room that grows by half.
Refuses nothing.

A strand is one source's view of one thing; `track` puts strands of several sources together. Where one source reports
two places under one address that no flight connects, each place has a strand of its own (a twin), chained by `twin`.
"""

import re
from enum import IntFlag
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from wideberth.feeds.report import AddressKind
from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.watch.motion import FIT

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

NONE: Final = -(1 << 62)
"""Stands for undefined in columns of integers."""
END: Final = -1


class Flag(IntFlag):
    """What physics or the format says against a strand; a set."""

    JUMP = 1
    """It began at a place that the one before under this address could not have come to."""
    TELEPORT = 2
    """The one before fell silent when it began: one thing that cannot have flown there."""
    SHARED = 4
    """Two places report under this address, in turns: two things, or one that is made up."""
    SPEED = 8
    """It reported a speed or a climb that nothing has."""
    ACCELERATION = 16
    """Its reported speed changed faster than anything flies."""
    MISMATCH = 32
    """Its places moved at another speed, or another way, than it reported, several times in a row."""
    ALTITUDES = 64
    """Pressure altitude and height above the ellipsoid contradict one another in any weather."""
    CALLSIGN = 128
    """Another track says the callsign by which a plan names its aircraft: neither is taken for it."""


SPOOF: Final = Flag.JUMP | Flag.TELEPORT | Flag.SHARED | Flag.SPEED | Flag.ACCELERATION | Flag.MISMATCH | Flag.ALTITUDES
"""Flags that put a track's truth in doubt; its alerts say so, and are given all the same."""


class Strands(NamedTuple):
    """Columns of one length, int64 but for `fit`; NONE is undefined."""

    number: Int64s
    """Its own, from 1, never given twice; 0: the row is free."""
    track: Int64s
    """The number of the track that it belongs to: its own, or that of the eldest it was put together with."""
    source: Int64s
    identity: Int64s
    twin: Int64s
    """The next row of the same source and identity; END."""
    time_us: Int64s
    """Of the newest report."""
    received_us: Int64s
    placed_us: Int64s
    """When it was at its place; NONE before the first."""
    lat_nd: Int64s
    lon_nd: Int64s
    baro_ft: Int64s
    baro_us: Int64s
    hae_mm: Int64s
    hae_us: Int64s
    speed_mm_s: Int64s
    track_mdeg: Int64s
    velocity_us: Int64s
    climb_mm_s: Int64s
    climb_us: Int64s
    accuracy_mm: Int64s
    """95 % radius of its place: as stated, else what its method is taken for."""
    integrity_mm: Int64s
    """Radius of containment, where one is stated."""
    stated_us: Int64s
    """When accuracy or containment were last stated; NONE: neither holds any more."""
    ground: Int64s
    """1 on the ground, 0 in the air, NONE."""
    ground_us: Int64s
    ground_ft: Int64s
    """Pressure altitude and height when it last said that it is on the ground."""
    ground_hae_mm: Int64s
    kind: Int64s
    """Class of traffic."""
    method: Int64s
    """Of its place."""
    flags: Int64s
    places: Int64s
    """Consistent places so far."""
    sure_us: Int64s
    """Since when it counts: from its first place, a twin from its third; NONE before."""
    mismatches: Int64s
    """In a row."""
    anchor_us: Int64s
    """When the comparison of places and reported velocity began."""
    fit: Float64s
    """(rows, FIT): the velocity that its places give, how far they run past the reported one (`motion.follow`), and the
    climb that its altitudes give (`climb.rise`)."""


COLUMNS: Final = len(Strands._fields)


def no_strands(rows: int) -> Strands:
    """Free rows."""
    return Strands._make([*np.zeros((COLUMNS - 1, rows), np.int64), np.zeros((rows, FIT))])


def grown(strands: Strands, rows: int) -> Strands:
    """The same with room for `rows`."""
    more = no_strands(rows)
    for new, old in zip(more, strands, strict=True):
        new[: len(old)] = old
    return more


_DRONES: Final = re.compile("a-A-[CM]-[FH]-[Qq]")
_MOVES_IN: Final = {"a-G": TrafficClass.GROUND, "a-S": TrafficClass.SEA, "a-U": TrafficClass.SEA}


def class_of(kind: AddressKind, category: str) -> TrafficClass:
    """What a report's category says of the class of traffic: crewed air unless it says otherwise.

    ADS-B emitter categories (RTCA DO-260B 2.2.3.2.5.2): B6 unmanned, C1 to C3 on the surface. Cursor on Target types,
    without the affiliation, as `feeds.cot` keeps them: a-G ground, a-S and a-U sea, a-A-M-F-Q and the like unmanned
    (civil or military, fixed or rotary wing, either case of the q).
    """
    if kind is AddressKind.UID:
        return TrafficClass.DRONE if _DRONES.match(category) else _MOVES_IN.get(category[:3], TrafficClass.CREWED_AIR)
    if kind is AddressKind.REMOTE_ID or category == "B6":
        return TrafficClass.DRONE
    return TrafficClass.GROUND if category in ("C1", "C2", "C3") else TrafficClass.CREWED_AIR


CLASS_NUMBER: Final = {name: number for number, name in enumerate(CLASSES)}
