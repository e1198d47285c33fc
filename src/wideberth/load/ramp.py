"""A load from its first flight to its last: suppliers, a ramp of planners, what is left cleared up.

In:  a `Load`, where tokens come from.
Out: a `Report`: one `Step` for each number of planners, warm-up left out, and one past the peak where asked for.
Refuses an address that is none; raises `LoadFailed` where the first flight does not succeed.
"""

import asyncio
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn

import msgspec

import wideberth
from wideberth.load.flights import Cell, Flights, Spread, Where, drawing, new_id, stamp
from wideberth.load.line import Address
from wideberth.load.planners import Accepted, Key, Planner, Sky, Supplier
from wideberth.load.tally import Step, Tally

Source = Callable[[str], str]
"""A token for a subject."""
RENEW_S: Final = 1_500.0
"""Tokens live for an hour at most; they are renewed well before."""
DRAIN_S: Final = 5.0
"""How long flights under way may take to end, on top of the time-out of one request."""
SUBSCRIBED_S: Final = 23 * 3_600
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions/"


class LoadFailed(Exception):
    """The first flight did not succeed; its text is one line."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be asked, and how hard."""

    planners: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    seconds: float = 10.0
    warm_up_s: float = 2.0
    where: Where = Spread()
    volumes: int = 4
    suppliers: int = 2
    key: Key = Key.KNOWN
    puts: bool = False
    subscription: str = "implicit"
    """implicit, explicit, or none."""
    rate: float = 0.0
    past_peak: int = 0
    """One more step of so many times the planners of the peak; 0 for none."""
    timeout_s: float = 10.0
    seed: int = 1


class Report(msgspec.Struct, frozen=True):
    """What a load came to."""

    began: str
    seconds: float
    machine: str
    versions: dict[str, str]
    server: str
    load: Load
    steps: tuple[Step, ...]
    peak: int
    """Which of the steps had the most flights a second."""
    past_peak: Step | None
    left_behind: int
    """Intents that could not be deleted."""


