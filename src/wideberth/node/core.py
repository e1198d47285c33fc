"""A running node: one loop that decides, appends, lets time pass and serves reads, each party in its turn.

In:  commands that were admitted, and reads; the clocks; a ledger that was opened.
Out: answers once they are durable; what reads find between two groups of entries, never in the midst of one.
Refuses by value: past a party's queue (TOO_MANY), while the clock cannot be trusted (CLOCK), while the disk is full or
after the ledger failed (STORAGE). After the ledger failed the state is ahead of it, so the node goes no further:
`failed` holds the sentence, and the process is to end.

A group is decided for at most 8 ms or 256 commands, then synced once by a thread of its own, then its answers leave.
Between groups reads have their 8 ms. Within both, parties take turns.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import structlog

from wideberth.config import Config
from wideberth.ledger.entry import Entry
from wideberth.ledger.sqlite import SqliteLedger
from wideberth.ledger.store import LedgerFailed
from wideberth.limits import (
    GROUP_COMMANDS_MAX,
    QUEUE_COMMANDS_MAX,
    READS_WAITING_MAX,
    SHARED_TURN_US_MAX,
    TICK_US,
    TURN_US_MAX,
    WARNED_KEPT_MAX,
)
from wideberth.node.carrier import Carrier
from wideberth.node.deliveries import Deliveries
from wideberth.node.metrics import Metrics
from wideberth.node.opening import Clocks, NodeFailed, Opened, open_folder, system_clocks, warm_up, write_snapshot
from wideberth.node.room import Room, free_bytes
from wideberth.node.sessions import Sessions
from wideberth.node.stops import Stops, essential
from wideberth.node.streams import Streams
from wideberth.node.turns import Turns, settle
from wideberth.party.alerts import Warned
from wideberth.party.command import Text, Volumes
from wideberth.party.hotline import Delivered, Stop
from wideberth.party.standard import StandardCommand, Supplier, Vouch
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import Answer, Clock, Sequencer, Submission, notice_in
from wideberth.space.volume import Volume4D
from wideberth.theatre.dues import next_due
from wideberth.theatre.outcome import Notice
from wideberth.theatre.standard_views import StandardViews
from wideberth.theatre.state import Draw
from wideberth.theatre.views import Views
from wideberth.tokens import open_tokens

if TYPE_CHECKING:
    from wideberth.node.live import Live

T = TypeVar("T")
Command_ = tuple[Submission, "asyncio.Future[Answer]"]
Read = tuple[Callable[[], Any], "asyncio.Future[Any]"]

SLICE_US: Final = 1_000
"""How long the loop decides before it lets sockets be served."""
UNDECIDED: Final = "it is not known whether this was written; ask again with the same bytes"
CLOCK_POLL_S: Final = 1.0
"""How often a clock that was wrong is looked at again."""


class Node:
    """One theatre's node. Use `Node.open`."""

    def __init__(self, config: Config, opened: Opened, clocks: Clocks, draw: Draw) -> None:
        self.config, self.clocks = config, clocks
        self.ledger: SqliteLedger = opened.ledger
        self.state, self.origin = opened.state, opened.origin
        self.sequencer = Sequencer(opened.ledger, opened.seed, draw, opened.state)
        self.sequencer.set_aside = self._set_aside
        self.views = Views(self.state, self._recall)
        self.standard = StandardViews(self.state, self.views, config.outbound_client_id)
        self.sessions = Sessions(self.state, self.origin, os.urandom, clocks.mono_us)
        self.streams = Streams()
        self.stops = Stops(config.folder, self.state, self.streams)
        self.heard_us: dict[str, int] = {}
        """When each party last read or spoke, since the node started."""
        self.metrics = Metrics()
        tokens = open_tokens(config, clocks.mono_us, self.metrics.registry)
        if isinstance(tokens, Refusal):
            raise NodeFailed(tokens.sentence())
        self.tokens = tokens
        self.public_url = config.public_url
        """Where suppliers reach this node."""
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
        self.on_entry: Callable[[Entry], None] | None = None
        """Is shown every durable entry that may mean something to suppliers outside."""
        self.room = Room(opened.ledger, lambda: free_bytes(config.folder))
        self.carrier: Carrier | None = None
        self.failed: str = ""
        self.closing = False
        self.ticks = 0
        """How often time has passed in the ledger since the node started."""
        self.ended = asyncio.Event()
        """Set when the node has come to its end, by `close` or because it failed."""
        clock = (clocks.wall_us(), clocks.mono_us(), self.state.time_us, config.clock_is_right)
        self._clock = Clock(*clock)
        self._commands: Turns[Command_] = Turns(QUEUE_COMMANDS_MAX)
        self._reads: Turns[Read] = Turns(READS_WAITING_MAX)
        self._work = asyncio.Event()
        self.deliveries = Deliveries(self._work.set)
        self.warned: deque[Warned] = deque(maxlen=WARNED_KEPT_MAX)
        self.live: Live | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._tick_at_us = 0
        self._open_version = self.state.open_version
        self._told: dict[str, int] = {}
        self._loop: asyncio.Task[None] | None = None
        self.metrics.watch(self)

    def waiting(self) -> tuple[int, int]:
        """How many commands and reads wait for their turn."""
        return len(self._commands), len(self._reads)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, config: Config, *, clocks: Clocks | None = None, draw: Draw = os.urandom, warm: bool = True
    ) -> AsyncIterator["Node"]:
        """Check and replay the ledger, have everything compiled, and run until the context ends. NodeFailed if not."""
        opened = open_folder(config.folder)
        try:
            if warm:
                warm_up()
            node = cls(config, opened, clocks or system_clocks(), draw)
            node._loop = asyncio.create_task(node._run())
            if node.tokens is not None:
                node.tokens.start()
            node.log.info("node.open", entries=node.state.size, theatre=node.state.theatre, epoch=node.state.epoch)
            try:
                yield node
            finally:
                await node._close()
        finally:
            opened.ledger.close()

    async def _close(self) -> None:
        self.closing = True
        self.stop_streams()
        if self.tokens is not None:
            await self.tokens.close()
        if self._loop is not None:
            await self._loop
        self._thread.shutdown()
        wall_us = self._trusted_wall_us()
        if self.room.full or self.failed or wall_us is None:
            return
        try:
            write_snapshot(self.config.folder, self.sequencer, wall_us)
        except (LedgerFailed, OSError) as error:
            self.log.exception("snapshot.failed", sentence=str(error))

    # asked from outside

    def trouble(self) -> Refusal | None:
        """Why the node does not decide just now, if it does not."""
        if self.failed:
            return refuse(Reason.STORAGE, "ledger", self.failed)
        if self._clock.wrong:
            return refuse(Reason.CLOCK, "clock", self._clock.wrong)
        if self.closing:
            return refuse(Reason.STORAGE, "node", "the node is being stopped")
        return None

    def now_us(self) -> int:
        """The time, never behind the ledger's; the ledger's alone while the clock cannot be trusted."""
        return self.state.time_us if self._clock.wrong else max(self.clocks.wall_us(), self.state.time_us)

    def hear(self, party: str) -> None:
        """A party was heard of."""
        self.heard_us[party] = self.clocks.wall_us()

    async def decide(self, submission: Submission) -> Answer:
        """Have an admitted command decided; the answer is durable."""
        no = self.trouble()
        if no is not None:
            return self._turned_away(submission, no)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        urgent = isinstance(submission.envelope.command, Stop)
        if not self._commands.put(submission.envelope.party, (submission, future), urgent):
            limit = f"at most {QUEUE_COMMANDS_MAX} commands of a party wait"
            return Answer(refuse(Reason.TOO_MANY, "commands", limit, "one more"))
        self._work.set()
        answer = await future
        lost = urgent and answer.refusal is not None and answer.refusal.reason is Reason.STORAGE
        return self._turned_away(submission, answer.refusal) if lost and answer.refusal else answer

    def _turned_away(self, submission: Submission, no: Refusal) -> Answer:
        """A command that cannot be decided now; a STOP is kept until it can."""
        return Answer(self.stops.keep(submission, no) if isinstance(submission.envelope.command, Stop) else no)

    async def vouch(
        self,
        who: Supplier,
        request: bytes,
        command: StandardCommand,
        volumes: tuple[Volume4D, ...] = (),
        texts: tuple[Text, ...] = (),
    ) -> Answer:
        """Have what a token brought decided. `request`: SHA-256 over manager, method, path and body; 32 bytes."""
        no = self.trouble()
        if no is not None:
            return Answer(no)
        parts: list[Volumes | Text] = [Volumes(volumes)] if volumes else []
        parts += texts
        vouch = Vouch(who.issuer, who.subject, request, command)
        return await self.decide(self.sequencer.vouch(vouch, parts, self.now_us()))

    async def read(self, party: str, job: Callable[[], T]) -> T | Refusal:
        """Have a read done between two groups, in the party's turn. `job` must not wait for anything."""
        if self.failed or self.closing:
            return cast(Refusal, self.trouble())
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if not self._reads.put(party, (job, future)):
            limit = f"at most {READS_WAITING_MAX} reads of a party wait"
            return refuse(Reason.TOO_MANY, "reads", limit, "one more")
        self._work.set()
        return await future

    def say_warned(self, command: Warned) -> None:
        """Have the ledger tell what the live watch told."""
        self.warned.append(command)
        self._work.set()

    def stop_streams(self) -> None:
        """Have every stream end, so that its client resumes elsewhere or later."""
        self.streams.over = True
        self.streams.wake(self.streams.parties())
        self._work.set()

    # the loop

    async def _run(self) -> None:
        try:
            while not self.closing and not self.failed:
                await self._wait_for_work()
                wall_us = self._trusted_wall_us()
                if wall_us is not None:
                    await self._enter_stops(wall_us)
                    await self._pass_time(wall_us)
                    await self._decide_group(wall_us)
                    await self._enter_own(wall_us)
                self._serve_reads()
        except LedgerFailed as error:
            self.fail(str(error))
        except Exception as error:
            self.log.exception("node.failed")
            self.fail(f"The node met a fault of its own ({type(error).__name__}: {error}); its log tells more.")
        finally:
            self._refuse_waiting()
            self.ended.set()

    def fail(self, sentence: str) -> None:
        """Go no further: the process is to end, and says why."""
        self.failed = sentence
        self.log.error("node.failed", sentence=sentence)
        self.stop_streams()

    def _refuse_waiting(self) -> None:
        no = self.trouble() or refuse(Reason.STORAGE, "node", "the node is being stopped")
        while (command := self._commands.take()) is not None:
            settle(command[1], self._turned_away(command[0], no))
        while (read := self._reads.take()) is not None:
            settle(read[1], no)

    async def _wait_for_work(self) -> None:
        if self._commands or self._reads or self._own_waits():
            await asyncio.sleep(0)
            return
        self._work.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds_until_due()):
                await self._work.wait()

    def _seconds_until_due(self) -> float:
        if self._clock.wrong:
            return CLOCK_POLL_S
        return max(0.0, (self._due_us() - self.clocks.wall_us()) / 1_000_000)

    def _due_us(self) -> int:
        due = next_due(self.state)
        return self._tick_at_us if due is None else min(due[0], self._tick_at_us)

    def _trusted_wall_us(self) -> int | None:
        """The wall clock, where it can be trusted; what is decided next goes by this very look at it."""
        was, wall_us = self._clock.wrong, self.clocks.wall_us()
        wrong = self._clock.check(wall_us, self.clocks.mono_us())
        if wrong != was:
            self.log.error("clock.wrong", sentence=wrong) if wrong else self.log.info("clock.right")
        if not wrong:
            return wall_us
        while (command := self._commands.take()) is not None:
            settle(command[1], self._turned_away(command[0], refuse(Reason.CLOCK, "clock", wrong)))
        return None

    async def _enter_stops(self, wall_us: int) -> None:
        """STOPs that were kept while nothing could be decided."""
        if not self.stops.waits:
            return
        size, entries = self.state.size, list[Entry]()
        for submission in self.stops.take(self.sequencer):
            self.sequencer.decide_one(submission, wall_us, entries)
        await self._in_thread(self.sequencer.append, entries, size)
        self.stops.done()
        self._show(entries)
        self._tell()

    async def _pass_time(self, wall_us: int) -> None:
        """Dues that have come, and the tick: they are entries, and every stream hears of the tick."""
        if self._due_us() > wall_us:
            return
        self.room.look(self.clocks.mono_us())
        size = self.state.size
        await self._in_thread(self.sequencer.pass_time, wall_us)
        self._show(self.ledger.read(size, self.state.size - size))
        if self._tick_at_us <= wall_us:
            self._tick_at_us = wall_us + TICK_US
            self.ticks += 1
            self.streams.wake(self.streams.parties())
        self._tell()

    async def _enter_own(self, wall_us: int) -> None:
        """One of what was handed over on routes and what the live watch warned of; commands go before the next."""
        if not self._own_waits():
            return
        size = self.state.size
        own = Delivered(self.deliveries.take()) if self.deliveries.ready else self.warned.popleft()
        await self._in_thread(self.sequencer.say, own, wall_us)
        self.deliveries.told()
        self._show(self.ledger.read(size, self.state.size - size))
        self._tell()

    def _own_waits(self) -> bool:
        return bool(self.deliveries.ready or self.warned) and not self.room.full and not self._clock.wrong

    async def _decide_group(self, wall_us: int) -> None:
        if not self._commands:
            return
        self.room.look(self.clocks.mono_us())
        size = self.state.size
        entries: list[Entry] = []
        answered: list[tuple[asyncio.Future[Answer], Answer]] = []
        try:
            await self._decide_some(entries, answered, wall_us)
            if entries:
                with self.metrics.appending.time():
                    await self._in_thread(self.sequencer.append, entries, size)
        except BaseException:
            for future, _ in answered:
                settle(future, Answer(refuse(Reason.STORAGE, "ledger", UNDECIDED)))
            raise
        for future, answer in answered:
            settle(future, answer)
            if self.on_entry is not None and answer.entry is not None and answer.entry.sequence >= size:
                self.on_entry(answer.entry)
            self.metrics.commands.labels(answer.refusal.reason if answer.refusal else "accepted").inc()
        self._tell()

    async def _decide_some(
        self, entries: list[Entry], answered: list[tuple["asyncio.Future[Answer]", Answer]], wall_us: int
    ) -> None:
        """Decide until the group is full; where several parties wait it is closed early, so that each is answered soon.

        One party alone gets the whole turn, for fewer syncs. A command of another one that comes meanwhile closes it.
        """
        began = sliced = self.clocks.mono_us()
        waiting = self._commands.parties
        turn_us = TURN_US_MAX if waiting == 1 else SHARED_TURN_US_MAX
        while len(answered) < GROUP_COMMANDS_MAX and self.clocks.mono_us() - began < turn_us:
            if answered and self._commands.parties > waiting:
                return
            job = self._commands.take()
            if job is None:
                return
            submission, future = job
            try:
                with self.metrics.deciding.time():
                    answered.append((future, self._decide_one(submission, wall_us, entries)))
            except BaseException:
                settle(future, Answer(refuse(Reason.STORAGE, "ledger", UNDECIDED)))
                raise
            if self.clocks.mono_us() - sliced > SLICE_US:
                await asyncio.sleep(0)
                sliced = self.clocks.mono_us()

    def _decide_one(self, submission: Submission, wall_us: int, entries: list[Entry]) -> Answer:
        if self.room.full and not essential(submission.envelope.command):
            limit = "the disk is full; what is essential is still taken"
            return Answer(refuse(Reason.STORAGE, "ledger", limit))
        return self.sequencer.decide_one(submission, wall_us, entries)

    def _serve_reads(self) -> None:
        began = self.clocks.mono_us()
        while self.clocks.mono_us() - began < TURN_US_MAX and (read := self._reads.take()) is not None:
            job, future = read
            if future.done():
                continue
            try:
                found = job()
            except LedgerFailed:
                settle(future, refuse(Reason.STORAGE, "ledger", "it cannot be read"))
                raise
            except Exception as error:  # noqa: BLE001  a read's fault is its caller's to report, not the loop's
                future.set_exception(error)
            else:
                settle(future, found)

    async def _in_thread(self, work: Callable[..., T], *given: Any) -> T:
        """Work that waits for the disk; the loop serves sockets meanwhile, and no reads."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)

    # telling

    def _show(self, entries: Iterable[Entry]) -> None:
        """Entries that are durable, to whoever tells the world outside."""
        if self.on_entry is not None:
            for entry in entries:
                self.on_entry(entry)

    def _tell(self) -> None:
        """Wake the streams of those who have new notices; all of them when what is open has changed."""
        listening = self.streams.parties()
        if self.state.open_version != self._open_version:
            self._open_version = self.state.open_version
            self.streams.wake(listening)
            return
        for party in listening:
            number = self.state.members[party].notices
            if number != self._told.get(party):
                self._told[party] = number
                self.streams.wake((party,))

    def _recall(self, sequence: int, party: str) -> Notice | None:
        told = notice_in(next(self.ledger.read(sequence, 1)), party)
        return told.notice if told is not None else None

    def _set_aside(self, submission: Submission, trace: str) -> None:
        command_id = submission.envelope.command_id.hex()
        self.log.error("command.set-aside", command=command_id, party=submission.envelope.party, trace=trace)
