"""The watch as one value: batches of reports in, at each sweep changes of alerts out, and what each party sees of them.

In:  reports (`feeds.report`) as they come; who is whose and flies what (`Own`); zones (`entry.Zone`); the rules;
     `now_us`.
Out: `Swept`: changes of alerts, turns of conformance, what was left out and why; `PartyPicture` for a party.
Refuses: an acknowledgement that is not a party's to give (`Alerts.acknowledge`).

Pure: nothing is sent or kept from here, and tracks never reach the ledger. Order of a sweep: tracks (`fuse`), pairs
(`approach`, by minima and by wider ones), entries, conformance, alerts. A pair in which no party has a side opens no
alert, unless somebody watches all (`watch_all`). One writer: `reports`, `sweep` and the rest take turns.
"""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

import msgspec
import numpy as np

from wideberth.feeds.report import AddressKind, Report
from wideberth.intake.altitude import ANY_AIR, Air
from wideberth.limits import TRACKS_MAX
from wideberth.party.charter import CLASSES, Charter, TrafficClass
from wideberth.refusal import Refusal
from wideberth.space.units import ND_PER_RADIAN
from wideberth.watch.alert import RULES, Alert, Alerts, Change, Rules, Seen
from wideberth.watch.approach import SPEED_M_S_MAX, Pairs, approaches, held, minima_of
from wideberth.watch.bias import LIMITS, Limits
from wideberth.watch.conformance import TIMES, Conformance, Fix, Times, Turn
from wideberth.watch.entry import Margins, ZoneKind, Zones, margins_of
from wideberth.watch.fuse import Sky, Source
from wideberth.watch.motion import Float64s, Minima, Moving, motion
from wideberth.watch.picture import AlertView, Place, place_of, view_of
from wideberth.watch.state import SPOOF, Flag, Int64s
from wideberth.watch.together import COAST_S, Tracks, as_moving
from wideberth.watch.wellclear import DO_365, WellClear, lost

BACK_S_MAX: Final = 10.0
"""How far back a sweep looks for lines that were crossed since the one before."""
_DRONE: Final = CLASSES.index(TrafficClass.DRONE)


class Own(msgspec.Struct, frozen=True):
    """Whose a thing is, and which operation it flies ("" for none): a zone's id."""

    party: str
    operation: str = ""


class Swept(msgspec.Struct):
    """What a sweep found."""

    changes: list[Change]
    turns: list[Turn]
    tracks: int
    predicted: int
    """Tracks in the air with a place fresh enough to be carried on."""
    pairs: int
    """Pairs too near before the look-ahead, whoever they are."""
    nobodys: int
    """Of these, in which no party has a side: no alert."""
    left_out: int
    """Tracks past `TRACKS_MAX`: the watch is overloaded and says so."""


class OwnTrack(msgspec.Struct, frozen=True):
    """A party's own thing."""

    name: str
    callsign: str
    operation: str
    place: Place
    on_ground: bool | None
    flags: tuple[str, ...]
    sources: int
    """How many strands it is put together from."""


class PartyPicture(msgspec.Struct, frozen=True):
    """All that a party sees."""

    time_us: int
    own: tuple[OwnTrack, ...]
    alerts: tuple[AlertView, ...]
    unsure: tuple[str, ...] = ()
    """Callsigns of its plans that several tracks say: none of them is taken for its own."""


