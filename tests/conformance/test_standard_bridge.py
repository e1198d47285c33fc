"""What the node answers as a supplier itself, and how others find out what it is."""

import json
from pathlib import Path
from typing import Any

import pytest
from conformance_kit import (
    CM,
    CP,
    F3548,
    NODE_URL,
    SCD,
    Skies,
    f3548,
    fly,
    micros,
)
from conformance_schemas import complaints
from implicitdict import ImplicitDict
from uas_standards.astm.f3548.v21 import api as f3548_api
from uas_standards.interuss.automated_testing.versioning import api as versioning_api
from uas_standards.interuss.dss.aux import api as aux_api

from wideberth.api.telling import Teller
from wideberth.party.command import Constrain, ConstraintKind, Disclosure, OperationState, SetState, Volumes

PUT = f3548_api.PutOperationalIntentDetailsParameters


@f3548("USS0105,1", "OPIN0025")
def test_the_details_of_an_open_plan_are_served_here(tmp_path: Path) -> None:
    """GET /uss/v1/operational_intents/{id} gives an open plan's reference and volumes, with the OVN for a key."""

    async def steps(skies: Skies) -> None:
        volume = skies.world.box(start_h=1)
        _, answer = await skies.world.plan("AAA", volume, crewed=False, disclosure=Disclosure.OPEN)
        assert answer.status_code == 200, answer.content
        area = skies.extent(start_s=None, end_s=None, band_m=None)
        (row,) = (await skies.uss1.find(area)).values()
        assert (row.uss_base_url, row.get("ovn")) == (NODE_URL, None)
        said = await skies.uss1.details(row.id)
        assert said.status == 200
        intent = said.body.operational_intent
        assert {k: v for k, v in intent.reference.items() if k != "ovn"} == dict(row)
        (found,) = intent.details.volumes
        assert micros(found.time_start) == volume.start_us
        assert found.volume.altitude_lower.value == 1_000
        assert abs(found.volume.outline_circle.radius.value - 2_000) < 1e-3
        there = skies.extent(band_m=(1_100, 1_200), start_s=3_600, end_s=5_000)
        assert (await skies.uss1.put(there)).status == 409
        assert (await skies.uss1.put(there, key=(intent.reference.ovn,))).status == 201

    fly(tmp_path, steps)


@f3548("USS0105,1")
def test_there_are_no_details_of_what_others_manage(tmp_path: Path) -> None:
    """What suppliers manage they serve themselves: 404 here, as for what does not exist."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        assert (await skies.uss2.details(row.id)).status == 404
        assert (await skies.uss2.details(skies.uuid())).status == 404
        assert (await skies.uss2.details("x")).status == 400

    fly(tmp_path, steps)


@f3548("USS0105,1")
def test_an_open_plan_that_changes_has_another_ovn_and_one_that_ends_is_gone(tmp_path: Path) -> None:
    """A key with the OVN of an earlier version shows nothing."""

    async def steps(skies: Skies) -> None:
        volume = skies.world.box(start_h=1)
        operation, _ = await skies.world.plan("AAA", volume, crewed=False, disclosure=Disclosure.OPEN)
        area = skies.extent(start_s=None, end_s=None, band_m=None)
        (row,) = (await skies.uss1.find(area)).values()
        one = (await skies.uss1.details(row.id)).body.operational_intent.reference
        later = skies.world.box(start_h=1, hours=2)
        changes: dict[str, Any] = {"operation": operation, "replaces": 1, "disclosure": Disclosure.OPEN}
        _, answer = await skies.world.plan("AAA", later, crewed=False, **changes)
        assert answer.status_code == 200, answer.content
        two = (await skies.uss1.details(row.id)).body.operational_intent.reference
        assert (two.id, two.version) == (one.id, 2)
        assert two.ovn != one.ovn
        there = skies.extent(band_m=(1_100, 1_200), start_s=3_600, end_s=5_000)
        assert (await skies.uss1.put(there, key=(one.ovn,))).status == 409
        assert (await skies.uss1.put(there, key=(two.ovn,))).status == 201
        await skies.world.say("AAA", SetState(operation, 2, OperationState.ENDED))
        assert (await skies.uss1.details(row.id)).status == 404
        assert row.id not in await skies.uss1.find(area)

    fly(tmp_path, steps)


@f3548("USS0105,1")
def test_the_ovn_and_the_version_of_an_open_plan_go_together(tmp_path: Path) -> None:
    """A supplier that keeps details by their version is never asked for an OVN that it has no reason to look for."""

    async def steps(skies: Skies) -> None:
        operation, _ = await skies.world.plan(
            "AAA", skies.world.box(start_h=1), crewed=False, disclosure=Disclosure.OPEN
        )
        area = skies.extent(start_s=None, end_s=None, band_m=None)
        (row,) = (await skies.uss1.find(area)).values()
        seen = []
        for state in (None, OperationState.ACTIVATED, OperationState.NONCONFORMING, OperationState.ACTIVATED):
            if state is not None:
                answer = await skies.world.say("AAA", SetState(operation, 1, state))
                assert answer.status_code == 200, answer.text
            reference = (await skies.uss1.details(row.id)).body.operational_intent.reference
            assert (await skies.uss1.get(row.id)).body.operational_intent_reference.version == reference.version
            seen.append((reference.version, reference.ovn, reference.state))
        versions = [version for version, _, _ in seen]
        assert versions == sorted(set(versions)), seen
        assert len({ovn for _, ovn, _ in seen}) == 4

    fly(tmp_path, steps)


@f3548("USS0110")
def test_a_closure_of_a_party_is_a_constraint_here(tmp_path: Path) -> None:
    """Constraints are open: found as references of this node, with their details served by it."""

    async def steps(skies: Skies) -> None:
        closure = skies.world.draw(16)
        command = Constrain(closure, 0, ConstraintKind.CLOSURE, 0)
        volume = skies.world.box(start_h=1)

        answer = await skies.world.say("AAA", command, Volumes((volume,)))
        assert answer.status_code == 200, answer.content
        area = skies.extent(start_s=None, end_s=None, band_m=None)
        (row,) = (await skies.uss1.find_constraints(area)).values()
        assert (row.uss_base_url, row.get("ovn")) == (NODE_URL, None)
        said = await skies.uss1.f3548(F3548.GetConstraintDetails, None, CP, entityid=row.id)
        assert said.status == 200
        assert said.body.constraint.reference.id == row.id
        assert micros(said.body.constraint.details.volumes[0].time_start) == volume.start_us

    fly(tmp_path, steps)


@f3548("USS0105,3")
def test_a_notice_of_another_supplier_is_taken(tmp_path: Path) -> None:
    """POST /uss/v1/operational_intents is 204, for a change and for a deletion; what is none is 400."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        state = {"subscription_id": skies.uuid(), "notification_index": 3}
        details = {"volumes": [skies.extent()], "off_nominal_volumes": [], "priority": 0}
        whole = {
            "operational_intent_id": row.id,
            "operational_intent": {"reference": dict(row), "details": details},
            "subscriptions": [state],
        }
        gone = {"operational_intent_id": row.id, "subscriptions": [state]}
        for body in (whole, gone):
            assert not complaints("f3548", "PutOperationalIntentDetailsParameters", body)
            said = await skies.uss1.f3548(F3548.NotifyOperationalIntentDetailsChanged, body)
            assert (said.status, said.content) == (204, b"")
        for body in ({}, {"operational_intent_id": "x", "subscriptions": [state]}, whole | {"subscriptions": 7}):
            assert (await skies.uss1.f3548(F3548.NotifyOperationalIntentDetailsChanged, body)).status == 400

    fly(tmp_path, steps)


