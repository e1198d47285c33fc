"""Many at once, the same again, long lists, and a clock that steps back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conformance_kit import DP, F3411, F3548, SCD, Skies, f3411, f3548, fly, told
from worlds import MINUTE, charter

from wideberth.theatre import standard_views

MANY, IN_FLIGHT = 100, 20


async def together(jobs: list[Any]) -> list[Any]:
    """All of them, so many at a time."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(job: Any) -> Any:
        async with gate:
            return await job

    return await asyncio.gather(*(one(job) for job in jobs))


@f3411("DSS0030,a", "DSS0030,b", "DSS0070")
def test_a_hundred_areas_at_once_over_one_subscription(tmp_path: Path) -> None:
    """20 in flight: all are created, each counts once for the subscription, one search has all, all are deleted."""

    async def steps(skies: Skies) -> None:
        extent = skies.extent()
        watch = await skies.uss2.watched(skies.extent(radius_m=5_000))
        made = await together([skies.uss1.serve(extent) for _ in range(MANY)])
        assert {said.status for said in made} == {200}
        assert sorted(told(said)[watch.id] for said in made) == list(range(1, MANY + 1))
        rows = {said.body.service_area.id: said.body.service_area for said in made}
        got = await together([skies.uss2.area(named) for named in rows])
        assert {said.body.service_area.id: said.body.service_area for said in got} == rows
        ring = "41.99,-38.01,41.99,-37.99,42.01,-37.99,42.01,-38.01"
        found = (await skies.uss2.areas(ring)).body.service_areas
        assert {row.id for row in found} == set(rows)
        gone = await together([skies.uss1.withdraw(row.id, row.version) for row in rows.values()])
        assert {said.status for said in gone} == {200}
        assert (await skies.uss2.areas(ring)).body.service_areas == []
        now = await skies.uss2.f3411(F3411.GetSubscription, None, DP, id=watch.id)
        assert now.body.subscription.notification_index == 2 * MANY

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,2", "DSS0210,A2-7-2,4b")
def test_a_hundred_intents_at_once_over_one_subscription(tmp_path: Path) -> None:
    """20 in flight, side by side: none is lost, none is told an index twice, and each may be deleted at once."""

    async def steps(skies: Skies) -> None:
        watch = await skies.uss2.subscribed(skies.extent(radius_m=20_000))
        extents = [skies.extent(lat=41.95 + 0.01 * (n // 10), lng=-38.06 + 0.013 * (n % 10)) for n in range(MANY)]
        made = await together([skies.uss1.put(extent) for extent in extents])
        assert {said.status for said in made} == {201}
        assert sorted(told(said)[watch.id] for said in made) == list(range(1, MANY + 1))
        rows = {said.body.operational_intent_reference.id: said.body.operational_intent_reference for said in made}
        assert set(await skies.uss2.find(skies.extent(radius_m=20_000))) == set(rows)
        gone = await together([skies.uss1.drop(row.id, row.ovn) for row in rows.values()])
        assert {said.status for said in gone} == {200}
        assert await skies.uss2.find(skies.extent(radius_m=20_000)) == {}

    fly(tmp_path, steps)


@f3548("DSS0005,1", "SCD0035")
def test_of_many_who_want_one_place_at_once_one_gets_it(tmp_path: Path) -> None:
    """Without a key one is taken and the others are told whom they miss: nobody slips past the check."""

    async def steps(skies: Skies) -> None:
        both = (skies.uss1, skies.uss2)
        said = await together([both[n % 2].put(skies.extent()) for n in range(20)])
        taken = [each for each in said if each.status == 201]
        assert len(taken) == 1
        first = taken[0].body.operational_intent_reference.id
        for each in said:
            if each.status == 409:
                assert [row.id for row in each.body.missing_operational_intents] == [first]
        assert len(taken) + sum(each.status == 409 for each in said) == 20

    fly(tmp_path, steps)


# the same again


@f3548("DSS0005,1", "DSS0005,3", "DSS0005,5", "DSS0100,1")
def test_a_request_that_is_repeated_is_answered_alike(tmp_path: Path) -> None:
    """An answer that was lost on its way is had by sending the same again; it happens once, the indices count once."""

    async def steps(skies: Skies) -> None:
        watch = await skies.uss2.subscribed(skies.extent(), constraints=True)
        uss, extent = skies.uss1, skies.extent()
        ids = [skies.uuid() for _ in range(4)]

        async def twice(ask: Any) -> Any:
            first = await ask()
            size = skies.world.node.state.size
            again = await ask()
            assert (again.status, again.raw) == (first.status, first.raw)
            assert skies.world.node.state.size == size
            assert first.status in (200, 201), first.raw
            return first.body

        row = (await twice(lambda: uss.put(extent, id=ids[0], implicit=True))).operational_intent_reference
        other = skies.extent(end_s=4_300)
        row = (await twice(lambda: uss.put(other, id=ids[0], ovn=row.ovn))).operational_intent_reference
        await twice(lambda: uss.drop(ids[0], row.ovn))
        closed = (await twice(lambda: uss.close(extent, id=ids[1]))).constraint_reference
        gone = F3548.DeleteConstraintReference
        await twice(lambda: uss.f3548(gone, None, "utm.constraint_management", entityid=ids[1], ovn=closed.ovn))
        sub = (await twice(lambda: uss.subscribe(skies.extent(start_s=None), id=ids[2]))).subscription
        await twice(lambda: uss.unsubscribe(ids[2], sub.version))
        area = (await twice(lambda: uss.serve(extent, id=ids[3]))).service_area
        await twice(lambda: uss.withdraw(ids[3], area.version))
        await twice(lambda: skies.arbiter.arbitrate("uss1", "Normal"))
        now = (await skies.uss2.subscription(watch.id)).body.subscription
        assert now.notification_index == 5

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_a_repeat_whose_result_is_no_longer_current_is_decided_anew(tmp_path: Path) -> None:
    """An old request that comes late does not undo or repeat what has happened since."""

    async def steps(skies: Skies) -> None:
        uss, named = skies.uss1, skies.uuid()
        extent, other = skies.extent(), skies.extent(end_s=4_300)
        one = await uss.planned(extent, id=named)
        two = await uss.planned(other, id=named, ovn=one.ovn)
        assert (await uss.put(extent, id=named)).status == 409
        three = await uss.planned(extent, id=named, ovn=two.ovn)
        assert (await uss.put(other, id=named, ovn=one.ovn)).status == 409
        assert (await uss.get(named)).body.operational_intent_reference == three
        assert (await uss.drop(named, three.ovn)).status == 200
        again = await uss.planned(extent, id=named)
        assert again.ovn not in (one.ovn, two.ovn, three.ovn)

    fly(tmp_path, steps)


def test_the_same_bytes_of_another_supplier_are_another_request(tmp_path: Path) -> None:
    """A repeat is known by its manager too: nobody is given another's answer."""

    async def steps(skies: Skies) -> None:
        path = f"/dss/v1/subscriptions/{skies.uuid()}"
        body = {"extents": skies.extent(), "uss_base_url": "https://x.test", "notify_for_operational_intents": True}
        one = await skies.uss1.send("PUT", path, body, skies.uss1.token(SCD))
        two = await skies.uss2.send("PUT", path, body, skies.uss2.token(SCD))
        assert one.status_code == 200
        assert two.status_code in (403, 409)

    fly(tmp_path, steps)


# long lists


@f3548("DSS0005,2", "DSS0005,4", "DSS0005,5")
@f3411("DSS0030,f")
def test_a_search_is_never_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its limit a search has everything; one more and it is refused, with the way out, at every search."""
    limit = 12
    monkeypatch.setattr(standard_views, "SEARCH_RESULTS_MAX", limit)

    async def steps(skies: Skies) -> None:
        ring = "41.9,-38.1,41.9,-37.9,42.1,-37.9,42.1,-38.1"
        wide, uss = {"area_of_interest": skies.extent(radius_m=10_000)}, skies.uss1

        async def searches() -> list[Any]:
            return [
                await uss.f3548(F3548.QueryOperationalIntentReferences, wide),
                await uss.f3548(F3548.QueryConstraintReferences, wide, "utm.constraint_management"),
                await uss.f3548(F3548.QuerySubscriptions, wide),
                await uss.areas(ring),
            ]

        async def add(n: int) -> None:
            extent = skies.extent(start_s=600 + 60 * n, end_s=660 + 60 * n)
            assert (await uss.put(extent)).status == 201
            assert (await uss.close(extent)).status == 201
            assert (await uss.subscribe(extent)).status == 200
            assert (await uss.serve(extent)).status == 200

        for n in range(limit):
            await add(n)
        for said in await searches():
            (rows,) = (value for value in said.raw.values() if isinstance(value, list))
            assert (said.status, len(rows)) == (200, limit)
        await add(limit)
        for said in await searches():
            assert said.status in (400, 413), said.raw
            assert f"{limit}" in said.raw["message"]
        smaller = await uss.find(skies.extent(start_s=600, end_s=1_000))
        assert len(smaller) == 7

    fly(tmp_path, steps)


def test_the_limit_of_a_search_is_ten_thousand() -> None:
    """No less than what others cut at without a word."""
    from wideberth.limits import SEARCH_RESULTS_MAX

    assert SEARCH_RESULTS_MAX == 10_000


# bounds


@pytest.mark.parametrize("bound", ["supplier_checks", "supplier_km2_h", "supplier_claim_km2_h"])
def test_a_supplier_that_has_used_up_its_share_is_told_when_to_come_back(tmp_path: Path, bound: str) -> None:
    """429 with Retry-After, in the standard's form; its reads and deletions go on, and so does everybody else."""

    async def steps(skies: Skies) -> None:
        wide = skies.extent(radius_m=5_000)
        rows = [await skies.uss1.planned(skies.extent(lat=36 + n, radius_m=5_000)) for n in range(3)]
        more = await skies.uss1.put(wide)
        assert more.status == 429, more.raw
        assert int(more.headers["retry-after"]) >= 1
        assert (await skies.uss1.get(rows[0].id)).status == 200
        assert (await skies.uss2.put(wide)).status == 201
        assert (await skies.uss1.drop(rows[0].id, rows[0].ovn)).status == 200
        if bound == "supplier_claim_km2_h":
            assert (await skies.uss1.put(skies.extent(lat=45, radius_m=5_000))).status == 201

    fly(tmp_path, steps, rules=charter(**{bound: 3 if bound == "supplier_checks" else 240}))


# time


@f3548("DSS0005,1")
def test_a_clock_that_steps_back_writes_nothing_until_it_is_right(tmp_path: Path) -> None:
    """Writes are refused 503 with Retry-After; versions and times of what is written never run backwards."""

    async def steps(skies: Skies) -> None:
        uss, hands = skies.uss1, skies.world.hands
        row = await uss.planned(skies.extent())
        tokens = {name: each.token(SCD) for name, each in (("uss1", skies.uss1), ("uss2", skies.uss2))}
        hands.wall_us -= 10 * MINUTE
        body = {"extents": [skies.extent(lat=43)], "state": "Accepted", "uss_base_url": uss.url}
        path = f"/dss/v1/operational_intent_references/{skies.uuid()}"
        answer = await uss.send("PUT", path, body, tokens["uss1"])
        assert answer.status_code in (401, 503), answer.content
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["message"]
        hands.wall_us += 10 * MINUTE
        await skies.pass_time(10)
        answer = await uss.send("PUT", path, body, tokens["uss1"])
        assert answer.status_code == 201, answer.content
        after = await uss.planned(skies.extent(end_s=4_300), id=row.id, ovn=row.ovn)
        assert (after.version, row.id in await skies.uss2.find(skies.extent())) == (2, True)
        times = [entry.time_us for entry in skies.world.node.sequencer.store.read()]
        assert times == sorted(set(times))

    fly(tmp_path, steps)
