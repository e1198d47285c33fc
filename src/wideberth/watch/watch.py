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
from contextlib import suppress
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
from wideberth.watch.approach import SPEED_M_S_MAX, Bools, Crowded, Pairs, apart, approaches, held, minima_of
from wideberth.watch.bias import LIMITS, Limits
from wideberth.watch.conformance import TIMES, Conformance, Fix, Times, Turn, is_outside
from wideberth.watch.entry import Margins, Zone, ZoneKind, Zones, margins_of
from wideberth.watch.fuse import Sky, Source
from wideberth.watch.motion import Float64s, Minima, Moving, motion
from wideberth.watch.picture import AlertView, Place, place_of, view_of
from wideberth.watch.state import SPOOF, Flag, Int64s
from wideberth.watch.together import COAST_S, Tracks, as_moving, no_tracks
from wideberth.watch.wellclear import DO_365, WellClear, lost
from wideberth.watch.whose import Own, Owners

BACK_S_MAX: Final = 10.0
"""How far back a sweep looks for lines that were crossed since the one before."""
GUESS: Final = 0.67
"""Of the 95 % radius of a velocity that places give: its 95 % error along one direction. What comes nearer than that
slowly may not come nearer at all, and nothing is predicted of it."""
_DRONE: Final = CLASSES.index(TrafficClass.DRONE)


class Swept(msgspec.Struct):
    """What a sweep found."""

    changes: list[Change]
    turns: list[Turn]
    tracks: int
    predicted: int
    """Tracks in the air with a place fresh enough to be carried on."""
    pairs: int
    """Pairs too near before the look-ahead in which somebody has a side."""
    left_out: int
    """Tracks past `TRACKS_MAX`: the watch is overloaded and says so; those of parties are kept."""
    crowded: bool
    """So many tracks are in one place that not every pair was looked at: overloaded too."""


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
    """Callsigns of its plans that several tracks say, none of which is taken for its own; addresses of its plans that
    another party's plan names too, in the same place."""


