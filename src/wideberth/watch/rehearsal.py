"""A sky that never was: everything that a sweep compiles is compiled before the first report comes.

In:  a charter. Out: nothing, but for compiled code. The watch that was rehearsed is forgotten.
Refuses nothing.

All is there that leads to code of its own: three sources of which two name alike and a radar does not, a twin under
one address, a pair of crewed and a pair with a drone, heights by pressure and by satellite, zones of both outlines,
an own plan, and a sky without anything at the beginning.
"""

from typing import Final

from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.party.charter import Charter, TrafficClass
from wideberth.space.units import ND_PER_DEG
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.watch.entry import Zone, ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

T0_US: Final = 1_790_000_000_000_000
SECOND_US: Final = 1_000_000
SWEEPS: Final = 6
NORTH: Final = 48 * ND_PER_DEG
EAST: Final = 8 * ND_PER_DEG
STEP: Final = ND_PER_DEG // 50
"""About 2.2 km northwards."""
MANY: Final = 24


def rehearse(charter: Charter) -> None:
    """A few sweeps over it."""
    watch = Watch(charter, sites={"radar": (NORTH, EAST)})
    watch.sweep(T0_US - SECOND_US)
    for zone in _zones():
        watch.zones.put(zone)
    watch.assign(AddressKind.ICAO, _address(1), Own("A", "plan"))
    watch.assign_callsign("CALL2", Own("B", "other"))
    for t in range(SWEEPS):
        watch.reports(_reports(t, "one"))
        watch.reports([report for source in ("two", "radar") for report in _reports(t, source)])
        watch.sweep(T0_US + t * SECOND_US)
    watch.zones.drop("other")
    watch.zones.put(_zones()[1])
    watch.view("A")


def _address(k: int) -> str:
    return f"{k:06x}"


def _reports(t: int, source: str) -> list[Report]:
    """Pairs that come nearer, from the south and from the north; every third thing is a drone."""
    made = [_report(k, t, source) for k in range(MANY)]
    if source == "one":
        # the same address elsewhere
        made += [_report(0, t, source, away=40 * STEP) for _ in range(2)]
    return made


def _report(k: int, t: int, source: str, away: int = 0) -> Report:
    plot, north = source == "radar", k % 2
    time_us = T0_US + t * SECOND_US
    way = STEP * t // 11
    return Report(
        source,
        f"1/1/{k}" if plot else _address(k),
        AddressKind.RADAR if plot else AddressKind.ICAO,
        Method.RADAR if plot else Method.ADS_B,
        time_us,
        time_us,
        lat_nd=NORTH + away + (2 * STEP - way if north else way),
        lon_nd=EAST + (k // 2) * 5 * STEP,
        baro_ft=None if k % 5 == 4 else 5_000 + 100 * (k % 3),
        hae_mm=1_600_000 if k % 5 > 2 else None,
        speed_mm_s=200_000,
        track_mdeg=180_000 if north else 0,
        climb_mm_s=None if plot else 2_000 * (k % 3),
        callsign="" if plot else f"CALL{k}",
        on_ground=None if plot else False,
        accuracy_mm=100_000,
        category="B6" if k % 3 == 0 and not plot else "",
    )


def _zones() -> list[Zone]:
    ring = Polygon((NORTH, EAST, NORTH + STEP, EAST, NORTH + STEP, EAST + STEP, NORTH, EAST + STEP))
    outlines: list[Circle | Polygon] = [ring, Circle(NORTH + STEP, EAST + 5 * STEP, 500_000)]
    kinds = (ZoneKind.OPERATION, ZoneKind.CONSTRAINT)
    volumes = [Volume4D(outline, 0, 5_000_000, T0_US - SECOND_US, T0_US + 3_600 * SECOND_US) for outline in outlines]
    names = ("plan", "other")
    return [
        Zone(name, kind, "A", TrafficClass.CREWED_AIR, (volume,))
        for name, kind, volume in zip(names, kinds, volumes, strict=True)
    ]
