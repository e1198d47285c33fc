"""ADS-B as it was recorded, played through a real socket into a running node, becomes alerts for both sides.

The recording is a sample of the package `traffic` around Paris (`make traffic` writes it); its licence is unstated, so
it is not kept here, and where it is absent that part says so. What is made up for the same test is there always.
"""

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from geographiclib.geodesic import Geodesic
from served import founded, seed_of
from test_node_live import MINUTE_US, until, watched
from worlds import ND, charter, circle

from wideberth.client import Answer, Client
from wideberth.encounter.files import Given, read
from wideberth.encounter.join import Minima
from wideberth.encounter.search import Search
from wideberth.node import Node
from wideberth.party.alerts import Aircraft, SetAircraft, Stage, Warned
from wideberth.sequencer import envelope_of
from wideberth.space.volume import Volume4D

FRAME = Path(__file__).parents[2] / "bench" / "out" / "quickstart.parquet"
SPEED = 20.0
BEFORE_S, AFTER_S = 180, 45
NEAR_M, NEAR_FT = 5_556.0, 3_000.0
"""The charter's minima between crewed aircraft."""
MORE_FT = 500.0
"""So deep inside that altitudes in steps and places between two reports make no difference."""


class Row(NamedTuple):
    """A state vector as it was recorded."""

    address: str
    callsign: str
    second: int
    lat: float
    lon: float
    feet: float
    knots: float
    track: float
    climb_ft_min: float


class Part(NamedTuple):
    """A few minutes of traffic, and the two that come near in it."""

    first: str
    second: str
    rows: list[Row]

    def callsign(self, address: str) -> str:
        """What it calls itself."""
        return next(row.callsign for row in self.rows if row.address == address)

    def begins(self, address: str) -> tuple[float, float]:
        """Where it was first."""
        return next((row.lat, row.lon) for row in self.rows if row.address == address)

    def near(self) -> list[int]:
        """The seconds in which both were well within the minima, by geographiclib."""
        places = {(row.address, row.second): row for row in self.rows}
        found = []
        for second in range(self.rows[0].second, self.rows[-1].second + 1):
            a, b = places.get((self.first, second)), places.get((self.second, second))
            if a is not None and b is not None and abs(a.feet - b.feet) < NEAR_FT - MORE_FT:
                apart_m = Geodesic.WGS84.Inverse(a.lat, a.lon, b.lat, b.lon)["s12"]
                found += [second] if apart_m < 0.9 * NEAR_M else []
        return found


def made() -> Part:
    """Two that cross at right angles at the same moment, 500 ft apart, and one far away."""
    rows = []
    for second in range(BEFORE_S + AFTER_S):
        for address, name, track, feet, far_m in (
            ("3c6444", "MADE1", 90.0, 33_000.0, 0.0),
            ("4b1815", "MADE2", 0.0, 33_500.0, 0.0),
            ("400001", "MADE3", 90.0, 33_000.0, 200_000.0),
        ):
            at = Geodesic.WGS84.Direct(48, 2, track, 220.0 * (second - BEFORE_S))
            at = Geodesic.WGS84.Direct(at["lat2"], at["lon2"], 180, far_m)
            rows.append(Row(address, name, second, at["lat2"], at["lon2"], feet, 220 / 0.514444, track, 0.0))
    return Part("3c6444", "4b1815", rows)


def recorded() -> Part:
    """The part of the recording in which two airborne aircraft with a callsign each are nearest to one another."""
    if not FRAME.exists():
        pytest.skip(f"no recorded frame: `make traffic` writes bench/out/{FRAME.name}")
    given = Given()
    with Search(Minima()) as search:
        for batch in read(FRAME, given):
            search.add(batch)  # type: ignore[arg-type]
        found = search.find(given.names).encounters
    table = given_rows()
    for one in sorted(found, key=lambda e: -e.inside_us):
        enter_s, exit_s = one.enter_us // 1_000_000, one.exit_us // 1_000_000
        rows = [row for row in table if enter_s - BEFORE_S <= row.second <= exit_s + AFTER_S]
        both = [row for row in rows if row.address in (one.first, one.second)]
        names = {row.callsign for row in both}
        part = Part(one.first, one.second, rows)
        if len(both) < 400 or len(names) != 2 or "" in names or min(row.feet for row in both) < 3_000:
            continue
        near = part.near()
        if len(near) > 20 and near[0] > enter_s - 60 and exit_s - enter_s < 120:
            return part
    raise AssertionError("the recording has no such encounter")


