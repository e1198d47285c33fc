"""ASTERIX: ADS-B reports (CAT021), plots and tracks of a radar (CAT048), tracks of a tracker (CAT062).

In:  datagrams, or any run of whole data blocks; the places of the radars whose plots come.
Out: a report a record. Passed over and counted: service messages (CAT034, CAT065) and other categories; tracks that a
tracker carries on unseen (I062/080 CST) or takes for tentative (CNF); ADS-B that failed its station's checks (I021/040
NOGO, CPR, RCF). Of a duplicate address (ATP) the station's track number is the identity; without one it is the address,
as one that is not of ICAO.
Refuses nothing. What is not read of a block that cannot be read to its end: that record and those after it.

Stated assumptions. Time of day is that of the UTC day on which it lies nearest to the reception. Slant range becomes
distance on the ground with the pressure altitude as height above the ellipsoid; without altitude the middle of what 0
and 50,000 ft would give, and half the difference as accuracy. CAT048's Cartesian position counts as distance and
azimuth on the ground. CAT062's velocity counts from true north, its altitude 135 only without QNH correction.
Source: as in `asterix_items`; the item's number stands at each.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from wideberth.feeds.asterix_items import PROFILES, Items, blocks, record
from wideberth.feeds.parser import EPU_MM, FT_MIN_MM_S, RC_MM, Drop, Parser, clean, says_nothing
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.space.geodesy import A_M, E2, direct

DAY_US: Final = 86_400_000_000
NM_S_MM_S: Final = 1_852_000 / 16_384
"""2**-14 NM/s, millimetres a second."""
TURN_MDEG: Final = 360_000 / 65_536
SERVICE: Final = frozenset({34, 65, 2, 19, 23, 63})
CEILING_M: Final = 15_240.0
NM_M: Final = 1_852.0
SIGMA_95: Final = 2.4477
"""95 % radius of a circular normal distribution of standard deviation 1."""
DUPLICATE: Final = 1
"""Two aircraft say this address (I021/040 ATP)."""
ANONYMOUS: Final = 3
UNUSED: Final = 0x1A
"""I021/040, third octet: NOGO bit, CPR validation failed, range check failed."""
MEASURED: Final = (1, 2, 3, 7)
"""Sources of the altitude in I062/130 (I062/080 SRC) that measure it: GNSS, 3D radar, triangulation, multilateration.
The others are none, the sensors' coverage, a table of speeds, or a default."""
ON_GROUND: Final = {0: False, 1: True, 2: False, 3: True}
"""Flight status of Mode S: 4 and 5 may be either."""
LETTERS: Final = " ABCDEFGHIJKLMNOPQRSTUVWXYZ                     0123456789      "
"""Six-bit characters (ICAO Annex 10, volume IV, table 3-9)."""
EMITTERS: Final = {
    **{1: "A1", 2: "A2", 3: "A3", 4: "A4", 5: "A5", 6: "A6", 10: "A7", 11: "B1", 12: "B2", 13: "B6", 14: "B7"},
    **{15: "B4", 16: "B3", 20: "C1", 21: "C2", 22: "C3", 23: "C4", 24: "C5"},
}
"""I021/020 in the letters that transponders use for it."""
NUCP_MM: Final = (0, 0, 18_520_000, 3_704_000, 1_852_000, 926_000, 463_000, 185_200, 10_000, 3_000)
"""95 % radius by NUCp, first version of ADS-B (RTCA DO-260, table 2-11)."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a radar stands."""

    latitude: float
    longitude: float
    height_m: float
    """Of the antenna above the WGS 84 ellipsoid."""


