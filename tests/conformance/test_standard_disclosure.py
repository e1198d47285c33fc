"""What suppliers learn of the theatre's own parties through the doors of the standards, and those of the suppliers.

No answer of these doors names a position of the ledger, a root or a proof, so nothing has to be removed before the
answers of twin worlds are compared, but the random `correlation_id` of an error. What a supplier can still tell is what
section 8 of the design grants everybody: that entries are made, and when, by how long its own answers take.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conformance_kit import CM, CP, DP, F3411, F3548, NODE_URL, SA, Said, Skies, f3548, fly, micros, skies, told
from geographiclib.geodesic import Geodesic
from worlds import ISSUER, charter

from wideberth.party.command import Disclosure, OperationState, PlaceKind, Protect, SetState, Volumes
from wideberth.party.standard import Supplier
from wideberth.theatre.shown import id_text

BAND = (1_000.0, 1_500.0)
EVERYWHERE: dict[str, Any] = {"start_s": None, "end_s": None, "band_m": None}
HIDDEN = b"hidden-operation"


def distance_m(place: Any, lat: float, lng: float) -> float:
    """From a vertex to a place."""
    return float(Geodesic.WGS84.Inverse(place.lat, place.lng, lat, lng)["s12"])


def outline(volume: Any) -> list[Any]:
    """The vertices of an outline; of a circle, its centre."""
    ring = volume.volume.get("outline_polygon")
    return list(ring.vertices) if ring else [volume.volume.outline_circle.center]


# twin worlds

NEAR, FAR = (42.3, -38.0), (47.0, -33.0)


def without_number(said: Said) -> bytes:
    """An answer's status and body, but for the number of an error."""
    raw = said.raw
    if isinstance(raw, dict) and "correlation_id" in raw:
        raw = {name: value for name, value in raw.items() if name != "correlation_id"}
    return b"%d %s" % (said.status, msgspec.json.encode(raw) if raw is not None else said.content)


async def lived(here: Skies, hidden_at: tuple[float, float], disclosure: Disclosure, kind: str) -> list[Said]:
    """The same days in both worlds, but for where BBB's hidden plan or place is; the answers of uss1, who meets it in
    neither. uss2 meets it in one."""
    said: list[Said] = []
    one, two, world = here.uss1, here.uss2, here.world

    async def mine(answer: Any) -> Any:
        said.append(answer)
        return answer.body

    first = here.extent(band_m=BAND, start_s=3_600, end_s=7_200)
    row = (await mine(await one.put(first, implicit=True))).operational_intent_reference
    await mine(await one.subscribe(here.extent(lat=42.3, radius_m=5_000, **EVERYWHERE), constraints=True))
    met = here.extent(lat=42.3, band_m=BAND, start_s=3_600, end_s=7_200)
    theirs = await two.planned(met, implicit=True)
    await mine(await one.close(here.extent(lat=44)))
    volume = world.box(lat=hidden_at[0], lon=hidden_at[1], start_h=1)
    if kind == "operation":
        _, answer = await world.plan("BBB", volume, operation=HIDDEN, disclosure=disclosure, crewed=False, label="dark")
    else:
        command = Protect(HIDDEN, 0, PlaceKind.CAMP, 0, "UN", volume.start_us, volume.end_us)
        answer = await world.say("BBB", command, Volumes((volume,)))
    assert answer.status_code == 200, answer.text
    await world.plan("AAA", world.box(lat=41.0, start_h=1), disclosure=Disclosure.OPEN, crewed=False)
    await mine(await one.put(here.extent(lat=42.35, band_m=BAND, start_s=3_600, end_s=7_200)))
    key = [r.reference.ovn for r in [await _details(two, each.id) for each in (await two.find(met)).values()] if r]
    theirs = await two.planned(
        met, id=theirs.id, ovn=theirs.ovn, state="Activated", key=tuple(key), subscription_id=theirs.subscription_id
    )
    await mine(await one.put(met))
    await mine(await one.put(met, key=(theirs.ovn[:-1],)))
    await mine(await one.put(first, id=row.id, ovn=row.ovn, state="Activated", subscription_id=row.subscription_id))
    await here.arbiter.arbitrate("uss2", "Down")
    await mine(await one.serve(here.extent(lat=42.3)))
    if kind == "operation":
        again = volume if hidden_at == FAR else world.box(lat=hidden_at[0] + 0.001, lon=hidden_at[1], start_h=1)
        await world.plan(
            "BBB", again, operation=HIDDEN, replaces=1, disclosure=disclosure, crewed=False, label="still dark"
        )
    await world.pass_time(6_000_000)
    return said


