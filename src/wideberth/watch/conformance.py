"""A track against its own operation: inside its volumes, or not, and for how long.

In:  for each flown operation its volumes, and at each sweep where its track is, with its error.
Out: `Conformity` by operation, and `Turn`s: what changed. What the owner's operation becomes is a command's matter: a
     turn says what the track shows, and changes no plan.
Refuses nothing.

ASTM F3548-21 asks (4.4, figure 2, and the requirements CMSA) that an operation that leaves its volumes be
Nonconforming, and that volumes be such that the aircraft stays in them for 95 % of its time in flight. Here a track
counts as outside only when it is so with its 95 % error taken off, in all volumes of that time, horizontally or in
height; a missing height is not held against it. It is nonconforming when it was outside without a break for
`outside_us`, or, once it was watched for `counted_us`, for more than 5 % of that time; it conforms again after
`inside_us` inside; Contingent is due when it was nonconforming for `contingent_us`, also out of sight.
The times are arguments (`Times`), the defaults the house's own choice.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from wideberth.space.overlap import near
from wideberth.space.volume import Circle, Volume4D


class Stand(StrEnum):
    """What the track shows."""

    UNSEEN = "unseen"
    CONFORMING = "conforming"
    NONCONFORMING = "nonconforming"
    CONTINGENT_DUE = "contingent-due"


class Times(NamedTuple):
    """When what follows, microseconds."""

    outside_us: int = 5_000_000
    inside_us: int = 10_000_000
    counted_us: int = 60_000_000
    contingent_us: int = 60_000_000
    unseen_us: int = 15_000_000


TIMES: Final = Times()
SHARE_OUTSIDE: Final = 0.05

_S = Stand
CONFORMANCE: Final[dict[tuple[Stand, str], Stand]] = {
    (_S.UNSEEN, "seen"): _S.CONFORMING,
    (_S.CONFORMING, "outside too long"): _S.NONCONFORMING,
    (_S.CONFORMING, "outside too often"): _S.NONCONFORMING,
    (_S.CONFORMING, "not seen"): _S.UNSEEN,
    (_S.NONCONFORMING, "back inside"): _S.CONFORMING,
    (_S.NONCONFORMING, "nonconforming too long"): _S.CONTINGENT_DUE,
    (_S.CONTINGENT_DUE, "back inside"): _S.CONFORMING,
}
"""From and event, to. A nonconforming track that is not seen any more stays so until it is seen inside."""


OFF: Final = (Stand.NONCONFORMING, Stand.CONTINGENT_DUE)


class Fix(NamedTuple):
    """Where a track is: heights as ranges, millimetres above the ellipsoid (None: unknown)."""

    lat_nd: int
    lon_nd: int
    error_mm: int
    low_mm: int | None
    high_mm: int | None


class Conformity(msgspec.Struct):
    """How an operation's track does."""

    stand: Stand = Stand.UNSEEN
    seen_us: int = 0
    """When it was last seen."""
    outside_us: int = 0
    """Since when it is outside without a break; 0: it is inside."""
    inside_us: int = 0
    since_us: int = 0
    """When it came to stand so."""
    watched_us: int = 0
    away_us: int = 0
    """How long it was watched, and outside, in all."""


class Turn(msgspec.Struct, frozen=True):
    """A change of stand."""

    operation: str
    event: str
    before: Stand
    after: Stand
    time_us: int


class Conformance:
    """All operations that are flown."""

    def __init__(self, times: Times = TIMES) -> None:
        self.of: dict[str, Conformity] = {}
        self._times = times

    def over(self, operation: str, now_us: int) -> list[Turn]:
        """It is flown no more; a turn where it was off its plan."""
        own = self.of.pop(operation)
        return [Turn(operation, "over", own.stand, Stand.UNSEEN, now_us)] if own.stand in OFF else []

    def sweep(self, operation: str, volumes: Sequence[Volume4D], fix: Fix | None, now_us: int) -> list[Turn]:
        """Hold one track against its volumes at `now_us`; None: it was not seen."""
        own = self.of.setdefault(operation, Conformity(since_us=now_us))
        if fix is None:
            if not own.seen_us or now_us - own.seen_us <= self._times.unseen_us:
                return []
            turns = self._turn(operation, own, "not seen", now_us)
            return turns or self._too_long(operation, own, now_us)
        outside = is_outside(volumes, fix, now_us)
        passed = min(now_us - own.seen_us, self._times.unseen_us) if own.seen_us else 0
        own.watched_us += passed
        own.away_us += passed if own.outside_us else 0
        own.seen_us = now_us
        if outside:
            own.outside_us, own.inside_us = own.outside_us or now_us, 0
        else:
            own.outside_us, own.inside_us = 0, own.inside_us or now_us
        turns = self._turn(operation, own, "seen", now_us)
        for event in self._events(own, now_us):
            turns += self._turn(operation, own, event, now_us)
        return turns + self._too_long(operation, own, now_us)

    def _too_long(self, operation: str, own: Conformity, now_us: int) -> list[Turn]:
        late = own.stand is Stand.NONCONFORMING and now_us - own.since_us >= self._times.contingent_us
        return self._turn(operation, own, "nonconforming too long", now_us) if late and own.outside_us else []

    def _events(self, own: Conformity, now_us: int) -> list[str]:
        times = self._times
        events = []
        if own.outside_us and now_us - own.outside_us >= times.outside_us:
            events.append("outside too long")
        elif own.outside_us and own.watched_us >= times.counted_us and own.away_us > SHARE_OUTSIDE * own.watched_us:
            events.append("outside too often")
        if own.inside_us and now_us - own.inside_us >= times.inside_us:
            events.append("back inside")
        return events

    def _turn(self, operation: str, own: Conformity, event: str, now_us: int) -> list[Turn]:
        after = CONFORMANCE.get((own.stand, event))
        if after is None:
            return []
        before, own.stand, own.since_us = own.stand, after, now_us
        return [Turn(operation, event, before, after, now_us)]


def is_outside(volumes: Sequence[Volume4D], fix: Fix, now_us: int) -> bool:
    """Whether a track is outside all volumes of this time, beyond its error; outside of all times it is outside too."""
    around = Circle(fix.lat_nd, fix.lon_nd, max(1, fix.error_mm))
    for volume in volumes:
        if not volume.start_us <= now_us < volume.end_us:
            continue
        low = volume.lower_mm if fix.low_mm is None else fix.low_mm
        high = volume.lower_mm if fix.high_mm is None else max(fix.high_mm, low)
        if near(Volume4D(around, low, high, now_us, now_us + 1), volume, 0.0, 0) is not None:
            return False
    return True
