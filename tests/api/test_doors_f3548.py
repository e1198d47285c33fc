"""The door of F3548-21: what is form, told by field and limit before anything is decided."""

from pathlib import Path
from typing import Any

import pytest
from doors_kit import (
    CONSTRAINTS,
    EVERY,
    ID,
    INTENTS,
    OTHER,
    SUBSCRIPTIONS,
    URL,
    Doors,
    altitude,
    at,
    extent,
    intent,
    knock,
    ring,
    subscription,
)

from wideberth.limits import KEY_MAX, PARTS_MAX, PLAN_NOTE_CHARACTERS_MAX
from wideberth.party.command import Constrain, ConstraintKind, Disclosure, OperationState, SetState, Volumes

NULL = "00000000-0000-4000-8000-000000000000"
SQUARE = ((42.0, -38.0), (42.0, -37.99), (42.01, -37.99), (42.01, -38.0))


def without(scope: str) -> tuple[str, ...]:
    """Every scope but one."""
    return tuple(s for s in EVERY if s != scope)


BAD = {
    "nothing": (b"", "body"),
    "no JSON": (b"{", "body"),
    "no UTF-8": (b"\xff", "body"),
    "a list": (b"[]", ""),
    "deep": (b'{"x":' + b"[" * 100_000, "body"),
    "extents missing": (intent() | {"extents": None}, "extents"),
    "extents empty": (intent() | {"extents": []}, "extents"),
    "too many extents": (intent(*[extent()] * 1_025), "extents"),
    "extent null": (intent(extent(), None), "extents[1]"),
    "state missing": ({k: v for k, v in intent().items() if k != "state"}, "state"),
    "state unknown": (intent(state="Ended"), "state"),
    "state a number": (intent(state=3), "state"),
    "url missing": ({k: v for k, v in intent().items() if k != "uss_base_url"}, "uss_base_url"),
    "url empty": (intent(uss_base_url=""), "uss_base_url"),
    "url http": (intent(uss_base_url="http://uss1.test"), "uss_base_url"),
    "url with a user": (intent(uss_base_url="https://me:secret@uss1.test"), "uss_base_url"),
    "url of another kind": (intent(uss_base_url="file:///etc/passwd"), "uss_base_url"),
    "url too long": (intent(uss_base_url="https://uss1.test/" + "x" * 1_000), "uss_base_url"),
    "key of numbers": (intent(key=[1]), "key[0]"),
    "key of null": (intent(key=["x" * 22, None]), "key[1]"),
    "key too long": (intent(key=["x" * 22] * (KEY_MAX + 1)), "key"),
    "ovn too long": (intent(key=["x" * 129]), "key[0]"),
    "subscription no id": (intent(subscription_id="mine"), "subscription_id"),
    "subscription of another version": (intent(subscription_id=ID[:14] + "1" + ID[15:]), "subscription_id"),
    "new subscription without url": (intent(new_subscription={}), "new_subscription.uss_base_url"),
    "new subscription http": (
        intent(new_subscription={"uss_base_url": "http://x.test"}),
        "new_subscription.uss_base_url",
    ),
    "both subscriptions": (intent(subscription_id=ID, new_subscription={"uss_base_url": URL}), "new_subscription"),
    "activated without any": (intent(state="Activated"), "subscription_id"),
    "activated with none": (intent(state="Activated", subscription_id=NULL), "subscription_id"),
    "suffix no text": (intent(requested_ovn_suffix=7), "requested_ovn_suffix"),
    "suffix no uuid": (intent(requested_ovn_suffix="x" * 10_000), "requested_ovn_suffix"),
    "lower missing": (intent(extent(altitude_lower=...)), "extents[0].volume.altitude_lower"),
    "upper null": (intent(extent(altitude_upper=None)), "extents[0].volume.altitude_upper"),
    "band upside down": (intent(extent(altitude_lower=altitude(200))), "extents[0].volume"),
    "altitude huge": (intent(extent(altitude_upper=altitude(1e300))), "extents[0].volume.altitude_upper.value"),
    "feet": (
        intent(extent(altitude_upper={"value": 9, "reference": "W84", "units": "FT"})),
        "extents[0].volume.altitude_upper.units",
    ),
    "above ground": (
        intent(extent(altitude_upper={"value": 9, "reference": "SFC", "units": "M"})),
        "extents[0].volume.altitude_upper.reference",
    ),
    "start missing": (intent(extent(time_start=...)), "extents[0].time_start"),
    "end missing": (intent(extent(), extent(time_end=...)), "extents[1].time_end"),
    "naive": (
        intent(extent(time_end={"value": "2026-11-18T12:00:00", "format": "RFC3339"})),
        "extents[0].time_end.value",
    ),
    "no such day": (
        intent(extent(time_end={"value": "2027-02-29T12:00:00Z", "format": "RFC3339"})),
        "extents[0].time_end.value",
    ),
    "another format": (
        intent(extent(time_end={"value": "2026-11-18T12:00:00Z", "format": "ISO8601"})),
        "extents[0].time_end.format",
    ),
    "end first": (intent(extent(start_min=70, end_min=10)), "extents[0].time_end"),
    "no outline": (intent(extent(outline_circle=...)), "extents[0].volume"),
    "both outlines": (intent(extent(outline_polygon=ring(*SQUARE))), "extents[0].volume"),
    "outline a number": (intent(extent(outline_circle=5)), "extents[0].volume.outline_circle"),
    "radius zero": (intent(extent(radius_m=0)), "extents[0].volume.outline_circle.radius.value"),
    "radius less": (intent(extent(radius_m=-1)), "extents[0].volume.outline_circle.radius.value"),
    "latitude": (intent(extent(lat=90.1)), "extents[0].volume.outline_circle.center.lat"),
    "longitude": (intent(extent(lng=-180.1)), "extents[0].volume.outline_circle.center.lng"),
    "two vertices": (
        intent(extent(outline_circle=..., outline_polygon=ring(*SQUARE[:2]))),
        "extents[0].volume.outline_polygon.vertices",
    ),
    "bow tie": (
        intent(extent(outline_circle=..., outline_polygon=ring(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]))),
        "extents[0].volume.outline_polygon.vertices",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_malformed_is_400_by_name(tmp_path: Path, name: str) -> None:
    """On a new id and on one that is taken alike; the refusal names the member and the limit, nothing is written."""

    async def steps(doors: Doors) -> None:
        ovn = (await doors.put(id=OTHER)).json()["operational_intent_reference"]["ovn"]
        size = doors.node.state.size
        body, field = BAD[name]
        for path in (f"{INTENTS}/{ID}", f"{INTENTS}/{OTHER}", f"{INTENTS}/{OTHER}/{ovn}"):
            answer = await doors.ask("PUT", path, body)
            told = answer.json()
            assert answer.status_code == 400, told
            assert (told["field"], bool(told["limit"])) == (field, True)
        assert doors.node.state.size - size <= (3 if name.startswith("suffix no uuid") else 0)

    knock(tmp_path, steps)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("NaN", "a number"),
        ("Infinity", "a number"),
        ("-1e999", "a number"),
        ('"42"', "a number"),
        ("9" * 400, "a number"),
        ("9" * 30, "-90"),
    ],
)
def test_numbers_that_are_none_are_named(tmp_path: Path, text: str, what: str) -> None:
    """NaN, infinities, strings and numbers beyond everything are 400 by path, though JSON knows no such numbers."""

    async def steps(doors: Doors) -> None:
        import json

        data = json.dumps(intent()).replace('"lat": 42.0', f'"lat": {text}').encode()
        told = (await doors.ask("PUT", f"{INTENTS}/{ID}", data)).json()
        assert told["field"] == "extents[0].volume.outline_circle.center.lat"
        assert what in told["limit"]

    knock(tmp_path, steps)


