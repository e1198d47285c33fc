"""Constraint references, availability and reports of F3548-21."""

from pathlib import Path
from typing import Any

import pytest
from conformance_kit import (
    ARBITRATION,
    CM,
    CP,
    F3548,
    SA,
    SCD,
    Skies,
    f3548,
    fly,
    micros,
    told,
)

# constraints


@f3548("DSS0005,3", "DSS0005,4", "DSS0210,A2-7-2,1a", "DSS0210,A2-7-2,1e", "DSS0210,A2-7-2,1f")
def test_a_constraint_is_answered_found_and_got(tmp_path: Path) -> None:
    """Created 201 as it was given; everybody finds it by search and id, and its manager alone has its OVN."""

    async def steps(skies: Skies) -> None:
        named = skies.uuid()
        said = await skies.uss1.close(skies.extent(), id=named)
        row = said.body.constraint_reference
        assert (said.status, row.id, row.manager, row.version) == (201, named, "uss1", 1)
        assert (row.uss_base_url, row.uss_availability) == (skies.uss1.url, "Unknown")
        assert micros(row.time_end) - micros(row.time_start) == 3_600_000_000
        for uss, scope, ovn in ((skies.uss1, CM, row.ovn), (skies.uss2, CP, None), (skies.uss2, CM, None)):
            got = await uss.f3548(F3548.GetConstraintReference, None, scope, entityid=named)
            found = await uss.find_constraints(skies.extent(), scope)
            for each in (got.body.constraint_reference, found[named]):
                assert each.get("ovn") == ovn
                assert {k: v for k, v in each.items() if k != "ovn"} == {k: v for k, v in row.items() if k != "ovn"}
        assert await skies.uss2.find_constraints(skies.extent(lat=43)) == {}
        assert await skies.uss2.find_constraints(skies.extent(start_s=9_000, end_s=9_900)) == {}

    fly(tmp_path, steps)


@f3548("DSS0005,3", "DSS0210,A2-7-2,1b")
def test_a_constraint_is_changed_and_deleted_by_its_ovn(tmp_path: Path) -> None:
    """A wrong OVN is 409, an empty one 400, another manager 403; the right one 200, and those subscribed are named."""

    async def steps(skies: Skies) -> None:
        watch = await skies.uss2.subscribed(skies.extent(), intents=False, constraints=True)
        made = await skies.uss1.close(skies.extent())
        row = made.body.constraint_reference
        assert told(made) == {watch.id: 1}
        assert (await skies.uss1.close(skies.extent(), id=row.id, ovn="Z" * 22)).status == 409
        assert (await skies.uss1.close(skies.extent(lat=43), id=row.id)).status == 409
        assert (await skies.uss2.close(skies.extent(), id=row.id, ovn=row.ovn)).status == 403
        two = await skies.uss1.close(skies.extent(end_s=5_000), id=row.id, ovn=row.ovn)
        after = two.body.constraint_reference
        assert (two.status, after.version, told(two)) == (200, 2, {watch.id: 2})
        assert after.ovn != row.ovn
        for uss, ovn, status in (
            (skies.uss1, row.ovn, 409),
            (skies.uss1, "", 400),
            (skies.uss2, after.ovn, 403),
            (skies.uss1, after.ovn, 200),
            (skies.uss1, after.ovn, 404),
        ):
            gone = await uss.f3548(F3548.DeleteConstraintReference, None, CM, entityid=row.id, ovn=ovn)
            assert gone.status == status or (status, gone.status) == (404, 200), gone.raw
            if gone.status == 200:
                assert gone.body.constraint_reference == after
                assert told(gone) == {watch.id: 3}

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,3c", "DSS0210,A2-7-2,3d")
def test_a_deleted_constraint_is_gone_for_everybody(tmp_path: Path) -> None:
    """Neither by id nor by search."""

    async def steps(skies: Skies) -> None:
        row = (await skies.uss1.close(skies.extent())).body.constraint_reference
        await skies.uss1.f3548(F3548.DeleteConstraintReference, None, CM, entityid=row.id, ovn=row.ovn)
        for uss in (skies.uss1, skies.uss2):
            assert (await uss.f3548(F3548.GetConstraintReference, None, CP, entityid=row.id)).status == 404
            assert await uss.find_constraints(skies.extent()) == {}

    fly(tmp_path, steps)


