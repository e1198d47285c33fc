"""Subscriptions of F3548-21 that a supplier makes: their life, what they answer, and the intents that rest on them."""

import re
from pathlib import Path
from typing import Any

import pytest
from conformance_kit import CM, CP, NULL_SUBSCRIPTION, SCD, Skies, f3548, fly, micros, told

DAY_S, DAY_US = 86_400, 86_400_000_000


@f3548("DSS0005,5", "DSS0210,A2-7-2,4a", "DSS0210,1a", "DSS0210,1c", "DSS0210,1e", "DSS0210,1g", "DSS0210,1h")
@f3548("DSS0210,1i")
@pytest.mark.parametrize("start_s", [None, -10, 60])
@pytest.mark.parametrize("end_s", [None, 2_700])
@pytest.mark.parametrize("band_m", [None, (0, 500)])
def test_a_subscription_is_answered_as_it_was_given(
    tmp_path: Path, start_s: float | None, end_s: float | None, band_m: tuple[float, float] | None
) -> None:
    """Start and end may be left out: it begins now and lasts a day at most. Index 0, not implicit, URL as given."""

    async def steps(skies: Skies) -> None:
        extent, named = skies.extent(start_s=start_s, end_s=end_s, band_m=band_m), skies.uuid()
        said = await skies.uss1.subscribe(extent, id=named)
        row = said.body.subscription
        assert (said.status, row.id, row.notification_index, row.uss_base_url) == (200, named, 0, skies.uss1.url)
        assert (row.notify_for_operational_intents, row.notify_for_constraints) == (True, False)
        assert not row.get("implicit_subscription", False)
        assert not row.get("dependent_operational_intents", [])
        begins = 0 if start_s is None else start_s
        assert abs(micros(row.time_start) - skies.now_us - begins * 1e6) < 1e6
        assert 0 < micros(row.time_end) - micros(row.time_start) <= DAY_US
        if end_s is not None:
            assert abs(micros(row.time_end) - skies.now_us - end_s * 1e6) < 1e6

    fly(tmp_path, steps)


@f3548("DSS0005,5", "DSS0210,1a", "DSS0210,1b", "DSS0210,1d")
def test_a_subscription_is_its_owner_s_alone(tmp_path: Path) -> None:
    """By id and by search its owner finds it, unchanged; another supplier does not, nor changes or deletes it."""

    async def steps(skies: Skies) -> None:
        mine = await skies.uss1.subscribed(skies.extent())
        assert (await skies.uss1.subscription(mine.id)).body.subscription == mine
        assert await skies.uss1.find_subscriptions(skies.extent()) == {mine.id: mine}
        assert await skies.uss1.find_subscriptions(skies.extent(lat=42.1)) == {}
        assert await skies.uss2.find_subscriptions(skies.extent()) == {}
        assert (await skies.uss2.subscription(mine.id)).status in (403, 404)
        assert (await skies.uss2.subscribe(skies.extent(), id=mine.id, version=mine.version)).status in (403, 409)
        assert (await skies.uss2.unsubscribe(mine.id, mine.version)).status in (403, 409)
        assert (await skies.uss2.subscribe(skies.extent(), id=mine.id)).status in (403, 409)
        assert (await skies.uss1.subscription(mine.id)).body.subscription == mine

    fly(tmp_path, steps)


