"""Suppliers' references: versions, keys, subscriptions, and what they mean to the rest of the theatre."""

from typing import Any

import pytest
from worlds import HOUR, MINUTE, SECOND, START_US, World

from wideberth.party.command import AcceptRisk, Disclosure, OperationState, SetState, Text, Volumes
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
    Supplier,
    Unsubscribe,
)
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.space.shapes import shapes
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import Written
from wideberth.theatre.references import OVERLAP
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.standard_views import StandardViews
from wideberth.theatre.state import State
from wideberth.theatre.views import Views

ISSUER = "tokens.test"
HEARS = (Kind.INTENT,)


def code(subject: str) -> str:
    """A supplier's code."""
    return Supplier(ISSUER, subject).party


def written(answer: Answer) -> Written:
    """What a supplier was told."""
    assert answer.accepted is not None, answer.refusal
    assert answer.accepted.written is not None
    return answer.accepted.written


class Skies(World):
    """A theatre with suppliers."""

    def put(
        self,
        subject: str,
        *volumes: Volume4D,
        entity: bytes | None = None,
        replaces: str = "",
        state: str = "Accepted",
        kind: Kind = Kind.INTENT,
        request: bytes | None = None,
        **more: Any,
    ) -> tuple[bytes, Answer]:
        """Write an intent or another reference."""
        entity = entity or self.draw(16)
        intent = Intent(state, **more) if kind is Kind.INTENT else None
        command = PutReference(kind, entity, replaces, f"https://{subject}.test", 0, intent)
        return entity, self.vouch(subject, command, Volumes(volumes), request=request)

    def drop(self, subject: str, entity: bytes, ovn: str, kind: Kind = Kind.INTENT) -> Answer:
        """End a reference."""
        return self.vouch(subject, DropReference(kind, entity, ovn))

    def subscribe(
        self,
        subject: str,
        volume: Volume4D,
        *,
        subscription: bytes | None = None,
        replaces: str = "",
        hears: tuple[Kind, ...] = HEARS,
        standard: Standard = Standard.F3548,
    ) -> tuple[bytes, Answer]:
        """Write a subscription."""
        subscription = subscription or self.draw(16)
        command = Subscribe(standard, subscription, replaces, f"https://{subject}.test/s", 0, hears)
        return subscription, self.vouch(subject, command, Volumes((volume,)))

    def views(self) -> StandardViews:
        """What suppliers read."""

        def recall(sequence: int, party: str) -> Any:
            told = next(t for t in self.sequencer.notices(party, 0, 1_000) if t.sequence == sequence)
            return told.notice

        return StandardViews(self.state, Views(self.state, recall))

    def check(self) -> None:
        """The ledger alone gives this state, and so does a snapshot of it."""
        assert self.replayed().digest() == self.state.digest()
        loaded = load(dump(self.state))
        assert isinstance(loaded, State)
        assert loaded.open_ids == self.state.open_ids


def test_an_intent_lives_from_accepted_to_its_end() -> None:
    """Create, activate, delete: versions rise, OVNs change, the end gives the last state."""
    world = Skies()
    entity, made = world.put("uss1", world.box())
    first = written(made)
    assert (first.state, first.version, first.subscription, first.subscribers) == ("Accepted", 1, None, ())
    _, changed = world.put("uss1", world.box(), entity=entity, replaces=first.ovn, state="Activated")
    second = written(changed)
    assert second.ovn != first.ovn
    assert (second.state, second.version) == ("Activated", 2)
    gone = written(world.drop("uss1", entity, second.ovn))
    assert (gone.state, gone.ovn) == ("Activated", second.ovn)
    assert world.views().reference(code("uss1"), Kind.INTENT, entity) is None
    world.check()


def test_the_supplier_is_a_party_and_every_member_is_told() -> None:
    """It enters with its first write, by its subject's name, and once."""
    world = Skies()
    world.put("uss1", world.box())
    member = world.state.members[code("uss1")]
    assert (member.name, member.issuer, member.role, member.keys) == ("uss1", ISSUER, "supplier", {})
    numbers = world.state.members["AAA"].notices
    world.put("uss1", world.box(lat=43))
    assert world.state.members["AAA"].notices == numbers