def given_rows() -> list[Row]:
    """The frame's rows in the air that have all that is asked, by time."""
    import pyarrow.parquet

    names = ["icao24", "callsign", "timestamp", "latitude", "longitude", "altitude", "groundspeed", "track"]
    columns: dict[str, list[Any]] = pyarrow.parquet.read_table(FRAME, columns=[*names, "vertical_rate", "onground"])
    rows = []
    for values in zip(*(columns[name].to_pylist() for name in [*names, "vertical_rate", "onground"]), strict=True):
        address, callsign, at, *numbers, ground = values
        if not ground and None not in numbers and not any(math.isnan(x) for x in numbers):
            rows.append(Row(address, callsign or "", int(at.timestamp()), *numbers))
    return sorted(rows, key=lambda row: row.second)


class Tape:
    """An SBS server that plays a part as often as anybody connects, moved so that its last second is now."""

    def __init__(self, part: Part) -> None:
        self.moved_s = int(time.time()) - part.rows[-1].second
        self.part = part
        self.starts = asyncio.Event()

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The lines of each second when its time has come."""
        with suppress(asyncio.CancelledError, ConnectionError):
            await self.starts.wait()
            for lines in self._seconds():
                writer.write(lines)
                await writer.drain()
                await asyncio.sleep(1 / SPEED)
            while not writer.is_closing():
                await asyncio.sleep(0.1)
        writer.close()

    def _seconds(self) -> Iterator[bytes]:
        by_second: dict[int, list[Row]] = {}
        for row in self.part.rows:
            by_second.setdefault(row.second, []).append(row)
        for second in sorted(by_second):
            yield b"".join(self._lines(row) for row in by_second[second])

    def _lines(self, row: Row) -> bytes:
        stamp = datetime.fromtimestamp(row.second + self.moved_s, UTC).strftime("%Y/%m/%d,%H:%M:%S.000")
        head = f"1,1,{row.address.upper()},1,{stamp},{stamp}"
        return (
            f"MSG,1,{head},{row.callsign:8},,,,,,,,,,,\r\n"
            f"MSG,3,{head},,{row.feet:.0f},,,{row.lat:.6f},{row.lon:.6f},,,0,0,0,0\r\n"
            f"MSG,4,{head},,,{row.knots:.0f},{row.track:.1f},,,{row.climb_ft_min:.0f},,0,0,0,0\r\n"
        ).encode()


async def listen(url: str, party: str, heard: list[dict[str, Any]]) -> None:
    """Keep every alert that comes on a party's stream over a socket of its own."""
    with Client(url, party, seed_of(party)) as client:
        await asyncio.to_thread(client.view)
        head = "".join(f"{name}: {value}\r\n" for name, value in client.connection.headers().items())
    host, port = url.removeprefix("http://").split(":")
    source, sink = await asyncio.open_connection(host, int(port), limit=1 << 20)
    sink.write(f"GET /v1/stream HTTP/1.1\r\nhost: {host}\r\n{head}\r\n".encode())
    try:
        while True:
            await source.readuntil(b"event: alert\ndata: ")
            heard.append(msgspec.json.decode(await source.readuntil(b"\n")))
    except asyncio.IncompleteReadError:
        return
    finally:
        sink.close()