@f3548("DSS0005,5", "DSS0210,1f")
def test_every_update_changes_the_version(tmp_path: Path) -> None:
    """Time, place or nothing at all: a new version, safe in a path; a wrong one is 409 and changes nothing."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.subscribed(skies.extent())
        seen = {row.version}
        for extent in (skies.extent(end_s=4_300), skies.extent(lng=-38.001), skies.extent(lng=-38.001)):
            row = await uss.subscribed(extent, id=row.id, version=row.version)
            assert row.version not in seen
            assert re.fullmatch(r"[A-Za-z0-9_.~-]+", row.version)
            seen.add(row.version)
        assert (await uss.subscribe(skies.extent(), id=row.id, version="notacorrectversion")).status == 409
        assert (await uss.subscribe(skies.extent(), id=row.id)).status == 409
        assert (await uss.subscription(row.id)).body.subscription == row
        assert (await uss.subscribe(skies.extent(), id=skies.uuid(), version=row.version)).status == 400

    fly(tmp_path, steps)


@f3548("DSS0005,5", "DSS0210,A2-7-2,5a")
def test_a_deleted_subscription_is_gone(tmp_path: Path) -> None:
    """An empty version is 400, a wrong one 409, the right one 200 with its last state; then 404, and not in search."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.subscribed(skies.extent())
        assert (await uss.unsubscribe(row.id, "")).status == 400
        assert (await uss.unsubscribe(row.id, "notacorrectversion")).status == 409
        gone = await uss.unsubscribe(row.id, row.version)
        assert (gone.status, gone.body.subscription) == (200, row)
        assert (await uss.subscription(row.id)).status == 404
        assert await uss.find_subscriptions(skies.extent()) == {}
        assert (await uss.unsubscribe(row.id, "Z" * 22)).status == 404

    fly(tmp_path, steps)


@f3548("DSS0015")
@pytest.mark.parametrize("start_s", [-60, -10, 60, None])
def test_a_subscription_lasts_a_day_at_most(tmp_path: Path, start_s: float | None) -> None:
    """Exactly 24 h are taken, a microsecond more is 400, also on an update, which leaves the old one standing."""

    async def steps(skies: Skies) -> None:
        uss, begins = skies.uss1, start_s or 0.0
        day = skies.extent(start_s=start_s, end_s=begins + DAY_S - (start_s is None))
        more = skies.extent(start_s=start_s, end_s=begins + DAY_S + (2 if start_s is None else 1e-6))
        assert (await uss.subscribe(more)).status == 400
        row = await uss.subscribed(day)
        assert (await uss.subscribe(more, id=row.id, version=row.version)).status == 400
        assert (await uss.subscription(row.id)).body.subscription == row

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,4d")
def test_an_expired_subscription_is_no_longer_found(tmp_path: Path) -> None:
    """When its time is over it is in no search, nobody is asked to notify it, and nothing may rest on it."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.subscribed(skies.extent(start_s=0, end_s=60))
        await skies.pass_time(70)
        wide = skies.extent(start_s=None, end_s=None, band_m=None)
        assert await skies.uss1.find_subscriptions(wide) == {}
        said = await skies.uss2.put(skies.extent(start_s=0))
        assert row.id not in told(said)
        rest = await skies.uss1.put(skies.extent(lat=43), subscription_id=row.id)
        assert rest.status == 400

    fly(tmp_path, steps)


@f3548("DSS0005,5", "DSS0210,A2-7-2,4a")
@pytest.mark.parametrize(("intents", "constraints"), [(True, False), (False, True), (True, True)])
def test_a_subscription_answers_what_is_there(tmp_path: Path, intents: bool, constraints: bool) -> None:
    """PUT gives the references that it meets, of the kinds asked for, on creation and on update."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        closed = (await skies.uss1.close(skies.extent())).body.constraint_reference
        await skies.uss1.planned(skies.extent(lat=43))
        wanted: dict[str, Any] = {"intents": intents, "constraints": constraints}
        said = await skies.uss2.subscribe(skies.extent(), **wanted)
        for each in (said, await skies.uss2.subscribe(
            skies.extent(), id=said.body.subscription.id, version=said.body.subscription.version, **wanted
        )):  # fmt: skip
            assert each.status == 200
            found = [r.id for r in each.body.get("operational_intent_references") or []]
            assert found == ([row.id] if intents else [])
            found = [r.id for r in each.body.get("constraint_references") or []]
            assert found == ([closed.id] if constraints else [])
            assert row.ovn not in each.content.decode()

    fly(tmp_path, steps)


