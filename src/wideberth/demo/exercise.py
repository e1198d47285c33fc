"""Plays the exercise: every plan and every word goes through the client and over HTTP, as a party's would.

In:  the address of a node that serves the theatre of `genesis`, a seed, the start.
Out: an `Exercise` that files the plans, holds the talk, and counts what came of it.
Raises `Unexpected` where the theatre answers otherwise than the script foresees: then script or theatre is wrong.

Keys, ids and salts are drawn from the seed, so that two exercises of one seed say the same words with the same keys.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wideberth.client import Answer, Client, Problem, View, plan_subject, proposal_subject
from wideberth.client.wire import Conflict
from wideberth.demo.flights import FLIGHTS, LATE
from wideberth.demo.land import LOCAL_OFFSET_S, MINUTE_US, Bands, around, border_band, bounds_nd, gazetteer
from wideberth.demo.plans import CONSTRAINTS, DAY, PARTIES, PROTECTED, Closed, Flight, Kept
from wideberth.demo.talk import Nod, Say, Word
from wideberth.party.charter import SECOND_US, Area, Charter, Landmark, default_separations
from wideberth.party.command import Founder, Genesis, OperationState
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key
from wideberth.space.units import deg_to_nd, us_to_time
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

THEATRE: Final = "sarvel"
NAME: Final = "Sarvel valley"
PERSON: Final = "HAS"
"""The party that somebody at the page speaks for."""
BORDER: Final = "Border line"
LANDING: Final = "Pelit landing zone"


class Unexpected(Exception):
    """The theatre did not answer as the script foresees."""


def seeded(seed: str) -> Callable[[int], bytes]:
    """A stream of bytes from a seed: SHAKE-256 over the seed and a count."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"wideberth/demo/{seed}/{count}".encode()).digest(size)

    return draw


def seed_of(seed: str, party: str, kind: str = "watch") -> bytes:
    """The key seed of a party in the exercise of this seed. Anybody can work it out: an exercise holds no secrets."""
    return hashlib.sha256(f"wideberth/demo/{seed}/{kind}/{party}".encode()).digest()


TRIAL_ISSUER: Final = "trial-issuer"
"""Whose tokens let suppliers in, where the exercise is given that issuer's key."""


def charter() -> Charter:
    """The exercise's rules: the default minima, a border that needs two concurrences, a landing zone that needs one."""
    return Charter(
        name=NAME,
        bounds_nd=bounds_nd(),
        separations=default_separations(),
        conveners=("CAA",),
        quorum=4,
        areas=(
            Area(BORDER, "line", border_band(), 0, 6_000_000, ("MAF", "TAF")),
            Area(LANDING, "zone", around("Pelit", 5_000), 800_000, 1_500_000, ("HAS",)),
        ),
        priorities=(("HAS", 20), ("CPS", 20)),
        lead_us=10 * MINUTE_US,
        vertical_step_mm=15_240,
        languages=("en", "de"),
        local_offset_s=LOCAL_OFFSET_S,
        issuers=(TRIAL_ISSUER,),
        landmarks=tuple(Landmark(name, deg_to_nd(lat), deg_to_nd(lon)) for name, (lat, lon) in gazetteer().items()),
    )


def genesis(seed: str, node_key: bytes, now_us: int) -> Genesis:
    """The first entry of the exercise: seven founders, their keys good for 30 days."""
    expires_us = now_us + 30 * 86_400 * SECOND_US
    founders = tuple(
        Founder(
            code,
            name,
            Role.MEMBER,
            RootSet((public_key(seed_of(seed, code, "root")),), 1),
            KeyGrant(public_key(seed_of(seed, code)), ("*",), expires_us, "exercise watch"),
            languages,
        )
        for code, (name, languages) in PARTIES.items()
    )
    return Genesis(THEATRE, 1, True, charter(), founders, node_key, DECIDE_VERSION)


class Filed(msgspec.Struct):
    """A thing of the exercise as it stands in the theatre."""

    party: str
    label: str
    id: bytes
    version: int
    bands: Bands


class Tally(msgspec.Struct):
    """What was said so far, over all parties."""

    commands: int = 0
    accepted: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    overtaken: int = 0
    """Words that no longer fitted when their time came."""


