"""Operational intent references of F3548-21: what they are, who may change them, how, and in what order of states."""

import re
from pathlib import Path
from typing import Any

import pytest
from conformance_kit import NULL_SUBSCRIPTION, SA, SCD, Skies, changed, f3548, fly, micros, told

DAY_S = 86_400


@f3548("DSS0005,1", "DSS0210,A2-7-2,1a", "DSS0210,2a", "DSS0210,2b", "DSS0210,2c", "DSS0210,2d", "DSS0210,2e")
@f3548("DSS0210,2f")
def test_an_intent_is_answered_as_it_was_given(tmp_path: Path) -> None:
    """A create is answered 201 with id, manager, version 1, state, OVN, and times and URL exactly as they came."""

    async def steps(skies: Skies) -> None:
        extent, named = skies.extent(), skies.uuid()
        row = await skies.uss1.planned(extent, id=named)
        assert (row.id, row.manager, row.version, row.state) == (named, "uss1", 1, "Accepted")
        assert (row.uss_base_url, row.uss_availability) == (skies.uss1.url, "Unknown")
        assert micros(row.time_start) == skies.noon_us + 600_000_000
        assert micros(row.time_end) == skies.noon_us + 4_200_000_000
        assert row.subscription_id == NULL_SUBSCRIPTION
        closed = (await skies.uss1.close(extent)).body.constraint_reference
        for ovn in (row.ovn, closed.ovn):
            assert re.fullmatch(r"[A-Za-z0-9_.~-]{16,128}", ovn), "it travels in a path"

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,2", "DSS0210,A2-7-2,1c", "DSS0210,A2-7-2,1d", "DSS0215", "OPIN0025")
def test_everybody_finds_an_intent_and_its_manager_alone_the_ovn(tmp_path: Path) -> None:
    """As soon as a create is answered, any supplier gets it by id and by search; the OVN is its manager's to give."""

    async def steps(skies: Skies) -> None:
        mine = await skies.uss1.planned(skies.extent())
        for uss, ovn in ((skies.uss1, mine.ovn), (skies.uss2, None)):
            by_id = (await uss.get(mine.id)).body.operational_intent_reference
            by_search = (await uss.find(skies.extent()))[mine.id]
            for row in (by_id, by_search):
                assert row.get("ovn") == ovn
                assert {k: v for k, v in row.items() if k != "ovn"} == {k: v for k, v in mine.items() if k != "ovn"}

    fly(tmp_path, steps)