@f3548("DSS0005,5")
def test_a_subscription_hears_of_something(tmp_path: Path) -> None:
    """Neither intents nor constraints is 400; each kind needs its own scope, else 403."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        assert (await uss.subscribe(skies.extent(), intents=False)).status == 400
        assert (await uss.subscribe(skies.extent(), constraints=True, scope=SCD)).status == 403
        assert (await uss.subscribe(skies.extent(), scope=CP)).status == 403
        assert (await uss.subscribe(skies.extent(), constraints=True, scope=(SCD, CP))).status == 200
        assert (await uss.subscribe(skies.extent(), intents=False, constraints=True, scope=CP)).status == 200

    fly(tmp_path, steps)


# notices


@f3548("DSS0005,1", "DSS0210,A2-7-2,4b", "DSS0210,A2-7-2,4c", "DSS0210,1i")
def test_every_change_asks_to_notify_whoever_is_subscribed(tmp_path: Path) -> None:
    """Create, update and delete list every live subscription that they meet, by URL, each with an index one higher."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.subscribed(skies.extent())
        two = await skies.uss2.subscribed(skies.extent(lat=42.003), uss_base_url="https://two.test")
        own = await skies.uss2.subscribed(skies.extent(lat=42.003), uss_base_url="https://two.test")
        far = await skies.uss1.subscribed(skies.extent(lat=43))
        later = await skies.uss1.subscribed(skies.extent(start_s=8_000, end_s=9_000))
        made = await skies.uss2.put(skies.extent())
        row = made.body.operational_intent_reference
        changed_ = await skies.uss2.put(skies.extent(end_s=4_100), id=row.id, ovn=row.ovn)
        ovn = changed_.body.operational_intent_reference.ovn
        for index, said in enumerate((made, changed_, await skies.uss2.drop(row.id, ovn)), 1):
            assert told(said) == {one.id: index, two.id: index, own.id: index}
            urls = sorted(u.uss_base_url for u in said.body.subscribers)
            assert urls == sorted([skies.uss1.url, "https://two.test"])
        now = (await skies.uss1.subscription(one.id)).body.subscription
        assert (now.notification_index, now.version) == (3, one.version)
        for quiet in (far, later):
            assert (await skies.uss1.subscription(quiet.id)).body.subscription == quiet

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,4c")
def test_where_an_intent_was_is_told_when_it_moves(tmp_path: Path) -> None:
    """An update tells those around the old volumes and those around the new."""

    async def steps(skies: Skies) -> None:
        here = await skies.uss2.subscribed(skies.extent())
        there = await skies.uss2.subscribed(skies.extent(lat=43))
        row = await skies.uss1.planned(skies.extent())
        moved = await skies.uss1.put(skies.extent(lat=43), id=row.id, ovn=row.ovn)
        assert told(moved) == {here.id: 2, there.id: 1}
        ovn = moved.body.operational_intent_reference.ovn
        assert told(await skies.uss1.drop(row.id, ovn)) == {there.id: 2}

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,5b", "DSS0210,A2-7-2,5c")
def test_a_deleted_subscription_hears_nothing_more(tmp_path: Path) -> None:
    """After its deletion no create and no update names it."""

    async def steps(skies: Skies) -> None:
        watch = await skies.uss2.subscribed(skies.extent())
        row = await skies.uss1.planned(skies.extent())
        watch = (await skies.uss2.subscription(watch.id)).body.subscription
        assert (await skies.uss2.unsubscribe(watch.id, watch.version)).status == 200
        said = await skies.uss1.put(skies.extent(end_s=4_100), id=row.id, ovn=row.ovn)
        assert told(said) == {}
        assert told(await skies.uss1.put(skies.extent(end_s=500, start_s=100))) == {}

    fly(tmp_path, steps)


@f3548("DSS0005,5", "DSS0005,3")
def test_each_hears_of_what_it_asked_for(tmp_path: Path) -> None:
    """Subscriptions for constraints hear of no intent, those for intents of no constraint, those for both of both."""

    async def steps(skies: Skies) -> None:
        flights = await skies.uss1.subscribed(skies.extent())
        closures = await skies.uss1.subscribed(skies.extent(), intents=False, constraints=True)
        both = await skies.uss1.subscribed(skies.extent(), constraints=True)
        assert set(told(await skies.uss2.put(skies.extent()))) == {flights.id, both.id}
        assert set(told(await skies.uss2.close(skies.extent(), scope=CM))) == {closures.id, both.id}

    fly(tmp_path, steps)