def fly(url: str, party: str, place: tuple[float, float], aircraft: Aircraft) -> None:
    """A plan of the party's, and what flies it."""
    now_us = time.time_ns() // 1_000
    where = Volume4D(circle(*place, 1_000), -300_000, 20_000_000, now_us - MINUTE_US, now_us + 60 * MINUTE_US)
    with Client(url, party, seed_of(party)) as client:
        operation = client.new_id()
        assert isinstance(client.plan(operation, [where]), Answer)
        said = client.say(SetAircraft(operation, 0), [aircraft])
        assert isinstance(said, Answer), said


@pytest.mark.parametrize("source", [made, recorded])
def test_recorded_traffic_through_a_socket_becomes_alerts(source: Any, tmp_path: Path) -> None:
    """Played at twenty times its speed: both parties hear it on their streams before the two are near, one of them by
    its callsign alone; the ledger has warning and event, and both read them; whom it does not concern hears nothing."""
    part: Part = source()
    founded(tmp_path / "node", charter(bounds_nd=(30 * ND, 60 * ND, -45 * ND, 45 * ND)))

    async def steps() -> None:
        tape = Tape(part)
        async with watched(tmp_path / "node", tape, watch_clock="feeds") as (node, url):
            mine: list[dict[str, Any]] = []
            theirs: list[dict[str, Any]] = []
            strangers: list[dict[str, Any]] = []
            heard = (("AAA", mine), ("BBB", theirs), ("CCC", strangers))
            readers = [asyncio.create_task(listen(url, party, alerts)) for party, alerts in heard]
            await asyncio.to_thread(fly, url, "AAA", part.begins(part.first), Aircraft((part.first,)))
            by_callsign = Aircraft((), (part.callsign(part.second).lower(),))
            await asyncio.to_thread(fly, url, "BBB", part.begins(part.second), by_callsign)
            while len(node.streams) < 3:
                await asyncio.sleep(0.01)
            tape.starts.set()

            def pair(alerts: list[dict[str, Any]], state: str) -> list[dict[str, Any]]:
                sides = {part.callsign(part.first), part.callsign(part.second)}
                views = [alert["view"] for alert in alerts if alert["view"]["state"] == state]
                return [view for view in views if {view["own"], view["other"]} == sides]

            async def happened() -> bool:
                return bool(pair(mine, "happened") and pair(theirs, "happened"))

            await until(happened)
            warned = pair(mine, "warned")[0]
            assert pair(theirs, "warned")[0]["id"] == warned["id"] == pair(mine, "happened")[0]["id"]
            assert strangers == []
            alert = await in_ledger(node, part, tape)
            for party in ("AAA", "BBB"):
                with Client(url, party, seed_of(party)) as client:
                    read_ = await asyncio.to_thread(client.connection.get, "/v1/alerts", dict)
                row = next(row for row in read_["alerts"] if row["id"] == str(UUID(bytes=alert)))
                assert (row["kind"], row["operation"] is None) == ("pair", False)
                assert row["stage"] in ("happened", "passed", "lost")
        await asyncio.gather(*readers)

    asyncio.run(steps())


async def in_ledger(node: Node, part: Part, tape: Tape) -> bytes:
    """It was warned of before the two were near, and told when they were, to within a sweep or two of the recording."""
    entered_us = (part.near()[0] + tape.moved_s) * 1_000_000

    def rows() -> list[Any]:
        said = [envelope_of(entry).command for entry in node.ledger.read(0, node.state.size)]
        told = [warning for command in said if isinstance(command, Warned) for warning in command.warnings]
        return [warning for warning in told if [side.party for side in warning.sides] == ["AAA", "BBB"]]

    async def there() -> bool:
        return any(row.stage is Stage.HAPPENED for row in rows())

    await until(there)
    first = next(row for row in rows() if row.stage is Stage.WARNED)
    then = next(row for row in rows() if row.stage is Stage.HAPPENED)
    assert first.alert == then.alert
    assert all(side.operation for side in first.sides)
    assert first.at_us < entered_us
    assert first.at_us < then.at_us <= entered_us + 60_000_000
    assert then.horizontal_mm <= NEAR_M * 1_000
    alert: bytes = first.alert
    return alert