class Asterix(Parser):
    """One source of ASTERIX; `sites` by "SAC/SIC", "*" for whichever else comes."""

    def __init__(self, source: str, sites: Mapping[str, Site]) -> None:
        super().__init__(source)
        self._sites = dict(sites)

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """The reports of one datagram."""
        found: list[Report] = []
        whole, rest = blocks(data)
        if rest:
            self.drop(Drop.MALFORMED)
        for category, block in whole:
            if category in PROFILES:
                self._block(category, block, received_us, found)
            else:
                self.drop(Drop.OTHER)
        return found

    def _block(self, category: int, block: bytes, received_us: int, found: list[Report]) -> None:
        at = 0
        while at < len(block):
            try:
                items, at = record(PROFILES[category], block, at)
            except ValueError:
                return self.drop(Drop.MALFORMED)
            report = self._report(category, items, received_us)
            if isinstance(report, Drop):
                self.drop(report)
            else:
                self.keep(report, found)
        return None

    def _report(self, category: int, items: Items, received_us: int) -> Report | Drop:
        if category == 21:
            report = _adsb(items, self.source, received_us)
        elif category == 62:
            report = _tracker(items, self.source, received_us)
        else:
            report = self._radar(items, received_us)
        return Drop.NOTHING if isinstance(report, Report) and says_nothing(report) else report

    def _radar(self, i: Items, received_us: int) -> Report | Drop:
        """CAT048."""
        described, status = i.get("020", b"\0"), i.get("170", b"\0")
        extended = described[1] if len(described) > 1 else 0
        if ("020" in i and described[0] >> 5 == 0) or (len(status) > 1 and status[1] & 0xC0):
            return Drop.NO_TARGET
        if status[0] & 0x80:  # CNF: tentative
            return Drop.DOUBTED
        time_us = _time(i.get("140"), received_us)
        who = _identity(i.get("220"), i.get("161"), i.get("010"))
        if time_us is None or who is None:
            return Drop.NO_TIME if time_us is None else Drop.NO_IDENTITY
        baro_ft = None if _number(i.get("090"), 0, 2, False) & 0xC000 else _level(i.get("090"), 14)
        place = self._place(i, baro_ft)
        if isinstance(place, Drop):
            return place
        return Report(
            source=self.source,
            address=who[1],
            kind=who[0],
            method=Method.RADAR,
            time_us=time_us,
            received_us=received_us,
            lat_nd=place[0],
            lon_nd=place[1],
            baro_ft=baro_ft,
            speed_mm_s=_scaled(i.get("200"), 0, 2, NM_S_MM_S, signed=False),
            track_mdeg=_turn(i.get("200"), 2),
            callsign=_characters(i.get("240")),
            on_ground=ON_GROUND.get(i["230"][0] >> 2 & 7) if "230" in i else None,
            accuracy_mm=place[2],
            # SIM, RAB: a transponder on a mast; TST
            simulated=bool(described[0] & 0x12 or extended & 0x80),
        )

    def _place(self, i: Items, baro_ft: int | None) -> tuple[int | None, int | None, int | None] | Drop:
        """Latitude, longitude, accuracy of a plot; all None where it has no place."""
        if "040" not in i and "042" not in i:
            return None, None, None
        site = self._sites.get(_station(i.get("010"))) or self._sites.get("*")
        if site is None:
            return Drop.NO_SITE
        spread_mm = None
        if "040" in i:
            slant_m = _number(i["040"], 0, 2, False) * NM_M / 256
            azimuth = _number(i["040"], 2, 2, False) * math.tau / 65_536
            height_ft = _level(i["110"], 14) if "110" in i else baro_ft
            ground_m, spread_m = _ground(site, slant_m, azimuth, None if height_ft is None else height_ft * 0.3048)
            spread_mm = round(spread_m * 1e3) or None
        else:
            east_m, north_m = (_number(i["042"], at, 2) * NM_M / 128 for at in (0, 2))
            ground_m, azimuth = math.hypot(east_m, north_m), math.atan2(east_m, north_m)
        lat, lon = direct(math.radians(site.latitude), math.radians(site.longitude), azimuth, ground_m)
        return round(math.degrees(lat) * 1e9), round(math.degrees(lon) * 1e9), spread_mm


def _ground(site: Site, slant_m: float, azimuth: float, height_m: float | None) -> tuple[float, float]:
    """Distance on the ground, and how far it may be off for want of an altitude."""
    sin_lat = math.sin(math.radians(site.latitude))
    w = 1.0 - E2 * sin_lat * sin_lat
    prime, meridian = A_M / math.sqrt(w), A_M * (1.0 - E2) / w**1.5
    # Euler: the curvature of the normal section in the direction of the plot
    radius = 1.0 / (math.cos(azimuth) ** 2 / meridian + math.sin(azimuth) ** 2 / prime)

    def at(height: float) -> float:
        up = height - site.height_m
        square = (slant_m * slant_m - up * up) / (4.0 * (radius + site.height_m) * (radius + height))
        return float(2.0 * radius * math.asin(min(1.0, math.sqrt(max(0.0, square)))))

    if height_m is not None:
        return at(height_m), 0.0
    far, near = at(min(max(site.height_m, 0.0), CEILING_M)), at(CEILING_M)
    return (far + near) / 2.0, abs(far - near) / 2.0


