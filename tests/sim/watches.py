"""A month of the hotline: five parties, absent watches, lost lines, handovers; the clock goes from thing to thing.

The auditor stands apart from what it audits: it knows what was sent from its own book, works out by hand when silence
has to climb, and compares with what the parties were told.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from lines import Lines, cell
from worlds import DAY, HOUR, MINUTE, SECOND, START_US, charter, circle

from wideberth.party.command import Text
from wideberth.party.hotline import (
    AnswerCheck,
    AnswerKind,
    CancelMessage,
    CheckLine,
    MessageKind,
    Path,
    Precedence,
    Reject,
)
from wideberth.theatre.dues import next_due
from wideberth.theatre.hotline_items import LineItem, MessageItem, ReachItem, RungItem
from wideberth.theatre.hotline_rows import Message
from wideberth.theatre.hotline_rules import line_id, may_act, on_watch

PARTIES = ("AAA", "BBB", "CCC", "DDD", "EEE")
CELLS = ("HQ", "ONE", "TWO")
ROSTER = ("early", "late", "night")
WAIT_S = {"flash": 60, "immediate": 300, "priority": 1_800, "routine": 21_600}
"""As the charter of this theatre has it, written once more."""


WHY = Text("en", "It cannot be read.")


class Owes(NamedTuple):
    """What the auditor knows to be owed."""

    sender: str
    message: bytes
    version: int
    party: str
    cell: str


class Month:
    """One seeded month, or less."""

    def __init__(self, seed: int) -> None:
        rules = charter(acknowledge_us=tuple(s * SECOND for s in WAIT_S.values()))
        self.world = Lines(seed, PARTIES, rules)
        self.random = self.world.random
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self.count = itertools.count()
        self.absent: dict[tuple[str, str], int] = {}
        self.cut: dict[str, int] = {}
        """Until when a party's line is lost: what it says is kept and leaves then."""
        self.read = dict.fromkeys(PARTIES, 0)
        self.owed: dict[Owes, tuple[int, str]] = {}
        """When each began to be owed, and its precedence; without those that were met."""
        self.climbed: dict[Owes, list[tuple[int, int]]] = {}
        self.told_rungs = 0
        self.effective = 0
        self.handovers = 0
        self.rejected = 0
        self.refusals: list[Any] = []
        self.found()

    def found(self) -> None:
        """Every party has three cells and three people who share each watch; one of them is on it."""
        for party in PARTIES:
            lat = 40 + PARTIES.index(party)
            self.world.tree(
                party,
                cell("HQ"),
                cell("ONE", "HQ", circle(lat, -38, 60_000)),
                cell("TWO", "HQ", circle(42, -38, 90_000)),
            )
            for who in ROSTER:
                self.world.grant(party, who, hours=10_000)
            for code in CELLS:
                assert self.world.take(party, code, ROSTER[0]).accepted
        for make, mean in (
            (self.send, 2 * HOUR),
            (self.stop, 30 * HOUR),
            (self.check, 4 * HOUR),
            (self.change_watch, 3 * HOUR),
            (self.go_absent, 6 * HOUR),
            (self.cut_line, 12 * HOUR),
            (self.cancel, 10 * HOUR),
        ):
            self.again(make, mean)

    # time

    def at(self, when_us: int, what: Callable[[], None]) -> None:
        """Something happens later."""
        heapq.heappush(self.agenda, (when_us, next(self.count), what))

    def again(self, what: Callable[[], None], mean_us: int) -> None:
        """Something happens now and then."""

        def once() -> None:
            what()
            self.again(what, mean_us)

        self.at(self.world.now_us + round(self.random.expovariate(1 / mean_us)) + SECOND, once)

    def run(self, days: float) -> None:
        """From one thing to the next, as a node would wake."""
        until = START_US + round(days * DAY)
        audited = 0
        while self.world.now_us < until:
            due = next_due(self.world.state)
            when = min(self.agenda[0][0], due[0] if due is not None else until, self.world.now_us + HOUR)
            self.world.now_us = max(self.world.now_us, when)
            self.world.sequencer.pass_time(self.world.now_us)
            while self.agenda and self.agenda[0][0] <= self.world.now_us:
                heapq.heappop(self.agenda)[2]()
            self.listen()
            self.owners()
            if self.world.now_us - audited > 5 * DAY:
                audited = self.world.now_us
                assert self.world.replayed().digest() == self.world.state.digest()
        self.schedule()

    def says(self, party: str, what: Callable[[], Any]) -> None:
        """A party says something: now, or when its line is back."""
        until = self.cut.get(party, 0)
        if until > self.world.now_us:
            self.at(until, lambda: self.says(party, what))
            return
        answer = what()
        if answer is not None and answer.refusal is not None:
            self.refusals.append(answer.refusal.reason)

    def present(self, party: str, code: str) -> str | None:
        """Who keeps a watch, by the name of the key; None while absent."""
        if self.absent.get((party, code), 0) > self.world.now_us:
            return None
        return self.keeper(party, code)

    def keeper(self, party: str, code: str) -> str:
        """The name of the key that is on watch."""
        from lines import key_of

        key = self.world.state.watches[party, code].key
        return next(who for who in ROSTER if key_of(party, who) == key)

    # what people do

    def send(self) -> None:
        """Some notice or query, with or without geometry."""
        sender, *others = self.random.sample(PARTIES, len(PARTIES))
        to = tuple(others[: self.random.randint(1, 3)])
        kind = self.random.choice((MessageKind.NOTICE, MessageKind.NOTICE, MessageKind.QUERY))
        precedence = self.random.choice(list(Precedence))
        self.says(sender, lambda: self.world.tell(sender, *to, kind=kind, precedence=precedence, watch="early")[1])

    def stop(self) -> None:
        """STOP."""
        sender = self.random.choice(PARTIES)
        self.says(sender, lambda: self.world.stop(sender, watch=self.random.choice(ROSTER))[1])

    def cancel(self) -> None:
        """A message is taken back."""
        rows = [m for m in self.world.state.messages.values() if not m.closed_us]
        if not rows:
            return
        message = self.random.choice(rows)
        self.says(
            message.sender,
            lambda: self.world.speak(message.sender, CancelMessage(message.id, message.version), watch="early"),
        )

    def check(self) -> None:
        """Is a line alive?"""
        first, second = self.random.sample(PARTIES, 2)
        path = self.random.choice(list(Path))
        line = self.world.state.lines.get(line_id(first, second, path))
        if line is None or not line.due_us:
            self.says(
                first, lambda: self.world.speak(first, CheckLine(self.world.draw(16), second, path), watch="early")
            )

    def change_watch(self) -> None:
        """One hands over to the next, who signs for what is open a little later."""
        party, code = self.random.choice(PARTIES), self.random.choice(CELLS)
        who = self.present(party, code)
        if who is None:
            return
        to = ROSTER[(ROSTER.index(who) + 1) % len(ROSTER)]

        def take() -> Any:
            answer = self.world.take(party, code, to)
            self.handovers += answer.accepted is not None
            return answer

        self.says(party, lambda: self.world.hand_over(party, code, to, who))
        self.at(self.world.now_us + self.random.randint(1, 600) * SECOND, lambda: self.says(party, take))

    def go_absent(self) -> None:
        """A watch is empty for a while."""
        where = (self.random.choice(PARTIES), self.random.choice(CELLS))
        self.absent[where] = self.world.now_us + self.random.randint(1, 300) * MINUTE

    def cut_line(self) -> None:
        """A party hears nothing and is not heard."""
        self.cut[self.random.choice(PARTIES)] = self.world.now_us + self.random.randint(1, 60) * MINUTE

    # what they hear

    def listen(self) -> None:
        """Each party takes what is new, unless its line is cut; the auditor takes all of it."""
        for party in PARTIES:
            for told in self.world.sequencer.notices(party, self.read[party], 10_000):
                self.read[party] = told.number
                assert told.notice is not None
                for item in told.notice.items:
                    self.book(party, told.time_us, item)
                    self.react(party, item)

    def react(self, party: str, item: Any) -> None:
        """People do what they are asked, after a while, if they are there and their line holds."""
        if isinstance(item, MessageItem):
            for code in item.cells:
                self.later(party, code, item, 1)
        elif isinstance(item, RungItem) and item.cell is not None:
            self.later(party, item.asked or item.cell, item, 0.5, for_cell=item.cell)
        elif isinstance(item, LineItem) and item.what == "check" and item.second == party:
            check, first = item.check, item.first
            if self.random.random() < 0.8:
                self.at(
                    self.world.now_us + self.random.randint(1, 90) * SECOND,
                    lambda: self.says(party, lambda: self.world.speak(party, AnswerCheck(first, check), watch="early")),
                )

    def later(self, party: str, code: str, item: Any, slow: float, for_cell: str = "") -> None:
        """The watch of a cell acknowledges after a while; whoever is absent then does not."""
        wait_s = self.random.expovariate(1 / (40 * slow)) + 1

        def act() -> None:
            who = self.present(party, code)
            row = self.world.state.messages.get((item.sender, item.message))
            if who is None or row is None or row.closed_us or row.version != item.version:
                return
            target = for_cell or code
            if row.kind is not MessageKind.STOP and self.random.random() < 0.05:
                self.says(party, lambda: self.still(item) and self.reject(party, item, target, who))
            elif row.kind is MessageKind.QUERY and self.random.random() < 0.5:
                said = self.random.choice(list(AnswerKind))
                self.says(
                    party, lambda: self.still(item) and self.world.reply(party, *item_key(item), said, target, who)
                )
            else:
                self.says(party, lambda: self.still(item) and self.world.receive(party, *item_key(item), target, who))

        self.at(self.world.now_us + round(wait_s * SECOND), act)

    def reject(self, party: str, item: Any, target: str, who: str) -> Any:
        """A cell cannot use it; mostly its sender says it anew."""
        sender, message = item_key(item)
        answer = self.world.speak(party, Reject(self.world.subject(sender, message), target, 0), WHY, watch=who)
        if answer.accepted and self.random.random() < 0.8:
            self.rejected += 1
            self.at(self.world.now_us + self.random.randint(10, 900) * SECOND, lambda: self.anew(sender, message))
        return answer

    def anew(self, sender: str, message: bytes) -> None:
        """The next version of a message that somebody could not use."""
        row = self.world.state.messages.get((sender, message))
        if row is None or row.closed_us:
            return
        again = {"message": message, "replaces": row.version, "kind": row.kind, "precedence": row.precedence}
        to = row.to
        self.says(sender, lambda: self.still(row) and self.world.tell(sender, *to, **again, watch="early")[1])

    def still(self, item: Any) -> Any:
        """Whether the message is there to be spoken of; None where not."""
        return item_key(item) in self.world.state.messages or None

    # the auditor

    def book(self, party: str, time_us: int, item: Any) -> None:
        """Keep the auditor's book from what parties were told."""
        match item:
            case MessageItem():
                for owes in [o for o in self.owed if o[:2] == (item.sender, item.message) and o.version < item.version]:
                    del self.owed[owes]
                for code in item.cells:
                    owes = Owes(item.sender, item.message, item.version, party, code)
                    self.owed[owes] = (time_us, item.precedence)
                    self.climbed[owes] = []
            case ReachItem(cell=code) if code is not None:
                self.check_climb(Owes(item.sender, item.message, item.version, item.party, code), time_us)
            case ReachItem(effective=True):
                self.effective += 1
            case RungItem(cell=code) if code is not None:
                self.told_rungs += 1
                owes = Owes(item.sender, item.message, item.version, item.party, code)
                self.climbed[owes].append((time_us, item.rung))
            case _:
                pass

    def check_climb(self, owes: Owes, until_us: int) -> None:
        """Until it was met, it climbed exactly when it had to: after one time, three, five ..."""
        began, precedence = self.owed.pop(owes, (0, ""))
        if not precedence:
            return
        wait = WAIT_S[precedence] * SECOND
        expected: list[tuple[int, int]] = []
        at, rung = began + wait, 1
        while at < until_us - SECOND:
            expected.append((at, min(rung, 2)))
            at, rung = at + 2 * wait, rung + 1
        climbed = self.climbed.pop(owes)
        assert len(climbed) >= len(expected), f"{owes}: silence that did not climb"
        for (was, had), (due, want) in zip(climbed, expected, strict=False):
            assert had == want
            assert 0 <= was - due <= SECOND, "an escalation came early or late"

    def schedule(self) -> None:
        """What is still owed at the end has climbed in time, too."""
        for owes in list(self.owed):
            row = self.world.state.messages.get((owes.sender, owes.message))
            if row is not None and not row.closed_us and row.version == owes.version:
                self.check_climb(owes, self.world.now_us)

    def owners(self) -> None:
        """No critical item is without an owner: somebody may act on it, and it climbs until somebody does."""
        state, now = self.world.state, self.world.now_us
        for owed in state.obligations.values():
            message = state.messages[owed.message_key]
            if (
                message.closed_us
                or owed.reach not in ("sent", "rejected")
                or message.precedence not in ("flash", "immediate")
            ):
                continue
            assert owed.due_us >= now - SECOND, "a critical item that does not climb"
            member = state.members[owed.party]
            key = on_watch(state, member, owed.cell, now)
            keys = [key] if key is not None else list(member.keys)
            assert any(may_act(state, member, owed, k, now) for k in keys), "a critical item that nobody may act on"


def item_key(item: Any) -> tuple[str, bytes]:
    """Sender and id."""
    return (item.sender, item.id) if isinstance(item, Message) else (item.sender, item.message)