class Watch:
    """One theatre's watch."""

    def __init__(
        self, charter: Charter, rules: Rules = RULES, minima: Minima | None = None, air: Air = ANY_AIR,
        sites: Mapping[str, tuple[int, int]] | None = None, times: Times = TIMES, bias: Limits = LIMITS,
        well_clear: WellClear | None = DO_365,
    ) -> None:  # fmt: skip
        """`minima` in place of the charter's between tracks; `sites` of radars by source, nanodegrees."""
        self.sky = Sky(sites, air, bias)
        self.zones = Zones()
        self.alerts = Alerts(rules)
        self.conformance = Conformance(times)
        self._minima: Minima = minima or minima_of(charter)
        self._margins: Margins = margins_of(charter)
        self._well_clear = well_clear
        self._own: dict[str, Own] = {}
        self._called: dict[str, Own] = {}
        """By callsign."""
        self._unsure: dict[str, Own] = {}
        """Of these, those that several tracks say."""
        self._all: set[str] = set()
        self._tracks = _no_tracks()
        self._owned: dict[int, Own] = {}
        """By track, whose it is."""
        self._swept_us = 0

    # what is known beforehand

    def assign(self, kind: AddressKind, address: str, own: Own) -> None:
        """A thing of this name is a party's."""
        self._own[kind + address] = own

    def unassign(self, kind: AddressKind, address: str) -> None:
        """It is nobody's any more."""
        self._gone(self._own.pop(kind + address, None))

    def assign_callsign(self, callsign: str, own: Own) -> None:
        """The one thing that says this callsign is a party's, unless its address says whose it is."""
        self._called[spelt(callsign)] = own

    def unassign_callsign(self, callsign: str) -> None:
        """The callsign stands for nobody's any more."""
        self._gone(self._called.pop(spelt(callsign), None))

    def _gone(self, gone: Own | None) -> None:
        if gone is not None and gone.operation not in self._operations():
            self.conformance.forget(gone.operation)

    def _operations(self) -> set[str]:
        return {own.operation for owned in (self._own, self._called) for own in owned.values() if own.operation}

    def watch_all(self, party: str, on: bool = True) -> None:
        """A party (a traffic service) is concerned with every pair."""
        (self._all.add if on else self._all.discard)(party)

    def charter(self, charter: Charter) -> None:
        """A new charter's minima hold from the next sweep on."""
        self._minima, self._margins = minima_of(charter), margins_of(charter)

    # what goes on

    def reports(self, batch: list[Report]) -> None:
        """Take reports in the order of arrival."""
        self.sky.reports(batch)

    def sweep(self, now_us: int) -> Swept:
        """Everything once. Call it about once a second, time ascending."""
        assert now_us > self._swept_us, "time goes on"
        back_s = min((now_us - self._swept_us) * 1e-6, BACK_S_MAX)
        self._swept_us = now_us
        self._tracks = tracks = self.sky.sweep(now_us)
        self._owned = self._owners()
        self._owned |= self._callers()
        flying = np.flatnonzero((tracks.ground != 1) & (tracks.age_s <= COAST_S) & ~(tracks.speed_m_s > SPEED_M_S_MAX))
        left_out = max(0, len(flying) - TRACKS_MAX)
        air = tracks.select(flying[:TRACKS_MAX])
        m, low, high = self._ranges(air)
        tracks.flags[flying[:TRACKS_MAX]] = air.flags
        pairs, nobodys, seen = self._pairs(air, m)
        seen += self._entries(air, low, high, now_us, back_s)
        changes = self.alerts.sweep(seen, self._sighted(), now_us)
        self._concern()
        turns = self._conform(now_us)
        return Swept(changes, turns, len(tracks.number), len(air.number), pairs, nobodys, left_out)

    def acknowledge(self, alert: str, party: str, now_us: int) -> list[Change] | Refusal:
        """A party's watch has seen an alert."""
        return self.alerts.acknowledge(alert, party, now_us)

    # what anybody sees

    def view(self, party: str) -> PartyPicture:
        """What a party may see, as of the last sweep."""
        own = tuple(self._own_track(at, self._owned[number]) for number, at in self._of(party))
        alerts = tuple(
            self._alert_view(alert, party) for alert in self.alerts.by_id.values() if party in alert.parties
        )  # fmt: skip
        unsure = tuple(sorted(callsign for callsign, one in self._unsure.items() if one.party == party))
        return PartyPicture(self._swept_us, own, alerts, unsure)

    def sources(self) -> tuple[Source, ...]:
        """How each source does, as of the last sweep."""
        return tuple(self.sky.sources.values())

    @property
    def tracks(self) -> Tracks:
        """All tracks as of the last sweep: for a recorder, never for a party."""
        return self._tracks

    # inside

    def _owners(self) -> dict[int, Own]:
        """By track number, whose it is."""
        s, fusion = self.sky.fusion.strands, self.sky.fusion
        at = {fusion.identity_of(key): key for key in self._own}
        known = np.array([identity for identity in at if identity is not None], np.int64)
        rows = np.flatnonzero(np.isin(s.identity, known) & (s.number > 0) & (s.track > 0)) if len(known) else known
        found = {}
        for row in rows.tolist():
            found[int(s.track[row])] = self._own[at[int(s.identity[row])]]
        return found

    def _callers(self) -> dict[int, Own]:
        """The same by callsign: of each, the one track that says it; several are flagged, and none is anybody's."""
        self._unsure = {}
        if not self._called:
            return {}
        s, called = self.sky.fusion.strands, dict[int, str]()
        for at, identity in enumerate(self.sky.fusion.identities):
            if identity.callsign and (callsign := spelt(identity.callsign)) in self._called:
                called[at] = callsign
        known = np.fromiter(called, np.int64, len(called))
        saying: dict[str, set[int]] = {}
        for row in np.flatnonzero(np.isin(s.identity, known) & (s.number > 0) & (s.track > 0)).tolist():
            saying.setdefault(called[int(s.identity[row])], set()).add(int(s.track[row]))
        found: dict[int, Own] = {}
        for callsign, tracks in saying.items():
            there = [at for at in map(self._at, tracks) if at is not None]
            if len(there) > 1:
                self._unsure[callsign] = self._called[callsign]
                self._tracks.flags[there] |= int(Flag.CALLSIGN)
            elif there and (number := int(self._tracks.number[there[0]])) not in self._owned:
                found[number] = self._called[callsign]
        return found

    def _ranges(self, air: Tracks) -> tuple[Moving, Float64s, Float64s]:
        """What moves, and the range of heights of each, millimetres above the ellipsoid."""
        heights = self.sky.heights
        low, high = heights.to_pressure(air.hae, air.lat_rad, air.lon_rad)
        below, above = heights.of_pressure(air.baro, air.lat_rad, air.lon_rad)
        both = ~np.isnan(air.baro) & ~np.isnan(air.hae)
        at_odds = both & ((air.hae < below - 1e6) | (air.hae > above + 1e6))
        air.flags[at_odds] |= int(Flag.ALTITUDES)
        baro_low = np.where(np.isnan(air.baro), low, np.where(at_odds, np.minimum(air.baro, low), air.baro))
        baro_high = np.where(np.isnan(air.baro), high, np.where(at_odds, np.maximum(air.baro, high), air.baro))
        know = ~np.isnan(air.hae)
        return (
            as_moving(air, baro_low, baro_high),
            np.where(know, air.hae, below) * 0.1,
            np.where(know, air.hae, above) * 0.1,
        )

    def _pairs(self, air: Tracks, m: Moving) -> tuple[int, int, list[Seen]]:
        """Pairs too near by the minima, those of nobody, and what alerts see."""
        rules = self.alerts.rules
        until = rules.look_us * 1e-6
        wide = Minima(self._minima.horizontal_m * rules.wider, self._minima.vertical * rules.wider)
        pairs = held(m, self._minima, approaches(m, wide, until * rules.wider), until)
        inside = np.isfinite(pairs.entry_s)
        mine = np.isin(air.number, np.fromiter(self._owned, np.int64, len(self._owned)))
        somebodys = mine[pairs.i] | mine[pairs.j] | bool(self._all)
        chosen = np.flatnonzero(somebodys)
        clear = self._clear(m, pairs, chosen, until)
        seen = []
        for k, lost_s in zip(chosen.tolist(), clear.tolist(), strict=True):
            sides = (str(air.number[pairs.i[k]]), str(air.number[pairs.j[k]]))
            above = float(pairs.vertical_m[k])
            figures = (float(pairs.entry_s[k]), float(pairs.cpa_s[k]), float(pairs.horizontal_m[k]))
            seen.append(
                Seen(
                    ("pair", *sides), *figures, None if math.isnan(above) else above, bool(inside[k]),
                    lost_s if math.isfinite(lost_s) else None,
                )
            )  # fmt: skip
        return int(inside.sum()), int((inside & ~somebodys).sum()), seen

    def _clear(self, m: Moving, pairs: Pairs, chosen: Int64s, until_s: float) -> Float64s:
        """When well clear is lost, for pairs of which one is a drone; infinite for all others."""
        out = np.full(len(chosen), np.inf)
        if self._well_clear is not None and len(chosen):
            drones = (m.kind[pairs.i[chosen]] == _DRONE) != (m.kind[pairs.j[chosen]] == _DRONE)
            at = chosen[drones]
            out[drones] = lost(motion(m), pairs.i[at], pairs.j[at], self._well_clear, until_s)[:, 0]
        return out

    def _entries(self, air: Tracks, low: Float64s, high: Float64s, now_us: int, back_s: float) -> list[Seen]:
        until = self.alerts.rules.look_us * 1e-6
        found = self.zones.entries(air, low, high, self._margins, now_us, back_s, until)
        seen = []
        for at, zone, entry in zip(found.track.tolist(), found.zone, found.entry_s.tolist(), strict=True):
            number = int(air.number[at])
            own = self._owned.get(number)
            if own is not None and own.operation == zone:
                continue
            kind = self.zones.by_id[zone].kind
            seen.append(Seen((kind.value, str(number), zone), max(0.0, entry), max(0.0, entry), 0.0, 0.0))
        return seen

    def _sighted(self) -> set[str]:
        """Of the sides of alerts, those that are there."""
        numbers = {int(alert.key[1]) for alert in self.alerts.by_id.values()}
        numbers |= {int(alert.key[2]) for alert in self.alerts.by_id.values() if alert.key[0] == "pair"}
        asked = np.array(sorted(numbers), np.int64)
        there = {str(number) for number in asked[np.isin(asked, self._tracks.number)].tolist()}
        return there | {alert.key[2] for alert in self.alerts.by_id.values() if alert.key[2] in self.zones.by_id}

    def _concern(self) -> None:
        """Whom each alert concerns, and what speaks against its sides."""
        for alert in self.alerts.by_id.values():
            parties = set(self._all) if alert.key[0] == "pair" else set()
            flags = 0
            for side in alert.key[1:2] if alert.key[0] != "pair" else alert.key[1:]:
                own = self._owned.get(int(side))
                parties |= {own.party} if own is not None else set()
                at = self._at(int(side))
                flags |= int(self._tracks.flags[at]) if at is not None else 0
            if alert.key[0] != "pair" and (zone := self.zones.by_id.get(alert.key[2])) is not None:
                # a register is its owner's alone: whose track it is hears nothing of it
                parties = {zone.owner} if zone.kind is ZoneKind.REGISTER else parties | {zone.owner}
            alert.parties = tuple(sorted(parties | set(alert.parties)))
            alert.doubt = ", ".join(_flag_names(flags & int(SPOOF)))

    def _conform(self, now_us: int) -> list[Turn]:
        turns: list[Turn] = []
        seen = {own.operation: number for number, own in sorted(self._owned.items()) if own.operation}
        for operation in sorted(self._operations()):
            zone = self.zones.by_id.get(operation)
            if zone is not None:
                number = seen.get(operation)
                fix = None if number is None else self._fix(number)
                turns += self.conformance.sweep(operation, zone.volumes, fix, now_us)
        return turns

    def _fix(self, number: int) -> Fix | None:
        at = self._at(number)
        if at is None or self._tracks.age_s[at] > COAST_S:
            return None
        one = self._tracks.select(np.array([at]))
        _, low, high = self._ranges(one)
        known = math.isfinite(low[0]) and math.isfinite(high[0])
        return Fix(
            round(float(one.lat_rad[0]) * ND_PER_RADIAN),
            round(float(one.lon_rad[0]) * ND_PER_RADIAN),
            round(float(one.error_m[0]) * 1_000),
            round(float(low[0])) if known else None,
            round(float(high[0])) if known else None,
        )

    def _at(self, number: int) -> int | None:
        """Where a track stands in the columns."""
        at = int(np.searchsorted(self._tracks.number, number))
        return at if at < len(self._tracks.number) and self._tracks.number[at] == number else None

    def _of(self, party: str) -> Iterable[tuple[int, int]]:
        for number, own in sorted(self._owned.items()):
            at = self._at(number)
            if own.party == party and at is not None:
                yield number, at

    def _own_track(self, at: int, own: Own) -> OwnTrack:
        t = self._tracks
        ground = int(t.ground[at])
        identity = self.sky.names(int(t.row[at]))
        return OwnTrack(
            identity.address, identity.callsign, own.operation, place_of(t, at), None if ground < 0 else bool(ground),
            _flag_names(int(t.flags[at])), int(t.members[at]),
        )  # fmt: skip

    def _name(self, number: int) -> str:
        at = self._at(number)
        if at is None:
            return ""
        identity = self.sky.names(int(self._tracks.row[at]))
        return identity.callsign or identity.address

    def _place(self, number: int) -> Place | None:
        at = self._at(number)
        return None if at is None else place_of(self._tracks, at)

    def _alert_view(self, alert: Alert, party: str) -> AlertView:
        first = int(alert.key[1])
        if alert.key[0] == "pair":
            second = int(alert.key[2])
            own = self._owned.get(first)
            if own is None or own.party != party:
                theirs = self._owned.get(second)
                if theirs is not None and theirs.party == party:
                    first, second = second, first
            places = (self._place(first), self._place(second))
            return view_of(alert, party, self._name(first), self._name(second), places)
        zone = self.zones.by_id.get(alert.key[2])
        if zone is not None and zone.owner == party:
            return view_of(alert, party, zone.id, self._name(first), (None, self._place(first)))
        shown = zone is not None and zone.open
        name = zone.id if zone is not None and shown else ""
        return view_of(alert, party, self._name(first), name, (self._place(first), None), hidden=not shown)


def spelt(callsign: str) -> str:
    """A callsign as it is compared: without blanks around it, in capitals."""
    return callsign.strip().upper()


@cache
def _flag_names(flags: int) -> tuple[str, ...]:
    return tuple(flag.name.lower() for flag in Flag if flag & flags and flag.name)


def _no_tracks() -> Tracks:
    none, real = np.empty(0, np.int64), np.empty(0)
    return Tracks(none, none, none, real, real, real, real, real, real, real, real, real, none, none, none)
