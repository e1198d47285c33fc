"""What the live watch has to know of a theatre: its zones, and which aircraft fly whose plan.

In:  the state. Out: `Zone`s by id, and owners by identity (`look`); into the watch goes what changed (`Sky.take`).
Refuses nothing. Only what is in force now or within the look-ahead is a zone, so that a sweep costs what matters.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from wideberth.feeds.report import AddressKind
from wideberth.party.charter import CLASSES, Charter, TrafficClass
from wideberth.party.command import ConstraintKind, Disclosure
from wideberth.space.volume import Volume4D
from wideberth.theatre.alerts import Ref, aircraft_of
from wideberth.theatre.rows import Thing
from wideberth.theatre.state import State
from wideberth.watch.entry import Zone, ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

AHEAD_US: Final = 15 * 60_000_000
"""Zones that begin within it are looked at: longer than any look-ahead."""
KINDS: Final = (AddressKind.OTHER, AddressKind.UID, AddressKind.REMOTE_ID)
"""An address that a party names may be any of these, but for six hexadecimal digits, which are an ICAO address: what
else goes by such a name only borrows it. A radar's numbers are nobody's to name."""
_ICAO: Final = re.compile(r"[0-9a-f]{6}")


def zone_id(owner: str, thing: bytes) -> str:
    """A zone's id: whose and which thing it is."""
    return f"{owner}/{thing.hex()}"


def ref_of(zone: str) -> tuple[str, bytes]:
    """The thing behind a zone; of an area of the charter, nobody's."""
    owner, _, thing = zone.partition("/")
    return (owner, bytes.fromhex(thing)) if owner else ("", b"")


def own_of(ref: Ref) -> Own:
    """What a plan's aircraft are."""
    return Own(ref[0], zone_id(*ref))


class Seen(NamedTuple):
    """What a state has for the watch, at one time; nothing in it changes with the state."""

    charter: Charter
    zones: dict[str, Zone]
    addresses: dict[str, tuple[Ref, ...]]
    callsigns: dict[str, tuple[Ref, ...]]


def look(state: State, now_us: int) -> Seen:
    """What matters now and soon: of plans that name aircraft, those that are zones."""
    zones = {zone.id: zone for zone in (*_things(state, now_us), *_lines(state))}
    return Seen(state.charter, zones, *aircraft_of(state, lambda ref: zone_id(*ref) in zones))


class Sky:
    """A watch kept in step with a state."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._zones: dict[str, Zone] = {}
        self._owned: dict[str, tuple[Own, ...]] = {}
        self._called: dict[str, tuple[Own, ...]] = {}
        self._charter: Charter | None = None

    def take(self, seen: Seen) -> None:
        """Bring zones, owners and rules in step."""
        if seen.charter is not self._charter:
            self._charter = seen.charter
            self._watch.charter(seen.charter)
        for gone in self._zones.keys() - seen.zones.keys():
            self._watch.zones.drop(gone)
        for id_, zone in seen.zones.items():
            if self._zones.get(id_) != zone:
                self._watch.zones.put(zone)
        self._zones = seen.zones
        self._own({name: tuple(map(own_of, refs)) for name, refs in seen.addresses.items()})
        self._call({name: tuple(map(own_of, refs)) for name, refs in seen.callsigns.items()})

    def shown_to(self, party: str) -> list[Zone]:
        """The zones that a party may see: its own, and those of open plans and constraints."""
        return [zone for zone in self._zones.values() if zone.open or zone.owner == party]

    def _own(self, owned: dict[str, tuple[Own, ...]]) -> None:
        for name in self._owned.keys() | owned.keys():
            if self._owned.get(name) != owned.get(name):
                for kind in (AddressKind.ICAO,) if _ICAO.fullmatch(name) else KINDS:
                    self._watch.assign(kind, name, *owned.get(name, ()))
        self._owned = owned

    def _call(self, called: dict[str, tuple[Own, ...]]) -> None:
        for name in self._called.keys() | called.keys():
            if self._called.get(name) != called.get(name):
                self._watch.assign_callsign(name, *called.get(name, ()))
        self._called = called


def _things(state: State, now_us: int) -> Iterator[Zone]:
    for thing in state.things.values():
        if thing.live and thing.start_us <= now_us + AHEAD_US and thing.end_us > now_us:
            traffic = CLASSES[thing.class_number]
            shown = thing.disclosure == Disclosure.OPEN
            volumes = tuple(state.volumes_of(thing.ref))
            yield Zone(zone_id(*thing.ref), _kind(thing), thing.owner, traffic, volumes, shown)


def _kind(thing: Thing) -> ZoneKind:
    if thing.what == "protected":
        return ZoneKind.PROTECTED
    if thing.what == "constraint":
        return ZoneKind.LINE if thing.kind == ConstraintKind.LINE else ZoneKind.CONSTRAINT
    return ZoneKind.OPERATION


def _lines(state: State) -> Iterator[Zone]:
    """Agreed lines of the charter, a zone for each of its parties, for all time."""
    for i, area in enumerate(state.charter.areas):
        if area.kind == "line":
            volume = Volume4D(area.outline, area.lower_mm, area.upper_mm, 0, 1 << 60)
            for party in area.parties:
                yield Zone(f"/{i}/{party}", ZoneKind.LINE, party, TrafficClass.CONSTRAINT, (volume,), True)
