"""Suppliers in the storm: what they write by token, sensible or not, and what must hold of it at any moment."""

from random import Random
from typing import Any

from worlds import HOUR, ISSUER, World

from wideberth.party.command import Volumes
from wideberth.party.standard import (
    Availability,
    DropReference,
    Implicit,
    Intent,
    Kind,
    PutReference,
    SetAvailability,
    Standard,
    Subscribe,
    Unsubscribe,
    Vouch,
)
from wideberth.space.overlap import near
from wideberth.space.volume import Volume4D
from wideberth.theatre.references import ovn_of

SUBJECTS = ("uss1", "uss2", "uss3")
STATES = ("Accepted", "Activated", "Activated", "Nonconforming", "Contingent")
Said = tuple[Vouch, tuple[Volumes, ...]]


class Suppliers:
    """What suppliers say, drawn from the storm's own randomness."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random

    def say(self, box: Volume4D) -> Said:
        """One request of a random supplier."""
        makers = (self._put, self._put, self._put, self._drop, self._watch, self._unwatch, self._mark)
        command, volumes = self.random.choice(makers)(box)
        subject = self.random.choice(SUBJECTS)
        mine = [row for row in self._rows() if self._subject(row.owner) == subject]
        named = getattr(command, "entity", getattr(command, "subscription", None))
        owner = next((self._subject(r.owner) for r in self._rows() if r.id == named), subject)
        subject = owner if mine and self.random.random() < 0.9 else subject
        return Vouch(ISSUER, subject, self.world.draw(32), command), volumes

    def _rows(self) -> list[Any]:
        state = self.world.state
        return [*state.references.values(), *state.subscriptions.values()]

    def _subject(self, party: str) -> str:
        return self.world.state.members[party].name

    def _put(self, box: Volume4D) -> tuple[Any, tuple[Volumes, ...]]:
        state = self.world.state
        kind = self.random.choice((Kind.INTENT, Kind.INTENT, Kind.INTENT, Kind.CONSTRAINT, Kind.SERVICE_AREA))
        rows = [row for row in state.references.values() if row.kind is kind]
        old = self.random.choice(rows) if rows and self.random.random() < 0.5 else None
        entity, replaces = (old.id, old.ovn) if old is not None else (self.world.draw(16), "")
        url = "https://uss.test"
        if kind is not Kind.INTENT:
            return PutReference(kind, entity, replaces, url, 0), (Volumes((box,)),)
        key = tuple(ovn_of(state, t.ref) for t in state.things.values() if t.live and t.what == "operation")
        word = "Accepted" if old is None else self.random.choice(STATES)
        implicit = Implicit(url, constraints=self.random.random() < 0.5) if self.random.random() < 0.5 else None
        subscription = old.subscription or None if old is not None and implicit is None else None
        intent = Intent(word, key if self.random.random() < 0.8 else (), subscription, implicit)
        volumes = (box, box) if self.random.random() < 0.2 else (box,)
        return PutReference(kind, entity, replaces, url, 0, intent), (Volumes(volumes),)

    def _drop(self, _box: Volume4D) -> tuple[Any, tuple[Volumes, ...]]:
        rows = list(self.world.state.references.values())
        if not rows:
            return DropReference(Kind.INTENT, self.world.draw(16), "x" * 22), ()
        row = self.random.choice(rows)
        return DropReference(row.kind, row.id, row.ovn), ()

    def _watch(self, box: Volume4D) -> tuple[Any, tuple[Volumes, ...]]:
        standard = self.random.choice(tuple(Standard))
        hears = (Kind.SERVICE_AREA,) if standard is Standard.F3411 else (Kind.INTENT, Kind.CONSTRAINT)
        day = Volume4D(box.outline, box.lower_mm, box.upper_mm, box.start_us, box.start_us + 20 * HOUR)
        return Subscribe(standard, self.world.draw(16), "", "https://uss.test", 0, hears), (Volumes((day,)),)

    def _unwatch(self, _box: Volume4D) -> tuple[Any, tuple[Volumes, ...]]:
        rows = list(self.world.state.subscriptions.values())
        if not rows:
            return Unsubscribe(Standard.F3548, self.world.draw(16), "x" * 22), ()
        row = self.random.choice(rows)
        return Unsubscribe(row.standard, row.id, row.version), ()

    def _mark(self, _box: Volume4D) -> tuple[Any, tuple[Volumes, ...]]:
        uss = self.random.choice(SUBJECTS)
        row = self.world.state.availability.get(uss)
        return SetAvailability(uss, row.version if row else "", self.random.choice(tuple(Availability))), ()

    # the auditor

    def audit(self) -> None:
        """References and things agree, subscriptions rest where they say, and what is watched is what lives."""
        state = self.world.state
        for (kind, row_id), row in state.references.items():
            thing = state.things.get((row.owner, row_id))
            assert kind is Kind.SERVICE_AREA or (thing is not None and thing.live is not bool(row.dropped_us))
            held = state.subscriptions.get(row.subscription) if row.subscription and not row.dropped_us else None
            assert held is None or row.id in held.dependents
            assert held is None or not held.implicit or not held.dropped_us
        for row in state.subscriptions.values():
            lives = {r.id for r in state.references.values() if r.subscription == row.id and not r.dropped_us}
            assert set(row.dependents) == lives
            assert not row.implicit or bool(row.dependents) is not bool(row.dropped_us)
        living = [s for s in state.subscriptions.values() if not s.dropped_us]
        areas = [r for r in state.references.values() if r.kind is Kind.SERVICE_AREA and not r.dropped_us]
        watched = {ref for index in state.watched.values() for ref, _ in index.boxes()}
        assert watched == {(s.standard, s.id) for s in living} | {(r.kind, r.id) for r in areas}
        self._searches_equal_brute_force()

    def _searches_equal_brute_force(self) -> None:
        """Every subscription hears of what the pair rule finds nearer than the margin."""
        from wideberth.space.shapes import shapes
        from wideberth.theatre.awareness import hearers

        state = self.world.state
        box = self.world.box(radius_m=5_000, start_h=(self.world.now_us - 1_795_000_000_000_000) / HOUR + 1, hours=10)
        horizontal, vertical = state.charter.awareness_mm
        expected = {
            row.id
            for row in state.subscriptions.values()
            if not row.dropped_us
            and Kind.INTENT in row.hears
            and any(
                near(box, v, horizontal / 1000, vertical) is not None
                for v in state.watched_volumes((row.standard.value, row.id))
            )
        }
        assert expected <= {row.id for row in hearers(state, Kind.INTENT, [shapes([box])])}