@f3548("DSS0005,2")
@pytest.mark.parametrize(
    ("away", "found"),
    [
        ({}, True),
        ({"lat": 42.009, "radius_m": 505}, True),
        ({"lat": 42.02}, False),
        ({"band_m": (201, 300)}, False),
        ({"band_m": None}, True),
        ({"start_s": 4_201, "end_s": 5_000}, False),
        ({"start_s": 4_199, "end_s": 5_000}, True),
        ({"start_s": None, "end_s": None}, True),
        ({"start_s": None, "end_s": 599}, False),
        ({"start_s": 4_201, "end_s": None}, False),
    ],
    ids=str,
)
def test_a_search_finds_what_meets_its_volume_and_nothing_else(
    tmp_path: Path, away: dict[str, Any], found: bool
) -> None:
    """By outline, altitudes and time; each bound that is left out bounds nothing."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        assert (row.id in await skies.uss2.find(skies.extent(**away))) is found

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0210,A2-7-2,1b", "DSS0210,2e")
def test_an_update_by_ovn_makes_the_next_version(tmp_path: Path) -> None:
    """PUT with the OVN is answered 200; version and OVN change, and the old OVN opens nothing any more."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        one = await uss.planned(skies.extent())
        two = await uss.planned(skies.extent(lat=42.3), id=one.id, ovn=one.ovn)
        assert (two.version, two.id) == (2, one.id)
        assert two.ovn != one.ovn
        assert one.id not in await uss.find(skies.extent())
        assert one.id in await uss.find(skies.extent(lat=42.3))
        assert (await uss.put(skies.extent(), id=one.id, ovn=one.ovn)).status == 409
        assert (await uss.drop(one.id, one.ovn)).status == 409
        assert (await uss.get(one.id)).body.operational_intent_reference == two

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0210,A2-7-2,3a", "DSS0210,A2-7-2,3b")
def test_a_deleted_intent_is_gone_for_everybody(tmp_path: Path) -> None:
    """DELETE is answered 200 with the last state; then it is found neither by id nor by search, and its id is free."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        one = await uss.planned(skies.extent())
        two = await uss.planned(skies.extent(), id=one.id, ovn=one.ovn, state="Activated", implicit=True)
        gone = await uss.drop(one.id, two.ovn)
        assert gone.status == 200
        assert gone.body.operational_intent_reference == two
        for each in (skies.uss1, skies.uss2):
            assert (await each.get(one.id)).status == 404
            assert one.id not in await each.find(skies.extent())
        assert (await uss.drop(one.id, "Z" * 22)).status in (404, 409)
        assert (await uss.planned(skies.extent(), id=one.id)).id == one.id

    fly(tmp_path, steps)


@f3548("DSS0005,1")
@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
@pytest.mark.parametrize("kind", ["operational_intent_references", "constraint_references", "subscriptions"])
def test_an_empty_ovn_or_version_is_a_bad_request(tmp_path: Path, verb: str, kind: str) -> None:
    """It arrives as a path with a slash at its end: 400, not 404, 301 or 405."""

    async def steps(skies: Skies) -> None:
        token = skies.uss1.token(SCD, "utm.constraint_management", "utm.constraint_processing")
        one = await skies.uss1.planned(skies.extent())
        for named in (one.id, skies.uuid()):
            body = {"extents": [skies.extent()], "state": "Accepted", "uss_base_url": skies.uss1.url, "key": []}
            answer = await skies.uss1.send(verb, f"/dss/v1/{kind}/{named}/", body if verb == "PUT" else None, token)
            assert answer.status_code == 400, answer.content
            assert len(answer.json()["message"]) > 10
        assert (await skies.uss1.get(one.id)).body.operational_intent_reference == one

    fly(tmp_path, steps)


@f3548("OPIN0035")
def test_nobody_but_its_manager_changes_an_intent(tmp_path: Path) -> None:
    """Another supplier's PUT and DELETE are refused 403, even with the right OVN, and change nothing."""

    async def steps(skies: Skies) -> None:
        mine = await skies.uss1.planned(skies.extent())
        for ovn in (mine.ovn, "Z" * 22):
            assert (await skies.uss2.put(skies.extent(), id=mine.id, ovn=ovn)).status == 403
            assert (await skies.uss2.drop(mine.id, ovn)).status == 403
        assert (await skies.uss2.put(skies.extent(lat=43), id=mine.id)).status in (403, 409)
        assert (await skies.uss1.get(mine.id)).body.operational_intent_reference == mine

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_id_that_is_taken_is_not_created_again(tmp_path: Path) -> None:
    """A second create under the same id, with something else in it, is 409; what is not there is not updated or got."""

    async def steps(skies: Skies) -> None:
        mine = await skies.uss1.planned(skies.extent())
        assert (await skies.uss1.put(skies.extent(lat=43), id=mine.id)).status == 409
        assert (await skies.uss1.put(skies.extent(), id=skies.uuid(), ovn=mine.ovn)).status == 400
        assert (await skies.uss1.drop(skies.uuid(), mine.ovn)).status == 404
        assert (await skies.uss1.get(skies.uuid())).status == 404

    fly(tmp_path, steps)


# states

STATES = ("Accepted", "Activated", "Nonconforming", "Contingent")
MAY_FOLLOW = {
    "Accepted": {"Accepted", "Activated", "Nonconforming", "Contingent"},
    "Activated": {"Activated", "Nonconforming", "Contingent"},
    "Nonconforming": {"Nonconforming", "Activated", "Contingent"},
    "Contingent": {"Contingent"},
}
"""F3548-21, 4.4 and figure 2; Ended is the deletion, possible from each."""
ROADS = {
    "Accepted": (),
    "Activated": ("Activated",),
    "Nonconforming": ("Activated", "Nonconforming"),
    "Contingent": ("Activated", "Contingent"),
}


def scope_of(state: str) -> str:
    """The scope that a state is written with."""
    return SA if state in ("Nonconforming", "Contingent") else SCD


@f3548("SCD0100", "DSS0005,1")
@pytest.mark.parametrize("state", STATES[1:])
def test_an_intent_begins_as_accepted(tmp_path: Path, state: str) -> None:
    """A create in any other state is refused, whatever the scope."""

    async def steps(skies: Skies) -> None:
        for scope in (SCD, SA, (SCD, SA)):
            said = await skies.uss1.put(skies.extent(), state=state, implicit=True, scope=scope)
            assert said.status in (400, 403)
        assert not await skies.uss1.find(skies.extent())

    fly(tmp_path, steps)


