"""What holds at every door of the standards: ids, fields, areas, addresses, outlines, errors."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from api_kit import on_loopback
from conformance_kit import (
    ARBITRATION,
    CM,
    CP,
    DP,
    F3411,
    F3548,
    SCD,
    Skies,
    altitude,
    changed,
    check_form,
    f3411,
    f3548,
    fly,
    micros,
    said_of,
    skies,
)
from conformance_schemas import MISSING, at_hand, document
from conformance_tokens import AUDIENCE
from uas_standards.astm.f3411.v22a import api as f3411_api
from uas_standards.astm.f3548.v21 import api as f3548_api

IDS = [
    "x",
    "2f8343be-6482-1d1b-a474-16847e01af1e",
    "2f8343be64824d1ba47416847e01af1e",
    "2f8343be-6482-4d1b-a474-16847e01af1e0",
    "{2f8343be-6482-4d1b-a474-16847e01af1e}",
    "2f8343be-6482-4d1b-c474-16847e01af1e",
    "2f8343bg-6482-4d1b-a474-16847e01af1e",
]


@f3548("DSS0005,1", "DSS0005,2", "DSS0005,3", "DSS0005,4", "DSS0005,5", "DSS0100,1", "DSS0100,2")
@f3411("DSS0030,a", "DSS0030,b", "DSS0030,c", "DSS0030,d", "DSS0030,e", "DSS0030,f")
def test_the_published_files_list_what_the_types_list() -> None:
    """The types that answers are parsed with know every operation and status of the published OpenAPI files."""
    if not at_hand():
        pytest.skip(MISSING)
    for standard, operations in (("f3548", f3548_api.OPERATIONS), ("f3411", f3411_api.OPERATIONS)):
        listed = {}
        for path, item in document(standard)["paths"].items():
            for verb in {"get", "put", "post", "delete"} & set(item):
                listed[verb.upper(), path] = {int(code) for code in item[verb]["responses"]}
        assert listed == {(o.verb, o.path): set(o.response_body_type) for o in operations.values()}


@pytest.mark.parametrize("named", IDS)
def test_an_id_has_the_form_of_version_4(tmp_path: Path, named: str) -> None:
    """Of intents, constraints, subscriptions and areas alike; any other is 400 at every endpoint."""

    async def steps(skies: Skies) -> None:
        uss, extent = skies.uss1, skies.extent()
        got = [
            await uss.put(extent, id=named),
            await uss.put(extent, id=named, ovn="Z" * 22),
            await uss.get(named),
            await uss.drop(named, "Z" * 22),
            await uss.close(extent, id=named),
            await uss.f3548(F3548.GetConstraintReference, None, CM, entityid=named),
            await uss.subscribe(extent, id=named),
            await uss.subscription(named),
            await uss.unsubscribe(named, "Z" * 22),
            await uss.serve(extent, id=named),
            await uss.area(named),
            await uss.withdraw(named, "z" * 26),
            await uss.watch(extent, id=named),
            await uss.details(named),
        ]
        assert {said.status for said in got} == {400}

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_id_is_one_in_capitals_or_small_letters(tmp_path: Path) -> None:
    """Both spell the same thing."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent(), id=skies.uuid().upper())
        assert (await skies.uss1.get(row.id.lower())).status == 200
        assert (await skies.uss1.put(skies.extent(lat=43), id=row.id.lower())).status == 409

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,3", "DSS0005,5", "DSS0100,1", "DSS0100,2")
@f3411("DSS0030,a", "DSS0030,c")
def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    """At every level of every body, as the published interface asks."""
    more: dict[str, Any] = {"flight_type": "VLOS", "x": {"y": [1, None]}, "": ""}

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        extent = skies.extent() | more
        extent["volume"] = extent["volume"] | more
        extent["time_start"] = extent["time_start"] | more
        extent["volume"]["altitude_lower"] = extent["volume"]["altitude_lower"] | more
        implicit = {"uss_base_url": uss.url} | more
        assert (await uss.put(extent, new_subscription=implicit, **more)).status == 201
        assert (await uss.close(extent, **more)).status == 201
        assert (await uss.subscribe(extent, **more)).status == 200
        assert (await uss.serve(extent, **more)).status == 200
        assert (await uss.watch(extent, **more)).status == 200
        body = {"old_version": "", "availability": "Normal"} | more
        assert (await skies.arbiter.f3548(F3548.SetUssAvailability, body, ARBITRATION, uss_id="x")).status == 200
        assert await uss.find(extent)

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,5")
def test_a_member_that_is_null_is_a_member_left_out(tmp_path: Path) -> None:
    """The published interface lets an object that may be omitted be null."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        row = await uss.planned(skies.extent(), new_subscription=None, subscription_id=None, key=())
        assert row.version == 1
        extent = skies.extent(start_s=None) | {"time_start": None}
        assert (await uss.subscribe(extent)).status == 200
        extent["volume"]["outline_polygon"] = None
        assert (await uss.subscribe(extent)).status == 200

    fly(tmp_path, steps)


# errors


@f3548("DSS0005,1", "DSS0005,2", "DSS0005,5")
@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("volume.altitude_lower.units", "FT", "units"),
        ("volume.altitude_upper.reference", "SFC", "reference"),
        ("volume.altitude_upper.value", 50, "altitude"),
        ("volume.outline_circle.radius.value", -1, "radius"),
        ("volume.outline_circle.center.lat", 91, "lat"),
        ("volume.outline_circle.center.lng", "x", "lng"),
        ("time_start.format", "ISO", "format"),
        ("time_start.value", "yesterday", "time_start"),
        ("volume.altitude_lower", None, "altitude_lower"),
        ("time_end", None, "time_end"),
        ("volume", None, "volume"),
    ],
)
def test_an_error_names_what_is_wrong(tmp_path: Path, path: str, value: Any, field: str) -> None:
    """JSON with a `message` that names the field, and a correlation id that no other answer has."""

    async def steps(skies: Skies) -> None:
        ids = set()
        for _ in range(2):
            said = await skies.uss1.put(changed(skies.extent(), path, value))
            assert said.status == 400
            assert field in said.raw["message"]
            assert "extents[0]" in said.raw["message"]
            ids.add(said.raw["correlation_id"])
        assert len(ids) == 2

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_error_names_the_limit(tmp_path: Path) -> None:
    """What was refused for being too much says how much is allowed."""

    async def steps(skies: Skies) -> None:
        wide = skies.extent(radius_m=40_000)
        said = await skies.uss1.f3548(F3548.QueryOperationalIntentReferences, {"area_of_interest": wide})
        assert said.status in (400, 413)
        assert "2,500" in said.raw["message"] or "2500" in said.raw["message"]
        day = await skies.uss1.subscribe(skies.extent(end_s=100_000))
        assert "24" in day.raw["message"]

    fly(tmp_path, steps)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b"null", b'"x"', b"\xff\xfe", b'{"extents": 7}', b'{"extents": []}', b"[" * 100_000],
    ids=lambda b: b[:10].decode("latin-1"),
)
def test_a_body_that_is_none_is_a_bad_request(tmp_path: Path, body: bytes) -> None:
    """Whatever is sent, the answer is 400 in JSON, never a plain 500."""

    async def steps(skies: Skies) -> None:
        token = skies.uss1.token(SCD, CM, CP, ARBITRATION, "rid.service_provider", DP)
        for verb, path in (
            ("PUT", f"/dss/v1/operational_intent_references/{skies.uuid()}"),
            ("PUT", f"/dss/v1/operational_intent_references/{skies.uuid()}/{'Z' * 22}"),
            ("POST", "/dss/v1/operational_intent_references/query"),
            ("PUT", f"/dss/v1/constraint_references/{skies.uuid()}"),
            ("POST", "/dss/v1/constraint_references/query"),
            ("PUT", f"/dss/v1/subscriptions/{skies.uuid()}"),
            ("POST", "/dss/v1/subscriptions/query"),
            ("POST", "/dss/v1/reports"),
            ("PUT", "/dss/v1/uss_availability/uss1"),
            ("PUT", f"/rid/v2/dss/identification_service_areas/{skies.uuid()}"),
            ("PUT", f"/rid/v2/dss/subscriptions/{skies.uuid()}"),
            ("POST", "/uss/v1/operational_intents"),
        ):
            answer = await skies.uss1.send(verb, path, body, token)
            assert answer.status_code == 400, (path, answer.content)
            assert answer.json()["message"]

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_form_comes_before_versions_and_keys(tmp_path: Path) -> None:
    """A malformed request on an id that exists is 400, not 409: as a create, with a stale OVN, with a short key."""

    async def steps(skies: Skies) -> None:
        mine = await skies.uss1.planned(skies.extent())
        other = await skies.uss2.planned(skies.extent(), key=(mine.ovn,))
        bad = [
            changed(skies.extent(), "time_end", skies.time(-60)),
            changed(skies.extent(), "volume.altitude_upper", altitude(-100)),
            changed(skies.extent(), "volume.outline_circle.radius.units", "KM"),
            changed(skies.extent(), "volume.outline_circle", None),
        ]
        for extent in bad:
            assert (await skies.uss1.put(extent, id=mine.id)).status == 400
            assert (await skies.uss1.put(extent, id=mine.id, ovn="Z" * 22)).status == 400
            assert (await skies.uss1.put(extent, id=mine.id, ovn=mine.ovn)).status == 400
        for members in ({"state": "Flying"}, {"uss_base_url": "x"}, {"subscription_id": "x"}):
            assert (await skies.uss1.put(skies.extent(), id=mine.id, ovn="Z" * 22, **members)).status == 400
            assert (await skies.uss1.put(skies.extent(), id=mine.id, **members)).status == 400
        assert (await skies.uss1.get(mine.id)).body.operational_intent_reference == mine
        assert other.version == 1

    fly(tmp_path, steps)


# areas and outlines


@f3548("DSS0005,2", "DSS0005,4", "DSS0005,5")
@f3411("DSS0030,f")
def test_a_search_wider_than_the_limit_is_refused(tmp_path: Path) -> None:
    """2,500 km2 and a little more is 400 or 413, everywhere; a little less is answered."""

    async def steps(skies: Skies) -> None:
        uss = skies.uss1
        for radius_m, statuses in ((28_000, {200}), (28_400, {400, 413})):
            area = {"area_of_interest": skies.extent(radius_m=radius_m)}
            got = {
                (await uss.f3548(F3548.QueryOperationalIntentReferences, area)).status,
                (await uss.f3548(F3548.QueryConstraintReferences, area, CM)).status,
                (await uss.f3548(F3548.QuerySubscriptions, area)).status,
            }
            assert got <= statuses
        half = {200: 0.22, 413: 0.23}
        for status, lat in half.items():
            ring = [(42 - lat, -38.3), (42 - lat, -37.7), (42 + lat, -37.7), (42 + lat, -38.3)]
            area_text = ",".join(f"{v}" for place in ring for v in place)
            for operation in (F3411.SearchIdentificationServiceAreas, F3411.SearchSubscriptions):
                said = await uss.f3411(operation, None, DP, query={"area": area_text})
                assert said.status in ({200} if status == 200 else {400, 413})

    fly(tmp_path, steps)


@f3411("DSS0030,a")
def test_an_area_wider_than_the_limit_is_not_created(tmp_path: Path) -> None:
    """400 for a service area and for a subscription to them."""

    async def steps(skies: Skies) -> None:
        assert (await skies.uss1.serve(skies.extent(radius_m=40_000))).status == 400
        assert (await skies.uss1.watch(skies.extent(radius_m=40_000))).status == 400

    fly(tmp_path, steps)


DEGENERATE = {
    "line": [(42.0, -38.0), (42.1, -38.0), (42.2, -38.0)],
    "point": [(42.0, -38.0)] * 4,
    "bow tie": [(42.0, -38.0), (42.1, -37.9), (42.0, -37.9), (42.1, -38.0)],
    "closed": [(42.0, -38.0), (42.0, -37.9), (42.1, -37.9), (42.0, -38.0)],
    "twice": [(42.0, -38.0), (42.0, -37.9), (42.1, -37.9), (42.05, -37.95), (42.1, -37.9), (42.1, -38.0)],
    "two": [(42.0, -38.0), (42.1, -38.0)],
    "none": [],
}


@f3548("DSS0005,1", "DSS0005,2", "DSS0005,5")
@f3411("DSS0030,a")
@pytest.mark.parametrize("name", DEGENERATE)
def test_a_degenerate_outline_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """400 at every door: no area, crossing itself, a vertex twice; for F3411 also the first repeated at the end."""

    async def steps(skies: Skies) -> None:
        uss, extent = skies.uss1, skies.extent(vertices=DEGENERATE[name])
        area = {"area_of_interest": extent}
        got = [
            await uss.put(extent),
            await uss.put(skies.extent(), extent),
            await uss.close(extent),
            await uss.subscribe(extent),
            await uss.f3548(F3548.QueryOperationalIntentReferences, area),
            await uss.f3548(F3548.QuerySubscriptions, area),
            await uss.serve(extent),
            await uss.watch(extent),
        ]
        if name == "closed":  # F3411-22a alone has it refused
            got = got[-2:]
        assert [said.status for said in got] == [400] * len(got)

    fly(tmp_path, steps)


@f3548("DSS0005,1")
@pytest.mark.parametrize(
    "what", ["vertices", "volumes", "key", "wide", "high", "deep", "digits", "bytes", "infinite", "both outlines"]
)
def test_a_huge_request_is_refused_at_once(tmp_path: Path, what: str) -> None:
    """Too many vertices, volumes, OVNs, digits or bytes, and outlines or bands beyond the world: 400 or 413."""

    async def steps(skies: Skies) -> None:
        uss, extent = skies.uss1, skies.extent()
        extents, members = [extent], dict[str, Any]()
        if what == "vertices":
            extents = [skies.extent(vertices=[(42 + n * 1e-6, -38 + (n % 2) * 1e-3) for n in range(20_000)])]
        elif what == "volumes":
            extents = [extent] * 3_000
        elif what == "key":
            members = {"key": ["Z" * 22] * 20_000}
        elif what == "wide":
            extents = [skies.extent(radius_m=9e6)]
        elif what in ("high", "deep"):
            extents = [changed(extent, "volume.altitude_upper.value", 1e9 if what == "high" else -1e9)]
        elif what == "digits":
            body = b'{"extents": [], "radius": ' + b"1" * 500_000 + b"}"
            path = f"/dss/v1/operational_intent_references/{skies.uuid()}"
            assert (await uss.send("PUT", path, body, uss.token(SCD))).status_code == 400
            return
        elif what == "bytes":
            body = b'{"x": "' + b"y" * 3_000_000 + b'"}'
            path = f"/dss/v1/operational_intent_references/{skies.uuid()}"
            assert (await uss.send("PUT", path, body, uss.token(SCD))).status_code == 413
            return
        elif what == "infinite":
            path = f"/dss/v1/operational_intent_references/{skies.uuid()}"
            for number in (b"1e400", b"-1e400", b"NaN", b"Infinity"):
                body = b'{"extents": [{"volume": {"outline_circle": {"center": {"lat": %s}}}}]}' % number
                assert (await uss.send("PUT", path, body, uss.token(SCD))).status_code == 400
            return
        else:
            both = changed(extent, "volume.outline_polygon", {"vertices": [{"lat": 1, "lng": n} for n in range(3)]})
            extents = [both]
        said = await uss.put(*extents, **members)
        assert said.status in (400, 413), said.raw
        assert (await uss.put(extent)).status == 201

    fly(tmp_path, steps)


@f3548("DSS0005,1")
def test_an_outline_may_run_either_way_round(tmp_path: Path) -> None:
    """The order that gives the smaller area is meant, whichever is written."""
    ring = [(42.0, -38.0), (42.0, -37.99), (42.01, -37.99), (42.01, -38.0)]

    async def steps(skies: Skies) -> None:
        for vertices in (ring, ring[::-1]):
            row = await skies.uss1.planned(skies.extent(vertices=vertices))
            assert row.id in await skies.uss2.find(skies.extent(lat=42.005, lng=-37.995, radius_m=10))
            assert row.id not in await skies.uss2.find(skies.extent(lat=42.2, radius_m=10))
            await skies.uss1.drop(row.id, row.ovn)

    fly(tmp_path, steps)


# time


@f3548("DSS0005,1", "DSS0005,3", "DSS0005,5")
@f3411("DSS0030,a", "DSS0030,c")
def test_what_has_begun_may_be_changed(tmp_path: Path) -> None:
    """Twenty minutes after its start a flight is activated, a constraint, a subscription and an area are extended, each
    with the start that it has; volumes that are over may be told again."""

    async def steps(skies: Skies) -> None:
        uss, extent, over = skies.uss1, skies.extent(start_s=60), skies.extent(lat=42.05, start_s=0, end_s=600)
        longer = skies.extent(start_s=60, end_s=6_000)
        row = await uss.planned(over, extent, implicit=True)
        closed = (await uss.close(extent)).body.constraint_reference
        watch = await uss.subscribed(extent)
        area = await uss.served(extent)
        eye = await uss.watched(extent)
        await skies.world.pass_time(20 * 60_000_000)
        rest: dict[str, Any] = {"state": "Activated", "subscription_id": row.subscription_id}
        active = await uss.planned(over, longer, id=row.id, ovn=row.ovn, **rest)
        assert active.time_end != row.time_end
        for said in (
            await uss.close(longer, id=closed.id, ovn=closed.ovn),
            await uss.subscribe(longer, id=watch.id, version=watch.version),
            await uss.serve(longer, id=area.id, version=area.version),
            await uss.watch(longer, id=eye.id, version=eye.version),
        ):
            assert said.status == 200, said.raw

    fly(tmp_path, steps)


@f3548("DSS0005,5")
@f3411("DSS0030,c")
def test_a_change_that_names_no_times_keeps_them_or_renews_them(tmp_path: Path) -> None:
    """The next version of a subscription without times is live, and lasts a day at most."""

    async def steps(skies: Skies) -> None:
        bare = skies.extent(radius_m=600, start_s=None, end_s=None)
        watch = await skies.uss1.subscribed(skies.extent(start_s=0, end_s=3_600))
        eye = await skies.uss1.watched(skies.extent(start_s=0, end_s=3_600))
        await skies.world.pass_time(20 * 60_000_000)
        for row in (
            await skies.uss1.subscribed(bare, id=watch.id, version=watch.version),
            await skies.uss1.watched(bare, id=eye.id, version=eye.version),
        ):
            assert micros(row.time_end) > skies.now_us
            assert 0 < micros(row.time_end) - micros(row.time_start) <= 86_400_000_000

    fly(tmp_path, steps)


# addresses


@f3548("DSS0005,1", "DSS0005,5")
@pytest.mark.parametrize(
    "url",
    ["https://a.test", "https://a.test:8443/deep/path", "https://a.test/x?region=7&y=%20z", "https://[2001:db8::1]/u"],
)
def test_an_address_may_carry_a_path_and_a_query(tmp_path: Path, url: str) -> None:
    """And is given back letter by letter."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent(), uss_base_url=url)
        assert row.uss_base_url == url
        assert (await skies.uss1.subscribed(skies.extent(), uss_base_url=url)).uss_base_url == url

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,5")
@pytest.mark.parametrize(
    "url", ["http://a.test", "ftp://a.test", "//a.test", "a.test", "https://", "https://u:p@a.test", ""]
)
def test_an_address_is_https_unless_the_operator_says_otherwise(tmp_path: Path, url: str) -> None:
    """Anything else is 400, at every door; http alone is taken where the setting http_uss allows it."""

    async def steps(skies: Skies) -> None:
        uss, extent = skies.uss1, skies.extent()
        status = 400 if not uss.skies.world.node.config.http_uss or url != "http://a.test" else 200
        assert (await uss.put(extent, uss_base_url=url)).status == (201 if status == 200 else 400)
        assert (await uss.put(extent, new_subscription={"uss_base_url": url}, key=())).status in (400, 409, 201)
        assert (await uss.close(extent, uss_base_url=url)).status == (201 if status == 200 else 400)
        for said in (await uss.subscribe(extent, uss_base_url=url), await uss.serve(extent, uss_base_url=url)):
            assert said.status == status

    fly(tmp_path, steps)
    if url == "http://a.test":
        fly(tmp_path / "again", steps, config={"http_uss": True})


