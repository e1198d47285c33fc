"""A theatre under a seeded storm: random commands from several parties, crashes, clock steps, repeats, erasures.

The auditor stands apart from the code it audits: conflicts are found again by brute force over every pair of live
volumes with the pair rule, deadlines are read off the ledger, and clients keep what they saw.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from chatter import chatter
from registry import registry
from suppliers import Said, Suppliers
from worlds import DAY, HOUR, MINUTE, NODE_SEED, SECOND, START_US, World, charter, circle

from wideberth.ledger.entry import Entry
from wideberth.ledger.merkle import verify_consistency
from wideberth.ledger.store import Head, Store
from wideberth.ledger.verify import verify
from wideberth.party.charter import CLASSES, Area
from wideberth.party.command import (
    AcceptRisk,
    Activity,
    Concur,
    Confirm,
    Constrain,
    ConstraintKind,
    Disclosure,
    Domain,
    Due,
    Erase,
    Object,
    OperationState,
    PlaceKind,
    Plan,
    PlanSubject,
    Procedure,
    ProposalSubject,
    Propose,
    Protect,
    RiskSubject,
    SetState,
    Shift,
    Text,
    Volumes,
    Withdraw,
)
from wideberth.party.standard import Report
from wideberth.refusal import Refusal
from wideberth.sequencer import Answer, Clock, Sequencer, Submission, envelope_of
from wideberth.space.overlap import near
from wideberth.theatre.outcome import Ref

PARTIES = ("AAA", "BBB", "CCC", "DDD", "EEE")
Sent = tuple[bytes, tuple[bytes, ...], tuple[Any, ...]]


class Crash(Exception):
    """The simulated process died."""


class FaultyStore:
    """A store whose next append may die, before or after the group is durable."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.die = ""

    def append(self, group: Sequence[Entry], expected_size: int) -> Head:
        """Append, unless the process dies first."""
        if self.die == "before" and group:
            self.die = ""
            raise Crash
        head = self.inner.append(group, expected_size)
        if self.die == "after" and group:
            self.die = ""
            raise Crash
        return head

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Client:
    """What one party remembers: the last head it saw and its notice chain."""

    def __init__(self, party: str) -> None:
        self.party = party
        self.size, self.root = 0, b""
        self.number = 0

    def look(self, sequencer: Sequencer) -> None:
        """The new history extends the old one, and the chain has no gap."""
        head = sequencer.store.head
        if self.size:
            proof = sequencer.store.tree.consistency_proof(self.size, head.size)
            assert verify_consistency(self.size, head.size, self.root, head.root, proof), "the history was rewritten"
        self.size, self.root = head.size, head.root
        for told in sequencer.notices(self.party, self.number, 10_000):
            assert told.number == self.number + 1, "a notice is missing or doubled"
            self.number = told.number