@f3548("DSS0005,3")
def test_intents_and_constraints_are_not_one_another(tmp_path: Path) -> None:
    """Under one id there is one thing; neither is found as the other, and constraints conflict with no constraint."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        closed = (await skies.uss1.close(skies.extent())).body.constraint_reference
        assert (await skies.uss2.close(skies.extent())).status == 201
        assert list(await skies.uss2.find(skies.extent())) == [row.id]
        assert closed.id in await skies.uss2.find_constraints(skies.extent())
        assert row.id not in await skies.uss2.find_constraints(skies.extent())
        assert (await skies.uss1.get(closed.id)).status == 404
        assert (await skies.uss1.put(skies.extent(lat=43), id=closed.id)).status in (400, 409)

    fly(tmp_path, steps)


# availability


@f3548("DSS0100,1", "DSS0210,3a", "DSS0210,3b", "DSS0210,3c", "DSS0210,A2-7-2,6")
def test_a_supplier_of_whom_nothing_was_said_is_unknown(tmp_path: Path) -> None:
    """200 with Unknown and an empty version, whether or not there is such a supplier; and so say its references."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        for uss, scope in (("uss1", SCD), ("nobody", SA), ("nobody", ARBITRATION)):
            said = await skies.uss2.availability(uss, scope)
            assert said.status == 200
            assert (said.body.status.uss, said.body.status.availability, said.body.version) == (uss, "Unknown", "")
        assert row.uss_availability == "Unknown"

    fly(tmp_path, steps)


@f3548("DSS0100,1", "DSS0210,A2-7-2,6")
def test_availability_changes_by_its_version(tmp_path: Path) -> None:
    """Each word has a new version; an empty or wrong old version is 409 and changes nothing."""

    async def steps(skies: Skies) -> None:
        seen, version = {""}, ""
        for word in ("Normal", "Down", "Unknown", "Down", "Normal"):
            for wrong in {"ThisIsAnIncorrectVersion", *seen} - {version}:
                assert (await skies.uss2.arbitrate("uss1", "Down", wrong)).status == 409
            said = await skies.arbiter.arbitrate("uss1", word, version)
            assert (said.status, said.body.status.availability, said.body.status.uss) == (200, word, "uss1")
            version = said.body.version
            assert version not in seen
            seen.add(version)
            got = await skies.uss2.availability("uss1")
            assert (got.body.status.availability, got.body.version) == (word, version)

    fly(tmp_path, steps)


@f3548("DSS0100,1")
def test_availability_is_the_arbiter_s_to_say(tmp_path: Path) -> None:
    """Without utm.availability_arbitration it is 403, also for oneself; a word that is none is 400."""

    async def steps(skies: Skies) -> None:
        for scope in (SCD, SA, CM, CP):
            assert (await skies.uss1.arbitrate("uss1", "Normal", scope=scope)).status == 403
        for word in ("down", "", "Sleeping"):
            assert (await skies.arbiter.arbitrate("uss1", word)).status == 400
        assert (await skies.uss1.availability("uss1")).body.version == ""

    fly(tmp_path, steps)


def test_a_mark_of_down_lapses_unless_it_is_renewed(tmp_path: Path) -> None:
    """After an hour it is Unknown again; a mark said anew holds an hour from then."""

    async def steps(skies: Skies) -> None:
        version = (await skies.arbiter.arbitrate("uss1", "Down")).body.version
        await skies.pass_time(50 * 60)
        assert (await skies.uss2.availability("uss1")).body.status.availability == "Down"
        renewed = await skies.arbiter.arbitrate("uss1", "Down", version)
        assert renewed.status == 200
        await skies.pass_time(50 * 60)
        assert (await skies.uss2.availability("uss1")).body.status.availability == "Down"
        await skies.pass_time(11 * 60)
        assert (await skies.uss2.availability("uss1")).body.status.availability == "Unknown"
        await skies.arbiter.arbitrate("uss2", "Normal")
        await skies.pass_time(2 * 3_600)
        assert (await skies.uss1.availability("uss2")).body.status.availability == "Normal"

    fly(tmp_path, steps)


