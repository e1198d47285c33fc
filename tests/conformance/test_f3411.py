"""Identification service areas and subscriptions of F3411-22a."""

import re
from pathlib import Path
from typing import Any

import pytest
from conformance_kit import DP, F3411, SP, Skies, changed, f3411, fly, micros, told

RING = [(42.0, -38.0), (42.0, -37.99), (42.01, -37.99), (42.01, -38.0)]
DAY_S, DAY_US = 86_400, 86_400_000_000


def text(ring: list[tuple[float, float]]) -> str:
    """A ring as a search writes it."""
    return ",".join(f"{value}" for place in ring for value in place)


def away(lat: float) -> list[tuple[float, float]]:
    """The ring, so many degrees further north."""
    return [(a + lat, b) for a, b in RING]


HUGE = [(40.0, -40.0), (40.0, -38.0), (41.0, -38.0), (41.0, -40.0)]


@f3411("DSS0030,a", "DSS0130,A2-6-1,1a", "DSS0130,A2-6-1,1c", "DSS0130,1", "DSS0130,3,a", "DSS0130,3,b", "DSS0130,3,c")
@f3411("DSS0130,3,d", "DSS0130,3,e")
def test_an_area_is_answered_got_and_found_as_it_was_given(tmp_path: Path) -> None:
    """PUT is 200; both roles get it by id, display providers find it, with owner, times and URL as they were."""

    async def steps(skies: Skies) -> None:
        named = skies.uuid()
        said = await skies.uss1.serve(skies.extent(vertices=RING), id=named)
        row = said.body.service_area
        assert (said.status, row.id, row.owner) == (200, named, "uss1")
        assert row.uss_base_url == skies.uss1.url.split("?")[0]
        assert micros(row.time_end) - micros(row.time_start) == 3_600_000_000
        for uss, scope in ((skies.uss1, SP), (skies.uss2, DP)):
            assert (await uss.area(named, scope)).body.service_area == row
        found = (await skies.uss2.areas(text(RING))).body.service_areas
        assert found == [row]

    fly(tmp_path, steps)


@f3411("DSS0030,a")
@pytest.mark.parametrize("lacking", [{"start_s": None}, {"band_m": None}], ids=str)
def test_an_area_may_leave_bounds_out(tmp_path: Path, lacking: dict[str, Any]) -> None:
    """Without a start it begins now; without altitudes it has them all."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.served(skies.extent(vertices=RING, **lacking))
        assert micros(row.time_start) <= skies.now_us + 600_000_000
        assert [r.id for r in (await skies.uss2.areas(text(RING))).body.service_areas] == [row.id]

    fly(tmp_path, steps)


@f3411("DSS0030,a", "DSS0130,A2-6-1,1b")
def test_an_area_is_changed_by_its_version(tmp_path: Path) -> None:
    """The version changes with every update and is safe in a path; a wrong one is 409, another owner 403."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.served(skies.extent(vertices=RING))
        two = await skies.uss1.served(skies.extent(vertices=RING, end_s=4_201), id=one.id, version=one.version)
        assert re.fullmatch(r"[A-Za-z0-9_.~-]+", two.version)
        assert two.version != one.version
        for uss, version, statuses in (
            (skies.uss1, one.version, (409,)),
            (skies.uss1, "x!", (400,)),
            (skies.uss2, two.version, (403,)),
        ):
            said = await uss.serve(skies.extent(vertices=RING), id=one.id, version=version)
            assert said.status in statuses, said.raw
        assert (await skies.uss1.serve(skies.extent(vertices=away(0.5)), id=one.id)).status in (400, 409)
        assert (await skies.uss2.serve(skies.extent(vertices=RING), id=one.id)).status in (403, 409)
        assert (await skies.uss2.area(one.id)).body.service_area == two

    fly(tmp_path, steps)


@f3411("DSS0030,b", "DSS0130,A2-6-1,2a", "DSS0130,A2-6-1,2b")
def test_an_area_is_deleted_by_its_version(tmp_path: Path) -> None:
    """A wrong, well-formed version is 409, a malformed one 400, another owner 403; the right one 200."""

    async def steps(skies: Skies) -> None:
        other = await skies.uss1.served(skies.extent(vertices=RING))
        row = await skies.uss1.served(skies.extent(vertices=RING))
        assert (await skies.uss1.withdraw(row.id, other.version)).status == 409
        assert (await skies.uss1.withdraw(row.id, "notacorrectversion")).status == 400
        assert (await skies.uss1.withdraw(row.id, "")).status == 400
        assert (await skies.uss2.withdraw(row.id, row.version)).status == 403
        gone = await skies.uss1.withdraw(row.id, row.version)
        assert (gone.status, gone.body.service_area) == (200, row)
        assert (await skies.uss1.withdraw(skies.uuid(), row.version)).status == 404
        for uss in (skies.uss1, skies.uss2):
            assert (await uss.area(row.id)).status == 404
        assert [r.id for r in (await skies.uss2.areas(text(RING))).body.service_areas] == [other.id]

    fly(tmp_path, steps)