@f3548("USS0105,3")
def test_a_notice_of_what_somebody_else_manages_is_refused(tmp_path: Path) -> None:
    """403, as the published interface has it: nobody speaks for another."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        state = {"subscription_id": skies.uuid(), "notification_index": 3}
        details = {"volumes": [skies.extent()]}
        intent = {"reference": dict(row), "details": details}
        body = {"operational_intent_id": row.id, "operational_intent": intent, "subscriptions": [state]}
        gone = {name: value for name, value in body.items() if name != "operational_intent"}
        forged = body | {"operational_intent": {"reference": dict(row) | {"manager": "uss2"}, "details": details}}
        for notice in (body, gone, forged):
            assert (await skies.uss2.f3548(F3548.NotifyOperationalIntentDetailsChanged, notice)).status == 403

    fly(tmp_path, steps)


@f3548("USS0110")
def test_a_notice_of_a_constraint_is_taken(tmp_path: Path) -> None:
    """POST /uss/v1/constraints is 204."""

    async def steps(skies: Skies) -> None:
        row = (await skies.uss1.close(skies.extent())).body.constraint_reference
        state = {"subscription_id": skies.uuid(), "notification_index": 1}
        constraint = {"reference": dict(row), "details": {"volumes": [skies.extent()]}}
        body = {"constraint_id": row.id, "constraint": constraint, "subscriptions": [state]}
        said = await skies.uss1.f3548(F3548.NotifyConstraintDetailsChanged, body, CM)
        assert (said.status, said.content) == (204, b"")

    fly(tmp_path, steps)


@f3548("OPIN0025")
def test_what_the_node_tells_subscribers_has_the_standard_s_form(tmp_path: Path) -> None:
    """Notices of an open plan, its change and its end parse and validate; their OVN is what a key needs, and their
    indices are those of the subscriptions."""
    config = {"outbound_token_url": "https://issuer.test/token", "outbound_client_id": "node.test"}

    async def steps(skies: Skies) -> None:
        teller, sent = Teller(skies.world.node), list[Any]()
        teller.outbound.send = lambda *told: sent.append(told)  # type: ignore[method-assign]
        skies.world.node.on_entry = teller.entry
        there = skies.extent(band_m=(1_100, 1_200), start_s=3_600, end_s=5_000)
        watch = await skies.uss1.subscribed(there, constraints=True)
        volume = skies.world.box(start_h=1)
        operation, _ = await skies.world.plan("AAA", volume, crewed=False, disclosure=Disclosure.OPEN)
        ovn = ImplicitDict.parse(json.loads(sent[-1][3]), PUT).operational_intent.reference.ovn
        assert (await skies.uss1.put(there, key=(ovn,))).status == 201
        await skies.world.say("AAA", SetState(operation, 1, OperationState.ENDED))
        closing = Constrain(skies.world.draw(16), 0, ConstraintKind.CLOSURE, 0)
        await skies.world.say("AAA", closing, Volumes((volume,)))
        told = [(path, json.loads(body)) for _, url, path, body, *_ in sent if url == skies.uss1.url]
        assert [path for path, _ in told] == ["/uss/v1/operational_intents"] * 2 + ["/uss/v1/constraints"]
        indices = []
        for path, body in told:
            name = (
                "PutConstraintDetailsParameters" if "constraints" in path else "PutOperationalIntentDetailsParameters"
            )
            assert not complaints("f3548", name, body)
            (state,) = ImplicitDict.parse(body, getattr(f3548_api, name)).subscriptions
            assert state.subscription_id == watch.id
            indices.append(state.notification_index)
        assert indices == [1, 3, 4], "the second was the supplier's own intent, of which it tells itself"
        assert "operational_intent" not in told[1][1]

    fly(tmp_path, steps, config=config)


# how others find out what this is


def test_the_version_is_told_to_anybody(tmp_path: Path) -> None:
    """GET /aux/v1/version needs no token and names this software's version."""
    from importlib.metadata import version

    async def steps(skies: Skies) -> None:
        answer = await skies.client.get("/aux/v1/version")
        assert answer.status_code == 200
        assert version("wideberth") in ImplicitDict.parse(answer.json(), aux_api.VersionResponse).version

    fly(tmp_path, steps)