async def _details(uss: Any, named: str) -> Any:
    said = await uss.details(named)
    return said.body.operational_intent if said.status == 200 else None


async def everything(here: Skies, uss: Any, ids: list[str]) -> dict[str, Said]:
    """Every read of both standards, over the places that matter and for all ids given."""
    found: dict[str, Said] = {}
    for lat, lng in ((42.0, -38.0), (42.35, -38.0), NEAR, FAR, (41.0, -38.0)):
        area = {"area_of_interest": here.extent(lat=lat, lng=lng, radius_m=5_000, **EVERYWHERE)}
        ring = ",".join(f"{a},{b}" for a, b in ((lat, lng), (lat, lng + 0.05), (lat + 0.05, lng + 0.05)))
        for name, said in {
            "intents": await uss.f3548(F3548.QueryOperationalIntentReferences, area),
            "intents, sa": await uss.f3548(F3548.QueryOperationalIntentReferences, area, SA),
            "constraints": await uss.f3548(F3548.QueryConstraintReferences, area, CP),
            "subscriptions": await uss.f3548(F3548.QuerySubscriptions, area),
            "areas": await uss.areas(ring),
            "watches": await uss.f3411(F3411.SearchSubscriptions, None, DP, query={"area": ring}),
        }.items():
            found[f"{name} {lat} {lng}"] = said
    own = [row["id"] for said in list(found.values()) for rows in said.raw.values() for row in rows]
    for named in sorted({*own, *ids}):
        found |= {
            f"intent {named}": await uss.get(named),
            f"details {named}": await uss.details(named),
            f"constraint {named}": await uss.f3548(F3548.GetConstraintReference, None, CM, entityid=named),
            f"closure {named}": await uss.f3548(F3548.GetConstraintDetails, None, CP, entityid=named),
            f"telemetry {named}": await uss.f3548(F3548.GetOperationalIntentTelemetry, None, SA, entityid=named),
            f"subscription {named}": await uss.subscription(named),
            f"area {named}": await uss.area(named),
        }
    for who in ("uss1", "uss2", "BBB", "BBB@test", Supplier(ISSUER, "uss2").party):
        found[f"availability {who}"] = await uss.availability(who)
    return found


@pytest.mark.parametrize(
    ("kind", "disclosure"),
    [
        ("operation", Disclosure.CONFLICT_ONLY),
        ("operation", Disclosure.PRIVATE),
        ("protected", Disclosure.CONFLICT_ONLY),
    ],
)
def test_a_supplier_that_meets_nothing_cannot_tell_twin_worlds_apart(
    tmp_path: Path, kind: str, disclosure: Disclosure
) -> None:
    """Two worlds differ in where one hidden plan or place is, and so in whom it meets: every answer to a supplier that
    meets it in neither is the same, byte for byte, writes and reads; to the supplier that meets it they are not."""

    async def go() -> None:
        answers, met, ids = [], [], [id_text(HIDDEN)]
        for name, at in (("near", NEAR), ("far", FAR)):
            async with skies(tmp_path / name, seed=11, rules=charter(settle_us=0)) as here:
                said = await lived(here, at, disclosure, kind)
                met.append(len(here.world.node.state.conflicts))
                overlaps = await here.uss2.find(here.extent(lat=42.3, **EVERYWHERE))
                ids += [row for row in overlaps if row not in ids]
                answers.append((said, here))
                theirs = await everything(here, here.uss2, ids)
                mine = await everything(here, here.uss1, ids)
                answers[-1] = (said, mine, theirs)
        assert met[0] > met[1] == 0, "the worlds do differ"
        near, far = answers
        assert [without_number(s) for s in near[0]] == [without_number(s) for s in far[0]]
        for where in near[1].keys() & far[1].keys():
            assert without_number(near[1][where]) == without_number(far[1][where]), where
        for where in near[1].keys() ^ far[1].keys():
            assert (near[1] | far[1])[where].status == 404, where
        different = [
            w for w in near[2].keys() & far[2].keys() if without_number(near[2][w]) != without_number(far[2][w])
        ]
        assert different, "for uss2 they are different worlds"

    asyncio.run(go())