class Simulation:
    """One seeded run."""

    def __init__(self, seed: int) -> None:
        line = Area("Border line", "line", circle(42, -38, 8_000), 0, 10_000_000, ("CCC", "DDD"))
        rules = charter(areas=(line,), confirm_us=2 * DAY, priorities=(("AAA", 3),), quorum=3)
        self.world = World(seed, PARTIES, rules)
        self.world.store = FaultyStore(self.world.store)
        self.world.sequencer.store = self.world.store
        self.random = self.world.random
        self.suppliers = Suppliers(self.world, self.random)
        self.clients = {party: Client(party) for party in PARTIES}
        self.sent: list[tuple[Sent, Answer]] = []
        self.crashes = 0
        self.clock_steps = 0
        self.mono_us = 0
        self.clock = Clock(self.world.now_us, 0, 0)

    @property
    def state(self) -> Any:
        """The live state."""
        return self.world.state

    def run(self, steps: int) -> None:
        """So many steps, audited as it goes."""
        for step in range(steps):
            self.step()
            if step % 40 == 39:
                self.audit()
        self.audit()

    def step(self) -> None:
        """A moment passes; then one thing happens."""
        passed = self.random.choice((SECOND, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE))
        self.world.now_us += passed
        self.mono_us += passed
        kind = self.random.random()
        if kind < 0.04:
            self.clock_step()
        if kind > 0.96:
            self.world.store.die = self.random.choice(("before", "after"))
        try:
            self.world.sequencer.pass_time(self.world.now_us)
            if kind < 0.3:
                self.vouch(self.suppliers.say(self.box()))
            else:
                self.some_command()
        except Crash:
            self.recover()

    def clock_step(self) -> None:
        """The wall clock jumps by an hour back, or to 2038: nothing may be decided until it is right again."""
        wrong = self.random.choice((self.world.now_us - HOUR, 2_147_483_648 * SECOND))
        assert self.clock.check(wrong, self.mono_us), "a stepped clock was believed"
        assert not self.clock.check(self.world.now_us, self.mono_us), "a good clock was not believed"
        self.clock_steps += 1

    def recover(self) -> None:
        """Start again from what is durable; the command in flight is sent again and has happened exactly once."""
        self.crashes += 1
        self.world.sequencer = Sequencer(self.world.store, NODE_SEED, self.world.draw, self.world.replayed())
        self.world.sequencer.pass_time(self.world.now_us)  # dues that were lost with the process come at its start
        if self.in_flight is not None:
            self.deliver(self.in_flight)
        if self.vouching is not None:
            self.vouch(self.vouching)

    in_flight: Sent | None = None
    vouching: Said | None = None

    def vouch(self, said: Said) -> Answer:
        """What a token brought; asked again at once, it is answered alike and changes nothing."""
        self.vouching = said
        vouch, parts = said
        answers = []
        for _ in range(2):
            submission = self.world.sequencer.vouch(vouch, parts, self.world.now_us)
            answers += self.world.sequencer.decide_group([submission], self.world.now_us)
            if answers[0].refusal is not None:
                break
        self.vouching = None
        assert answers[0].entry is not None
        assert isinstance(vouch.command, Report) or answers[-1].entry == answers[0].entry, "a repeat changed the ledger"
        return answers[0]

    def deliver(self, sent: Sent) -> Answer:
        """Send one command, remember it until it is answered."""
        self.in_flight = sent
        submission = self.world.sequencer.admit(*sent)
        if isinstance(submission, Refusal):
            self.in_flight = None
            return Answer(submission)
        assert isinstance(submission, Submission)
        answer = self.world.sequencer.decide_group([submission], self.world.now_us)[0]
        self.in_flight = None
        self.sent.append((sent, answer))
        return answer

    def some_command(self) -> None:
        """One random command of a random party, or an old one again."""
        if self.sent and self.random.random() < 0.1:
            self.repeat()
            return
        party = self.random.choice(PARTIES)
        command, *parts = self.choose(party)
        self.deliver(self.world.seal(party, command, [self.world.part(p) for p in parts]))

    def repeat(self) -> None:
        """An old command again: the same answer, and nothing changes."""
        sent, first = self.random.choice(self.sent[-50:])
        size = self.state.size
        again = self.deliver(sent)
        if first.entry is None or envelope_of(first.entry).not_after_us < self.world.now_us:
            return  # past its not_after an id is forgotten, and the command refused
        assert again.entry is not None
        assert again.entry.leaf == first.entry.leaf, "a repeat was answered otherwise"
        assert self.state.size == size, "a repeat changed the ledger"

    def choose(self, party: str) -> tuple[Any, ...]:
        """What a party might say now, sensible or not."""
        mine = [t for t in self.state.things.values() if t.owner == party and t.live]
        conflicts = [c for c in self.state.conflicts.values() if c.side_of(party)]
        makers = [self.plan, self.plan, self.plan, self.move, self.talk, self.talk, self.answer_area, self.keep]
        makers += [self.chat, self.chat, self.register]
        return self.random.choice(makers)(party, mine, conflicts)

    def box(self) -> Any:
        """A volume around the valley, soon."""
        start = (self.world.now_us - START_US) / HOUR + self.random.uniform(0.2, 40)
        return self.world.box(
            lat=42 + self.random.uniform(-0.4, 0.4),
            lon=-38 + self.random.uniform(-0.4, 0.4),
            radius_m=self.random.uniform(50, 6_000),
            lower_m=(low := self.random.uniform(0, 3_000)),
            upper_m=low + self.random.uniform(0, 900),
            start_h=start,
            hours=self.random.uniform(0.1, 3),
        )

    def plan(self, _party: str, mine: list[Any], _conflicts: list[Any]) -> tuple[Any, ...]:
        """A new plan, constraint or place, or the next version of one."""
        volumes = Volumes(tuple(self.box() for _ in range(self.random.randint(1, 3))))
        old = self.random.choice(mine) if mine and self.random.random() < 0.3 else None
        thing, replaces = (old.id, old.version) if old is not None else (self.world.draw(16), 0)
        what = old.what if old is not None else self.random.choice(("operation",) * 6 + ("constraint", "protected"))
        if what == "constraint":
            return Constrain(thing, replaces, self.random.choice(list(ConstraintKind)), 0), volumes
        if what == "protected":
            now = self.world.now_us
            return Protect(thing, replaces, PlaceKind.HOSPITAL, 0, "DDD", now, now + DAY), volumes
        disclosure = self.random.choice(list(Disclosure))
        crewed, priority = self.random.random() < 0.6, self.random.choice((0,) * 12 + (1,))
        plan = Plan(thing, replaces, 0, priority, Domain.AIR, crewed, Activity.RELIEF, disclosure)
        return plan, volumes

    def move(self, _party: str, mine: list[Any], _conflicts: list[Any]) -> tuple[Any, ...]:
        """Along the table, or not."""
        if not mine:
            return (Confirm(self.world.draw(16), 1),)
        thing = self.random.choice(mine)
        if self.random.random() < 0.3:
            return (Confirm(thing.id, thing.version),)
        version = thing.version + self.random.choice((0, 0, 0, -1))
        return (SetState(thing.id, version, self.random.choice(list(OperationState)[1:])),)

    def talk(self, party: str, _mine: list[Any], conflicts: list[Any]) -> tuple[Any, ...]:
        """Something in a conflict."""
        if not conflicts:
            return (Withdraw(RiskSubject(self.world.draw(16))),)
        conflict = self.random.choice([c for c in conflicts if c.state != "cleared"] or conflicts)
        words = Text("en", self.random.choice(("Call before entering.", "Our patient cannot wait.")))
        theirs = [p for p in conflict.proposals if p.by != party] or conflict.proposals
        subject = ProposalSubject(conflict.id, theirs[-1].id if theirs else bytes(16))
        proposal = self.world.draw(16)
        return self.random.choice(
            [
                (Propose(conflict.id, proposal, Procedure(0)), words),
                (Propose(conflict.id, proposal, Shift("mine", self.random.randint(-2, 4) * HOUR, 0)),),
                (Propose(conflict.id, proposal, Shift("other", 0, self.random.randint(0, 2_000_000))),),
                (Concur(subject),),
                (Concur(subject),),
                (Object(subject, 0), words),
                (Withdraw(subject),),
                (AcceptRisk(conflict.id, 0), words),
                (Withdraw(RiskSubject(conflict.id)),),
            ]
        )

    def chat(self, party: str, _mine: list[Any], _conflicts: list[Any]) -> tuple[Any, ...]:
        """Something on the hotline."""
        return chatter(self.world, self.random, PARTIES, party, self.box())

    def register(self, party: str, _mine: list[Any], _conflicts: list[Any]) -> tuple[Any, ...]:
        """Something in the party's register."""
        return registry(self.world, self.random, party, self.box())

    def answer_area(self, party: str, _mine: list[Any], _conflicts: list[Any]) -> tuple[Any, ...]:
        """Concur with or object to a plan in the area."""
        asked = [t for t in self.state.things.values() if party in t.missing]
        if not asked:
            return (Concur(PlanSubject("AAA", bytes(16), 1)),)
        thing = self.random.choice(asked)
        subject = PlanSubject(thing.owner, thing.id, thing.version)
        return self.random.choice([(Concur(subject),), (Object(subject),), (Withdraw(subject),)])

    def keep(self, party: str, _mine: list[Any], _conflicts: list[Any]) -> tuple[Any, ...]:
        """Have an old part destroyed."""
        entries = [a.entry for s, a in self.sent[-80:] if a.entry is not None and envelope_of(a.entry).party == party]
        if not entries:
            return (Erase(0, 2, bytes(32)),)
        entry = self.random.choice(entries)
        commitments = msgspec.msgpack.decode(entry.leaf)[3]
        part = self.random.choice((2, 2, 3, 3, 4, 5, self.random.randrange(1, len(commitments) + 1)))
        return (Erase(entry.sequence, part, commitments[min(part, len(commitments) - 1)]),)

    # the auditor

    def audit(self) -> None:
        """Everything that must hold at any moment."""
        self.conflicts_equal_brute_force()
        self.suppliers.audit()
        self.nothing_starts_over_an_own_post_unseen()
        self.movements_are_missed_in_time()
        replayed = self.world.replayed()
        assert replayed.digest() == self.state.digest(), "replay differs from live"
        for client in self.clients.values():
            client.look(self.world.sequencer)

    def conflicts_equal_brute_force(self) -> None:
        """Each pair of live things conflicts exactly when the pair rule says so of some two volumes."""
        live = [t for t in self.state.things.values() if t.live]
        expected = {
            frozenset((a.ref, b.ref))
            for a, b in itertools.combinations(live, 2)
            if "operation" in (a.what, b.what) and not self.supplied(a, b) and self.too_near(a.ref, b.ref)
        }
        standing = {frozenset((c.first, c.second)) for c in self.state.conflicts.values() if c.state != "cleared"}
        assert standing == expected

    def nothing_starts_over_an_own_post_unseen(self) -> None:
        """An own plan and an own entry too near: accepted by another key than the plan's, or not agreed at all."""
        for conflict in self.state.conflicts.values():
            things = [self.state.things.get(ref) for ref in (conflict.first, conflict.second)]
            if conflict.own_pair and conflict.state == "accepted":
                plan = next(thing for thing in things if thing is not None and thing.what == "operation")
                assert all(word.key != plan.key for word in conflict.accepted), "one person reviewed itself"

    def movements_are_missed_in_time(self) -> None:
        """No checkpoint's latest time has gone by without a word or a due; what ended waits for nothing."""
        for row in self.state.movements.values():
            thing = self.state.things[row.ref]
            assert thing.live is (row.state != "ended")
            assert not row.due_us or row.due_us > self.state.time_us - 11 * MINUTE, "nobody missed it"
            assert row.over or row.due_us or row.state in ("overdue", "off-route")
            assert len(row.passed) == row.next

    def supplied(self, first: Any, second: Any) -> bool:
        """Among suppliers the key settles."""
        return all(self.state.members[thing.owner].issuer for thing in (first, second))

    def too_near(self, first: Ref, second: Ref) -> bool:
        """The pair rule over every two volumes."""
        a, b = self.state.things[first], self.state.things[second]
        horizontal, vertical = self.state.charter.minima_mm(CLASSES[a.class_number], CLASSES[b.class_number])
        pairs = itertools.product(self.state.volumes_of(first), self.state.volumes_of(second))
        return any(near(x, y, horizontal / 1000, vertical) is not None for x, y in pairs)

    def dues(self) -> Counter[tuple[str, Any, int]]:
        """Every due in the ledger, counted."""
        found: Counter[tuple[str, Any, int]] = Counter()
        for entry in self.world.store.read():
            command = envelope_of(entry).command
            if isinstance(command, Due):
                assert 0 <= entry.time_us - command.at_us <= 11 * MINUTE, "a due is early or late"
                found[(command.kind, command.subject, command.at_us)] += 1
        return found

    def verified(self) -> bool:
        """The whole ledger verifies, erasures and all."""
        return verify(self.world.store.read(), None).ok