def test_members_that_nobody_knows_are_ignored(tmp_path: Path) -> None:
    """Anywhere in a body, whatever they hold, as the standard asks; null in place of an optional one is none."""

    async def steps(doors: Doors) -> None:
        odd = {"unheard_of": [{"of": None}], "operational_intent": 5, "volumes": "x"}
        row = extent()
        row["volume"] |= odd | {"outline_polygon": None}
        row |= odd
        body = intent(row) | odd | {"subscription_id": None, "new_subscription": None, "requested_ovn_suffix": None}
        assert (await doors.ask("PUT", f"{INTENTS}/{ID}", body)).status_code == 201
        assert (await doors.ask("PUT", f"{INTENTS}/{OTHER}", body | {"key": None})).status_code == 409

    knock(tmp_path, steps)


def test_times_may_have_any_offset_and_more_digits(tmp_path: Path) -> None:
    """The same instant in another zone is the same; digits past the microsecond widen the window."""

    async def steps(doors: Doors) -> None:
        start = {
            "value": at(10)["value"].replace("Z", "000001+00:00").replace(":40000001", ":40.0000001"),
            "format": "RFC3339",
        }
        answer = await doors.put(extent(time_start=start))
        assert answer.status_code == 201, answer.text
        assert answer.json()["operational_intent_reference"]["time_start"]["value"] == at(10)["value"]

    knock(tmp_path, steps)