@f3548("SCD0100")
@pytest.mark.parametrize("before", ["Accepted", "Activated"])
@pytest.mark.parametrize("state", ["Nonconforming", "Contingent"])
def test_off_nominal_states_need_their_own_scope(tmp_path: Path, before: str, state: str) -> None:
    """With utm.strategic_coordination alone Nonconforming and Contingent are 403; with conformance monitoring 200."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.planned(skies.extent(), implicit=True)
        rest = {"subscription_id": row.subscription_id}
        for step in ROADS[before]:
            row = await uss.planned(skies.extent(), id=row.id, ovn=row.ovn, state=step, **rest)
        assert (await uss.put(skies.extent(), id=row.id, ovn=row.ovn, state=state, scope=SCD, **rest)).status == 403
        taken = await uss.put(skies.extent(), id=row.id, ovn=row.ovn, state=state, scope=SA, **rest)
        assert (taken.status, taken.body.operational_intent_reference.state) == (200, state)

    fly(tmp_path, steps)


@f3548("DSS0005,1")
@pytest.mark.parametrize("before", STATES)
def test_states_follow_one_another_as_the_standard_draws_them(tmp_path: Path, before: str) -> None:
    """Every transition of the figure is taken and every other refused 400; any state may end by deletion."""

    async def steps(skies: Skies) -> None:
        uss, lat = skies.uss1, 35.0
        for after in (*STATES, "Ended"):
            lat += 0.5
            extent = skies.extent(lat=lat)
            row = await uss.planned(extent, implicit=True)
            for step in ROADS[before]:
                row = await uss.planned(
                    extent,
                    id=row.id,
                    ovn=row.ovn,
                    state=step,
                    subscription_id=row.subscription_id,
                    scope=scope_of(step),
                )
            if after == "Ended":
                gone = await uss.drop(row.id, row.ovn)
                assert (gone.status, gone.body.operational_intent_reference.state) == (200, before)
                continue
            said = await uss.put(
                extent,
                id=row.id,
                ovn=row.ovn,
                state=after,
                subscription_id=row.subscription_id,
                scope=(SCD, SA),
            )
            assert said.status == (200 if after in MAY_FOLLOW[before] else 400), (before, after, said.raw)

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_a_word_that_is_no_state_is_refused(tmp_path: Path) -> None:
    """Ended is said by deletion; anything else is malformed."""

    async def steps(skies: Skies) -> None:
        for word in ("Ended", "accepted", "", "Flying"):
            assert (await skies.uss1.put(skies.extent(), state=word)).status == 400

    fly(tmp_path, steps)


# suffix


def test_a_requested_suffix_stands_in_the_ovn(tmp_path: Path) -> None:
    """With `requested_ovn_suffix` the OVN is known before the answer: id, underscore, suffix; also on an update."""

    async def steps(skies: Skies) -> None:
        suffix, named = skies.uuid7(), skies.uuid()
        row = await skies.uss1.planned(skies.extent(), id=named, requested_ovn_suffix=suffix)
        assert row.ovn == f"{named}_{suffix}"
        suffix = skies.uuid7()
        row = await skies.uss1.planned(skies.extent(), id=named, ovn=row.ovn, requested_ovn_suffix=suffix)
        assert row.ovn == f"{named}_{suffix}"

    fly(tmp_path, steps)


def test_a_suffix_that_is_no_fresh_uuid_of_version_7_is_refused(tmp_path: Path) -> None:
    """Version 4, an old or future time, upper case, braces, or no UUID at all: 400."""

    async def steps(skies: Skies) -> None:
        wrong = [skies.uuid(), skies.uuid7(600), skies.uuid7(-600), skies.uuid7().upper() + "A", "x", "x" * 36, 7]
        for suffix in wrong:
            assert (await skies.uss1.put(skies.extent(), requested_ovn_suffix=suffix)).status == 400, suffix
        assert not await skies.uss1.find(skies.extent())

    fly(tmp_path, steps)


# time


@f3548("DSS0005,1")
@pytest.mark.parametrize(
    ("start_s", "end_s", "status"),
    [(-10, 600, 201), (-12, 600, 201), (-600, 600, 400), (-1_200, -600, 400), (600, 600, 400), (600, 500, 400)],
)
def test_when_an_intent_may_begin(tmp_path: Path, start_s: float, end_s: float, status: int) -> None:
    """Ten seconds ago, and the way of a request more, is taken; ten minutes ago, ended, empty and reversed are not."""

    async def steps(skies: Skies) -> None:
        assert (await skies.uss1.put(skies.extent(start_s=start_s, end_s=end_s))).status == status

    fly(tmp_path, steps)


@f3548("OPIN0030")
def test_an_intent_is_planned_thirty_days_ahead_at_most(tmp_path: Path) -> None:
    """Within OiMaxPlanHorizon an intent is taken and stays, with no word between; beyond it is refused."""

    async def steps(skies: Skies) -> None:
        week = skies.extent(start_s=10 * DAY_S, end_s=10 * DAY_S + 3_600)
        row = await skies.uss1.planned(week)
        far = skies.extent(start_s=31 * DAY_S, end_s=31 * DAY_S + 3_600)
        assert (await skies.uss1.put(far)).status == 400
        await skies.world.pass_time(9 * DAY_S * 1_000_000)
        assert (await skies.uss2.get(row.id)).status == 200
        assert row.id in await skies.uss2.find(week)

    fly(tmp_path, steps)


@f3548("DSS0005,2")
def test_an_intent_whose_time_is_over_stands_in_nobody_s_way(tmp_path: Path) -> None:
    """After its end no search of the present finds it, no key needs it, and its manager may still delete it."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent(start_s=0, end_s=60))
        await skies.pass_time(120)
        now = skies.extent(start_s=0, end_s=600)
        assert not await skies.uss2.find(now)
        assert (await skies.uss2.put(now)).status == 201
        assert (await skies.uss1.drop(row.id, row.ovn)).status == 200

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_intent_that_has_ended_by_itself_is_not_changed(tmp_path: Path) -> None:
    """Long after its end it is gone for everybody; its OVN changes nothing any more, and its id is free."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent(start_s=0, end_s=60), implicit=True)
        await skies.pass_time(3 * 3_600)
        extent = skies.extent(start_s=60)
        assert (await skies.uss2.get(row.id)).status == 404
        assert (await skies.uss1.put(extent, id=row.id, ovn=row.ovn)).status in (400, 409)
        assert await skies.uss1.find_subscriptions(extent) == {}
        assert (await skies.uss1.planned(extent, id=row.id)).ovn != row.ovn

    fly(tmp_path, steps)


# what counts is where an intent is


@f3548("DSS0005,1", "DSS0005,2")
def test_volumes_of_one_intent_stay_apart(tmp_path: Path) -> None:
    """What lies between two volumes of an intent, but near neither, is no neighbour of it: no box is drawn around."""

    async def steps(skies: Skies) -> None:
        await skies.uss1.planned(skies.extent(lat=42.0, lng=-38.0), skies.extent(lat=42.2, lng=-37.8))
        between = skies.extent(lat=42.1, lng=-37.9)
        assert not await skies.uss2.find(between)
        assert (await skies.uss2.put(between)).status == 201
        later = [
            skies.extent(lat=43, start_s=600, end_s=1_200),
            skies.extent(lat=43, lng=-37.9, start_s=1_200, end_s=1_800),
        ]
        await skies.uss1.planned(*later)
        assert (await skies.uss2.put(skies.extent(lat=43, start_s=1_200, end_s=1_800))).status == 201

    fly(tmp_path, steps)


@f3548("DSS0005,2")
def test_a_circle_is_round(tmp_path: Path) -> None:
    """No sliver between a circle and a polygon in it is free: 1 m inside its rim is met all around, outside never."""
    from geographiclib.geodesic import Geodesic

    async def steps(skies: Skies) -> None:
        await skies.uss1.planned(skies.extent(radius_m=2_000))
        for azimuth in range(0, 360, 9):
            for distance, met in ((1_999.0, True), (2_003.0, False)):
                at = Geodesic.WGS84.Direct(42.0, -38.0, azimuth, distance)
                spot = skies.extent(lat=at["lat2"], lng=at["lon2"], radius_m=2 if not met else 0.5)
                assert bool(await skies.uss2.find(spot)) is met, (azimuth, distance)

    fly(tmp_path, steps)


@f3548("DSS0005,1", "SCD0035")
@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        ("volume.altitude_lower.value", 199.989, 200.011),
        ("volume.outline_circle.radius.value", 500.011, 499.989),
        ("time_start", -1, 0),
    ],
)
def test_an_overlap_of_a_centimetre_is_one(tmp_path: Path, path: str, inside: float, outside: float) -> None:
    """1.1 cm of overlap, in height or on the ground, asks for the OVN; 1.1 cm between, or times that abut, not."""
    from geographiclib.geodesic import Geodesic

    async def steps(skies: Skies) -> None:
        await skies.uss1.planned(skies.extent())
        east = Geodesic.WGS84.Direct(42.0, -38.0, 90, 1_000)
        other = {
            "volume.altitude_lower.value": skies.extent(band_m=(200, 300)),
            "volume.outline_circle.radius.value": skies.extent(lat=east["lat2"], lng=east["lon2"]),
            "time_start": skies.extent(start_s=4_200, end_s=5_000),
        }[path]
        for value, status in ((inside, 409), (outside, 201)):
            given: Any = value
            if path == "time_start":
                given = skies.time(4_200 + value / 1e6)
            assert (await skies.uss2.put(changed(other, path, given))).status == status, value

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_a_supplier_may_have_many_intents_in_one_place(tmp_path: Path) -> None:
    """Its own are in the key like all others, and its answers ask it to notify itself."""

    async def steps(skies: Skies) -> None:
        key: tuple[str, ...] = ()
        watch = await skies.uss1.subscribed(skies.extent())
        for n in range(1, 6):
            said = await skies.uss1.put(skies.extent(), key=key)
            assert said.status == 201
            assert told(said) == {watch.id: n}
            key = (*key, said.body.operational_intent_reference.ovn)

    fly(tmp_path, steps)