def test_a_token_can_be_tried_out(tmp_path: Path) -> None:
    """GET /aux/v1/validate_oauth is 200 for a token that is taken, 401 else, 403 for another owner than asked."""

    async def steps(skies: Skies) -> None:
        path, token = "/aux/v1/validate_oauth", skies.uss1.token(SCD)
        assert (await skies.uss1.send("GET", path, None, token)).status_code == 200
        assert (await skies.uss1.send("GET", path, None, token, {"owner": "uss1"})).status_code == 200
        assert (await skies.uss1.send("GET", path, None, token, {"owner": "uss2"})).status_code == 403
        for wrong in ("", "x.y.z"):
            answer = await skies.uss1.send("GET", path, None, wrong)
            assert answer.status_code == 401
            assert ImplicitDict.parse(answer.json(), aux_api.ErrorResponse).message

    fly(tmp_path, steps)


@pytest.mark.parametrize("identity", ["astm.f3548.v21", "astm.f3411.v22a", "wideberth", "no.such.system"])
def test_a_versions_endpoint_names_the_version_of_a_system(tmp_path: Path, identity: str) -> None:
    """GET /versions/{system_identity} with a token of the versioning scope gives identity and version, or 404."""
    scope = "interuss.versioning.read_system_versions"

    async def steps(skies: Skies) -> None:
        path = f"/versions/{identity}"
        assert (await skies.uss1.send("GET", path)).status_code == 401
        assert (await skies.uss1.send("GET", path, None, skies.uss1.token(SCD))).status_code == 403
        answer = await skies.uss1.send("GET", path, None, skies.uss1.token(scope))
        assert answer.status_code in (200, 404)
        if answer.status_code == 200:
            told = ImplicitDict.parse(answer.json(), versioning_api.GetVersionResponse)
            assert told.system_identity == identity
            assert told.system_version
        else:
            assert identity == "no.such.system"

    fly(tmp_path, steps)


def test_every_door_stands_in_the_description_of_the_interface(tmp_path: Path) -> None:
    """/openapi.json lists every operation of the standards that the node answers."""
    from test_standard_tokens import operations

    async def steps(skies: Skies) -> None:
        paths = (await skies.client.get("/openapi.json")).json()["paths"]
        for name, (verb, path, _, _) in operations().items():
            assert any(verb.lower() in item for listed, item in paths.items() if _same(listed, path)), name

    fly(tmp_path, steps)


def _same(one: str, two: str) -> bool:
    """Whether two paths are one, whatever their parameters are called."""
    a, b = one.split("/"), two.split("/")
    return len(a) == len(b) and all(x == y or (x[:1] == "{" and y[:1] == "{") for x, y in zip(a, b, strict=True))


@f3548("USS0105,4")
def test_a_report_to_this_node_as_a_supplier_is_kept(tmp_path: Path) -> None:
    """POST /uss/v1/reports is taken like one to the DSS: 201 with an id."""

    async def steps(skies: Skies) -> None:
        exchange = {
            "url": f"{NODE_URL}/uss/v1/operational_intents/x",
            "method": "GET",
            "recorder_role": "Client",
            "request_time": skies.time(-5),
        }
        operation = f3548_api.OPERATIONS[F3548.MakeUssReport]
        answer = await skies.uss1.send("POST", operation.path, {"exchange": exchange}, skies.uss1.token(SCD))
        assert answer.status_code == 201
        assert answer.json()["report_id"]

    fly(tmp_path, steps)