@f3411("DSS0030,a")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("volume.outline_polygon.vertices", [{"lat": a, "lng": b} for a, b in [*RING, RING[0]]]),
        ("volume.outline_polygon.vertices", []),
        ("volume.outline_polygon.vertices", [{"lat": 130.0, "lng": -23.0 - n} for n in range(3)]),
        ("volume.outline_polygon.vertices", [{"lat": 42.0 + n, "lng": 181.0 * n} for n in range(3)]),
        ("volume.outline_polygon.vertices", [{"lat": 42.0, "lng": -38.0}, {"lat": 42.1, "lng": -38.0}]),
        ("volume.outline_polygon.vertices", [{"lat": a, "lng": b} for a, b in HUGE]),
        ("volume.outline_polygon", None),
        ("volume", None),
        ("time_end", None),
    ],
    ids=["closed", "empty", "latitude", "longitude", "two", "huge", "no-outline", "no-volume", "no-end"],
)
def test_an_area_that_is_none_is_refused(tmp_path: Path, path: str, value: Any) -> None:
    """A ring that repeats its first vertex, bad latitudes, no outline, too wide, no end: 400, nothing is written."""

    async def steps(skies: Skies) -> None:
        said = await skies.uss1.serve(changed(skies.extent(vertices=RING), path, value))
        assert said.status == 400, said.raw
        assert (await skies.uss1.serve(None)).status == 400
        assert not (await skies.uss2.areas(text(RING))).body.service_areas

    fly(tmp_path, steps)


@f3411("DSS0030,a")
@pytest.mark.parametrize(
    ("start_s", "end_s", "status"), [(-600, 3_000, 400), (-10, 600, 200), (600, 500, 400), (600, 600, 400)]
)
def test_when_an_area_may_begin(tmp_path: Path, start_s: float, end_s: float, status: int) -> None:
    """Ten seconds ago is taken; ten minutes ago, and an end that is not after the start, are 400."""

    async def steps(skies: Skies) -> None:
        said = await skies.uss1.serve(skies.extent(vertices=RING, start_s=start_s, end_s=end_s))
        assert said.status == status

    fly(tmp_path, steps)


