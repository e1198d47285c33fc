"""The live watch of a node: feeds in, sweeps, alerts to the parties concerned, then the ledger.

In:  the feeds that the settings name; the state; entries in which parties take alerts up.
Out: `event: alert` on the streams of those concerned, at once; afterwards, from warned up, `Warned` entries; what a
     party may see now; feeds' states; recorded hours.
Refuses nothing: a feed that fails is DOWN and the others go on; a node without feeds has no live watch.
Raises `NodeFailed` where the feeds' file cannot be read.

Tracks stay here: what goes into the ledger says who was warned, when and how near. Sweeps run on a thread of their own
twice a second; what is reported meanwhile waits for the next. A sweep that fails ends the node, and so does what takes
reports over: a watch must not die quietly. All that sweeps compile is compiled before the first report is read.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from msgspec.structs import replace

from wideberth.encounter.recorder import Recorder
from wideberth.feeds.cot import Said
from wideberth.feeds.formats import Format
from wideberth.feeds.receive import Receiver
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed, read_feeds
from wideberth.feeds.told import AHEAD_US, Health
from wideberth.ledger.entry import Entry
from wideberth.limits import WARNINGS_PER_ENTRY_MAX
from wideberth.node.feed_figures import FeedFigures
from wideberth.node.opening import NodeFailed
from wideberth.node.shown_cot import Told, events, told_to
from wideberth.node.sky import Seen, Sky, look, ref_of
from wideberth.party.alerts import OVER, AcknowledgeAlert, AlertKind, Side, Stage, Warned, Warning_
from wideberth.party.standard import uuid4_of
from wideberth.refusal import Refusal
from wideberth.sequencer import envelope_of
from wideberth.space.units import minute_of
from wideberth.theatre.shown import Shown, id_text
from wideberth.watch.alert import Alert, AlertState
from wideberth.watch.conformance import Stand, Turn
from wideberth.watch.picture import AlertView
from wideberth.watch.rehearsal import rehearse
from wideberth.watch.watch import PartyPicture, Swept, Watch

if TYPE_CHECKING:
    from wideberth.node.core import Node

SWEEP_S: Final = 0.5
CONFIRM_S: Final = 0.2
"""Where a pair waits for a second sweep to say the same, that comes so soon; never two such in a row."""
FOLLOW_S: Final = 2.0
"""How often zones and owners are brought in step with the state."""
SAY_S: Final = 1.0
"""How often Cursor on Target clients are told what their party sees."""
LEFT_S: Final = 30.0
"""After how long the alerts that an earlier run left open are lost: as long as any pair that is out of sight."""
BACK_US: Final = 2_000_000
"""A clock that was set back by more has the watch begin anew: no track can be carried on to a time before it."""
STAGES: Final = {
    AlertState.WARNED: Stage.WARNED,
    AlertState.HAPPENED: Stage.HAPPENED,
    AlertState.PASSED: Stage.PASSED,
    AlertState.LOST: Stage.LOST,
}
Looked = tuple[Seen, dict[str, list[Told]]]
"""What a look at the state found: what the watch is to have, and by party its conflicts."""
KINDS: Final = {
    "pair": AlertKind.PAIR,
    "operation": AlertKind.ENTRY,
    "constraint": AlertKind.ENTRY,
    "line": AlertKind.LINE,
    "protected": AlertKind.PLACE,
    "register": AlertKind.PLACE,
}


class AlertSoon(Shown, frozen=True):
    """An alert on its way: not in the ledger yet. `id` is that which the ledger will have."""

    id: str
    view: AlertView


class Live:
    """The live watch of one node. Use `Live.open`."""

    def __init__(self, node: "Node", feeds: tuple[Feed, ...]) -> None:
        """Nothing runs yet."""
        self._node, self._feeds = node, feeds
        sites = {f.name: next(iter(f.sites.values())) for f in feeds if f.sites}
        places = {name: (round(site.latitude * 1e9), round(site.longitude * 1e9)) for name, site in sites.items()}
        self._places = places
        as_then = node.config.watch_clock == "feeds"
        self.receiver = Receiver(
            feeds, self._take, lambda error: self._fail("takes reports over", error), as_then=as_then
        )
        config = node.config
        self._recorder = Recorder(config.record, config.record_hours) if config.record is not None else None
        self._batches: list[list[Report]] = []
        self._thread = ThreadPoolExecutor(1, "watch")
        self._still = asyncio.Lock()
        """Held while the watch changes on its thread."""
        self._followed_us = self._said_us = self.now_us = self._feeds_us = 0
        self._begin()
        self._taken_up: list[tuple[bytes, str]] = []
        self._looking: asyncio.Task[Looked | Refusal] | None = None
        self._conflicts: dict[str, list[Told]] = {}
        """By party with a Cursor on Target feed, its conflicts that are near."""
        self.swept: Swept | None = None
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
        node.metrics.gauge("tracks", "Tracks of the live watch", lambda: float(self.swept.tracks if self.swept else 0))
        node.metrics.gauge("alerts", "Open alerts", lambda: float(len(self.watch.alerts)))
        node.metrics.gauge("watch_left_out", "Tracks and alerts past their limits", self._left_out)
        node.metrics.gauge("watch_crowded", "1: too many pairs in one place to look at all", self._crowded)
        node.metrics.registry.register(FeedFigures(self.healths, lambda: self.watch.sky.fusion.tallies))

    @classmethod
    @asynccontextmanager
    async def open(cls, node: "Node", *, warm: bool = True) -> AsyncIterator["Live"]:
        """Read the feeds' file, have everything compiled, and watch until the context ends. NodeFailed where the file
        cannot be read."""
        assert node.config.feeds is not None, "asked for"
        try:
            feeds = read_feeds(node.config.feeds.read_bytes())
        except OSError as error:
            raise NodeFailed(f"{node.config.feeds}: {error.strerror}.") from error
        if isinstance(feeds, Refusal):
            raise NodeFailed(f"{node.config.feeds}: {feeds.sentence()}")
        live = cls(node, feeds)
        if warm:
            await live._warm_up()
        sweeping = asyncio.create_task(live._run(), name="live watch")
        try:
            async with live.receiver:
                yield live
        finally:
            tasks = [sweeping] if live._looking is None else [sweeping, live._looking]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            live._thread.shutdown()
            if live._recorder is not None:
                live._recorder.close()

    def _begin(self) -> None:
        """Watch from nothing: at the start, and when the clock was set back, for which no track was made."""
        node = self._node
        self.watch = Watch(node.state.charter, sites=self._places, secret=os.urandom(32))
        for party in node.config.watch_all:
            self.watch.watch_all(party)
        self._sky = Sky(self.watch)
        self._in_ledger: dict[str, tuple[Stage, tuple[str, ...]]] = {}
        """Of open alerts, the last stage and the sides that the ledger was told."""
        self._told: dict[str, tuple[str, ...]] = {}
        """By alert, whom it concerned at the last sweep."""
        self._by_ledger_id: dict[bytes, str] = {}
        self._off: dict[str, int] = {}
        """When operations were found to be off their plan."""
        self._left = [row.warning() for row in node.state.alerts.values() if row.stage not in OVER]
        """Alerts that were left open; what is still too near opens anew."""
        self._left_until_s = time.monotonic() + LEFT_S

    def _left_out(self) -> float:
        return float((self.swept.left_out if self.swept else 0) + self.watch.alerts.unopened)

    def _crowded(self) -> float:
        return float(self.swept is not None and self.swept.crowded)

    async def _warm_up(self) -> None:
        """The first start of a version compiles for a minute or so; every other loads what was compiled."""
        self.log.info("watch.compiling")
        began = time.monotonic()
        await asyncio.get_running_loop().run_in_executor(self._thread, rehearse, self._node.state.charter)
        self.log.info("watch.compiled", seconds=round(time.monotonic() - began, 1))

    def _fail(self, what: str, error: Exception) -> None:
        """End the node over a fault of the watch's own."""
        fault = f"{type(error).__name__}: {error}"
        self._node.fail(f"The live watch, which {what}, met a fault of its own ({fault}); the node's log tells more.")

    # what comes in

    def _take(self, batch: list[Report]) -> None:
        if self._node.config.watch_clock == "feeds":
            batch = [self._as_then(report) for report in batch]
        self._batches.append(batch)
        if self._recorder is not None:
            self._recorder.put(batch)

    def _as_then(self, report: Report) -> Report:
        """A report that is played, as if received when it was made: so it is neither old nor ahead, at any speed.

        One that lies in the future even of this machine moves no clock.
        """
        if report.time_us <= report.received_us + AHEAD_US:
            self._feeds_us = max(self._feeds_us, report.time_us)
        return replace(report, received_us=self._feeds_us)

    def entry(self, entry: Entry) -> None:
        """An entry that is durable: perhaps somebody has taken an alert up."""
        envelope = envelope_of(entry)
        if isinstance(envelope.command, AcknowledgeAlert):
            self._taken_up.append((envelope.command.alert, envelope.party))

    # sweeping

    async def _run(self) -> None:
        loop, pause_s = asyncio.get_running_loop(), SWEEP_S
        try:
            while True:
                began = loop.time()
                await self._sweep()
                pause_s = CONFIRM_S if self.watch.alerts.unconfirmed and pause_s == SWEEP_S else SWEEP_S
                await asyncio.sleep(max(0.0, pause_s - (loop.time() - began)))
        except Exception as error:
            self.log.exception("watch.failed")
            self._fail("sweeps", error)

    async def _sweep(self) -> None:
        clock_us = self._clock_us()
        async with self._still:
            if clock_us < self.now_us - BACK_US:
                self.log.error("watch.clock-set-back", seconds=(self.now_us - clock_us) * 1e-6)
                self.now_us = 0
                self._begin()
            now_us = self.now_us = max(clock_us, self.now_us + 1)
            self._follow(now_us)
            batches, self._batches = self._batches, []
            swept = await asyncio.get_running_loop().run_in_executor(self._thread, self._work, batches, now_us)
            if swept.crowded and not (self.swept and self.swept.crowded):
                self.log.warning("watch.crowded", tracks=swept.tracks)
            self.swept = swept
            self._tell(swept, now_us)
            if now_us - self._said_us >= SAY_S * 1e6:
                self._said_us = now_us
                self._say_cot(now_us)

    def _follow(self, now_us: int) -> None:
        """Take over what the state was last seen to have, and have it looked at again; no sweep waits for the ledger,
        between whose groups that is done."""
        if self._looking is not None and self._looking.done():
            found, self._looking = self._looking.result(), None
            if not isinstance(found, Refusal):
                seen, self._conflicts = found
                self._sky.take(seen)
        if self._looking is None and now_us - self._followed_us >= FOLLOW_S * 1e6:
            self._followed_us = now_us
            self._looking = asyncio.create_task(self._node.read("", lambda: self._look(now_us)), name="state to watch")

    def _look(self, now_us: int) -> Looked:
        node = self._node
        parties = {feed.party for feed in self._feeds if feed.party and feed.format is Format.COT}
        return look(node.state, now_us), {party: told_to(party, node.state, node.views, now_us) for party in parties}

    def _clock_us(self) -> int:
        if self._node.config.watch_clock == "wall":
            return self._node.clocks.wall_us()
        return self._feeds_us

    def _work(self, batches: list[list[Report]], now_us: int) -> Swept:
        of_feed: dict[str, list[Report]] = {}
        for batch in batches:
            of_feed.setdefault(batch[0].source, []).extend(batch)
        for reports in of_feed.values():
            self.watch.reports(reports)
        taken, self._taken_up = self._taken_up, []
        for alert, party in taken:
            known = self._by_ledger_id.get(alert)
            if known is not None:
                self.watch.acknowledge(known, party, now_us)
        return self.watch.sweep(now_us)

    # telling

    def _tell(self, swept: Swept, now_us: int) -> None:
        """Streams first, then the ledger."""
        rows = [*self._warnings(swept, now_us), *self._turned(swept.turns, now_us), *self._left_open(now_us)]
        for begin in range(0, len(rows), WARNINGS_PER_ENTRY_MAX):
            self._node.say_warned(Warned(tuple(rows[begin : begin + WARNINGS_PER_ENTRY_MAX])))

    def _warnings(self, swept: Swept, now_us: int) -> Iterable[Warning_]:
        alerts = self._news(swept)
        seen = {party: self.watch.view(party) for party in sorted({party for a in alerts for party in a.parties})}
        for party, picture in seen.items():
            views = {view.id: view for view in picture.alerts}
            for alert in alerts:
                if party in alert.parties:
                    soon = AlertSoon(id_text(self.ledger_id(alert.id)), views[alert.id])
                    self._node.streams.tell(party, b"event: alert\ndata: " + msgspec.json.encode(soon) + b"\n\n")
        for alert in alerts:
            stage = STAGES.get(alert.state)
            before, sides = self._in_ledger.get(alert.id, (None, ()))
            same = stage is before and sides == alert.parties
            if stage is None or same or (stage in OVER and before is None) or not alert.parties:
                continue
            self._in_ledger[alert.id] = stage, alert.parties
            self._by_ledger_id[self.ledger_id(alert.id)] = alert.id
            if stage in OVER:
                del self._in_ledger[alert.id], self._by_ledger_id[self.ledger_id(alert.id)]
            yield self._warning(alert, stage, now_us, seen)

    def _news(self, swept: Swept) -> list[Alert]:
        """Alerts that changed, and open ones that concern somebody whom they did not: an aircraft was named late."""
        by_id = self.watch.alerts.by_id
        changed = {change.alert: None for change in swept.changes if change.alert in by_id}
        for alert in by_id.values():
            if not alert.over and alert.parties != self._told.get(alert.id, alert.parties):
                changed[alert.id] = None
        self._told = {alert.id: alert.parties for alert in by_id.values()}
        return [by_id[name] for name in changed]

    def _warning(self, alert: Alert, stage: Stage, now_us: int, pictures: Mapping[str, PartyPicture]) -> Warning_:
        """What is predicted while it is open; at its end, how near they were."""
        seen = alert.seen
        sides = tuple(self._side(alert, party, pictures[party]) for party in alert.parties)
        closest_us, across_m, above_m = now_us + round(max(0.0, seen.cpa_s) * 1e6), seen.horizontal_m, seen.vertical_m
        if stage in OVER and alert.nearest is not None:
            closest_us, across_m, above_m = alert.nearest
        zone = self.watch.zone(alert)
        if alert.zone and (zone is None or not zone.open):
            closest_us = minute_of(closest_us)
        across_mm, above_mm = (round(min(abs(metres or 0.0), 1e7) * 1_000) for metres in (across_m, above_m))
        doubt = bool(alert.doubt) or above_m is None
        kind = KINDS[alert.key[0]]
        return Warning_(self.ledger_id(alert.id), kind, stage, sides, now_us, closest_us, across_mm, above_mm, doubt)

    def _side(self, alert: Alert, party: str, picture: PartyPicture) -> Side:
        """A party's side: its plan where one is known, its track by name; of a zone, the zone's thing."""
        view = next(view for view in picture.alerts if view.id == alert.id)
        zone = self.watch.zone(alert)
        if zone is not None and zone.owner == party:
            return Side(party, ref_of(zone.id)[1], "")
        own = next((own for own in picture.own if own.name == view.own or own.callsign == view.own), None)
        operation = ref_of(own.operation)[1] if own is not None and own.operation else b""
        return Side(party, operation, view.own)

    def _turned(self, turns: list[Turn], now_us: int) -> Iterable[Warning_]:
        """A thing that leaves its own plan is told to its party; its plan is changed by a command alone."""
        for turn in turns:
            owner, operation = ref_of(turn.operation)
            left = turn.after is Stand.NONCONFORMING
            if not owner or (not left and turn.operation not in self._off):
                continue
            since_us = self._off.setdefault(turn.operation, now_us)
            alert = uuid4_of("off-plan", turn.operation, str(since_us))
            back = turn.after in (Stand.CONFORMING, Stand.UNSEEN)
            if back:
                del self._off[turn.operation]
            stage = Stage.PASSED if back else Stage.HAPPENED
            sides = (Side(owner, operation, ""),)
            yield Warning_(alert, AlertKind.OFF_PLAN, stage, sides, now_us, now_us, 0, 0)

    def _left_open(self, now_us: int) -> list[Warning_]:
        if time.monotonic() < self._left_until_s:
            return []
        left, self._left = self._left, []
        return [replace(warning, stage=Stage.LOST, at_us=now_us) for warning in left]

    # what is seen

    @staticmethod
    def ledger_id(alert: str) -> bytes:
        """The id by which the ledger knows an alert."""
        return uuid4_of("alert", alert)

    async def picture(self, party: str) -> PartyPicture:
        """What a party may see, as of the last sweep."""
        async with self._still:
            return self.watch.view(party)

    def healths(self) -> list[Health]:
        """How the feeds do."""
        return self.receiver.healths()

    def _say_cot(self, now_us: int) -> None:
        """Each Cursor on Target feed that belongs to a party hears what that party may see."""
        for feed in self._feeds:
            if feed.party and feed.format is Format.COT:
                zones, conflicts = self._sky.shown_to(feed.party), self._conflicts.get(feed.party, [])
                said: list[Said] = events(self.watch.view(feed.party), zones, conflicts, now_us)
                self.receiver.say(feed.name, said)