@f3548("DSS0100,1")
def test_a_supplier_that_is_marked_down_is_told_so(tmp_path: Path) -> None:
    """What it would plan, start or delete is answered 412 until the mark is taken back; off nominal is written."""

    async def steps(skies: Skies) -> None:
        uss, extent = skies.uss1, skies.extent(start_s=0)
        row = await uss.planned(extent, implicit=True)
        other = await uss.planned(skies.extent(lat=43, start_s=0), implicit=True)
        version = (await skies.arbiter.arbitrate("uss1", "Down")).body.version
        rest: dict[str, Any] = {"subscription_id": row.subscription_id}
        assert (await uss.put(skies.extent(lat=44))).status == 412
        assert (await uss.put(extent, id=row.id, ovn=row.ovn, state="Activated", **rest)).status == 412
        assert (await uss.drop(row.id, row.ovn)).status == 412
        said = await uss.put(extent, id=row.id, ovn=row.ovn, state="Nonconforming", scope=SA, **rest)
        assert said.status == 200
        await skies.arbiter.arbitrate("uss1", "Normal", version)
        assert (await uss.drop(other.id, other.ovn)).status == 200

    fly(tmp_path, steps)


# reports


def exchange(skies: Skies, **members: Any) -> dict[str, Any]:
    """A report as a supplier sends it."""
    found = {
        "url": "https://uss2.test/uss/v1/operational_intents/x",
        "method": "GET",
        "recorder_role": "Client",
        "request_time": skies.time(-5),
        "response_code": 500,
        "problem": "It answered 500 for an intent that it manages",
    }
    return {"exchange": found | members}


@f3548("DSS0100,2")
@pytest.mark.parametrize("scope", [SCD, SA, CM, CP, ARBITRATION])
def test_a_report_is_taken_and_named(tmp_path: Path, scope: str) -> None:
    """201 with what was reported and an id of its own, for every role."""

    async def steps(skies: Skies) -> None:
        ids = set()
        for n in range(3):
            said = await skies.uss1.f3548(F3548.MakeDssReport, exchange(skies, response_code=500 + n), scope)
            assert said.status == 201
            assert said.body.exchange.response_code == 500 + n
            ids.add(said.body.report_id)
        assert len(ids - {"", None}) == 3

    fly(tmp_path, steps)


@f3548("DSS0100,2")
def test_a_report_is_kept_in_the_ledger(tmp_path: Path) -> None:
    """Its text stands in an entry, vouched for the supplier that sent it."""

    async def steps(skies: Skies) -> None:
        size = skies.world.node.state.size
        problem = "Never answered at all, four times in a row"
        said = await skies.uss1.f3548(F3548.MakeDssReport, exchange(skies, problem=problem))
        assert said.status == 201
        entries = list(skies.world.node.sequencer.store.read(size))
        held = [part.content for entry in entries for part in entry.parts if part is not None and part.content]
        assert any(problem.encode() in content for content in held)

    fly(tmp_path, steps)


@f3548("DSS0100,2")
def test_a_report_may_bring_the_bodies_of_the_exchange(tmp_path: Path) -> None:
    """Request and answer in base64, of the size that details of a long flight have, are kept whole."""

    async def steps(skies: Skies) -> None:
        body, size = "QUJD" * 12_000, skies.world.node.state.size
        headers = ["Authorization: Bearer not-for-others", "Content-Type: application/json"]
        more = {"request_body": body[:400], "response_body": body, "headers": headers}
        said = await skies.uss1.f3548(F3548.MakeDssReport, exchange(skies, **more))
        assert (said.status, said.raw.get("exchange", {}).get("response_body")) == (201, body)
        entries = list(skies.world.node.sequencer.store.read(size))
        held = b"".join(part.content for entry in entries for part in entry.parts if part is not None and part.content)
        assert held.count(b"QUJD") > 12_100 - 16, "but for those at the seams of its parts"
        assert b"not-for-others" not in held, "a secret went into the ledger"

    fly(tmp_path, steps)


@f3548("DSS0100,2")
def test_a_report_without_an_exchange_is_refused(tmp_path: Path) -> None:
    """400 for a body that is none, or lacks what the form requires."""

    async def steps(skies: Skies) -> None:
        for body in ({}, {"exchange": {}}, {"exchange": None}, exchange(skies, method=7), exchange(skies, url=None)):
            assert (await skies.uss1.f3548(F3548.MakeDssReport, body)).status == 400, body

    fly(tmp_path, steps)