def test_an_issuer_that_the_charter_does_not_name_has_no_say() -> None:
    """Trust in issuers is policy, so it is the charter's."""
    from worlds import charter

    world = Skies(rules=charter(issuers=()))
    _, answer = world.put("uss1", world.box())
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.NOT_PERMITTED
    assert code("uss1") not in world.state.members


def test_the_key_shows_every_intent_that_is_met() -> None:
    """Without the other's OVN it is refused with the list; with it, accepted; own intents count as well."""
    world = Skies()
    one, made = world.put("uss1", world.box())
    _, answer = world.put("uss2", world.box())
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.MISSING_OVN
    assert answer.missing == ((code("uss1"), one),)
    two, again = world.put("uss2", world.box(), key=(written(made).ovn,))
    _, own = world.put("uss2", world.box(), key=(written(made).ovn,))
    assert own.missing == ((code("uss2"), two),)
    _, still = world.put("uss1", world.box(), entity=one, replaces=written(made).ovn)
    assert still.missing == ((code("uss2"), two),)
    assert written(again).state == "Accepted"
    assert not world.state.conflicts
    world.check()


def test_off_nominal_intents_need_no_key() -> None:
    """Who is in trouble is not held up."""
    world = Skies()
    one, made = world.put("uss1", world.box())
    _, other = world.put("uss2", world.box(), key=(written(made).ovn,))
    _, activated = world.put(
        "uss1", world.box(), entity=one, replaces=written(made).ovn, state="Activated", key=(written(other).ovn,)
    )
    ovn = written(activated).ovn
    for state in ("Nonconforming", "Contingent"):
        _, answer = world.put("uss1", world.box(), entity=one, replaces=ovn, state=state)
        ovn = written(answer).ovn
    assert world.state.things[code("uss1"), one].state is OperationState.CONTINGENT


def test_accepted_intents_of_a_supplier_that_is_down_are_not_demanded() -> None:
    """Off-nominal ones are; who is down starts and deletes nothing; the mark lapses after an hour."""
    world = Skies()
    one, made = world.put("uss1", world.box(start_h=3))
    assert world.vouch("arbiter", SetAvailability("uss1", "", Availability.DOWN)).accepted is not None
    two, answer = world.put("uss2", world.box(start_h=3))
    ovn = written(answer).ovn
    _, started = world.put("uss1", world.box(start_h=3), entity=one, replaces=written(made).ovn, state="Activated")
    deleted = world.drop("uss1", one, written(made).ovn)
    for refused in (started, deleted):
        assert refused.refusal is not None
        assert refused.refusal.reason is Reason.DOWN
    _, off = world.put("uss1", world.box(start_h=3), entity=one, replaces=written(made).ovn, state="Nonconforming")
    assert written(off).state == "Nonconforming"
    _, lacking = world.put("uss2", world.box(start_h=3), entity=two, replaces=ovn)
    assert lacking.missing == ((code("uss1"), one),)
    world.pass_time(HOUR + SECOND)
    assert world.views().availability("uss1") == ("Unknown", "")
    world.check()


@pytest.mark.parametrize(
    ("subject", "replaces", "reason"),
    [
        ("uss2", "own", Reason.NOT_YOURS),
        ("uss1", "x" * 22, Reason.STALE_VERSION),
        ("uss1", "", Reason.EXISTS),
        ("uss2", "", Reason.NOT_YOURS),
    ],
)
def test_only_the_manager_changes_it_and_only_the_current_version(subject: str, replaces: str, reason: Reason) -> None:
    """Another manager, a stale OVN, a second creation."""
    world = Skies()
    entity, made = world.put("uss1", world.box())
    ovn = written(made).ovn if replaces == "own" else replaces
    _, answer = world.put(subject, world.box(), entity=entity, replaces=ovn)
    assert answer.refusal is not None
    assert answer.refusal.reason is reason


def test_a_repeated_request_gets_its_answer_while_its_result_stands() -> None:
    """A lost answer is asked for again by the same bytes; once something else was written it is decided anew."""
    world = Skies()
    entity, made = world.put("uss1", world.box(), request=b"a" * 32)
    size = world.state.size
    _, again = world.put("uss1", world.box(), entity=entity, request=b"a" * 32)
    assert written(again) == written(made)
    assert world.state.size == size
    world.put("uss1", world.box(), entity=entity, replaces=written(made).ovn, request=b"b" * 32)
    _, anew = world.put("uss1", world.box(), entity=entity, request=b"a" * 32)
    assert anew.refusal is not None
    assert anew.refusal.reason is Reason.EXISTS