def _adsb(i: Items, source: str, received_us: int) -> Report | Drop:
    """CAT021."""
    time_us = _time(i.get("071") or i.get("073") or i.get("077"), received_us)
    described = i.get("040", b"\0")
    who = _named(i, described[0] >> 5)
    if time_us is None or who is None:
        return Drop.NO_TIME if time_us is None else Drop.NO_IDENTITY
    if len(described) > 2 and described[2] & UNUSED:
        return Drop.DOUBTED
    extended = described[1] if len(described) > 1 else None
    place, step = (i["131"], 180 / 2**30) if "131" in i else (i.get("130"), 180 / 2**23)
    size = 4 if "131" in i else 3
    accuracy_mm, integrity_mm = _quality(i)
    return Report(
        source=source,
        address=who[1],
        kind=who[0],
        method=Method.ADS_B,
        time_us=time_us,
        received_us=received_us,
        lat_nd=_scaled(place, 0, size, step * 1e9),
        lon_nd=_scaled(place, size, size, step * 1e9),
        baro_ft=_level(i.get("145"), 16),
        hae_mm=None if i.get("140") == b"\x7f\xff" else _scaled(i.get("140"), 0, 2, 6.25 * 304.8),
        speed_mm_s=_unless_more(i.get("160"), NM_S_MM_S, signed=False),
        track_mdeg=_turn(i.get("160"), 2),
        climb_mm_s=_unless_more(i.get("157") or i.get("155"), 6.25 * FT_MIN_MM_S, signed=True),
        callsign=_characters(i.get("170")),
        on_ground=None if extended is None else bool(extended & 0x40),
        accuracy_mm=accuracy_mm,
        integrity_mm=integrity_mm,
        category=EMITTERS.get(i["020"][0], "") if "020" in i else "",
        # SIM, TST, RAB: a transponder on a mast
        simulated=bool((extended or 0) & 0x30 or described[0] & 0x02),
    )


def _named(i: Items, sort: int) -> tuple[AddressKind, str] | None:
    """Who an ADS-B report is of, by the sort of its address (ATP)."""
    alone = _identity(i.get("080"), None, None)
    if alone is None or sort == DUPLICATE:
        track = _identity(None, i.get("161"), i.get("010"))
        if track is not None:
            return track
    return (AddressKind.OTHER, alone[1]) if alone is not None and sort in (DUPLICATE, ANONYMOUS) else alone


def _quality(i: Items) -> tuple[int | None, int | None]:
    """I021/090 by the version of ADS-B in I021/210: 95 % radius, radius of containment."""
    given = i.get("090")
    if given is None:
        return None, None
    version = i["210"][0] >> 3 & 7 if "210" in i else None
    first = given[0] >> 1 & 15
    if version == 0:
        return NUCP_MM[first] or None if first < len(NUCP_MM) else None, None
    if len(given) < 2:
        return None, None
    nac_p = given[1] >> 1 & 15
    accuracy = EPU_MM[nac_p] if nac_p < len(EPU_MM) else 0
    return accuracy or None, RC_MM[first] or None if first < len(RC_MM) else None


