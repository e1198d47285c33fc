"""The other parties while somebody looks on: they answer, concur, activate, end, and file new plans now and then.

In:  an `Exercise` that was set up, the time that passes.
Out: commands of the parties that nobody at the page speaks for. Nothing is said for `PERSON`.
Raises what the client raises. What the theatre refuses is left as it is: in a living exercise plans change meanwhile.

Each party thinks for some seconds before it answers, as people do.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Final

import msgspec

from wideberth.client import Answer, Client, Problem, View, catch_up, plan_subject, proposal_subject
from wideberth.client.wire import Asked, Conflict, Operation, Options, Proposal
from wideberth.demo.exercise import PERSON, Exercise
from wideberth.demo.flights import ARRIVALS, OPEN, PATROL, QUIET, RELIEF, SURVEY, TRANSIT, TRANSPORT
from wideberth.demo.land import Bands, circle, route
from wideberth.demo.plans import Flight
from wideberth.demo.talk import LATER, Say
from wideberth.party.command import Activity, Disclosure, OperationState

THINK_S: Final = {"TAF": 9.0, "MAF": 14.0, "CAA": 7.0, "OHM": 16.0, "KSD": 8.0, "CPS": 11.0}
FILE_EVERY_S: Final = 150.0
"""Somebody files a new plan about so often."""
SIGN_EVERY_S: Final = 30.0
"""Each party signs for its notices so often."""
SHIFT_S_MAX: Final = 45 * 60.0
CLIMB_M_MAX: Final = 600.0
UNMOVED: Final = frozenset(("MAF-2207",))
"""Plans that their owner does not move for anybody."""

SCRIPTED: Final = frozenset(word.mine for word in LATER if isinstance(word, Say))
"""Things whose owners have their words in the script."""

Deed = Callable[[Client], Answer | Problem]


class Todo(msgspec.Struct):
    """Something that a party is about to say, unless it is overtaken."""

    due_s: float
    deed: Deed


class Others:
    """What the other parties have in mind."""

    def __init__(self, exercise: Exercise) -> None:
        """Nothing yet."""
        self._exercise = exercise
        self._todo: dict[tuple[str, str], Todo] = {}
        self._done: set[tuple[str, str]] = set()
        self._said = self._arrived = 0
        self._filed = count(1)
        self._file_at_s, self._sign_at_s = FILE_EVERY_S, SIGN_EVERY_S

    def look(self, elapsed_s: float, now: datetime) -> int:
        """Read what every party sees and do what is due; how many commands that were. Call it every second or two."""
        said = self._script(elapsed_s)
        for party, client in self._exercise.clients.items():
            if party == PERSON:
                continue
            view = client.view()
            if isinstance(view, View):
                self._consider(party, view, elapsed_s, now)
        said += self._act(elapsed_s)
        if elapsed_s >= self._sign_at_s:
            self._sign_at_s = elapsed_s + SIGN_EVERY_S
            said += self._sign()
        if elapsed_s >= self._file_at_s:
            self._file_at_s = elapsed_s + FILE_EVERY_S
            self._exercise.try_to(fresh_plan(next(self._filed), elapsed_s / 60))
            said += 1
        return said

    def _script(self, elapsed_s: float) -> int:
        """Plans and words of the script whose time has come; what is settled meanwhile needs no more words."""
        before = self._said + self._arrived
        while self._arrived < len(ARRIVALS) and ARRIVALS[self._arrived][0] <= elapsed_s:
            self._exercise.try_to(ARRIVALS[self._arrived][1])
            self._arrived += 1
        while self._said < len(LATER) and LATER[self._said].at_s <= elapsed_s:
            self._exercise.try_to(LATER[self._said])
            self._said += 1
        return self._said + self._arrived - before

    def _consider(self, party: str, view: View, elapsed_s: float, now: datetime) -> None:
        for conflict in view.conflicts:
            if conflict.state == "open":
                self._answer(party, conflict, elapsed_s)
        for asked in view.asked:
            if asked.state == "asked" and not _at_odds(view, asked):
                deed = _concurring(asked)
                self._plan(party, f"asked {asked.operation.id} {asked.operation.version}", elapsed_s, deed)
        for operation in view.operations:
            if operation.mine:
                self._watch(party, operation, elapsed_s, now)

    def _answer(self, party: str, conflict: Conflict, elapsed_s: float) -> None:
        for proposal in conflict.proposals:
            if proposal.state == "open" and not proposal.mine:
                self._plan(party, f"proposal {proposal.id}", elapsed_s, answer_to(conflict, proposal))
        if conflict.blocks == "mine" and not conflict.proposals and conflict.mine.label not in SCRIPTED:
            self._plan(party, f"way out {conflict.id} {conflict.mine.version}", elapsed_s, _proposing(conflict))
        met = [who for who in conflict.accepted_by if who != party]
        if met and party not in conflict.accepted_by and conflict.severity != "overlap":
            self._plan(party, f"risk {conflict.id} {conflict.position}", elapsed_s, _accepting(conflict))

    def _watch(self, party: str, operation: Operation, elapsed_s: float, now: datetime) -> None:
        start = min(volume.start for volume in operation.volumes)
        end = max(volume.end for volume in operation.volumes)
        free = not operation.blocked_by and not operation.missing
        wanted = None
        if operation.state == OperationState.ACCEPTED and start <= now < end and free:
            wanted = OperationState.ACTIVATED
        elif operation.state == OperationState.ACTIVATED and now >= end:
            wanted = OperationState.ENDED
        if wanted is not None:
            key = f"{operation.id} {operation.version} {wanted}"
            self._plan(party, key, elapsed_s, _moving(operation, wanted))

    def _plan(self, party: str, key: str, elapsed_s: float, deed: Deed) -> None:
        mark = (party, key)
        if mark not in self._done:
            self._done.add(mark)
            self._todo[mark] = Todo(elapsed_s + THINK_S[party], deed)

    def _act(self, elapsed_s: float) -> int:
        ready = [mark for mark, todo in self._todo.items() if todo.due_s <= elapsed_s]
        for mark in ready:
            self._todo.pop(mark).deed(self._exercise.clients[mark[0]])
        return len(ready)

    def _sign(self) -> int:
        signed = 0
        for party, client in self._exercise.clients.items():
            if party == PERSON:
                continue
            fresh = catch_up(client)
            if isinstance(fresh, list) and fresh:
                client.sign_head()
                signed += 1
        return signed


def answer_to(conflict: Conflict, proposal: Proposal) -> Deed:
    """What a party answers to a proposal: it concurs, unless its own plan would have to move too far."""
    subject = proposal_subject(conflict.id, proposal.id)
    change = proposal.change
    far = abs(change.start_s) > SHIFT_S_MAX or abs(change.altitude_m) > CLIMB_M_MAX
    if change.kind == "shift" and change.whose == "mine" and (far or conflict.mine.label in UNMOVED):
        return lambda client: client.object(subject, "We cannot move that far. Please propose another way.")
    return lambda client: client.concur(subject)


def _proposing(conflict: Conflict) -> Deed:
    """The first shift of its own that the theatre offers; a word over the radio where there is none."""

    def propose(client: Client) -> Answer | Problem:
        found = client.options(conflict.id)
        for option in found.options if isinstance(found, Options) else ():
            change = option.change
            if (change.kind, change.whose) == ("shift", "mine"):
                start_s, altitude_m = change.start_s, change.altitude_m
                return client.propose_shift(
                    conflict.id, "mine", start_s=start_s, altitude_m=altitude_m, note="We give way."
                )
        return client.propose_procedure(conflict.id, "We call on 123.45 before we come near, and wait for your answer.")

    return propose


def _accepting(conflict: Conflict) -> Deed:
    return lambda client: client.accept_risk(conflict.id, "Agreed, we watch for one another.")


def _concurring(asked: Asked) -> Deed:
    plan = asked.operation
    return lambda client: client.concur(plan_subject(plan.party, plan.id, plan.version))


def _moving(operation: Operation, state: OperationState) -> Deed:
    return lambda client: client.set_state(operation.id, operation.version, state)


def _at_odds(view: View, asked: Asked) -> bool:
    """Whether the party has something to settle with the one who asks; then it settles first."""
    return any(c.state == "open" and c.other.party == asked.operation.party for c in view.conflicts)


_ROUTINE: Final[tuple[tuple[str, Activity, Disclosure, bool, Callable[[float], Bands]], ...]] = (
    ("CPS", PATROL, OPEN, True, lambda t: circle((42.72, -39.40), 5_000, 5_200, 5_500, t + 12, t + 50)),
    ("KSD", SURVEY, OPEN, False, lambda t: circle((41.80, -38.95), 2_000, 500, 700, t + 15, t + 45)),
    ("TAF", TRANSPORT, QUIET, True, lambda t: route(["Zelka", "Lirma"], 1_200, 3_900, 4_200, t + 20, t + 45)),
    ("MAF", TRANSPORT, QUIET, True, lambda t: route(["Joril", "Teplin"], 1_200, 5_700, 6_000, t + 18, t + 40)),
    ("CAA", TRANSIT, OPEN, True, lambda t: route(["Ombrak", "Bresk"], 2_000, 10_200, 10_500, t + 11, t + 45)),
    ("KSD", SURVEY, QUIET, False, lambda t: circle((42.098, -38.93), 1_500, 900, 1_150, t + 30, t + 400)),
    ("CPS", RELIEF, OPEN, True, lambda t: route(["Halvar", "Durnik"], 1_000, 900, 1_200, t + 25, t + 40)),
)
"""Plans of every day, each a function of the minute at which it is filed. The sixth meets relief flights to Selin."""


def fresh_plan(number: int, minute: float) -> Flight:
    """The next plan of every day; labels count on."""
    party, activity, disclosure, crewed, bands = _ROUTINE[(number - 1) % len(_ROUTINE)]
    label = f"{party}-{6000 + number}"
    return Flight(party, label, activity, bands(round(minute)), disclosure, crewed=crewed)