@f3548("DSS0005,1")
@pytest.mark.parametrize("method", ["PATCH", "POST", "DELETE"])
def test_other_methods_are_named_as_such(tmp_path: Path, method: str) -> None:
    """405 with the methods that there are, and 404 for what is no address of the standards; both in JSON."""

    async def steps(skies: Skies) -> None:
        token = skies.uss1.token(SCD)
        answer = await skies.uss1.send(method, f"/dss/v1/operational_intent_references/{skies.uuid()}", None, token)
        assert answer.status_code == 405
        assert "PUT" in answer.headers["allow"]
        assert answer.json()["message"]
        nothing = await skies.uss1.send("GET", "/dss/v1/nothing", None, token)
        assert (nothing.status_code, bool(nothing.json()["message"])) == (404, True)

    fly(tmp_path, steps)


@f3548("DSS0005,1", "DSS0005,2")
def test_the_doors_answer_over_a_socket_as_they_do_here(tmp_path: Path) -> None:
    """Behind uvicorn on loopback: create, update, empty OVN, search, delete, 204."""

    async def go() -> None:
        async with skies(tmp_path) as here, on_loopback(here.world) as client:
            here.client = client
            row = await here.uss1.planned(here.extent(), implicit=True)
            row = await here.uss1.planned(here.extent(), id=row.id, ovn=row.ovn, subscription_id=row.subscription_id)
            token = here.uss1.token(SCD)
            path = f"/dss/v1/operational_intent_references/{row.id}/"
            for verb in ("PUT", "DELETE"):
                answer = await here.uss1.send(verb, path, {} if verb == "PUT" else None, token)
                assert answer.status_code == 400
            assert list(await here.uss2.find(here.extent())) == [row.id]
            operation = f3548_api.OPERATIONS[F3548.GetOperationalIntentReference]
            answer = await here.uss2.send("GET", operation.path.format(entityid=row.id), None, here.uss2.token(SCD))
            check_form(operation, F3548.GetOperationalIntentReference, said_of(answer), "f3548")
            assert (await here.uss1.drop(row.id, row.ovn)).status == 200
            assert AUDIENCE not in str(client.base_url)

    asyncio.run(go())