@f3411("DSS0030,a", "DSS0130,A2-6-1,1d")
def test_an_expired_area_is_got_and_not_found(tmp_path: Path) -> None:
    """When its time is over no search has it; by its id it can still be read."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.served(skies.extent(vertices=RING, start_s=0, end_s=300))
        await skies.pass_time(360)
        assert not (await skies.uss2.areas(text(RING))).body.service_areas
        past = {"earliest_time": skies.time(-360)["value"], "latest_time": skies.time(-10)["value"]}
        assert not (await skies.uss2.areas(text(RING), **past)).body.service_areas
        assert (await skies.uss2.area(row.id)).body.service_area == row

    fly(tmp_path, steps)


@f3411("DSS0030,a", "DSS0070")
@pytest.mark.parametrize(
    ("earliest_s", "latest_s", "found"),
    [
        (None, None, True),
        (4_140, None, True),
        (4_260, None, False),
        (None, 660, True),
        (None, 540, False),
        (0, 599, False),
        (601, 602, True),
    ],
)
def test_a_search_is_by_area_and_time(
    tmp_path: Path, earliest_s: float | None, latest_s: float | None, found: bool
) -> None:
    """Either time may be left out."""

    async def steps(skies: Skies) -> None:
        await skies.uss1.served(skies.extent(vertices=RING))
        given = {"earliest_time": earliest_s, "latest_time": latest_s}
        times = {name: skies.time(in_s)["value"] for name, in_s in given.items() if in_s is not None}
        assert bool((await skies.uss2.areas(text(RING), **times)).body.service_areas) is found
        assert not (await skies.uss2.areas(text(away(0.1)), **times)).body.service_areas

    fly(tmp_path, steps)


@f3411("DSS0030,a", "DSS0030,f")
@pytest.mark.parametrize(
    ("area", "statuses"),
    [
        ("", (400,)),
        (text(RING[:2]), (400,)),
        (text([*RING, RING[0]]), (400,)),
        (text(RING) + ",1", (400,)),
        ("42,abc,42,1,43,2", (400,)),
        (text([(91.0, 0.0), *RING]), (400,)),
        (text(HUGE), (400, 413)),
    ],
    ids=["empty", "two", "closed", "odd", "letters", "latitude", "huge"],
)
def test_an_area_of_a_search_has_an_outline(tmp_path: Path, area: str, statuses: tuple[int, ...]) -> None:
    """An outline that is none is 400, one that is too wide 413; for service areas and for subscriptions."""

    async def steps(skies: Skies) -> None:
        for operation in (F3411.SearchIdentificationServiceAreas, F3411.SearchSubscriptions):
            assert (await skies.uss2.f3411(operation, None, DP, query={"area": area})).status in statuses
            assert (await skies.uss2.f3411(operation, None, DP)).status == 400

    fly(tmp_path, steps)


# subscriptions


@f3411("DSS0030,c", "DSS0130,A2-6-1,3a", "DSS0130,2,a", "DSS0130,2,b", "DSS0130,2,c", "DSS0130,2,d", "DSS0130,2,e")
@pytest.mark.parametrize("start_s", [None, -10])
@pytest.mark.parametrize("end_s", [None, 600])
def test_a_subscription_is_answered_as_it_was_given(tmp_path: Path, start_s: float | None, end_s: float | None) -> None:
    """Start and end may be left out; owner, URL and index 0; the version is ten or more small letters and digits."""

    async def steps(skies: Skies) -> None:
        said = await skies.uss2.watch(skies.extent(vertices=RING, start_s=start_s, end_s=end_s))
        row = said.body.subscription
        assert (said.status, row.owner, row.notification_index) == (200, "uss2", 0)
        assert row.uss_base_url == skies.uss2.url.split("?")[0]
        assert abs(micros(row.time_start) - skies.now_us - (start_s or 0) * 1e6) < 1e6
        assert 0 < micros(row.time_end) - micros(row.time_start) <= DAY_US
        assert re.fullmatch(r"[a-z0-9]{10,}", row.version)
        assert not said.body.get("service_areas")

    fly(tmp_path, steps)


@f3411("DSS0030,e", "DSS0030,f", "DSS0130,A2-6-1,5", "DSS0130,A2-6-1,6")
def test_a_subscription_is_got_and_found_by_its_owner(tmp_path: Path) -> None:
    """By id and by area, unchanged; by another supplier it is neither found nor changed."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss2.watched(skies.extent(vertices=RING))
        got = await skies.uss2.f3411(F3411.GetSubscription, None, DP, id=row.id)
        assert got.body.subscription == row
        for uss, ring, found in (
            (skies.uss2, RING, [row]),
            (skies.uss2, away(0.1), []),
            (skies.uss1, RING, []),
        ):
            said = await uss.f3411(F3411.SearchSubscriptions, None, DP, query={"area": text(ring)})
            assert said.body.get("subscriptions", []) == found
        assert (await skies.uss1.watch(skies.extent(vertices=RING), id=row.id, version=row.version)).status in (
            403,
            409,
        )
        assert (await skies.uss1.f3411(F3411.GetSubscription, None, DP, id=row.id)).status in (403, 404)

    fly(tmp_path, steps)