def test_an_implicit_subscription_lives_with_its_intent() -> None:
    """Made with it, grown with it, ended with it."""
    world = Skies()
    entity, made = world.put("uss1", world.box(), implicit=Implicit("https://uss1.test", constraints=False))
    first = written(made)
    assert first.subscription is not None
    assert first.subscribers[0].subscriptions == ((first.subscription, 1),)
    wide = world.box(radius_m=9_000)
    _, grown = world.put("uss1", wide, entity=entity, replaces=first.ovn, subscription=first.subscription)
    assert written(grown).subscription == first.subscription
    assert world.state.subscriptions[first.subscription].index == 2
    _, replaced = world.put(
        "uss1",
        wide,
        entity=entity,
        replaces=written(grown).ovn,
        implicit=Implicit("https://uss1.test", constraints=False),
    )
    second = written(replaced).subscription
    assert second not in (None, first.subscription)
    assert world.views().subscription(code("uss1"), Standard.F3548, first.subscription) is None
    world.drop("uss1", entity, written(replaced).ovn)
    assert world.views().subscriptions(code("uss1"), Standard.F3548, shapes([wide])) == []
    assert world.state.members[code("uss1")].watching == 0
    world.check()


def test_an_explicit_subscription_has_to_cover_its_intents() -> None:
    """One second short is not covered, and it cannot shrink or end beneath an intent."""
    world = Skies()
    box = world.box(start_h=2, hours=1)
    short = Volume4D(box.outline, box.lower_mm, box.upper_mm, box.start_us, box.end_us - SECOND)
    narrow, _ = world.subscribe("uss1", short)
    _, answer = world.put("uss1", box, subscription=narrow)
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.NOT_COVERED
    exact, subscribed = world.subscribe("uss1", box)
    version = written(subscribed).ovn
    entity, made = world.put("uss1", box, subscription=exact)
    assert written(made).subscription == exact
    for command in (
        Subscribe(Standard.F3548, exact, version, "https://x.test", 0, HEARS),
        Unsubscribe(Standard.F3548, exact, version),
    ):
        parts = (Volumes((short,)),) if isinstance(command, Subscribe) else ()
        assert world.vouch("uss1", command, *parts).refusal is not None
    world.drop("uss1", entity, written(made).ovn)
    assert world.vouch("uss1", Unsubscribe(Standard.F3548, exact, version)).accepted is not None
    world.check()


def test_awareness_is_wider_than_conflict() -> None:
    """Twelve metres apart no key is asked for, yet each hears of the other."""
    world = Skies()
    left = world.box(lat=42.0, radius_m=500)
    right = world.box(lat=42.0 + (1_012 / 111_070), radius_m=500)
    watch, _ = world.subscribe("uss1", left)
    world.put("uss1", left)
    _, answer = world.put("uss2", right)
    assert [s for u in written(answer).subscribers for s in u.subscriptions] == [(watch, 2)]


def test_a_hidden_plan_is_met_as_an_overlap_alone() -> None:
    """The write is taken, the owner told, and the supplier shown the overlap under an id of its own."""
    world = Skies()
    operation, _ = world.plan("AAA", world.box(lat=42.01), crewed=False)
    entity, made = world.put("uss1", world.box())
    assert written(made).state == "Accepted"
    (conflict,) = world.state.conflicts.values()
    assert {conflict.first, conflict.second} == {(code("uss1"), entity), ("AAA", operation)}
    views = world.views()
    found = views.references(code("uss1"), Kind.INTENT, shapes([world.box()]))
    assert isinstance(found, list)
    mine, overlap = found
    assert mine.id == entity
    assert (overlap.manager, overlap.url, overlap.ovn) == ("AAA@test", None, None)
    assert overlap.id not in (operation, conflict.id)
    other = views.references(code("uss2"), Kind.INTENT, shapes([world.box()]))
    assert isinstance(other, list)
    assert [view.id for view in other] == [entity]
    assert views.reference(code("uss2"), Kind.INTENT, overlap.id) is None
    details = views.details(code("uss1"), Kind.INTENT, overlap.id)
    assert details is not None
    _, refused = world.put("uss1", world.box(), entity=entity, replaces=written(made).ovn, state="Activated")
    assert refused.missing == ((OVERLAP, conflict.id),)
    key = (str(details.reference.ovn),)
    active = world.put("uss1", world.box(), entity=entity, replaces=written(made).ovn, state="Activated", key=key)
    assert written(active[1]).state == "Activated"
    world.check()


