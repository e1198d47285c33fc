"""The key of F3548-21: a write shows that it knows what it meets."""

from pathlib import Path
from typing import Any

import pytest
from conformance_kit import CM, CP, SA, SCD, Said, Skies, f3548, fly


def missing(said: Said) -> dict[str, Any]:
    """What a 409 says the key lacks, by id."""
    assert said.status == 409, said.raw
    return {row.id: row for row in said.body.missing_operational_intents}


@f3548("DSS0005,1", "DSS0210,A2-7-2,2a", "SCD0035")
def test_a_create_without_the_ovn_of_what_it_meets_is_refused(tmp_path: Path) -> None:
    """409 with the references that are missing, their OVNs withheld from all but their manager; nothing is written."""

    async def steps(skies: Skies) -> None:
        mine = await skies.uss1.planned(skies.extent())
        said = await skies.uss2.put(skies.extent(lat=42.001))
        row = missing(said)[mine.id]
        assert {k: v for k, v in mine.items() if k != "ovn"} == dict(row)
        assert list(missing(said)) == [mine.id]
        assert list(await skies.uss2.find(skies.extent())) == [mine.id]
        assert mine.ovn not in said.content.decode()
        own = missing(await skies.uss1.put(skies.extent(lat=42.001)))
        assert own[mine.id].ovn == mine.ovn

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0210,A2-7-2,2a")
def test_with_every_ovn_a_create_is_taken(tmp_path: Path) -> None:
    """All that are met are listed at once; a key that has them all is enough, and more in it does no harm."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.planned(skies.extent(lat=42.0))
        two = await skies.uss2.planned(skies.extent(lat=42.02))
        both = skies.extent(lat=42.01, radius_m=1_000)
        assert set(missing(await skies.uss2.put(both))) == {one.id, two.id}
        assert set(missing(await skies.uss2.put(both, key=(one.ovn,)))) == {two.id}
        assert set(missing(await skies.uss2.put(both, key=(two.ovn, "Z" * 22)))) == {one.id}
        assert (await skies.uss2.put(both, key=(two.ovn, one.ovn, "Z" * 22, one.ovn))).status == 201
        assert not skies.world.node.state.conflicts, "among suppliers the key settles"

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_what_is_not_met_is_not_in_the_key(tmp_path: Path) -> None:
    """Beside it, above it or after it: no OVN is asked for."""

    async def steps(skies: Skies) -> None:
        await skies.uss1.planned(skies.extent())
        for apart in (
            skies.extent(lat=42.02),
            skies.extent(band_m=(201, 300)),
            skies.extent(start_s=4_201, end_s=5_000),
        ):
            assert (await skies.uss2.put(apart)).status == 201

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0210,A2-7-2,2b", "SCD0040", "SCD0045")
@pytest.mark.parametrize("change", ["url", "state", "time", "place"])
def test_the_key_is_checked_on_every_update(tmp_path: Path, change: str) -> None:
    """Even if only the URL changes; a refused update leaves the old version standing, with its OVN."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.planned(skies.extent())
        two = await skies.uss2.planned(skies.extent(), key=(one.ovn,))
        extent, members = skies.extent(), dict[str, Any]()
        if change == "url":
            members = {"uss_base_url": "https://uss2.test/elsewhere"}
        elif change == "state":
            members = {"state": "Activated", "implicit": True}
        else:
            extent = skies.extent(end_s=4_000) if change == "time" else skies.extent(lat=42.001)
        said = await skies.uss2.put(extent, id=two.id, ovn=two.ovn, **members)
        assert set(missing(said)) == {one.id}
        assert (await skies.uss2.get(two.id)).body.operational_intent_reference == two
        assert (await skies.uss2.put(extent, id=two.id, ovn=two.ovn, key=(one.ovn,), **members)).status == 200

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0210,A2-7-2,2b")
def test_an_intent_is_not_in_its_own_way(tmp_path: Path) -> None:
    """What an update replaces need not be in the key; what it newly meets must be."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.planned(skies.extent(lat=42.1))
        two = await skies.uss2.planned(skies.extent())
        two = await skies.uss2.planned(skies.extent(end_s=5_000), id=two.id, ovn=two.ovn)
        moved = await skies.uss2.put(skies.extent(lat=42.1), id=two.id, ovn=two.ovn)
        assert set(missing(moved)) == {one.id}

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_own_intents_are_in_the_key(tmp_path: Path) -> None:
    """A supplier shows that it knows its own as well."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.planned(skies.extent())
        assert set(missing(await skies.uss1.put(skies.extent()))) == {one.id}
        assert (await skies.uss1.put(skies.extent(), key=(one.ovn,))).status == 201

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_ovn_that_is_out_of_date_shows_nothing(tmp_path: Path) -> None:
    """Once an intent has changed, the OVN before is no longer knowledge of it."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.planned(skies.extent())
        newer = await skies.uss1.planned(skies.extent(), id=one.id, ovn=one.ovn)
        assert set(missing(await skies.uss2.put(skies.extent(), key=(one.ovn,)))) == {one.id}
        assert (await skies.uss2.put(skies.extent(), key=(newer.ovn,))).status == 201

    fly(tmp_path, steps)


@f3548("SCD0005", "DSS0100,1")
def test_accepted_intents_of_a_supplier_that_is_down_are_not_demanded(tmp_path: Path) -> None:
    """Nobody can ask for their OVNs; they are still found, marked so."""

    async def steps(skies: Skies) -> None:
        one = await skies.uss1.planned(skies.extent())
        assert (await skies.arbiter.arbitrate("uss1", "Down")).status == 200
        assert (await skies.uss2.put(skies.extent())).status == 201
        assert (await skies.uss2.find(skies.extent()))[one.id].uss_availability == "Down"

    fly(tmp_path, steps)


@f3548("SCD0010", "DSS0100,1")
@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent"])
def test_what_is_flying_is_demanded_of_a_supplier_that_is_down(tmp_path: Path, state: str) -> None:
    """Activated and off-nominal intents are in everybody's key, whoever cannot be reached."""

    async def steps(skies: Skies) -> None:
        uss, extent = skies.uss1, skies.extent(start_s=0)
        row = await uss.planned(extent, implicit=True)
        for step in ("Activated",) if state == "Activated" else ("Activated", state):
            scope = SCD if step == "Activated" else SA
            row = await uss.planned(
                extent, id=row.id, ovn=row.ovn, state=step, scope=scope, subscription_id=row.subscription_id
            )
        await skies.arbiter.arbitrate("uss1", "Down")
        assert set(missing(await skies.uss2.put(extent))) == {row.id}
        assert (await skies.uss2.put(extent, key=(row.ovn,))).status == 201

    fly(tmp_path, steps)


