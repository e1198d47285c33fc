"""SBS-1 / BaseStation: lines of 22 fields with commas between, as port 30003 of dump1090 and readsb gives them.

    MSG,3,1,1,4CA2D6,1,2026/11/22,20:00:00.123,2026/11/22,20:00:00.200,,36000,,,52.1,4.3,,,0,0,0,0
    0   1 2 3 4      5 6          7            8          9          10 11 12 13 14 15 16 17 .. 20 21

1 transmission type, 4 address, 6-7 time generated, 8-9 time logged, 10 callsign, 11 pressure altitude (ft), 12 ground
speed (kt), 13 track (deg), 14-15 latitude and longitude, 16 vertical rate (ft/min), 21 on the ground (-1 or 1).
Types: 1 identification, 2 surface position, 3 airborne position, 4 velocity, 5 surveillance altitude, 6 surveillance
identity, 7 air to air, 8 all call. Dates and times have no zone: the settings say whose they are.
Source: Kinetic Avionic Products, BaseStation socket data format; dump1090 `net_io.c` for what is written today.

In:  pieces of the stream.
Out: a report a line of MSG or MLAT that says something.
Refuses nothing; other lines are counted. Accuracy is not in the format and stays undefined.
"""

from datetime import datetime, tzinfo
from typing import Final

from wideberth.feeds.parser import (
    FT_MIN_MM_S,
    KNOT_MM_S,
    Drop,
    Lines,
    Parser,
    clean,
    icao,
    number,
    says_nothing,
    scaled,
    turned,
)
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.limits import LINE_BYTES_MAX
from wideberth.space.units import time_to_us

METHODS: Final = dict.fromkeys("1234", Method.ADS_B) | dict.fromkeys("5678", Method.MODE_S)
OTHERS: Final = {"SEL", "ID", "AIR", "STA", "CLK"}
GROUND: Final = {"0": False, "1": True, "-1": True}
SPANS_KEPT: Final = 256


class Sbs(Parser):
    """SBS lines; `zone` is that of the times in them."""

    def __init__(self, source: str, zone: tzinfo) -> None:
        super().__init__(source)
        self._zone = zone
        self._lines = Lines(self, LINE_BYTES_MAX)
        self._spans: dict[str, tuple[int, int]] = {}

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """A report a line."""
        found: list[Report] = []
        for line in self._lines.split(data):
            try:
                self._line(line.decode("ascii", "replace"), received_us, found)
            except (ValueError, OverflowError):
                self.drop(Drop.MALFORMED)
        return found

    def reset(self) -> None:
        """Half a line is forgotten."""
        self._lines.reset()

    def _line(self, line: str, received_us: int, found: list[Report]) -> None:
        f = line.rstrip("\r").split(",")
        if f[0] not in ("MSG", "MLAT"):
            return self.drop(Drop.OTHER if f[0] in OTHERS else Drop.MALFORMED) if line.strip() else None
        if len(f) != 22 or f[1] not in METHODS:
            return self.drop(Drop.MALFORMED)
        unlisted = f[4].startswith("~")
        address = icao(f[4][1:] if unlisted else f[4])
        if address is None:
            return self.drop(Drop.NO_IDENTITY)
        report = Report(
            source=self.source,
            address=address,
            kind=AddressKind.OTHER if unlisted else AddressKind.ICAO,
            method=Method.MLAT if f[0] == "MLAT" else METHODS[f[1]],
            time_us=self._time(f[6], f[7], received_us) or self._time(f[8], f[9], received_us) or received_us,
            received_us=received_us,
            lat_nd=scaled(number(f[14]), 1e9),
            lon_nd=scaled(number(f[15]), 1e9),
            baro_ft=scaled(number(f[11]), 1.0),
            speed_mm_s=scaled(number(f[12]), KNOT_MM_S),
            track_mdeg=turned(number(f[13])),
            climb_mm_s=scaled(number(f[16]), FT_MIN_MM_S),
            callsign=clean(f[10]),
            on_ground=GROUND.get(f[21].strip()),
        )
        return self.drop(Drop.NOTHING) if says_nothing(report) else self.keep(report, found)

    def _time(self, date: str, time: str, received_us: int) -> int | None:
        """Microseconds since 1970; None where nothing stands. Raises ValueError on what is no time."""
        if not date or not time:
            return None
        early, late = self._span(date, time[:4])
        if (
            time[5:6] != ":"
            or not (time[3:5].isdigit() and time[6:8].isdigit())
            or time[6:8] > "60"
            or time[3:5] > "59"
        ):
            raise ValueError(time)
        into = (int(time[4]) * 60 + int(time[6:8])) * 1_000_000
        if time[8:]:
            into += round((number("0" + time[8:]) or 0.0) * 1e6)
        # an hour that the clocks of autumn show twice is the one nearer to the reception
        early, late = early + into, late + into
        return early if abs(early - received_us) <= abs(late - received_us) else late

    def _span(self, date: str, minutes: str) -> tuple[int, int]:
        """When ten minutes began, by both readings of a clock that was set back; the same twice where there is one.

        Clocks are set at the full or half hour, by an hour or by half of one.
        """
        key = date + minutes
        if key not in self._spans:
            if len(self._spans) >= SPANS_KEPT:
                self._spans.clear()
            local = datetime.strptime(f"{key}0", "%Y/%m/%d%H:%M").replace(tzinfo=self._zone)
            self._spans[key] = time_to_us(local), time_to_us(local.replace(fold=1))
        return self._spans[key]