# awareness is wider than conflict


@f3548("DSS0005,1")
@pytest.mark.parametrize("implicit", [True, False])
def test_twelve_metres_apart_each_hears_of_the_other(tmp_path: Path, implicit: bool) -> None:
    """Boxes overlap, outlines do not: no key is asked for, yet each write names the other's subscription."""
    ring = [(42.0, -38.0), (42.01, -38.0), (42.0, -37.99)]
    gap_lat, gap_lng = 12 / 111_070 / 2**0.5, 12 / 82_850 / 2**0.5
    other = [
        (42.01 + gap_lat, -37.99 + gap_lng),
        (42.0 + gap_lat, -37.99 + gap_lng),
        (42.01 + gap_lat, -38.0 + gap_lng),
    ]

    async def steps(skies: Skies) -> None:
        one, two = skies.extent(vertices=ring), skies.extent(vertices=other)
        watches = []
        for uss, extent in ((skies.uss1, one), (skies.uss2, two)):
            more: dict[str, Any] = {"implicit": True}
            if not implicit:
                more = {"subscription_id": (await uss.subscribed(extent)).id}
            said = await uss.put(extent, **more)
            assert said.status == 201
            watches.append(said.body.operational_intent_reference)
            assert set(told(said)) >= {row.subscription_id for row in watches}
        first, second = watches
        again = await skies.uss1.put(one, id=first.id, ovn=first.ovn, subscription_id=first.subscription_id)
        assert again.status == 200
        assert second.subscription_id in told(again)
        assert first.subscription_id != second.subscription_id

    fly(tmp_path, steps)


@pytest.mark.parametrize(
    ("margin_mm", "heard"), [((0, 0), False), ((5_000, 0), False), ((20_000, 0), True), ((500_000, 100_000), True)]
)
def test_how_far_off_one_hears_is_the_charter_s(tmp_path: Path, margin_mm: tuple[int, int], heard: bool) -> None:
    """The margin is a figure of the charter; what is nearer than it to a subscription is told to its owner."""
    from worlds import charter

    async def steps(skies: Skies) -> None:
        watch = await skies.uss1.subscribed(skies.extent())
        said = await skies.uss2.put(skies.extent(lat=42.0 + 1_012 / 111_070))
        assert (watch.id in told(said)) is heard

    fly(tmp_path, steps, rules=charter(awareness_mm=margin_mm))


# intents that rest on a subscription