class Watch:
    """One theatre's watch."""

    def __init__(
        self, charter: Charter, rules: Rules = RULES, minima: Minima | None = None, air: Air = ANY_AIR,
        sites: Mapping[str, tuple[int, int]] | None = None, times: Times = TIMES, bias: Limits = LIMITS,
        well_clear: WellClear | None = DO_365, secret: bytes = b"",
    ) -> None:  # fmt: skip
        """`minima` in place of the charter's between tracks; `sites` of radars by source, nanodegrees; `secret` of the
        run, which makes alerts' ids."""
        self.sky = Sky(sites, air, bias)
        self.zones = Zones()
        self.alerts = Alerts(rules, secret)
        self.conformance = Conformance(times)
        self._minima: Minima = minima or minima_of(charter)
        self._margins: Margins = margins_of(charter)
        self._well_clear = well_clear
        self._owners = Owners()
        self._all: set[str] = set()
        self._tracks = no_tracks()
        self._owned: dict[int, Own] = {}
        """By track, whose it is."""
        self._zone_of: dict[str, Zone] = {}
        """By alert its zone, which may have ended since."""
        self._swept_us = 0

    # what is known beforehand

    def assign(self, kind: AddressKind, address: str, *owns: Own) -> None:
        """See `Owners.assign`."""
        self._owners.assign(kind, address, *owns)

    def assign_callsign(self, callsign: str, *owns: Own) -> None:
        """See `Owners.assign_callsign`."""
        self._owners.assign_callsign(callsign, *owns)

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
        self._owned = self._kept(tracks) | self._owners.find(self.sky.fusion, self.zones, tracks, now_us)
        flying = np.flatnonzero((tracks.ground != 1) & (tracks.age_s <= COAST_S) & ~(tracks.speed_m_s > SPEED_M_S_MAX))
        left_out = max(0, len(flying) - TRACKS_MAX)
        if left_out:
            owned_first = np.argsort(~self._somebodys(tracks.number[flying]), kind="stable")
            flying = np.sort(flying[owned_first[:TRACKS_MAX]])
        air = tracks.select(flying)
        m, low, high = self._ranges(air)
        tracks.flags[flying] = air.flags
        seen, crowded = self._pairs(air, m)
        pairs = sum(1 for one in seen if one.inside)
        seen += self._entries(air, low, high, now_us, back_s)
        changes = self.alerts.sweep(seen, self._sighted(now_us), now_us)
        changes += self._concern(now_us)
        turns = self._conform(now_us)
        return Swept(changes, turns, len(tracks.number), len(air.number), pairs, left_out, crowded)

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
        unsure = tuple(sorted(name for name, parties in self._owners.unsure.items() if party in parties))
        return PartyPicture(self._swept_us, own, alerts, unsure)

    def sources(self) -> tuple[Source, ...]:
        """How each source does, as of the last sweep."""
        return tuple(self.sky.sources.values())

    def zone(self, alert: Alert) -> Zone | None:
        """The zone of an alert, as it is or last was; None of a pair."""
        return self._zone_of.get(alert.id)

    @property
    def tracks(self) -> Tracks:
        """All tracks as of the last sweep: for a recorder, never for a party."""
        return self._tracks

    # inside

    def _kept(self, tracks: Tracks) -> dict[int, Own]:
        """Whose plan ended while an alert of its aircraft is open is warned of that one to its end."""
        alerts = (alert for alert in self.alerts.by_id.values() if not alert.over)
        there = (
            {number for alert in alerts for number in alert.tracks} & self._owned.keys() & set(tracks.number.tolist())
        )
        return {number: Own(self._owned[number].party) for number in there}

    def _somebodys(self, numbers: Int64s) -> Bools:
        """Which of these tracks are a party's."""
        return np.isin(numbers, np.fromiter(self._owned, np.int64, len(self._owned)))

    def _ranges(self, air: Tracks) -> tuple[Moving, Float64s, Float64s]:
        """What moves, and the range of heights of each, millimetres above the ellipsoid.

        Where pressure and height contradict one another, it is anywhere between both.
        """
        heights = self.sky.heights
        low, high = heights.to_pressure(air.hae, air.lat_rad, air.lon_rad)
        below, above = heights.of_pressure(air.baro, air.lat_rad, air.lon_rad)
        both = ~np.isnan(air.baro) & ~np.isnan(air.hae)
        at_odds = both & ((air.hae < below - 1e6) | (air.hae > above + 1e6))
        air.flags[at_odds] |= int(Flag.ALTITUDES)
        baro_low = np.where(np.isnan(air.baro), low, np.where(at_odds, np.minimum(air.baro, low), air.baro))
        baro_high = np.where(np.isnan(air.baro), high, np.where(at_odds, np.maximum(air.baro, high), air.baro))
        know = ~np.isnan(air.hae)
        least = np.where(at_odds, np.minimum(air.hae, below), np.where(know, air.hae, below))
        most = np.where(at_odds, np.maximum(air.hae, above), np.where(know, air.hae, above))
        unknown = air._replace(baro=np.where(at_odds, np.nan, air.baro), hae=np.where(at_odds, np.nan, air.hae))
        return as_moving(unknown, baro_low, baro_high), least * 0.1, most * 0.1

    def _pairs(self, air: Tracks, m: Moving) -> tuple[list[Seen], bool]:
        """What alerts see of pairs in which somebody has a side; whether there were too many to look at all."""
        until = self.alerts.rules.look_us * 1e-6
        wide, crowded = self._wide(m, self._somebodys(air.number))
        pairs = held(m, self._minima, wide, until)
        chosen = np.array([k for k in range(len(pairs.i)) if not self._one(air, pairs, k)], np.int64)
        i, j = pairs.i[chosen], pairs.j[chosen]
        now = apart(motion(m), i, j)
        entry, noise = pairs.entry_s[chosen], GUESS * np.hypot(air.noise_m_s[i], air.noise_m_s[j])
        inside = np.isfinite(entry)
        spare_m = now[:, 0] - self._minima.horizontal_m[m.kind[i], m.kind[j]]
        inside &= ~((spare_m > 0.0) & (spare_m < noise * np.where(inside, entry, 0.0)))
        columns = (
            air.number[i], air.number[j], entry, pairs.cpa_s[chosen], pairs.horizontal_m[chosen],
            pairs.vertical_m[chosen], inside, self._clear(m, pairs, chosen, until), now[:, 0], now[:, 1],
            noise > 0.0, np.maximum(air.placed_us[i], air.placed_us[j]),
        )  # fmt: skip
        return [_seen(*row) for row in zip(*(column.tolist() for column in columns), strict=True)], crowded

    def _wide(self, m: Moving, mine: Bools) -> tuple[Pairs, bool]:
        """Pairs by the wider minima: all where somebody watches all, else those of parties; where there are too many,
        first those of nobody are left out, then those that have time. Whether something was left out."""
        rules = self.alerts.rules
        minima = Minima(self._minima.horizontal_m * rules.wider, self._minima.vertical * rules.wider)
        until, soon = rules.look_us * 1e-6 * rules.wider, rules.warn_us * 1e-6
        none = np.zeros(len(mine), np.bool_)
        for k, (whose, ahead) in enumerate(
            ((None if self._all else mine, until), (mine, until), (mine, soon), (none, soon))
        ):
            with suppress(Crowded):
                return approaches(m, minima, ahead, whose), k > 0
        raise AssertionError("nobody has no pairs")

    def _one(self, air: Tracks, pairs: Pairs, k: int) -> bool:
        """Whether both fly one plan: one thing by two names, or a formation, which is its party's to keep. What another
        party claims too may be neither."""
        numbers = int(air.number[pairs.i[k]]), int(air.number[pairs.j[k]])
        a, b = (self._owned.get(number) for number in numbers)
        return a is not None and a == b and bool(a.operation) and not self._owners.claimed.keys() & set(numbers)

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
            if entry > 0.0 and air.speed_m_s[at] < air.noise_m_s[at]:
                continue  # its places scatter, and it may be going nowhere
            seen.append(Seen((kind.value, str(number), zone), max(0.0, entry), max(0.0, entry), 0.0, 0.0))
        return seen

    def _sighted(self, now_us: int) -> dict[str, int]:
        """Of the sides of alerts, those that are there, and since when: tracks still carried on, and zones."""
        alerts, tracks = self.alerts.by_id.values(), self._tracks
        asked = np.array([number for alert in alerts for number in alert.tracks], np.int64)
        there = np.flatnonzero(np.isin(tracks.number, asked) & (tracks.age_s <= COAST_S))
        sighted = dict(zip(map(str, tracks.number[there].tolist()), tracks.placed_us[there].tolist(), strict=True))
        return sighted | {alert.zone: now_us for alert in alerts if alert.zone}

    def _concern(self, now_us: int) -> list[Change]:
        """Whom each alert concerns, and what speaks against its sides."""
        changes: list[Change] = []
        known = ((one, self.zones.by_id.get(one.zone) or self.zone(one)) for one in self.alerts.by_id.values())
        self._zone_of = {alert.id: zone for alert, zone in known if zone is not None}
        for alert in self.alerts.by_id.values():
            parties = set() if alert.zone else set(self._all)
            flags = 0
            for number in alert.tracks:
                own = self._owned.get(number)
                parties |= {own.party} if own is not None else set()
                parties |= self._owners.claimed.get(number, set())
                at = self._at(number)
                flags |= int(self._tracks.flags[at]) if at is not None else 0
            if (zone := self.zone(alert)) is not None:
                # a register is its owner's alone: whose track it is hears nothing of it
                parties = {zone.owner} if zone.kind is ZoneKind.REGISTER else parties | {zone.owner}
            changes += self.alerts.concern(alert, parties, now_us)
            alert.doubt = ", ".join(_flag_names(flags & int(SPOOF)))
        return changes

    def _conform(self, now_us: int) -> list[Turn]:
        turns: list[Turn] = []
        flown: dict[str, list[Fix]] = {}
        for number, own in sorted(self._owned.items()):
            if own.operation and (fix := self._fix(number)) is not None:
                flown.setdefault(own.operation, []).append(fix)
        operations = self._owners.operations()
        for gone in self.conformance.of.keys() - operations:
            turns += self.conformance.over(gone, now_us)
        for operation in sorted(operations):
            zone = self.zones.by_id.get(operation)
            if zone is not None:
                fixes = flown.get(operation, [])
                outside = (fix for fix in fixes if len(fixes) > 1 and is_outside(zone.volumes, fix, now_us))
                fix = next(outside, fixes[0] if fixes else None)
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
        first = alert.tracks[0]
        if not alert.zone:
            second = alert.tracks[1]
            own = self._owned.get(first)
            if own is None or own.party != party:
                theirs = self._owned.get(second)
                if theirs is not None and theirs.party == party:
                    first, second = second, first
            places = (self._place(first), self._place(second))
            return view_of(alert, party, self._name(first), self._name(second), places)
        zone = self.zone(alert)
        if zone is not None and zone.owner == party:
            return view_of(alert, party, zone.id, self._name(first), (None, self._place(first)))
        shown = zone is not None and zone.open
        name = zone.id if zone is not None and shown else ""
        return view_of(alert, party, self._name(first), name, (self._place(first), None), hidden=not shown)


def _seen(
    first: int, second: int, entry_s: float, cpa_s: float, horizontal_m: float, vertical_m: float, inside: bool,
    lost_s: float, apart_m: float, above_m: float, guessed: bool, reported_us: int,
) -> Seen:  # fmt: skip
    """A pair as alerts see it; NaN and infinite are undefined."""
    vertical, above = (None if math.isnan(metres) else metres for metres in (vertical_m, above_m))
    well_clear_s = lost_s if math.isfinite(lost_s) else None
    key = ("pair", str(first), str(second))
    return Seen(key, entry_s, cpa_s, horizontal_m, vertical, inside, well_clear_s, apart_m, above, guessed, reported_us)


@cache
def _flag_names(flags: int) -> tuple[str, ...]:
    return tuple(flag.name.lower() for flag in Flag if flag & flags and flag.name)