def test_volumes_that_have_ended_are_left_out_of_an_update(tmp_path: Path) -> None:
    """The rest counts; where all have ended, and on a new intent, it is 400."""

    async def steps(doors: Doors) -> None:
        past, now = extent(start_min=-30, end_min=-20), extent()
        assert (await doors.put(past, now)).status_code == 400
        ovn = (await doors.put(now)).json()["operational_intent_reference"]["ovn"]
        told = await doors.put(past, ovn=ovn)
        assert (told.status_code, told.json()["reason"], told.json()["field"]) == (400, "in-the-past", "extents")
        row = (await doors.put(past, now, ovn=ovn)).json()["operational_intent_reference"]
        assert (row["version"], row["time_start"]) == (2, at(10))

    knock(tmp_path, steps)


def test_scopes_that_a_body_asks_for(tmp_path: Path) -> None:
    """Off-nominal states, and hearing of constraints and intents, have scopes of their own: 403 names them."""

    async def steps(doors: Doors) -> None:
        new = {"uss_base_url": URL, "notify_for_constraints": True}
        for body, scope, field in (
            (
                intent(state="Nonconforming", new_subscription={"uss_base_url": URL}),
                "conformance_monitoring_sa",
                "state",
            ),
            (intent(state="Contingent", new_subscription={"uss_base_url": URL}), "conformance_monitoring_sa", "state"),
            (intent(new_subscription=new), "constraint_processing", "new_subscription.notify_for_constraints"),
        ):
            told = await doors.ask("PUT", f"{INTENTS}/{ID}", body, scopes=without(f"utm.{scope}"))
            assert (told.status_code, told.json()["field"]) == (403, field)
            assert scope in told.json()["limit"]
        wants = {"notify_for_constraints": True}
        for body, scope in (
            (subscription(**wants), "constraint_processing"),
            (subscription(**wants), "strategic_coordination"),
        ):
            told = await doors.ask("PUT", f"{SUBSCRIPTIONS}/{ID}", body, scopes=without(f"utm.{scope}"))
            assert told.status_code == 403
            assert scope in told.json()["limit"]
        assert (await doors.ask("PUT", f"{SUBSCRIPTIONS}/{ID}", subscription(**wants))).status_code == 200

    knock(tmp_path, steps)


def test_no_subscription_is_told_by_an_id_of_its_own(tmp_path: Path) -> None:
    """None, an empty one and the id of none are the same; the answer has the id of none."""

    async def steps(doors: Doors) -> None:
        for i, none in enumerate(({}, {"subscription_id": ""}, {"subscription_id": NULL}, {"subscription_id": None})):
            answer = await doors.put(extent(lat=42 + i / 10), id=ID[:-1] + str(i), **none)
            assert answer.json()["operational_intent_reference"]["subscription_id"] == NULL
        new = {"subscription_id": NULL, "new_subscription": {"uss_base_url": URL}}
        row = (await doors.put(extent(lat=43), id=OTHER, **new)).json()["operational_intent_reference"]
        assert row["subscription_id"] != NULL

    knock(tmp_path, steps)


def test_how_wide_an_area_may_be_where_it_is_asked_for(tmp_path: Path) -> None:
    """2,500 km2: past it a search is 413, a subscription 400; each says how much it was."""

    async def steps(doors: Doors) -> None:
        for radius_m, search, other in (
            (28_000, 200, 200),
            (28_500, 413, 400),
            (499_000, 413, 400),
            (600_000, 400, 400),
        ):
            area = {"area_of_interest": extent(radius_m=radius_m)}
            for path in (INTENTS, CONSTRAINTS, SUBSCRIPTIONS):
                told = await doors.ask("POST", f"{path}/query", area)
                assert told.status_code == search, (radius_m, told.text)
                assert search != 413 or "2,500 km2" in told.json()["limit"]
            body = subscription(extent(radius_m=radius_m))
            assert (await doors.ask("PUT", f"{SUBSCRIPTIONS}/{ID}", body)).status_code == other

    knock(tmp_path, steps)