@f3548("DSS0005,1")
@pytest.mark.parametrize(
    "short",
    [{"end_s": 4_199}, {"start_s": 601}, {"radius_m": 499}, {"lat": 42.001}, {"band_m": (100, 199)}],
    ids=str,
)
def test_a_subscription_covers_the_intents_that_rest_on_it(tmp_path: Path, short: dict[str, Any]) -> None:
    """One second, metre or degree short is 400, on creation and on update; the exact one is taken and named."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        narrow, exact = await uss.subscribed(skies.extent(**short)), await uss.subscribed(skies.extent())
        assert (await uss.put(skies.extent(), subscription_id=narrow.id)).status == 400
        row = await uss.planned(skies.extent(), subscription_id=exact.id)
        assert row.subscription_id == exact.id
        refused = await uss.put(skies.extent(), id=row.id, ovn=row.ovn, subscription_id=narrow.id)
        assert refused.status == 400
        assert (await uss.get(row.id)).body.operational_intent_reference == row
        found = (await uss.subscription(exact.id)).body.subscription
        assert found.dependent_operational_intents == [row.id]

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_a_subscription_of_another_or_of_nothing_carries_no_intent(tmp_path: Path) -> None:
    """Another supplier's, an unknown one, and one that hears of constraints alone."""

    async def steps(skies: Skies) -> None:
        foreign = await skies.uss2.subscribed(skies.extent())
        deaf = await skies.uss1.subscribed(skies.extent(), intents=False, constraints=True)
        assert (await skies.uss1.put(skies.extent(), subscription_id=foreign.id)).status in (400, 403)
        assert (await skies.uss1.put(skies.extent(), subscription_id=skies.uuid())).status == 400
        assert (await skies.uss1.put(skies.extent(), subscription_id=deaf.id)).status == 400
        assert (await skies.uss1.put(skies.extent(), subscription_id="x")).status == 400

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_intent_changes_its_subscription(tmp_path: Path) -> None:
    """To another that covers it, to none (the NULL id, which is no subscription), and to one again."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        one, two = await uss.subscribed(skies.extent()), await uss.subscribed(skies.extent())
        row = await uss.planned(skies.extent(), subscription_id=one.id)
        for wanted, got in ((two.id, two.id), (None, NULL_SUBSCRIPTION), (one.id, one.id)):
            members = {} if wanted is None else {"subscription_id": wanted}
            row = await uss.planned(skies.extent(), id=row.id, ovn=row.ovn, **members)
            assert row.subscription_id == got
            assert (await uss.get(row.id)).body.operational_intent_reference == row
        assert (await uss.subscription(NULL_SUBSCRIPTION)).status == 404
        assert (await uss.subscription(two.id)).body.subscription.get("dependent_operational_intents", []) == []

    fly(tmp_path, steps)


@f3548("DSS0005,5")
def test_a_subscription_stays_as_long_as_intents_rest_on_it(tmp_path: Path) -> None:
    """It is neither shrunk below them nor deleted (400); it may grow, and goes when they are gone."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        watch = await uss.subscribed(skies.extent())
        row = await uss.planned(skies.extent(), subscription_id=watch.id)
        watch = (await uss.subscription(watch.id)).body.subscription
        for short in (skies.extent(end_s=4_199), skies.extent(radius_m=400)):
            assert (await uss.subscribe(short, id=watch.id, version=watch.version)).status == 400
        assert (await uss.unsubscribe(watch.id, watch.version)).status == 400
        watch = await uss.subscribed(skies.extent(radius_m=900), id=watch.id, version=watch.version)
        await uss.drop(row.id, row.ovn)
        watch = (await uss.subscription(watch.id)).body.subscription
        assert (await uss.unsubscribe(watch.id, watch.version)).status == 200

    fly(tmp_path, steps)


# implicit subscriptions


@f3548("DSS0005,1", "DSS0210,1h", "DSS0210,1e")
def test_an_implicit_subscription_has_the_bounds_of_its_intent(tmp_path: Path) -> None:
    """`new_subscription` makes one: marked so, with the intent's times and the URL asked for; it hears of its own."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        said = await uss.put(skies.extent(), new_subscription={"uss_base_url": "https://elsewhere.test/x"})
        row = said.body.operational_intent_reference
        watch = (await uss.subscription(row.subscription_id)).body.subscription
        assert (watch.implicit_subscription, watch.uss_base_url) == (True, "https://elsewhere.test/x")
        assert (watch.time_start, watch.time_end) == (row.time_start, row.time_end)
        assert watch.dependent_operational_intents == [row.id]
        assert (watch.notify_for_operational_intents, watch.notify_for_constraints) == (True, False)
        assert told(said) == {watch.id: watch.notification_index}
        assert list(await uss.find_subscriptions(skies.extent())) == [watch.id]
        other = await skies.uss2.put(skies.extent(), key=(row.ovn,))
        assert told(other)[watch.id] == watch.notification_index + 1

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_implicit_subscription_ends_with_its_intent(tmp_path: Path) -> None:
    """After the deletion it is neither found nor told, and everything is as before the intent."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.planned(skies.extent(), implicit=True)
        gone = await uss.drop(row.id, row.ovn)
        assert gone.status == 200
        assert (await uss.subscription(row.subscription_id)).status == 404
        assert await uss.find_subscriptions(skies.extent()) == {}
        assert told(await skies.uss2.put(skies.extent())) == {}

    fly(tmp_path, steps)