class Generator:
    """Suppliers and planners at work on one server."""

    def __init__(
        self,
        address: Address,
        source: Source,
        load: Load,
        *,
        uss_url: str = "https://{subject}.example.com",
        on_accepted: Callable[[Accepted], None] | None = None,
    ) -> None:
        self._address, self._source, self._load = address, source, load
        self.sky = Sky(
            Flights(load.where, load.volumes),
            key=load.key,
            puts=load.puts,
            subscribe=load.subscription != "none",
            rate=load.rate,
            on_accepted=on_accepted,
        )
        names = [f"uss{i + 1}" for i in range(load.suppliers)]
        self.suppliers = [Supplier(name, uss_url.format(subject=name), address) for name in names]
        self.sky.managers = {supplier.url: supplier for supplier in self.suppliers}
        self.planners: list[Planner] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._renewing: asyncio.Task[None] | None = None
        self._subscribed: list[tuple[Planner, str, str]] = []
        self.left_behind = 0

    async def __aenter__(self) -> "Generator":
        """Tokens, explicit subscriptions, and one flight that must succeed."""
        await self._authorize()
        self._renewing = asyncio.create_task(self._renew())
        try:
            if self._load.subscription == "explicit":
                await self._subscribe()
            await self._first_flight()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop and clear up."""
        await self.close()

    def grow(self, planners: int) -> None:
        """So many planners in all from now on; never fewer."""
        while len(self._tasks) < planners:
            self._tasks.append(asyncio.create_task(self._planner(len(self._tasks)).run()))

    async def measure(self, seconds: float, warm_up_s: float) -> Step:
        """What the planners at work come to."""
        sky = self.sky
        sky.tally = Tally(sky.clock())
        await asyncio.sleep(warm_up_s)
        tally = sky.tally = Tally(sky.clock())
        cpu_s = time.process_time()
        await asyncio.sleep(seconds)
        took_s, cpu_s = sky.clock() - tally.begin_s, time.process_time() - cpu_s
        sky.tally = Tally(sky.clock())
        return tally.step(len(self._tasks), took_s, warm_up_s, cpu_s / took_s)

    async def stop(self) -> None:
        """Let the flights under way end."""
        self.sky.stopping.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._load.timeout_s + DRAIN_S)
            for task in late:
                task.cancel()
            done = await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks.clear()
            for error in done:
                if isinstance(error, Exception):
                    raise error

    async def close(self) -> None:
        """Stop, delete what is left, end the subscriptions."""
        await self.stop()
        if self._renewing is not None:
            self._renewing.cancel()
        for planner, id, named in self._subscribed:
            await planner.ask("DELETE", f"{SUBSCRIPTIONS}{id}/{named}")
        self._subscribed.clear()
        self.left_behind = sum(await asyncio.gather(*(planner.clear() for planner in self.planners)))

    def _planner(self, number: int) -> Planner:
        while len(self.planners) <= number:
            supplier = self.suppliers[len(self.planners) % len(self.suppliers)]
            place = (self._load.timeout_s, self._load.seed, len(self.planners))
            self.planners.append(Planner(self.sky, supplier, self._address, *place))
        return self.planners[number]

    async def _authorize(self) -> None:
        for supplier in self.suppliers:
            supplier.authorize(await asyncio.to_thread(self._source, supplier.subject))

    async def _renew(self) -> NoReturn:
        while True:
            await asyncio.sleep(RENEW_S)
            await self._authorize()

    async def _subscribe(self) -> None:
        """One subscription of each supplier over the whole cell."""
        assert isinstance(self._load.where, Cell)
        rng = drawing(f"subscriptions/{self._load.seed}/{self.sky.wall_us()}")
        for number, supplier in enumerate(self.suppliers):
            id, planner = new_id(rng), self._planner(number)
            body = msgspec.json.encode(subscription_of(self._load.where, self.sky.wall_us(), supplier.url))
            reply = await planner.ask("PUT", SUBSCRIPTIONS + id, body)
            if reply is None or reply.status != 200:
                raise LoadFailed(
                    f"The first subscription failed: {_why(self.sky.tally, reply.status if reply else None)}"
                )
            self._subscribed.append((planner, id, msgspec.json.decode(reply.body)["subscription"]["version"]))
            supplier.subscription = id

    async def _first_flight(self) -> None:
        """With the key empty, so that anything left in the place shows."""
        planner = self._planner(0)
        if not await (planner.put() if self._load.puts else planner.fly()):
            raise LoadFailed(f"The first flight failed: {_why(self.sky.tally, None)}")

    async def server(self) -> str:
        """What the server says of itself at `/aux/v1/version`, where it does."""
        reply = await self._planner(0).ask("GET", "/aux/v1/version")
        return reply.body.decode("utf-8", "replace")[:200] if reply is not None and reply.status == 200 else ""


def subscription_of(cell: Cell, now_us: int, url: str) -> dict[str, Any]:
    """A subscription to everything that flights of a cell may meet, for a day less an hour."""
    altitudes = (("altitude_lower", 0), ("altitude_upper", 1_000))
    centre = {"center": {"lat": cell.lat, "lng": cell.lon}, "radius": {"value": cell.side_m + 2_000, "units": "M"}}
    volume = {"outline_circle": centre} | {
        name: {"value": value, "reference": "W84", "units": "M"} for name, value in altitudes
    }
    times = (("time_start", now_us), ("time_end", now_us + SUBSCRIBED_S * 1_000_000))
    window = {name: {"value": f"{stamp(at).decode()}Z", "format": "RFC3339"} for name, at in times}
    return {"extents": {"volume": volume, **window}, "uss_base_url": url, "notify_for_operational_intents": True}


def _why(tally: Tally, status: int | None) -> str:
    """One line of what stood in the way."""
    if tally.failed:
        what, _ = tally.failed.most_common(1)[0]
        said = tally.said.get(what, "")
        return f"{what}{f' ({said})' if said else ''}."
    if tally.timeouts:
        return "no answer in time."
    if tally.broken:
        return f"{tally.said.get('broken', 'no connection')}."
    return f"status {status}." if status else "it was refused."


async def run(address: Address, source: Source, load: Load, uss_url: str, say: Callable[[str], None]) -> Report:
    """The whole load; `say` is told what goes on."""
    began, begin_s, steps, past = datetime.now(UTC), time.monotonic(), list[Step](), None
    generator = Generator(address, source, load, uss_url=uss_url)
    async with generator:
        server = await generator.server()
        for planners in sorted(load.planners):
            say(f"{planners} planners")
            generator.grow(planners)
            steps.append(await generator.measure(load.seconds, load.warm_up_s))
        peak = max(range(len(steps)), key=lambda i: steps[i].flights_per_s)
        if load.past_peak:
            planners = load.past_peak * steps[peak].planners
            say(f"{planners} planners, {load.past_peak} times those of the peak")
            generator.grow(planners)
            past = await generator.measure(load.seconds, load.warm_up_s)
        say("clearing up")
    versions = {name: version(name) for name in ("httptools", "msgspec", "uvloop")} | {
        "wideberth": wideberth.__version__,
        "python": platform.python_version(),
    }
    took_s = round(time.monotonic() - begin_s, 1)
    begun = f"{began - timedelta(microseconds=began.microsecond):%Y-%m-%dT%H:%M:%SZ}"
    behind = generator.left_behind
    return Report(begun, took_s, machine(), versions, server, load, tuple(steps), peak, past, behind)


def machine() -> str:
    """The processor, its cores, the memory."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        memory = Path("/proc/meminfo").read_text().split()[1]
    except OSError:
        return f"{os.cpu_count()} x {platform.machine()}, {platform.system()} {platform.release()}"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cpu = names[0] if names else platform.machine()
    return f"{os.cpu_count()} x {cpu}, {int(memory) / 2**20:.0f} GiB, Linux {platform.release()}"