class Exercise:
    """The parties of one exercise and what they have filed."""

    def __init__(self, url: str, seed: str, start_us: int, patience_s: float = 60.0) -> None:
        """A client a party; `start_us` is minute 0 of the script."""
        self.start_us, self.tally = start_us, Tally()
        self.filed: dict[str, Filed] = {}
        self.clients = {
            code: Client(url, code, seed_of(seed, code), draw=seeded(f"{seed}/{code}"), patience_s=patience_s)
            for code in PARTIES
        }

    def close(self) -> None:
        """Give up the connections."""
        for client in self.clients.values():
            client.connection.close()

    # filing

    def file(self, thing: Flight | Closed | Kept) -> Answer:
        """File one thing; it has to be accepted."""
        client = self.clients[thing.party]
        made = Filed(thing.party, thing.label, client.new_id(), 1, thing.bands)
        volumes = self._volumes(thing.bands)
        answer: Answer | Problem
        match thing:
            case Flight():
                answer = client.plan(
                    made.id,
                    volumes,
                    priority=thing.priority,
                    domain=thing.domain,
                    crewed=thing.crewed,
                    activity=thing.activity,
                    disclosure=thing.disclosure,
                    label=thing.label,
                    note=thing.note,
                    shared=thing.shared,
                )
            case Closed():
                answer = client.constrain(made.id, thing.kind, volumes, label=thing.label, note=thing.note)
            case Kept():
                answer = client.protect(
                    made.id,
                    thing.kind,
                    volumes,
                    verifier=thing.verifier,
                    verified=self.time(thing.verified_min),
                    review_by=self.time(thing.review_min),
                    label=thing.label,
                    note=thing.note,
                )
        done = self._accepted(answer, f"{thing.party} files {thing.label}")
        self.filed[thing.label] = made
        return done

    def time(self, minutes: float) -> datetime:
        """A minute of the script as a time."""
        return us_to_time(self.start_us).astimezone(UTC) + timedelta(minutes=minutes)

    def _volumes(self, bands: Bands) -> Sequence[Volume4D]:
        return [band.at(self.start_us) for band in bands]

    # talking

    def say(self, word: Word) -> Answer | Problem:
        """Say one word of the script; a refusal is returned and counted."""
        answer = self._nod(word) if isinstance(word, Nod) else self._say(word)
        self._count(answer)
        return answer

    def must(self, word: Word) -> Answer:
        """Say one word of the script that has to be accepted."""
        answer = self.say(word)
        if isinstance(answer, Problem):
            raise Unexpected(f"{word}: {answer.sentence()}")
        return answer

    def try_to(self, word: Word | Flight) -> None:
        """Say one word of the script, or file a plan, if it still fits: people and time have moved on, perhaps."""
        try:
            if isinstance(word, Flight):
                self.file(word)
            else:
                self.say(word)
        except Unexpected:
            self.tally.overtaken += 1

    def _nod(self, word: Nod) -> Answer | Problem:
        plan = self.filed[word.label]
        return self.clients[word.party].concur(plan_subject(plan.party, plan.id, self.version_of(plan)))

    def version_of(self, plan: Filed) -> int:
        """The current version, as its owner reads it: a settlement may have moved the plan."""
        found = self.clients[plan.party].operation(plan.id)
        return plan.version if isinstance(found, Problem) else found.version

    def _say(self, word: Say) -> Answer | Problem:
        client, plan = self.clients[word.party], self.filed[word.mine]
        if word.what == "activate":
            return client.set_state(plan.id, self.version_of(plan), OperationState.ACTIVATED)
        conflict = self.conflict(word)
        match word.what:
            case "shift":
                start_s = 60 * word.start_min
                return client.propose_shift(
                    conflict.id, word.whose, start_s=start_s, altitude_m=word.altitude_m, note=word.text
                )
            case "reroute":
                return client.propose_reroute(conflict.id, self._volumes(word.bands), note=word.text)
            case "procedure":
                return client.propose_procedure(conflict.id, word.text)
            case "risk":
                return client.accept_risk(conflict.id, word.text)
            case "concur":
                return client.concur(proposal_subject(conflict.id, self._open_proposal(conflict)))
            case "object":
                return client.object(proposal_subject(conflict.id, self._open_proposal(conflict)), word.text)
            case what:
                raise Unexpected(f"the script has no word {what!r}")

    def conflict(self, word: Say) -> Conflict:
        """The open conflict that a word belongs to."""
        for conflict in self.view(word.party).conflicts:
            same_peer = (conflict.other.party or "") == word.peer
            if conflict.mine.label == word.mine and same_peer and conflict.state != "cleared":
                return conflict
        raise Unexpected(f"{word.party} has no conflict of {word.mine} with {word.peer or 'an unnamed party'}")

    def view(self, party: str) -> View:
        """What a party sees now."""
        view = self.clients[party].view()
        if isinstance(view, Problem):
            raise Unexpected(f"{party} cannot read its view: {view.sentence()}")
        return view

    @staticmethod
    def _open_proposal(conflict: Conflict) -> UUID:
        for proposal in reversed(conflict.proposals):
            if proposal.state == "open" and not proposal.mine:
                return proposal.id
        raise Unexpected(f"nobody proposed anything in {conflict.label}")

    def _accepted(self, answer: Answer | Problem, what: str) -> Answer:
        self._count(answer)
        if isinstance(answer, Problem):
            raise Unexpected(f"{what}: {answer.sentence()}")
        return answer

    def _count(self, answer: Answer | Problem) -> None:
        self.tally.commands += 1
        if isinstance(answer, Problem):
            self.tally.refused[answer.reason] += 1
        else:
            self.tally.accepted += 1


def everything() -> tuple[Flight | Closed | Kept, ...]:
    """All that is filed, in order: what is protected first, late comers last."""
    return (*PROTECTED, *CONSTRAINTS, *FLIGHTS)


__all__ = ["DAY", "LATE", "PERSON", "Exercise", "Unexpected", "everything", "genesis"]
