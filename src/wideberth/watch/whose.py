"""Whose a track is.

In:  by name (address or callsign) the plans that say it is theirs; the tracks and zones of a sweep.
Out: by track number its `Own`; names that are not sure, with the parties whose plans have them.
Refuses nothing.

A track is a plan's where the plan names it and the track was seen near the plan (`HOME_M`) since, whatever its height:
so nobody gets another's aircraft, or its place, by naming it in a plan elsewhere. A track that ends is remembered for
`BACK_US`: one of the same name where it can have flown is the plan's again. Where several plans may have it, it
is that in whose volumes it flies, else that which named it first; where they are several parties', all of them are
told. A callsign counts for the one track that says it; where several do, for none. An address is surer than it.
"""

from collections.abc import Collection
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from wideberth.feeds.report import AddressKind
from wideberth.space.geodesy import inverse
from wideberth.space.overlap import near
from wideberth.space.units import ND_PER_RADIAN
from wideberth.space.volume import Circle, Volume4D
from wideberth.watch.entry import Zones
from wideberth.watch.state import Flag, Int64s
from wideberth.watch.together import Tracks
from wideberth.watch.track import Fusion

HOME_M: Final = 30_000.0
"""How near to a volume of its plan a track was once seen to be its own: on its way there, or a wrong take-off."""

BACK_US: Final = 900_000_000
"""How long a track that was out of hearing may come back as its plan's."""
BACK_M: Final = 5_000.0
BACK_M_S: Final = 350.0
"""How far from where it was last seen: some turning about, and the fastest that shares airspace."""


class _Home(msgspec.Struct, frozen=True):
    """Where a track that is an operation's was last."""

    name: str
    time_us: int
    lat_rad: float
    lon_rad: float


class Own(msgspec.Struct, frozen=True):
    """Whose a thing is, and which operation it flies ("" for none): a zone's id."""

    party: str
    operation: str = ""