def test_an_open_plan_of_a_party_is_seen_by_all_and_belongs_in_the_key() -> None:
    """Under an id that is not its own, managed by this node."""
    world = Skies()
    operation, _ = world.plan("AAA", world.box(), crewed=False, disclosure=Disclosure.OPEN)
    _, refused = world.put("uss1", world.box())
    assert refused.missing == (("AAA", operation),)
    (view,) = world.views().told_missing(code("uss1"), refused.missing)
    assert (view.ovn, view.manager) == (None, "AAA@test")
    details = world.views().details(code("uss1"), Kind.INTENT, view.id)
    assert details is not None
    assert details.reference.id != operation
    _, answer = world.put("uss1", world.box(), key=(str(details.reference.ovn),))
    assert written(answer).state == "Accepted"
    world.say("AAA", SetState(operation, 1, OperationState.ENDED))
    assert world.views().details(code("uss1"), Kind.INTENT, view.id) is None
    world.check()


def test_a_supplier_grounds_nobody() -> None:
    """A party that planned later is held until it accepts the risk, for which it needs no word of the supplier's."""
    world = Skies()
    world.put("uss1", world.box())
    operation, _ = world.plan("AAA", world.box(), crewed=False)
    (conflict,) = world.state.conflicts.values()
    held = world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED))
    assert held.refusal is not None
    assert held.refusal.reason is Reason.CONFLICT_OPEN
    assert world.say("AAA", AcceptRisk(conflict.id, 0), Text("en", "they were called")).accepted is not None
    assert conflict.state == "accepted"
    assert world.say("AAA", SetState(operation, 1, OperationState.ACTIVATED)).accepted is not None
    world.check()


def test_what_expired_can_be_read_and_is_not_found() -> None:
    """A service area is gone from search when its time is over, and from memory an hour later."""
    world = Skies()
    box = world.box(start_h=0, hours=0.5)
    area, made = world.put("uss1", box, kind=Kind.SERVICE_AREA)
    watch, _ = world.subscribe("uss1", box, hears=(Kind.SERVICE_AREA,), standard=Standard.F3411)
    assert written(made).version == 1
    world.pass_time(31 * MINUTE)
    views = world.views()
    assert views.references(code("uss2"), Kind.SERVICE_AREA, shapes([box])) == []
    assert views.reference(code("uss2"), Kind.SERVICE_AREA, area) is not None
    assert views.subscriptions(code("uss1"), Standard.F3411, shapes([box])) == []
    world.pass_time(HOUR + MINUTE)
    assert views.reference(code("uss2"), Kind.SERVICE_AREA, area) is None
    assert watch not in world.state.subscriptions
    world.check()


def test_the_eleventh_subscription_of_an_owner_in_an_area_is_refused() -> None:
    """Ten are let in; another owner's does not count, nor one far away."""
    world = Skies()
    answers = [
        world.subscribe("uss1", world.box(), hears=(Kind.SERVICE_AREA,), standard=Standard.F3411)[1] for _ in range(11)
    ]
    assert all(answer.accepted for answer in answers[:10])
    assert answers[10].refusal is not None
    assert answers[10].refusal.reason is Reason.TOO_MANY
    for subject, lat in (("uss2", 42.0), ("uss1", 44.0)):
        box = world.box(lat=lat)
        _, answer = world.subscribe(subject, box, hears=(Kind.SERVICE_AREA,), standard=Standard.F3411)
        assert answer.accepted is not None


def test_a_subscription_lives_a_day_at_most() -> None:
    """Exactly 24 h are taken, a microsecond more is not."""
    world = Skies()
    day = world.box(start_h=1, hours=24)
    assert world.subscribe("uss1", day)[1].accepted is not None
    more = Volume4D(day.outline, day.lower_mm, day.upper_mm, day.start_us, day.end_us + 1)
    answer = world.subscribe("uss1", more)[1]
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.OUT_OF_RANGE