@f3548("DSS0005,1")
@pytest.mark.parametrize("state", ["Nonconforming", "Contingent"])
def test_who_is_in_trouble_needs_no_key(tmp_path: Path, state: str) -> None:
    """An intent that becomes Nonconforming or Contingent is written whatever it meets, with a key or with none."""

    async def steps(skies: Skies) -> None:
        extent = skies.extent(start_s=0)
        mine = await skies.uss1.planned(extent, implicit=True)
        other = await skies.uss2.planned(extent, key=(mine.ovn,))
        wide = skies.extent(start_s=0, radius_m=3_000)
        said = await skies.uss1.put(
            wide, id=mine.id, ovn=mine.ovn, state=state, scope=SA, subscription_id=mine.subscription_id
        )
        assert said.status == 200
        more: dict[str, Any] = {"key": None, "subscription_id": mine.subscription_id}
        ovn = said.body.operational_intent_reference.ovn
        assert (await skies.uss1.put(wide, id=mine.id, ovn=ovn, state=state, scope=SA, **more)).status == 200
        assert (await skies.uss2.get(other.id)).body.operational_intent_reference == other

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,3")
def test_who_processes_constraints_shows_that_it_knows_them(tmp_path: Path) -> None:
    """Where the intent's subscription hears of constraints, their OVNs are in the key; elsewhere they are not."""

    async def steps(skies: Skies) -> None:
        closed = (await skies.uss1.close(skies.extent(), scope=CM)).body.constraint_reference
        assert (await skies.uss2.put(skies.extent(), implicit=True)).status == 201
        other = skies.extent(lat=42.5)
        there = (await skies.uss1.close(other, scope=CM)).body.constraint_reference
        said = await skies.uss2.put(other, implicit=True, constraints=True, scope=(SCD, CP))
        assert said.status == 409
        assert [row.id for row in said.body.missing_constraints] == [there.id]
        assert said.body.missing_constraints[0].get("ovn") is None
        key = (there.ovn,)
        assert (await skies.uss2.put(other, implicit=True, constraints=True, scope=(SCD, CP), key=key)).status == 201
        assert closed.id != there.id

    fly(tmp_path, steps)