class Owners:
    """Who says what is whose, and what a sweep makes of it."""

    def __init__(self) -> None:
        self.unsure: dict[str, set[str]] = {}
        """By name, as of the last sweep."""
        self.claimed: dict[int, set[str]] = {}
        """By track number the parties whose plans dispute it, as of the last sweep."""
        self._named: dict[tuple[AddressKind, str], tuple[Own, ...]] = {}
        self._called: dict[str, tuple[Own, ...]] = {}
        """By callsign."""
        self._home: dict[tuple[int, str], _Home] = {}
        """Tracks that were seen near an operation that names them."""
        self._left: dict[tuple[str, str], _Home] = {}
        """By name and operation, those that ended."""

    def assign(self, kind: AddressKind, address: str, *owns: Own) -> None:
        """A thing of this name is a party's; of several, in the order in which they named it; of none, nobody's."""
        if owns:
            self._named[kind, address] = owns
        else:
            self._named.pop((kind, address), None)

    def assign_callsign(self, callsign: str, *owns: Own) -> None:
        """The same of the one thing that says this callsign, unless its address says whose it is."""
        if owns:
            self._called[spelt(callsign)] = owns
        else:
            self._called.pop(spelt(callsign), None)

    def operations(self) -> set[str]:
        """Everything that is flown."""
        named = (*self._named.values(), *self._called.values())
        return {own.operation for owns in named for own in owns if own.operation}

    def find(self, fusion: Fusion, zones: Zones, tracks: Tracks, now_us: int) -> dict[int, Own]:
        """By track number, whose it is. Flags tracks whose callsign is not sure."""
        self.unsure, self.claimed = {}, {}
        at = {number: place for place, number in enumerate(tracks.number.tolist())}
        self._left |= {(home.name, key[1]): home for key, home in self._home.items() if key[0] not in at}
        self._left = {key: home for key, home in self._left.items() if home.time_us >= now_us - BACK_US}
        self._home = {key: home for key, home in self._home.items() if key[0] in at}
        found: dict[int, Own] = {}
        for number, key in self._tracks_named(fusion):
            if number in at and (own := self._whose(key[1], self._named[key], number, tracks, at[number], zones)):
                found[number] = own
        return self._callers(fusion, zones, tracks, found) | found

    def _tracks_named(self, fusion: Fusion) -> list[tuple[int, tuple[AddressKind, str]]]:
        keys = {identity: key for key in self._named for identity in fusion.identities_of(key[0] + key[1])}
        return [(track, keys[identity]) for track, identity in _tracks_of(fusion, keys)]

    def _whose(
        self, name: str, owns: tuple[Own, ...], number: int, tracks: Tracks, at: int, zones: Zones
    ) -> Own | None:
        home = [own for own in owns if self._is_home(name, own, number, tracks, at, zones)]
        if len({own.party for own in home}) > 1:
            self.unsure[name] = self.claimed[number] = {own.party for own in home}
        inside = (own for own in home if len(home) > 1 and _near(tracks, at, own.operation, zones, 0.0))
        return next(inside, home[0] if home else None)

    def _is_home(self, name: str, own: Own, number: int, tracks: Tracks, at: int, zones: Zones) -> bool:
        key = (number, own.operation)
        if own.operation not in zones.by_id:
            return True
        here = _Home(name, int(tracks.placed_us[at]), float(tracks.lat_rad[at]), float(tracks.lon_rad[at]))
        back = self._left.get((name, own.operation))
        if key in self._home or _near(tracks, at, own.operation, zones, HOME_M) or (back and _reaches(back, here)):
            self._home[key] = here
            self._left.pop((name, own.operation), None)
            return True
        return False

    def _callers(self, fusion: Fusion, zones: Zones, tracks: Tracks, owned: dict[int, Own]) -> dict[int, Own]:
        """By callsign: of each, the one track that says it; several are flagged, and none is anybody's."""
        if not self._called:
            return {}
        called = {at: spelt(one.callsign) for at, one in enumerate(fusion.identities) if one.callsign}
        called = {at: callsign for at, callsign in called.items() if callsign in self._called}
        saying: dict[str, set[int]] = {}
        for track, identity in _tracks_of(fusion, called):
            at = int(np.searchsorted(tracks.number, track))
            if at < len(tracks.number) and tracks.number[at] == track:
                saying.setdefault(called[identity], set()).add(at)
        found: dict[int, Own] = {}
        for callsign, places in saying.items():
            owns, at = self._called[callsign], min(places)
            number = int(tracks.number[at])
            if len(places) > 1:
                self.unsure[callsign] = {own.party for own in owns}
                tracks.flags[list(places)] |= int(Flag.CALLSIGN)
            elif number not in owned and (own := self._whose(callsign, owns, number, tracks, at, zones)):
                found[number] = own
        return found


def spelt(callsign: str) -> str:
    """A callsign as it is compared: without blanks around it, in capitals."""
    return callsign.strip().upper()


def _tracks_of(fusion: Fusion, identities: Collection[int]) -> list[tuple[int, int]]:
    """Track number and identity of every strand of these."""
    s = fusion.strands
    known: Int64s = np.fromiter(identities, np.int64, len(identities))
    rows: npt.NDArray[np.int64] = np.flatnonzero(np.isin(s.identity, known) & (s.number > 0) & (s.track > 0))
    return list(zip(s.track[rows].tolist(), s.identity[rows].tolist(), strict=True))


def _reaches(before: _Home, after: _Home) -> bool:
    """Whether what was there can be here."""
    metres, _, _ = inverse(before.lat_rad, before.lon_rad, after.lat_rad, after.lon_rad)
    return bool(metres <= BACK_M + BACK_M_S * max(0.0, (after.time_us - before.time_us) * 1e-6))


def _near(tracks: Tracks, at: int, operation: str, zones: Zones, metres: float) -> bool:
    """Whether a track is so near to a volume of an operation, whatever its height and the time."""
    zone = zones.by_id.get(operation)
    if zone is None:
        return False
    lat, lon = float(tracks.lat_rad[at]), float(tracks.lon_rad[at])
    here = Circle(round(lat * ND_PER_RADIAN), round(lon * ND_PER_RADIAN), 1)
    spans = ((v, Volume4D(here, v.lower_mm, v.upper_mm, v.start_us, v.end_us)) for v in zone.volumes)
    return any(near(place, volume, metres, 0) is not None for volume, place in spans)
