"""What flies over the valley while somebody sits at the page: an SBS-1 server on loopback with four aircraft in it.

In:  nothing; the machine's clock.
Out: the text of a feeds file for the node; lines as a BaseStation gives them, a position and a speed of each aircraft a
     second; which aircraft fly whose plan.
Everything is invented, and the addresses are of no country. One helicopter strays over the field hospital every few
minutes, so that the watch of its party has something to warn of.
"""

import math
import socket
import threading
import time
from datetime import UTC, datetime
from typing import Final, NamedTuple

EARTH_M_PER_DEG: Final = 111_195.0
KNOT_M_S: Final = 0.514444
FEED: Final = '[[feeds]]\nname = "valley"\nformat = "sbs"\nurl = "tcp://127.0.0.1:{port}"\n'


class Circling(NamedTuple):
    """An aircraft that flies a circle to the right."""

    address: str
    callsign: str
    lat: float
    lon: float
    radius_m: float
    speed_m_s: float
    altitude_ft: int
    phase_deg: float = 0.0

    def at(self, seconds: float) -> tuple[float, float, float]:
        """Latitude, longitude and track in degrees."""
        turn = math.radians(self.phase_deg) + seconds * self.speed_m_s / self.radius_m
        lat = self.lat + self.radius_m * math.cos(turn) / EARTH_M_PER_DEG
        lon = self.lon + self.radius_m * math.sin(turn) / (EARTH_M_PER_DEG * math.cos(math.radians(self.lat)))
        return lat, lon, (math.degrees(turn) + 90.0) % 360.0


AIRCRAFT: Final = (
    Circling("f00118", "TAF118", 42.3621, -38.7909, 3_800, 70.0, 5_400),
    Circling("f00233", "KSD233", 42.3673, -38.5467, 1_600, 22.0, 2_700, 90),
    Circling("f0a320", "CIVIL9", 42.30, -38.50, 40_000, 220.0, 31_000, 200),
    Circling("f0e135", "", 42.255, -38.325, 7_000, 60.0, 3_000, 250),
)
FLOWN: Final = {"TAF-0118": "f00118", "KSD-0233": "f00233"}
"""Addresses by the label of the plan that they fly."""


class Sky:
    """The server; `with` runs it."""

    def __init__(self) -> None:
        """Listens at once, on a free port of loopback."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._began = time.time()
        self._thread = threading.Thread(target=self._accept, name="sky", daemon=True)

    def __enter__(self) -> "Sky":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def feeds(self) -> str:
        """The file that a node is given."""
        return FEED.format(port=self.port)

    def lines(self) -> bytes:
        """What is reported now."""
        now = time.time()
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d,%H:%M:%S.%f")[:-3]
        out = []
        for one in AIRCRAFT:
            lat, lon, track = one.at(now - self._began)
            head = f"1,1,{one.address.upper()},1,{stamp},{stamp}"
            out.append(f"MSG,1,{head},{one.callsign},,,,,,,,,,,\r\n" if one.callsign else "")
            out.append(f"MSG,3,{head},,{one.altitude_ft},,,{lat:.6f},{lon:.6f},,,0,0,0,0\r\n")
            out.append(f"MSG,4,{head},,,{one.speed_m_s / KNOT_M_S:.0f},{track:.0f},,,0,,0,0,0,0\r\n")
        return "".join(out).encode()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._report, args=(line,), daemon=True).start()

    def _report(self, line: socket.socket) -> None:
        with line:
            try:
                while True:
                    line.sendall(self.lines())
                    time.sleep(1.0)
            except OSError:
                return  # the node has gone