# a supplier that meets a hidden plan


@f3548("USS0105,1")
@pytest.mark.parametrize("disclosure", [Disclosure.CONFLICT_ONLY, Disclosure.PRIVATE])
def test_a_supplier_in_conflict_meets_the_overlap_alone(tmp_path: Path, disclosure: Disclosure) -> None:
    """Where, how high and when the two meet, and nothing beyond; under an id of its own, with this node's URL."""

    async def steps(here: Skies) -> None:
        one, two = here.uss1, here.uss2
        volume = here.world.box(start_h=1)
        operation, _ = await here.world.plan("BBB", volume, crewed=False, disclosure=disclosure, label="secret")
        extent = here.extent(lat=42.02, band_m=(1_200, 1_700), start_s=5_000, end_s=9_000)
        mine = await one.planned(extent)
        theirs = await two.planned(extent, key=(mine.ovn,))
        area = here.extent(lat=42.0, radius_m=20_000, **EVERYWHERE)
        found = await one.find(area)
        (overlap,) = (row for row in found.values() if row.id not in (mine.id, theirs.id))
        assert (overlap.uss_base_url, overlap.get("ovn")) == (NODE_URL, None)
        assert overlap.id not in (id_text(operation), *(id_text(c) for c in here.world.node.state.conflicts))
        assert micros(overlap.time_start) >= micros(mine.time_start)
        assert micros(overlap.time_end) <= volume.end_us
        said = await one.details(overlap.id)
        for each in said.body.operational_intent.details.volumes:
            assert 1_200 <= each.volume.altitude_lower.value <= each.volume.altitude_upper.value <= 1_500
            assert micros(each.time_start) == micros(mine.time_start)
            assert micros(each.time_end) == volume.end_us
            for place in outline(each):
                assert distance_m(place, 42.02, -38.0) < 500 + 30
                assert distance_m(place, 42.0, -38.0) < 2_000 + 30
        (other,) = (row for row in (await two.find(area)).values() if row.id not in (mine.id, theirs.id))
        assert other.id != overlap.id
        for uss, foreign in ((one, other), (two, overlap)):
            assert (await uss.get(foreign.id)).status == 404
            assert (await uss.details(foreign.id)).status == 404
        found = await everything(here, one, [])
        texts = [said.content, *(s.content for name, s in found.items() if not name.startswith("availability"))]
        for hidden in (b"secret", id_text(operation).encode(), operation.hex().encode()):
            assert not any(hidden in text for text in texts)
        assert any(b"BBB" in text for text in texts) is (disclosure is Disclosure.CONFLICT_ONLY)

    fly(tmp_path, steps)


def test_of_a_plan_that_is_only_too_near_a_supplier_sees_its_own_part(tmp_path: Path) -> None:
    """Where nothing overlaps, what is shown lies inside the supplier's own volumes: the other's place stays hidden."""

    async def steps(here: Skies) -> None:
        await here.world.plan("BBB", here.world.box(start_h=1, radius_m=1_000), label="secret")
        east = Geodesic.WGS84.Direct(42.0, -38.0, 90, 1_600)
        extent = here.extent(lat=east["lat2"], lng=east["lon2"], band_m=BAND, start_s=3_600, end_s=7_000)
        mine = await here.uss1.planned(extent)
        rows = await here.uss1.find(extent)
        (overlap,) = (row for row in rows.values() if row.id != mine.id)
        for each in (await here.uss1.details(overlap.id)).body.operational_intent.details.volumes:
            assert 1_000 <= each.volume.altitude_lower.value <= each.volume.altitude_upper.value <= 1_500
            for place in outline(each):
                assert distance_m(place, east["lat2"], east["lon2"]) < 500 + 30

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_the_unsettled_conflict_refuses_no_write(tmp_path: Path) -> None:
    """A create that meets a hidden plan is taken at once; later writes show that they know of the overlap, then are."""

    async def steps(here: Skies) -> None:
        uss, extent = here.uss1, here.extent(band_m=BAND, start_s=3_600, end_s=7_000)
        await here.world.plan("BBB", here.world.box(start_h=1), crewed=False)
        row = await uss.planned(extent, implicit=True)
        (conflict,) = here.world.node.state.conflicts.values()
        assert conflict.state == "open"
        (overlap,) = (r for r in (await uss.find(extent)).values() if r.id != row.id)
        rest = {"id": row.id, "ovn": row.ovn, "state": "Activated", "subscription_id": row.subscription_id}
        lacking = await uss.put(extent, **rest)
        assert lacking.status == 409
        assert [r.id for r in lacking.body.missing_operational_intents] == [overlap.id]
        ovn = (await uss.details(overlap.id)).body.operational_intent.reference.ovn
        active = await uss.put(extent, key=(ovn,), **rest)
        assert active.status == 200, active.raw
        assert conflict.state == "open"
        assert (await uss.drop(row.id, active.body.operational_intent_reference.ovn)).status == 200
        assert (await uss.details(overlap.id)).status == 404

    fly(tmp_path, steps)