@f3411("DSS0030,c", "DSS0030,d", "DSS0130,A2-6-1,4a", "DSS0130,A2-6-1,4b")
def test_a_subscription_is_changed_and_deleted_by_its_version(tmp_path: Path) -> None:
    """Time and place change the version; an empty or malformed version deletes nothing (400), an old one is 409."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss2.watched(skies.extent(vertices=RING))
        row = one
        for extent in (skies.extent(vertices=RING, end_s=4_210), skies.extent(vertices=away(0.001))):
            after = await skies.uss2.watched(extent, id=row.id, version=row.version)
            assert after.version != row.version
            row = after
        for uss, version, status in (
            (skies.uss2, "", 400),
            (skies.uss2, "notacorrectversion", 400),
            (skies.uss2, one.version, 409),
            (skies.uss1, row.version, 403),
        ):
            said = await uss.f3411(F3411.DeleteSubscription, None, DP, id=row.id, version=version)
            assert said.status == status, said.raw
        gone = await skies.uss2.f3411(F3411.DeleteSubscription, None, DP, id=row.id, version=row.version)
        assert (gone.status, gone.body.subscription) == (200, row)
        assert (await skies.uss2.f3411(F3411.GetSubscription, None, DP, id=row.id)).status == 404
        found = await skies.uss2.f3411(F3411.SearchSubscriptions, None, DP, query={"area": text(RING)})
        assert not found.body.get("subscriptions")

    fly(tmp_path, steps)


@f3411("DSS0050")
def test_an_owner_has_ten_live_subscriptions_in_an_area(tmp_path: Path) -> None:
    """The eleventh is 400 or 429; elsewhere, by another owner, and after one has gone, there is room."""

    async def steps(skies: Skies) -> None:
        rows = [await skies.uss2.watched(skies.extent(vertices=RING)) for _ in range(10)]
        more = await skies.uss2.watch(skies.extent(vertices=RING))
        assert more.status in (400, 429)
        assert (await skies.uss2.watch(skies.extent(vertices=away(0.5)))).status == 200
        assert (await skies.uss1.watch(skies.extent(vertices=RING))).status == 200
        changed_ = await skies.uss2.watch(skies.extent(vertices=RING), id=rows[0].id, version=rows[0].version)
        assert changed_.status == 200
        await skies.uss2.f3411(F3411.DeleteSubscription, None, DP, id=rows[1].id, version=rows[1].version)
        assert (await skies.uss2.watch(skies.extent(vertices=RING))).status == 200

    fly(tmp_path, steps)


@f3411("DSS0060")
def test_a_subscription_lasts_a_day_at_most(tmp_path: Path) -> None:
    """Ten minutes over 24 h is 400, or cut to 24 h; also as a PUT on an id that exists, without a version."""

    async def steps(skies: Skies) -> None:
        named = skies.uuid()
        long = skies.extent(vertices=RING, start_s=0, end_s=DAY_S + 600)
        fine = skies.extent(vertices=RING, start_s=0, end_s=DAY_S - 60)
        assert (await skies.uss2.watch(skies.extent(vertices=RING, start_s=0, end_s=DAY_S))).status == 200
        for extent in (long, fine, long):
            said = await skies.uss2.watch(extent, id=named)
            if extent is long:
                assert said.status in (200, 400), said.raw
            if said.status == 200:
                row = said.body.subscription
                assert micros(row.time_end) - micros(row.time_start) <= DAY_US
            else:
                assert extent is long

    fly(tmp_path, steps)


@f3411("DSS0030,c", "DSS0060", "DSS0130,A2-6-1,3d")
def test_an_expired_subscription_is_no_longer_found(tmp_path: Path) -> None:
    """Nor is it named by areas that come later, nor counted among the ten."""

    async def steps(skies: Skies) -> None:
        for _ in range(10):
            await skies.uss2.watched(skies.extent(vertices=RING, start_s=0, end_s=60))
        await skies.pass_time(120)
        found = await skies.uss2.f3411(F3411.SearchSubscriptions, None, DP, query={"area": text(RING)})
        assert not found.body.get("subscriptions")
        assert told(await skies.uss1.serve(skies.extent(vertices=RING, start_s=0))) == {}
        assert (await skies.uss2.watch(skies.extent(vertices=RING))).status == 200

    fly(tmp_path, steps)


@f3411("DSS0030,c", "DSS0030,a", "DSS0130,A2-6-1,3b", "DSS0130,A2-6-1,3c", "DSS0130,2,f")
def test_areas_and_subscriptions_meet(tmp_path: Path) -> None:
    """A new subscription names the areas that it meets, at index 0; each change of one raises the index, strictly."""
    corner = [(42.0099, -37.9901), (42.0099, -37.98), (42.02, -37.98), (42.02, -37.9901)]

    async def steps(skies: Skies) -> None:
        area = await skies.uss1.served(skies.extent(vertices=RING))
        said = await skies.uss2.watch(skies.extent(vertices=RING))
        row = said.body.subscription
        assert [a.id for a in said.body.service_areas] == [area.id]
        assert row.notification_index == 0
        moved = await skies.uss2.watch(skies.extent(vertices=corner), id=row.id, version=row.version)
        assert [a.id for a in moved.body.service_areas] == [area.id]
        seen = [0]
        for n in range(3):
            extent = skies.extent(vertices=RING, band_m=(100, 199 - n))
            said = await skies.uss1.serve(extent, id=area.id, version=area.version)
            area = said.body.service_area
            seen.append(told(said)[row.id])
            assert said.body.subscribers[0].url == row.uss_base_url
        seen.append(told(await skies.uss1.withdraw(area.id, area.version))[row.id])
        assert seen[1] > 0
        assert seen == sorted(set(seen))
        got = await skies.uss2.f3411(F3411.GetSubscription, None, DP, id=row.id)
        assert got.body.subscription.notification_index == seen[-1]
        assert got.body.subscription.version == moved.body.subscription.version

    fly(tmp_path, steps)


@f3411("DSS0030,a")
def test_service_areas_are_nobody_s_obstacle(tmp_path: Path) -> None:
    """Any number may lie in one place; no intent needs to know of them, and no subscription of F3548 hears of them."""

    async def steps(skies: Skies) -> None:
        watch = await skies.uss2.subscribed(skies.extent(vertices=RING), constraints=True)
        one = await skies.uss1.serve(skies.extent(vertices=RING))
        two = await skies.uss2.serve(skies.extent(vertices=RING))
        assert (told(one), told(two)) == ({}, {})
        said = await skies.uss1.put(skies.extent(vertices=RING))
        assert (said.status, told(said)) == (201, {watch.id: 1})

    fly(tmp_path, steps)