@f3548("DSS0005,1")
@pytest.mark.parametrize("by", ["new", "explicit", "none"])
def test_an_implicit_subscription_ends_when_it_is_replaced(tmp_path: Path, by: str) -> None:
    """By a new one with the intent's new bounds, by one that its supplier made, or by none."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.planned(skies.extent(), implicit=True)
        shorter = skies.extent(end_s=3_000)
        explicit = await uss.subscribed(shorter)
        members: dict[str, Any] = {
            "new": {"implicit": True},
            "explicit": {"subscription_id": explicit.id},
            "none": {},
        }[by]
        after = await uss.planned(shorter, id=row.id, ovn=row.ovn, **members)
        assert (await uss.subscription(row.subscription_id)).status == 404
        if by == "new":
            watch = (await uss.subscription(after.subscription_id)).body.subscription
            assert (watch.time_start, watch.time_end) == (after.time_start, after.time_end)
            assert watch.implicit_subscription
        else:
            assert after.subscription_id == {"explicit": explicit.id, "none": NULL_SUBSCRIPTION}[by]

    fly(tmp_path, steps)


@f3548("DSS0005,1")
@pytest.mark.parametrize(
    "larger", [{"end_s": 7_200}, {"start_s": 300}, {"radius_m": 2_000}, {"band_m": (50, 400)}, {"lat": 42.05}], ids=str
)
def test_an_implicit_subscription_grows_with_its_intent(tmp_path: Path, larger: dict[str, Any]) -> None:
    """An update that names it with larger extents expands it: same id, and it hears of what is near the new bounds."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.planned(skies.extent(), implicit=True)
        wide = skies.extent(**larger)
        after = await uss.planned(wide, id=row.id, ovn=row.ovn, subscription_id=row.subscription_id)
        assert after.subscription_id == row.subscription_id
        watch = (await uss.subscription(row.subscription_id)).body.subscription
        assert micros(watch.time_start) <= micros(after.time_start)
        assert micros(watch.time_end) >= micros(after.time_end)
        assert watch.implicit_subscription
        assert watch.id in told(await skies.uss2.put(wide, key=(after.ovn,)))

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,5")
@pytest.mark.parametrize("before", ["explicit", "none"])
def test_an_intent_may_rest_on_the_implicit_subscription_of_another(tmp_path: Path, before: str) -> None:
    """It then lives until the last of its intents is gone, and is named by both."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        members = {"subscription_id": (await uss.subscribed(skies.extent())).id} if before == "explicit" else {}
        one = await uss.planned(skies.extent(), **members)
        two = await uss.planned(skies.extent(), implicit=True, key=(one.ovn,))
        shared = two.subscription_id
        one = await uss.planned(skies.extent(), id=one.id, ovn=one.ovn, key=(two.ovn,), subscription_id=shared)
        assert one.subscription_id == shared
        await uss.drop(two.id, two.ovn)
        watch = (await uss.subscription(shared)).body.subscription
        assert watch.dependent_operational_intents == [one.id]
        await uss.drop(one.id, one.ovn)
        assert (await uss.subscription(shared)).status == 404

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_implicit_subscription_covers_every_intent_that_comes_to_rest_on_it(tmp_path: Path) -> None:
    """Another intent outside its bounds makes it grow, or is refused 400; never does it stay uncovered."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        one = await uss.planned(skies.extent(), implicit=True)
        away = skies.extent(lat=42.1, end_s=6_000)
        said = await uss.put(away, subscription_id=one.subscription_id)
        assert said.status in (201, 400)
        watch = (await uss.subscription(one.subscription_id)).body.subscription
        assert micros(watch.time_start) <= micros(one.time_start)
        assert micros(watch.time_end) >= micros(one.time_end)
        key = () if said.status == 400 else (said.body.operational_intent_reference.ovn,)
        assert (watch.id in told(await skies.uss2.put(away, key=key))) is (said.status == 201)
        near = await skies.uss2.put(skies.extent(), key=(one.ovn,))
        assert watch.id in told(near)

    fly(tmp_path, steps)