def test_an_overlap_goes_with_the_plan_behind_it(tmp_path: Path) -> None:
    """When the hidden plan ends or moves away there is none any more; the key no longer asks for it."""

    async def steps(here: Skies) -> None:
        uss, extent = here.uss1, here.extent(band_m=BAND, start_s=3_600, end_s=7_000)
        operation, _ = await here.world.plan("BBB", here.world.box(start_h=1), crewed=False)
        row = await uss.planned(extent)
        assert len(await uss.find(extent)) == 2
        answer = await here.world.say("BBB", SetState(operation, 1, OperationState.ENDED))
        assert answer.status_code == 200
        assert list(await uss.find(extent)) == [row.id]
        assert (await uss.put(extent, id=row.id, ovn=row.ovn)).status == 200

    fly(tmp_path, steps)


def test_an_overlap_that_changes_has_another_version(tmp_path: Path) -> None:
    """A supplier that keeps details by their version looks again when the hidden plan has moved: OVN and version go
    together, and the version only rises."""

    async def steps(here: Skies) -> None:
        uss, extent = here.uss1, here.extent(band_m=BAND, start_s=3_600, end_s=7_000)
        operation, _ = await here.world.plan("BBB", here.world.box(start_h=1), crewed=False)
        row = await uss.planned(extent)
        seen: list[tuple[int, str]] = []
        for n in range(3):
            (overlap,) = (r for r in (await uss.find(extent)).values() if r.id != row.id)
            reference = (await uss.details(overlap.id)).body.operational_intent.reference
            assert reference.version == overlap.version
            seen.append((reference.version, reference.ovn))
            box = here.world.box(start_h=1, lat=42.005 + n / 1_000)
            await here.world.plan("BBB", box, crewed=False, operation=operation, replaces=n + 1)
        versions = [version for version, _ in seen]
        assert len({ovn for _, ovn in seen}) == 3
        assert versions == sorted(set(versions))

    fly(tmp_path, steps)


def test_a_protected_place_shows_as_its_cell(tmp_path: Path) -> None:
    """Two worlds in which a protected place lies elsewhere in the same cell of the charter's are the same to a supplier
    that comes too near: what it is shown is the cell."""

    async def go() -> None:
        told_: list[bytes] = []
        for name, lat, lng in (("one", 42.010, -38.010), ("two", 42.013, -38.014)):
            async with skies(tmp_path / name, seed=5) as here:
                volume = here.world.box(lat=lat, lon=lng, radius_m=50, band_m=(0, 100), start_h=0, hours=20)
                command = Protect(HIDDEN, 0, PlaceKind.HOSPITAL, 0, "UN", volume.start_us, volume.end_us)
                answer = await here.world.say("BBB", command, Volumes((volume,)))
                assert answer.status_code == 200, answer.text
                extent = here.extent(lat=42.0115, lng=-38.012, radius_m=3_000, band_m=(50, 300))
                row = await here.uss1.planned(extent)
                assert len(here.world.node.state.conflicts) == 1
                rows = await here.uss1.find(extent)
                (overlap,) = (named for named in rows if named != row.id)
                intent = (await here.uss1.details(overlap)).raw["operational_intent"]
                assert intent["reference"].pop("ovn"), "it follows from a salted commitment, and so says nothing"
                told_.append(f"{intent} {rows}".encode())
        assert told_[0] == told_[1]

    asyncio.run(go())