def test_a_search_may_leave_bounds_out_and_be_anywhere_and_any_time(tmp_path: Path) -> None:
    """No times: from now on; no altitudes: all; an instant is one; outside of the theatre nothing is found.

    Only backwards is an error."""

    async def steps(doors: Doors) -> None:
        assert (await doors.put()).status_code == 201
        bare = {"altitude_lower": ..., "altitude_upper": ..., "time_start": ..., "time_end": ...}
        for area, count in (
            (extent(**bare), 1),
            (extent(altitude_lower=altitude(-8_000), altitude_upper=altitude(100_000)), 1),
            (extent(start_min=30, end_min=30), 1),
            (extent(start_min=-100_000, end_min=1_000_000), 1),
            (extent(start_min=70, end_min=80), 0),
            (extent(start_min=-100_000, end_min=-90_000), 0),
            (extent(start_min=10_000_000, end_min=10_000_001), 0),
            (extent(lat=-42, **bare), 0),
            (extent(lat=90, **bare), 0),
            (extent(outline_circle=..., outline_polygon=ring((42.1, 180), (42.1, -179.9), (42, -179.9))), 0),
        ):
            told = await doors.ask("POST", f"{INTENTS}/query", {"area_of_interest": area})
            assert told.status_code == 200, told.text
            assert len(told.json()["operational_intent_references"]) == count, area
        for area, field in (
            (None, "area_of_interest"),
            (extent(start_min=30, end_min=29), "area_of_interest.time_end"),
            (extent(outline_circle=...), "area_of_interest.volume"),
            ({}, "area_of_interest.volume"),
        ):
            for path in (INTENTS, CONSTRAINTS, SUBSCRIPTIONS):
                told = await doors.ask("POST", f"{path}/query", {"area_of_interest": area})
                assert (told.status_code, told.json()["field"]) == (400, field)

    knock(tmp_path, steps)


def test_a_subscription_without_times_lasts_a_day_from_now_and_keeps_its_times(tmp_path: Path) -> None:
    """Start and end may be left out, each by itself; the next version keeps those that it does not name."""

    async def steps(doors: Doors) -> None:
        path = f"{SUBSCRIPTIONS}/{ID}"
        bare = extent(time_start=..., time_end=..., altitude_lower=..., altitude_upper=...)
        row = (await doors.ask("PUT", path, subscription(bare))).json()["subscription"]
        doors.world.hands.move(60_000_000)
        again = (
            await doors.ask("PUT", f"{path}/{row['version']}", subscription(bare, notify_for_constraints=True))
        ).json()
        kept = again["subscription"]
        assert (kept["time_start"], kept["time_end"]) == (row["time_start"], row["time_end"])
        assert kept["notify_for_constraints"]
        later = extent(time_start=..., end_min=100)
        third = (await doors.ask("PUT", f"{path}/{kept['version']}", subscription(later))).json()["subscription"]
        assert (third["time_start"], third["time_end"]) == (row["time_start"], at(100))
        other = (await doors.ask("PUT", f"{SUBSCRIPTIONS}/{OTHER}", subscription(extent(time_end=...)))).json()
        assert other["subscription"]["time_end"] == at(10 + 24 * 60)
        for wrong in ({"notify_for_operational_intents": False}, {"notify_for_operational_intents": None}):
            told = await doors.ask("PUT", path, subscription(**wrong))
            assert (told.status_code, told.json()["field"]) == (400, "notify_for_operational_intents")

    knock(tmp_path, steps)


def test_a_subscription_that_would_bring_more_than_is_given_is_refused_before_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """413 and nothing written: its version would be lost with an answer that comes after."""

    async def steps(doors: Doors) -> None:
        from wideberth.theatre import standard_views

        assert (await doors.put()).status_code == 201
        monkeypatch.setattr(standard_views, "SEARCH_RESULTS_MAX", 0)
        size = doors.node.state.size
        assert (await doors.ask("PUT", f"{SUBSCRIPTIONS}/{ID}", subscription())).status_code == 413
        assert doors.node.state.size == size

    knock(tmp_path, steps)


