"""The stage of the exercise: a folder, a node in a process of its own, the play, and what came of it.

In:  a port, a folder or none, a seed.
Out: `play_once` plays to the end and says the figures; `play_on` serves until Ctrl-C.
Raises `StageFailed` with one sentence where the stage cannot be built or the play goes wrong.
"""

import ctypes
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec

from wideberth.cli.audit import Audit
from wideberth.cli.ledgers import Finding, examine
from wideberth.cli.out import figure, progress, row, say, say_json, show, table, waiting
from wideberth.client import BadAnswer, BadReceipt, Fork, Refused, Unreachable
from wideberth.client.wire import b64
from wideberth.demo.calls import Calls
from wideberth.demo.exercise import PERSON, TRIAL_ISSUER, Exercise, Unexpected, everything, genesis, seed_of
from wideberth.demo.flights import ARRIVALS
from wideberth.demo.others import Others
from wideberth.demo.plans import PARTIES, Closed, Flight, Kept
from wideberth.demo.sky import Sky
from wideberth.demo.talk import ANSWERS, BEFORE, LATER, Word
from wideberth.node import found_theatre
from wideberth.party.identity import public_key
from wideberth.refusal import Reason
from wideberth.space.units import us_to_time

READY: Final = "ready "
STOP_S_MAX: Final = 15.0
SET_PDEATHSIG: Final = 1
LOOK_EVERY_S: Final = 1.5
LEAD_S: Final = 20
"""Minute 0 of the script lies so far ahead, for the time that setting up takes."""