def _tracker(i: Items, source: str, received_us: int) -> Report | Drop:
    """CAT062."""
    status = i.get("080", b"\0")
    second = status[1] if len(status) > 1 else 0
    # TSE: the last of its track; CST: carried on
    if second & 0x40 or (len(status) > 3 and status[3] & 0x80):
        return Drop.NO_TARGET
    # CNF: tentative; PFT: potential false track
    if status[0] & 0x02 or (len(status) > 4 and status[4] & 0x04):
        return Drop.DOUBTED
    measured = status[0] >> 2 & 7 in MEASURED
    surface = len(status) > 5 and bool(status[5] & 0x10)
    time_us = _time(i.get("070"), received_us)
    who = _identity(i.get("380/ADR"), i.get("040"), i.get("010"))
    if time_us is None or who is None:
        return Drop.NO_TIME if time_us is None else Drop.NO_IDENTITY
    if "105" not in i and "100" in i:
        return Drop.NO_SITE
    speed, track = _velocity(i.get("185"))
    qnh = "135" in i and i["135"][0] & 0x80
    return Report(
        source=source,
        address=who[1],
        kind=who[0],
        method=Method.RADAR,
        time_us=time_us,
        received_us=received_us,
        lat_nd=_scaled(i.get("105"), 0, 4, 180e9 / 2**25),
        lon_nd=_scaled(i.get("105"), 4, 4, 180e9 / 2**25),
        baro_ft=_level(i["136"], 16) if "136" in i else None if qnh else _level(i.get("135"), 15),
        hae_mm=_scaled(i.get("130"), 0, 2, 6.25 * 304.8) if measured else None,
        speed_mm_s=speed,
        track_mdeg=track,
        climb_mm_s=_scaled(i.get("220"), 0, 2, 6.25 * FT_MIN_MM_S),
        callsign=_characters(i.get("380/ID")) or _characters(i["245"][1:] if "245" in i else None),
        on_ground=True if surface else ON_GROUND.get(i["380/COM"][0] >> 2 & 7) if "380/COM" in i else None,
        accuracy_mm=_estimated(i),
        simulated=bool(second & 0x80),
    )


def _estimated(i: Items) -> int | None:
    """I062/500: standard deviations in the plane, else in latitude and longitude."""
    if "500/APC" in i:
        return round(max(_number(i["500/APC"], at, 2, False) for at in (0, 2)) * 500 * SIGMA_95) or None
    if "500/APW" not in i or "105" not in i:
        return None
    north, east = (_number(i["500/APW"], at, 2, False) * math.radians(180 / 2**25) * A_M for at in (0, 2))
    east *= math.cos(math.radians(_number(i["105"], 0, 4) * 180 / 2**25))
    return round(max(north, abs(east)) * 1e3 * SIGMA_95) or None


def _velocity(data: bytes | None) -> tuple[int | None, int | None]:
    if data is None:
        return None, None
    east, north = _number(data, 0, 2) * 250, _number(data, 2, 2) * 250
    speed = round(math.hypot(east, north))
    return speed, round(math.degrees(math.atan2(east, north)) * 1e3) % 360_000 if speed else None


def _identity(address: bytes | None, track: bytes | None, station: bytes | None) -> tuple[AddressKind, str] | None:
    if address is not None and any(address):
        return AddressKind.ICAO, address.hex()
    if track is not None and station is not None:
        return AddressKind.RADAR, f"{_station(station)}/{int.from_bytes(track, 'big')}"
    return None


def _station(data: bytes | None) -> str:
    return "" if data is None else f"{data[0]}/{data[1]}"


def _time(data: bytes | None, received_us: int) -> int | None:
    """A time of day in 1/128 s, on the day on which it lies nearest to the reception."""
    if data is None:
        return None
    of_day = int.from_bytes(data, "big") * 1_000_000 // 128
    if of_day >= DAY_US:
        return None
    return of_day + (received_us - of_day + DAY_US // 2) // DAY_US * DAY_US


def _number(data: bytes | None, at: int, size: int, signed: bool = True) -> int:
    return 0 if data is None else int.from_bytes(data[at : at + size], "big", signed=signed)


def _scaled(data: bytes | None, at: int, size: int, step: float, signed: bool = True) -> int | None:
    return None if data is None else round(int.from_bytes(data[at : at + size], "big", signed=signed) * step)


def _turn(data: bytes | None, at: int) -> int | None:
    return None if data is None else round(_number(data, at, 2, False) * TURN_MDEG) % 360_000


def _level(data: bytes | None, bits: int) -> int | None:
    """Quarters of a flight level in the low bits, two's complement: feet."""
    if data is None:
        return None
    value = int.from_bytes(data, "big") & (1 << bits) - 1
    return (value - (1 << bits) if value >> bits - 1 else value) * 25


def _unless_more(data: bytes | None, step: float, signed: bool) -> int | None:
    """Fifteen bits below one that says "more than this can hold", which leaves it undefined."""
    if data is None or data[0] & 0x80:
        return None
    value = int.from_bytes(data[:2], "big")
    return round((value - 0x8000 if signed and value & 0x4000 else value) * step)


def _characters(data: bytes | None) -> str:
    """Eight six-bit characters."""
    if data is None:
        return ""
    bits = int.from_bytes(data, "big")
    return clean("".join(LETTERS[bits >> shift & 63] for shift in range(42, -6, -6)))