def test_an_arbiter_speaks_of_a_supplier_by_its_name(tmp_path: Path) -> None:
    """A word of the three, with the version that it replaces; names that no token can carry are 400."""

    async def steps(doors: Doors) -> None:
        path = "/dss/v1/uss_availability/"
        for uss in ("", "x" * 81, "%00", "a%0Ab"):
            for method in ("GET", "PUT"):
                told = await doors.ask(method, path + uss, {"old_version": "", "availability": "Down"})
                assert (told.status_code, told.json()["field"]) == (400, "uss_id")
        for body in ({}, {"availability": "Up"}, {"availability": None}, {"availability": "Down", "old_version": 3}):
            assert (await doors.ask("PUT", f"{path}uss%20one", body)).status_code == 400
        row = (await doors.ask("PUT", f"{path}uss%20one", {"availability": "Down", "old_version": ""})).json()
        assert row["status"] == {"uss": "uss one", "availability": "Down"}
        assert (await doors.ask("GET", f"{path}uss%20one")).json() == row
        told = await doors.ask("PUT", f"{path}uss%20one", {"availability": "Normal", "old_version": "x"})
        assert told.status_code == 409

    knock(tmp_path, steps)


def record(**more: Any) -> dict[str, Any]:
    """A report of a failed exchange."""
    exchange = {
        "url": "https://uss2.test/uss/v1/operational_intents/x",
        "method": "GET",
        "recorder_role": "Client",
        "request_time": at(0),
        "response_code": 500,
    }
    return {"exchange": exchange | more}


@pytest.mark.parametrize("path", ["/dss/v1/reports", "/uss/v1/reports"])
def test_a_report_is_kept(tmp_path: Path, path: str) -> None:
    """201 with an id of its own and what was said; it stands in the ledger; no report, or too long a one, does not."""

    async def steps(doors: Doors) -> None:
        size = doors.node.state.size
        answer = await doors.ask("POST", path, record(headers=["Authorization: Bearer x"]) | {"report_id": "mine"})
        assert answer.status_code == 201
        told = answer.json()
        assert told["report_id"] not in ("", "mine")
        assert told["exchange"]["url"].startswith("https://uss2.test")
        assert doors.node.state.size == size + 1
        long = record(response_body="x" * (PARTS_MAX * PLAN_NOTE_CHARACTERS_MAX))
        for body, status in ((long, 413), ({}, 400), ({"exchange": None}, 400), (record(recorder_role="Us"), 400)):
            assert (await doors.ask("POST", path, body)).status_code == status
        assert doors.node.state.size == size + 1
        parts = record(response_body="x" * (3 * PLAN_NOTE_CHARACTERS_MAX))
        assert (await doors.ask("POST", path, parts)).json()["exchange"]["response_body"].count("x") == 12_000
        assert doors.node.state.size == size + 2

    knock(tmp_path, steps)


# what this node manages


async def open_plan(doors: Doors, **more: Any) -> tuple[bytes, str]:
    """An open plan of AAA, by its own id and by that under which suppliers see it."""
    operation, _ = await doors.world.plan("AAA", doors.world.box(start_h=0.5), disclosure=Disclosure.OPEN, **more)
    area = extent(radius_m=3_000, start_min=0, end_min=200, altitude_lower=..., altitude_upper=...)
    rows = (await doors.ask("POST", f"{INTENTS}/query", {"area_of_interest": area})).json()
    return operation, rows["operational_intent_references"][0]["id"]


def test_the_details_of_an_open_plan_are_served(tmp_path: Path) -> None:
    """By the id under which it is found, with its OVN and volumes as they were filed; off nominal plans as the standard
    has them; others' plans and unknown ones are 404."""

    async def steps(doors: Doors) -> None:
        operation, shown = await open_plan(doors)
        path = f"/uss/v1/operational_intents/{shown}"
        told = (await doors.ask("GET", path, subject="uss2")).json()["operational_intent"]
        assert told["reference"]["ovn"]
        assert told["reference"]["id"] == shown
        assert told["details"]["off_nominal_volumes"] == []
        [volume] = told["details"]["volumes"]
        assert volume["volume"]["outline_circle"]["radius"] == {"value": 2_000.0, "units": "M"}
        assert volume["time_start"]["value"] == at(30)["value"]
        assert (await doors.put(extent(lat=44))).status_code == 201
        for nobody in (ID, OTHER):
            assert (await doors.ask("GET", f"/uss/v1/operational_intents/{nobody}")).status_code == 404
        assert (await doors.ask("GET", f"{path}/telemetry")).status_code == 409
        for state, nominal in (
            (OperationState.ACTIVATED, 1),
            (OperationState.NONCONFORMING, 1),
            (OperationState.CONTINGENT, 0),
        ):
            version = doors.node.state.things["AAA", operation].version
            assert (await doors.world.say("AAA", SetState(operation, version, state))).status_code == 200
            details = (await doors.ask("GET", path)).json()["operational_intent"]["details"]
            assert len(details["volumes"]) == nominal
            assert len(details["off_nominal_volumes"]) == (state is not OperationState.ACTIVATED)
        assert (await doors.ask("GET", f"{path}/telemetry")).status_code == 412
        assert (await doors.ask("GET", f"/uss/v1/operational_intents/{OTHER}/telemetry")).status_code == 404

    knock(tmp_path, steps)