def test_hidden_plans_are_in_nobody_else_s_key_and_wake_no_subscription(tmp_path: Path) -> None:
    """A hidden plan that is filed, changed or ended raises no index, and no supplier is asked for its OVN."""

    async def steps(here: Skies) -> None:
        watch = await here.uss1.subscribed(here.extent(radius_m=5_000, **EVERYWHERE), constraints=True)
        operation, _ = await here.world.plan("BBB", here.world.box(start_h=1), crewed=False)
        await here.world.plan(
            "BBB", here.world.box(start_h=1, lat=42.01), crewed=False, operation=operation, replaces=1
        )
        await here.world.say("BBB", SetState(operation, 2, OperationState.ENDED))
        assert (await here.uss1.subscription(watch.id)).body.subscription == watch

    fly(tmp_path, steps)


# what is open


@f3548("DSS0005,5")
def test_open_plans_wake_the_subscriptions_of_suppliers(tmp_path: Path) -> None:
    """An open plan that is filed, changed or ended raises the index of whoever is subscribed there."""

    async def steps(here: Skies) -> None:
        watch = await here.uss1.subscribed(here.extent(radius_m=5_000, **EVERYWHERE))
        away = await here.uss1.subscribed(here.extent(lat=44, **EVERYWHERE))
        operation, _ = await here.world.plan("AAA", here.world.box(start_h=1), crewed=False, disclosure=Disclosure.OPEN)
        seen = [(await here.uss1.subscription(watch.id)).body.subscription.notification_index]
        await here.world.plan(
            "AAA",
            here.world.box(start_h=1, hours=2),
            crewed=False,
            disclosure=Disclosure.OPEN,
            operation=operation,
            replaces=1,
        )
        seen.append((await here.uss1.subscription(watch.id)).body.subscription.notification_index)
        await here.world.say("AAA", SetState(operation, 2, OperationState.ENDED))
        seen.append((await here.uss1.subscription(watch.id)).body.subscription.notification_index)
        assert seen == [1, 2, 3]
        assert (await here.uss1.subscription(away.id)).body.subscription == away

    fly(tmp_path, steps)


# what the theatre's own parties learn


@f3548("SCD0095")
def test_a_party_is_told_of_a_supplier_that_comes_too_near(tmp_path: Path) -> None:
    """Its stream and its view have the conflict, with the supplier's code; a bystander has nothing of it."""

    async def steps(here: Skies) -> None:
        await here.world.plan("BBB", here.world.box(start_h=1), label="mine")
        before = (await here.world.get("BBB", "/v1/notices", limit=500)).json()
        row = await here.uss1.planned(here.extent(band_m=BAND, start_s=3_600, end_s=7_000))
        code = Supplier(ISSUER, "uss1").party
        after = (await here.world.get("BBB", "/v1/notices", limit=500)).json()
        new = [n for n in after["notices"] if n not in before["notices"]]
        assert code in str(new)
        (conflict,) = (await here.world.view("BBB"))["conflicts"]
        assert conflict["other"]["party"] == code
        assert conflict["state"] == "open"
        assert not (await here.world.view("CCC"))["conflicts"]
        gone = await here.uss1.drop(row.id, row.ovn)
        assert told(gone) == {}
        assert not [c for c in (await here.world.view("BBB"))["conflicts"] if c["state"] == "open"]

    fly(tmp_path, steps)


@f3548("SCD0090")
def test_a_party_that_plans_onto_a_supplier_is_answered_with_the_conflict(tmp_path: Path) -> None:
    """The supplier's intent is an operation like any other: exact, open, and in every party's view."""

    async def steps(here: Skies) -> None:
        row = await here.uss1.planned(here.extent(band_m=BAND, start_s=3_600, end_s=7_000))
        _, answer = await here.world.plan("CCC", here.world.box(start_h=1), crewed=False)
        (conflict,) = answer.json()["conflicts"]
        assert conflict["other"]["party"] == Supplier(ISSUER, "uss1").party
        _, clear = await here.world.plan("CCC", here.world.box(lat=43, start_h=1), crewed=False)
        assert clear.json()["conflicts"] == []
        seen = (await here.world.view("DDD"))["operations"]
        assert row.id in str(seen)

    fly(tmp_path, steps)