class StageFailed(Exception):
    """The exercise cannot be played. The text is one sentence that says what to do."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an exercise that was played to its end, read from its ledger."""

    operations: int
    constraints: int
    protected: int
    conflicts: int
    cleared: int
    by_procedure: int
    risk_accepted: int
    open: int
    own_pairs: int
    commands: int
    refused: dict[str, int]
    entries: int
    by_node: int
    sound: bool
    decided_again: int

    @property
    def settled(self) -> int:
        """Conflicts that are no longer open."""
        return self.cleared + self.by_procedure + self.risk_accepted


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the exercise as Ctrl-C does, so that its node goes as well; also where a shell ignores Ctrl-C."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stage:
    """One exercise."""

    def __init__(self, port: int, folder: Path | None, seed: str, token_key: Path | None = None) -> None:
        """Nothing happens yet. `token_key`: the public key of an issuer whose suppliers may plan too."""
        self._port, self._folder, self._seed = port, folder, seed
        self._door = door(token_key) if token_key is not None else []

    def play_once(self, as_json: bool) -> int:
        """Play to the end, with simulated answers of the person's party; 0 where the ledger is sound."""
        with self._set() as (folder, url, stop):
            with waiting("The parties sign on"):
                exercise = self._exercise(url)
            self._act(exercise, everything(), [*BEFORE, *LATER, *ANSWERS])
            with waiting("Stopping the node; then everything is decided again, and compared"):
                exercise.close()
                stop()
            finding, audit = examine(folder, again=True)
        outcome = _outcome(exercise, audit, finding)
        if as_json:
            say_json(outcome)
        else:
            _print(outcome, finding)
        return 0 if outcome.sound else 1

    def play_on(self) -> int:
        """Serve the page and keep the other parties going until Ctrl-C."""
        with Sky() as sky, self._set(sky) as (folder, url, _):
            exercise = self._exercise(url)
            later = {flight for _, flight in ARRIVALS}
            self._act(exercise, tuple(thing for thing in everything() if thing not in later), BEFORE)
            _welcome(url, folder, self._seed)
            others, calls, begun = Others(exercise), Calls(exercise), time.monotonic()
            try:
                calls.before()
                calls.fly()
                while True:
                    elapsed_s = time.monotonic() - begun
                    others.look(elapsed_s, us_to_time(time.time_ns() // 1_000))
                    calls.look(elapsed_s)
                    time.sleep(LOOK_EVERY_S)
            except KeyboardInterrupt:
                say("\nThe exercise ends.")
            except (Unreachable, Unexpected, Refused) as error:
                raise StageFailed(f"The exercise stopped: {error}") from error
            finally:
                exercise.close()
        return 0

    # building

    @contextmanager
    def _set(self, sky: Sky | None = None) -> Iterator[tuple[Path, str, Callable[[], None]]]:
        """A folder with a founded theatre and a node that serves it."""
        with (
            _ended_by_signals(),
            tempfile.TemporaryDirectory(prefix="wideberth-", ignore_cleanup_errors=True) as temporary,
        ):
            folder = self._folder or Path(temporary) / "sarvel"
            if folder.exists() and any(folder.iterdir()):
                raise StageFailed(f"{folder} is not empty; name a new folder for the exercise.")
            seed = seed_of(self._seed, "node", "node")
            now_us = time.time_ns() // 1_000
            found_theatre(folder, genesis(self._seed, public_key(seed), now_us), seed)
            more = list(self._door)
            if sky is not None:
                (Path(temporary) / "feeds.toml").write_text(sky.feeds())
                more += ["--feeds", str(Path(temporary) / "feeds.toml")]
            with serving(folder, self._port, more) as (url, stop):
                yield folder, url, stop

    def _exercise(self, url: str) -> Exercise:
        return Exercise(url, self._seed, time.time_ns() // 1_000 + LEAD_S * 1_000_000)

    def _act(self, exercise: Exercise, things: Sequence[Flight | Closed | Kept], words: Sequence[Word]) -> None:
        try:
            with progress() as bar:
                task = bar.add_task("filing plans", total=len(things) + len(words))
                for thing in things:
                    exercise.file(thing)
                    bar.advance(task)
                bar.update(task, description="talking")
                for word in words:
                    exercise.say(word)
                    bar.advance(task)
        except (Unexpected, Unreachable, BadAnswer, BadReceipt, Fork, Refused) as error:
            raise StageFailed(f"The exercise could not be played: {error}") from error


def door(token_key: Path) -> list[str]:
    """Settings that let suppliers of this machine in, by tokens that the holder of the key's other half makes."""
    audiences = [word for name in ("localhost", "127.0.0.1") for word in ("--token-audience", name)]
    issuer = ["--token-issuer", TRIAL_ISSUER, "--token-key", str(token_key), *audiences]
    return [*issuer, "--http-uss", "--private-uss"]


def _end_with_parent() -> None:
    """A node outlives nobody: also where its parent is killed, it is told to stop (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def serving(folder: Path, port: int, more: Sequence[str] = ()) -> Iterator[tuple[str, Callable[[], None]]]:
    """A node in a process of its own: its address, and what stops it (SIGTERM) and waits until it has."""
    command = [sys.executable, "-m", "wideberth.cli", "serve", str(folder), "--port", str(port), "--quiet"]
    log = tempfile.TemporaryFile()  # noqa: SIM115  closed below
    node = subprocess.Popen(  # noqa: S603  this program itself
        [*command, "--log-level", "warning", *more],
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )

    def stop() -> None:
        if node.poll() is None:
            node.send_signal(signal.SIGTERM)
        try:
            node.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()

    try:
        with waiting("Starting the node. The first time the geometry is compiled, which takes about a minute."):
            address = _address(node, log)
        yield address, stop
    finally:
        stop()
        if node.stdout is not None:
            node.stdout.close()
        log.close()


def _address(node: "subprocess.Popen[bytes]", log: Any) -> str:
    assert node.stdout is not None
    line = node.stdout.readline().decode()
    if line.startswith(READY):
        return line.removeprefix(READY).strip()
    node.wait(STOP_S_MAX)
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:]
    raise StageFailed(last[0].removeprefix("wideberth: ") if last else "The node did not start.")


def _welcome(url: str, folder: Path, seed: str) -> None:
    say("The exercise runs. Sit at the watch of the Humanitarian Air Service:")
    say()
    say(f"  {sign_on(url, seed, PERSON)}")
    say()
    say("Or at another's:")
    for code, (name, _) in PARTIES.items():
        if code != PERSON:
            say(f"  {name:<26}{sign_on(url, seed, code)}")
    say()
    say(f"Ledger: {folder}")
    say("An exercise on invented land. Not certified for operational use. Ctrl-C ends it.")


def sign_on(url: str, seed: str, party: str) -> str:
    """The page's address with a party's key in the fragment, which no browser sends anywhere."""
    return f"{url}/#party={party}&seed={b64(seed_of(seed, party))}"


# what came of it


def _outcome(exercise: Exercise, audit: Audit, finding: Finding) -> Outcome:
    state = audit.state
    states = Counter(conflict.state.value for conflict in state.conflicts.values())
    things = Counter(thing.what for thing in state.things.values())
    by_parties = exercise.tally.commands
    return Outcome(
        operations=things["operation"],
        constraints=things["constraint"],
        protected=things["protected"],
        conflicts=len(state.conflicts),
        cleared=states["cleared"],
        by_procedure=states["settled"],
        risk_accepted=states["accepted"],
        open=states["open"],
        own_pairs=sum(c.own_pair and c.state == "open" for c in state.conflicts.values()),
        commands=by_parties,
        refused=dict(exercise.tally.refused),
        entries=finding.entries,
        by_node=finding.entries - by_parties,
        sound=finding.sound,
        decided_again=finding.decided_again,
    )


def _print(outcome: Outcome, finding: Finding) -> None:
    titles = {reason.value: reason.heading for reason in Reason}
    rows = table("the exercise", "#count")
    row(rows, "parties", figure(len(PARTIES)))
    row(rows, "operations", figure(outcome.operations))
    row(rows, "constraints", figure(outcome.constraints))
    row(rows, "protected places", figure(outcome.protected))
    row(rows, "conflicts", figure(outcome.conflicts))
    row(rows, "  settled", figure(outcome.settled))
    row(rows, "    by another time, height or way", figure(outcome.cleared))
    row(rows, "    by a procedure that both keep", figure(outcome.by_procedure))
    row(rows, "    risk accepted by both", figure(outcome.risk_accepted))
    row(rows, "  open", figure(outcome.open))
    if outcome.own_pairs:
        row(rows, "    of these between one party's own plans, which block nothing", figure(outcome.own_pairs))
    row(rows, "commands", figure(outcome.commands))
    for reason, count in sorted(outcome.refused.items()):
        row(rows, f"  refused: {titles[reason]}", figure(count))
    row(rows, "ledger entries", figure(outcome.entries))
    row(rows, "  by parties", figure(outcome.commands))
    row(rows, "  by the node (founding, ticks, deadlines)", figure(outcome.by_node))
    show(rows)
    say()
    if outcome.sound:
        decided = figure(outcome.decided_again)
        say(f"Verified: {figure(outcome.entries)} entries are sound, {decided} commands decided again alike.")
    else:
        say(f"NOT SOUND. {finding.faults[0]}")