def test_the_details_of_a_constraint_are_served(tmp_path: Path) -> None:
    """A constraint of a party is found by suppliers and described by this node."""

    async def steps(doors: Doors) -> None:
        thing = doors.world.draw(16)
        command = Constrain(thing, 0, ConstraintKind.CLOSURE, 0)
        box = doors.world.box(start_h=0.5)
        assert (await doors.world.say("AAA", command, Volumes((box,)))).status_code == 200
        area = extent(radius_m=3_000, start_min=0, end_min=200, altitude_lower=..., altitude_upper=...)
        rows = (await doors.ask("POST", f"{CONSTRAINTS}/query", {"area_of_interest": area})).json()
        shown = rows["constraint_references"][0]["id"]
        told = (await doors.ask("GET", f"/uss/v1/constraints/{shown}")).json()["constraint"]
        assert (told["reference"]["id"], len(told["details"]["volumes"])) == (shown, 1)
        assert told["reference"]["ovn"]
        assert (await doors.ask("GET", f"/uss/v1/operational_intents/{shown}")).status_code == 404

    knock(tmp_path, steps)


def notice(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a supplier sends when its intent has changed."""
    body = {"operational_intent_id": row["id"], "subscriptions": [{"subscription_id": OTHER, "notification_index": 1}]}
    return body | {"operational_intent": {"reference": row, "details": {"volumes": [extent()], "priority": 0}}} | more


def test_notices_of_other_suppliers_are_taken(tmp_path: Path) -> None:
    """204 without a body for a good one, also of a deleted intent; 403 from who does not manage it; 400 for none."""

    async def steps(doors: Doors) -> None:
        path = "/uss/v1/operational_intents"
        row = (await doors.put()).json()["operational_intent_reference"]
        for body in (notice(row), notice(row, operational_intent=None)):
            answer = await doors.ask("POST", path, body)
            assert (answer.status_code, answer.content) == (204, b"")
            assert (await doors.ask("POST", path, body, subject="uss2")).status_code == 403
        for wrong in (
            {"subscriptions": []},
            {"subscriptions": [{"subscription_id": "x"}]},
            {"operational_intent_id": "x"},
            {"operational_intent_id": OTHER},
            {"operational_intent": {"reference": row}},
            {"operational_intent": {"reference": row, "details": {"volumes": [{"volume": 3}]}}},
        ):
            assert (await doors.ask("POST", path, notice(row, **wrong))).status_code == 400, wrong
        strange = notice(row | {"id": OTHER, "manager": "uss9"}, operational_intent_id=OTHER)
        assert (await doors.ask("POST", path, strange)).status_code == 403
        same = {"constraint_id": ID, "subscriptions": [{"subscription_id": OTHER, "notification_index": 1}]}
        assert (await doors.ask("POST", "/uss/v1/constraints", same)).status_code == 204
        assert (await doors.ask("POST", "/uss/v1/constraints", same | {"constraint_id": 3})).status_code == 400

    knock(tmp_path, steps)


def test_versions_and_tokens_can_be_tried(tmp_path: Path) -> None:
    """Anybody may ask for the version; a token is tried by itself or against a name; systems have their versions."""

    async def steps(doors: Doors) -> None:
        assert (await doors.client.get("/aux/v1/version")).json()["version"].startswith("v")
        for query, status in (("", 200), ("?owner=", 200), ("?owner=uss1", 200), ("?owner=uss2", 403)):
            answer = await doors.ask("GET", f"/aux/v1/validate_oauth{query}", scopes=())
            assert answer.status_code == status
        assert (await doors.client.get("/aux/v1/validate_oauth")).status_code == 401
        many = "&".join(f"x{i}=1" for i in range(500))
        assert (await doors.ask("GET", f"/aux/v1/validate_oauth?{many}")).status_code == 200
        systems = (await doors.client.get("/versions")).json()["systems"]
        for row in systems:
            assert (await doors.ask("GET", f"/versions/{row['system_identity']}")).json() == row
        assert {"astm.f3548.v21", "astm.f3411.v22a"} <= {row["system_identity"] for row in systems}

    knock(tmp_path, steps)