def test_a_requested_suffix_is_a_fresh_uuid_of_version_7() -> None:
    """The OVN becomes id and suffix; an old one, or another version, is refused."""
    world = Skies()
    from uuid import UUID

    now_ms = (world.now_us + 1_000) // 1_000
    fresh = str(UUID(int=now_ms << 80 | 7 << 76 | 2 << 62 | 5))
    entity, answer = world.put("uss1", world.box(), suffix=fresh)
    assert written(answer).ovn == f"{UUID(bytes=entity)}_{fresh}"
    old = str(UUID(int=(now_ms - 120_000) << 80 | 7 << 76 | 2 << 62 | 5))
    for suffix in (old, str(UUID(int=5)), "x", "f47ac10b-58cc-4372-a567-0e02b2c3d479"):
        refusal = world.put("uss1", world.box(lat=44), suffix=suffix)[1].refusal
        assert refusal is not None
        assert refusal.field == "requested_ovn_suffix"


def test_ended_intents_leave_no_trace_in_memory() -> None:
    """What was deleted is forgotten after a minute: the tables of a busy day do not grow."""
    world = Skies()
    for _ in range(20):
        entity, made = world.put("uss1", world.box(), implicit=Implicit("https://uss1.test", constraints=False))
        world.drop("uss1", entity, written(made).ovn)
    world.pass_time(2 * MINUTE)
    state = world.state
    assert (state.references, state.subscriptions, state.things) == ({}, {}, {})
    assert world.now_us > START_US
    world.check()


def test_subscribers_hear_of_open_plans_of_the_parties_and_of_no_hidden_one() -> None:
    """Filing, activating, ending: the index rises with each; a hidden plan moves nothing."""
    world = Skies()
    watch, _ = world.subscribe("uss1", world.box(hours=3))
    row = world.state.subscriptions[watch]
    world.plan("BBB", world.box(), crewed=False)
    assert row.index == 0
    operation, _ = world.plan("AAA", world.box(lat=42.02, radius_m=100), crewed=False, disclosure=Disclosure.OPEN)
    indices = [row.index]
    for state in (OperationState.NONCONFORMING, OperationState.ENDED):
        world.say("AAA", SetState(operation, 1, state))
        indices.append(row.index)
    assert indices == [1, 2, 3]
    world.check()


def test_one_intent_does_not_take_the_whole_theatre() -> None:
    """Neither as planned nor off nominal: it would hold everybody up, and read every hidden plan at once."""
    world = Skies()
    entity, made = world.put("uss1", world.box(radius_m=100))
    wide = world.box(radius_m=200_000, hours=20)
    for refused in (
        world.put("uss1", wide)[1],
        world.put("uss1", wide, entity=entity, replaces=written(made).ovn, state="Nonconforming")[1],
    ):
        assert refused.refusal is not None
        assert refused.refusal.reason is Reason.TOO_WIDE


def test_a_supplier_meets_so_many_hidden_plans_a_day() -> None:
    """Each counts, whoever owns it; past the charter's figure it is told to come back tomorrow, and no plan shows."""
    from worlds import charter

    world = Skies(rules=charter(supplier_met=3))
    for i in range(4):
        world.plan("AAA", world.box(lat=42 + 0.2 * i), crewed=False)
    answers = [world.put("uss1", world.box(lat=42 + 0.2 * i))[1] for i in range(4)]
    assert [answer.refusal.reason if answer.refusal else None for answer in answers] == [None] * 3 + [Reason.BUDGET]
    assert len(world.state.members[code("uss1")].peers) == 3


def test_a_supplier_has_so_many_subscriptions_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write of a place names them, so one more is refused, implicit or not; elsewhere it is taken."""
    monkeypatch.setattr("wideberth.theatre.subscriptions.SUBSCRIPTIONS_IN_PLACE_MAX", 3)
    world = Skies()
    for _ in range(3):
        assert world.subscribe("uss1", world.box())[1].accepted is not None
    _, one_more = world.subscribe("uss1", world.box())
    _, implicit = world.put("uss1", world.box(), implicit=Implicit("https://uss1.test", constraints=False))
    for answer in (one_more, implicit):
        assert answer.refusal is not None
        assert answer.refusal.reason is Reason.TOO_MANY
    assert world.put("uss1", world.box())[1].accepted is not None
    assert world.subscribe("uss1", world.box(lat=44))[1].accepted is not None
    assert world.subscribe("uss2", world.box())[1].accepted is not None
