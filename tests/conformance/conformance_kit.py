"""Suppliers in front of a served node: clients whose every answer is held against the published forms.

`fly(folder, steps)` founds a theatre whose charter names the issuer of `conformance_tokens`, opens its node with the
door by token, and gives the steps a `Skies`: the suppliers uss1 and uss2, an arbiter, and beside them the parties of
the theatre (`Skies.world`), which plan by the API of their own.

Every answer must have a status that the standard lists for the operation (or stand in BEYOND, with the reason), must
parse as the type that `uas_standards` has for it, and must validate against the published OpenAPI file where the
environment variable WIDEBERTH_STANDARDS names the folder that holds it.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import httpx
import pytest
from api_kit import Hands, World, opened, served
from conformance_schemas import complaints
from conformance_tokens import AUDIENCE, OTHER_AUDIENCE, issuer, key_file
from implicitdict import ImplicitDict
from uas_standards.astm.f3411.v22a import api as f3411_api
from uas_standards.astm.f3548.v21 import api as f3548_api
from worlds import ISSUER

F3548 = f3548_api.OperationID
F3411 = f3411_api.OperationID
RID_PREFIX: Final = "/rid/v2"
NULL_SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000000"
NODE_URL: Final = "https://node.test"

SCD, SA = "utm.strategic_coordination", "utm.conformance_monitoring_sa"
CM, CP, ARBITRATION = "utm.constraint_management", "utm.constraint_processing", "utm.availability_arbitration"
SP, DP = "rid.service_provider", "rid.display_provider"
SCOPES: Final = (SCD, SA, CM, CP, ARBITRATION, SP, DP)

BEYOND: Final[dict[tuple[Any, int], str]] = {
    (F3548.SetUssAvailability, 409): "another arbiter has spoken since: the old version is stale",
    (F3548.QueryOperationalIntentReferences, 503): "the node cannot decide or read now",
}
"""Statuses that the published files do not list, and what they say."""


def f3548(*ids: str) -> pytest.MarkDecorator:
    """Marks the requirements of ASTM F3548-21 that a test holds."""
    return pytest.mark.requirement(*(f"astm.f3548.v21.{i}" for i in ids))


def f3411(*ids: str) -> pytest.MarkDecorator:
    """Marks the requirements of ASTM F3411-22a that a test holds."""
    return pytest.mark.requirement(*(f"astm.f3411.v22a.{i}" for i in ids))


class Said(NamedTuple):
    """An answer: its status, its JSON, the same parsed, its headers and its bytes."""

    status: int
    raw: Any
    body: Any
    headers: httpx.Headers
    content: bytes


class Uss:
    """A supplier that speaks to the node by its tokens."""

    def __init__(self, skies: "Skies", name: str, url: str = "") -> None:
        self.skies, self.name = skies, name
        self.url = url or f"https://{name}.test/utm?region=7"
        self._tokens: dict[tuple[str, ...], tuple[str, float]] = {}

    def token(self, *scopes: str) -> str:
        """A token of the issuer for these scopes; minted anew when it has half a minute left."""
        now_s = self.skies.now_us / 1e6
        token, minted_s = self._tokens.get(scopes, ("", -1e9))
        if not minted_s <= now_s < minted_s + 3_570:
            token = issuer().mint(self.name, scopes, AUDIENCE, now_s)
            self._tokens[scopes] = (token, now_s)
        return token

    async def f3548(
        self,
        operation: F3548,
        body: Any = None,
        scope: str | tuple[str, ...] = SCD,
        token: str | None = None,
        **at: str,
    ) -> Said:
        """An operation of F3548-21."""
        return await self._ask(f3548_api.OPERATIONS[operation], operation, "", body, scope, token, at, {})

    async def f3411(
        self,
        operation: F3411,
        body: Any = None,
        scope: str | tuple[str, ...] = SP,
        token: str | None = None,
        query: dict[str, str] | None = None,
        **at: str,
    ) -> Said:
        """An operation of F3411-22a."""
        it = f3411_api.OPERATIONS[operation]
        return await self._ask(it, operation, RID_PREFIX, body, scope, token, at, query or {})

    async def _ask(
        self,
        operation: Any,
        which: Any,
        prefix: str,
        body: Any,
        scope: str | tuple[str, ...],
        token: str | None,
        at: dict[str, str],
        query: dict[str, str],
    ) -> Said:
        scopes = (scope,) if isinstance(scope, str) else scope
        given = self.token(*scopes) if token is None else token
        path = prefix + operation.path.format(**at)
        answer = await self.send(operation.verb, path, body, given, query)
        return check_form(operation, which, said_of(answer), "f3411" if prefix else "f3548")

    async def send(
        self, verb: str, path: str, body: Any = None, token: str = "", query: dict[str, str] | None = None
    ) -> httpx.Response:
        """Any request with any token; nothing of its answer is checked."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        given = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        self.skies.world.hands.move(1_000)
        return await self.skies.client.request(verb, path, headers=headers, params=query or None, **given)

    # operational intents

    async def put(
        self,
        *extents: Any,
        id: str = "",
        ovn: str = "",
        state: str = "Accepted",
        key: tuple[str, ...] | None = (),
        implicit: bool = False,
        constraints: bool = False,
        scope: str | tuple[str, ...] = SCD,
        **members: Any,
    ) -> Said:
        """Create an operational intent, or change it (`ovn`)."""
        body = {
            "extents": list(extents),
            "key": None if key is None else list(key),
            "state": state,
            "uss_base_url": self.url,
        }
        if implicit:
            body["new_subscription"] = {"uss_base_url": self.url, "notify_for_constraints": constraints}
        body |= members
        at = {"entityid": id or self.skies.uuid()} | ({"ovn": ovn} if ovn else {})
        operation = F3548.UpdateOperationalIntentReference if ovn else F3548.CreateOperationalIntentReference
        return await self.f3548(operation, body, scope, **at)

    async def planned(self, *extents: Any, **more: Any) -> Any:
        """The reference of an intent that must be taken."""
        said = await self.put(*extents, **more)
        assert said.status == (200 if more.get("ovn") else 201), said.raw
        return said.body.operational_intent_reference

    async def drop(self, id: str, ovn: str, scope: str = SCD) -> Said:
        """Delete an operational intent."""
        return await self.f3548(F3548.DeleteOperationalIntentReference, None, scope, entityid=id, ovn=ovn)

    async def get(self, id: str, scope: str = SCD) -> Said:
        """An operational intent by its id."""
        return await self.f3548(F3548.GetOperationalIntentReference, None, scope, entityid=id)

    async def find(self, area: Any, scope: str = SCD) -> dict[str, Any]:
        """The operational intents in an area, by id."""
        said = await self.f3548(F3548.QueryOperationalIntentReferences, {"area_of_interest": area}, scope)
        assert said.status == 200, said.raw
        return {row.id: row for row in said.body.operational_intent_references}

    async def details(self, id: str, scope: str = SCD) -> Said:
        """The details of an operational intent that the node itself manages."""
        return await self.f3548(F3548.GetOperationalIntentDetails, None, scope, entityid=id)

    # constraints

    async def close(self, *extents: Any, id: str = "", ovn: str = "", scope: str = CM, **members: Any) -> Said:
        """Create a constraint, or change it."""
        body = {"extents": list(extents), "uss_base_url": self.url} | members
        at = {"entityid": id or self.skies.uuid()} | ({"ovn": ovn} if ovn else {})
        operation = F3548.UpdateConstraintReference if ovn else F3548.CreateConstraintReference
        return await self.f3548(operation, body, scope, **at)

    async def find_constraints(self, area: Any, scope: str = CP) -> dict[str, Any]:
        """The constraints in an area, by id."""
        said = await self.f3548(F3548.QueryConstraintReferences, {"area_of_interest": area}, scope)
        assert said.status == 200, said.raw
        return {row.id: row for row in said.body.constraint_references}

    # subscriptions

    async def subscribe(
        self,
        extents: Any,
        id: str = "",
        version: str = "",
        intents: bool = True,
        constraints: bool = False,
        scope: str | tuple[str, ...] = "",
        **members: Any,
    ) -> Said:
        """Create a subscription, or change it."""
        body = {"extents": extents, "uss_base_url": self.url, "notify_for_operational_intents": intents}
        body |= {"notify_for_constraints": constraints} | members
        at = {"subscriptionid": id or self.skies.uuid()} | ({"version": version} if version else {})
        wanted = tuple(s for s, asked in ((SCD, intents), (CP, constraints)) if asked) or (SCD,)
        operation = F3548.UpdateSubscription if version else F3548.CreateSubscription
        return await self.f3548(operation, body, scope or wanted, **at)

    async def subscribed(self, extents: Any, **more: Any) -> Any:
        """A subscription that must be taken."""
        said = await self.subscribe(extents, **more)
        assert said.status == 200, said.raw
        return said.body.subscription

    async def subscription(self, id: str, scope: str = SCD) -> Said:
        """A subscription by its id."""
        return await self.f3548(F3548.GetSubscription, None, scope, subscriptionid=id)

    async def unsubscribe(self, id: str, version: str, scope: str = SCD) -> Said:
        """Delete a subscription."""
        return await self.f3548(F3548.DeleteSubscription, None, scope, subscriptionid=id, version=version)

    async def find_subscriptions(self, area: Any) -> dict[str, Any]:
        """Its own subscriptions in an area, by id."""
        said = await self.f3548(F3548.QuerySubscriptions, {"area_of_interest": area})
        assert said.status == 200, said.raw
        return {row.id: row for row in said.body.subscriptions}

    # availability

    async def availability(self, uss: str, scope: str = SCD) -> Said:
        """What an arbiter said of a supplier."""
        return await self.f3548(F3548.GetUssAvailability, None, scope, uss_id=uss)

    async def arbitrate(self, uss: str, availability: str, old_version: str = "", scope: str = ARBITRATION) -> Said:
        """Say it."""
        body = {"old_version": old_version, "availability": availability}
        return await self.f3548(F3548.SetUssAvailability, body, scope, uss_id=uss)

    # remote identification

    async def serve(self, extents: Any, id: str = "", version: str = "", scope: str = SP, **members: Any) -> Said:
        """Create an identification service area, or change it."""
        body = {"extents": extents, "uss_base_url": self.url.split("?")[0]} | members
        at = {"id": id or self.skies.uuid()} | ({"version": version} if version else {})
        operation = F3411.UpdateIdentificationServiceArea if version else F3411.CreateIdentificationServiceArea
        return await self.f3411(operation, {k: v for k, v in body.items() if v is not None}, scope, **at)

    async def served(self, extents: Any, **more: Any) -> Any:
        """A service area that must be taken."""
        said = await self.serve(extents, **more)
        assert said.status == 200, said.raw
        return said.body.service_area

    async def area(self, id: str, scope: str = DP) -> Said:
        """A service area by its id."""
        return await self.f3411(F3411.GetIdentificationServiceArea, None, scope, id=id)

    async def withdraw(self, id: str, version: str, scope: str = SP) -> Said:
        """Delete a service area."""
        return await self.f3411(F3411.DeleteIdentificationServiceArea, None, scope, id=id, version=version)

    async def areas(self, area: str, scope: str = DP, **times: str) -> Said:
        """A search for service areas."""
        return await self.f3411(F3411.SearchIdentificationServiceAreas, None, scope, query={"area": area} | times)

    async def watch(self, extents: Any, id: str = "", version: str = "", scope: str = DP, **members: Any) -> Said:
        """Create a subscription to service areas, or change it."""
        body = {"extents": extents, "uss_base_url": self.url.split("?")[0]} | members
        at = {"id": id or self.skies.uuid()} | ({"version": version} if version else {})
        operation = F3411.UpdateSubscription if version else F3411.CreateSubscription
        return await self.f3411(operation, body, scope, **at)

    async def watched(self, extents: Any, **more: Any) -> Any:
        """A subscription to service areas that must be taken."""
        said = await self.watch(extents, **more)
        assert said.status == 200, said.raw
        return said.body.subscription


class Skies:
    """Suppliers, an arbiter, and the parties of a theatre, in front of one node."""

    def __init__(self, world: World) -> None:
        self.world, self.client = world, world.client
        self.noon_us = self.now_us
        """From here the times of extents are counted, so that two of a test are the same."""
        self.uss1, self.uss2, self.arbiter = (Uss(self, name) for name in ("uss1", "uss2", "arbiter"))

    @property
    def now_us(self) -> int:
        """The clock on the wall."""
        return self.world.hands.wall_us

    def uuid(self) -> str:
        """A fresh id in the form of version 4."""
        drawn = int.from_bytes(self.world.draw(16), "big")
        return str(UUID(int=drawn & ~(0xF << 76) & ~(3 << 62) | 4 << 76 | 2 << 62))

    def uuid7(self, ago_s: float = 0.0) -> str:
        """A UUID of version 7, made some seconds ago."""
        drawn = int.from_bytes(self.world.draw(10), "big")
        made_ms = (self.now_us - round(ago_s * 1e6)) // 1_000
        low = drawn & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62
        return str(UUID(int=made_ms << 80 | low & (1 << 80) - 1))

    def time(self, in_s: float) -> dict[str, str]:
        """A time, so many seconds from the beginning of the test or of its next part, as both standards write it."""
        return {"value": spell(self.noon_us + round(in_s * 1e6)), "format": "RFC3339"}

    async def pass_time(self, s: float) -> None:
        """Time passes, and the node takes note of it; times are counted from then on."""
        await self.world.pass_time(round(s * 1e6))
        self.noon_us = self.now_us

    def extent(
        self,
        lat: float = 42.0,
        lng: float = -38.0,
        radius_m: float = 500,
        band_m: tuple[float, float] | None = (100, 200),
        start_s: float | None = 600,
        end_s: float | None = 4_200,
        vertices: list[tuple[float, float]] | None = None,
    ) -> dict[str, Any]:
        """A Volume4D: a circle, or a polygon through `vertices`; a bound that is None is left out."""
        volume: dict[str, Any] = {"outline_circle": circle(lat, lng, radius_m)}
        if vertices is not None:
            volume = {"outline_polygon": {"vertices": [{"lat": a, "lng": b} for a, b in vertices]}}
        if band_m is not None:
            volume |= {"altitude_lower": altitude(band_m[0]), "altitude_upper": altitude(band_m[1])}
        found: dict[str, Any] = {"volume": volume}
        if start_s is not None:
            found["time_start"] = self.time(start_s)
        if end_s is not None:
            found["time_end"] = self.time(end_s)
        return found


def circle(lat: float, lng: float, radius_m: float) -> dict[str, Any]:
    """A circle as both standards write it."""
    return {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}}


def altitude(value_m: float) -> dict[str, Any]:
    """An altitude as both standards write it."""
    return {"value": value_m, "reference": "W84", "units": "M"}


def spell(time_us: int) -> str:
    """RFC 3339, to the microsecond."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def micros(time: Any) -> int:
    """The microsecond of a parsed time."""
    return round((time.value.datetime - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def changed(extent: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """An extent with one member set, by a path with dots; a value of None takes the member out."""
    found = copy.deepcopy(extent)
    *way, last = path.split(".")
    place = found
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return found


def told(said: Said) -> dict[str, int]:
    """The subscriptions that an answer asks to notify, with their indices."""
    rows = [s for url in said.body.subscribers for s in url.subscriptions]
    found = {row.subscription_id: row.notification_index for row in rows}
    assert len(found) == len(rows), "a subscription is told twice"
    return found


def said_of(answer: httpx.Response) -> Said:
    """An answer, not yet held against anything."""
    kind = answer.headers.get("content-type", "")
    raw = answer.json() if "json" in kind and answer.content else None
    return Said(answer.status_code, raw, None, answer.headers, answer.content)


def check_form(operation: Any, which: Any, said: Said, standard: str) -> Said:
    """Hold an answer against the published forms; the same with its body parsed."""
    listed = operation.response_body_type
    name = f"{operation.id} answered {said.status}: {said.content[:300]!r}"
    assert said.status in listed or (which, said.status) in BEYOND or said.status == 429, name
    kind = listed.get(said.status) or (f3548_api.ErrorResponse if said.status >= 400 else None)
    if kind is None:
        assert not said.content, name
        return said
    assert isinstance(said.raw, dict), name
    if said.status >= 400:
        assert isinstance(said.raw.get("message"), str), name
        assert len(said.raw["message"]) > 10, name
    assert not complaints(standard, kind.__name__, said.raw), (name, complaints(standard, kind.__name__, said.raw))
    return said._replace(body=ImplicitDict.parse(said.raw, kind))


def door(folder: Path) -> dict[str, Any]:
    """Settings of a node that takes the issuer's tokens."""
    return {
        "token_issuer": ISSUER,
        "token_keys": (key_file(folder),),
        "token_audiences": (AUDIENCE, OTHER_AUDIENCE),
        "public_url": NODE_URL,
    }


@asynccontextmanager
async def skies(folder: Path, **more: Any) -> AsyncIterator[Skies]:
    """A new theatre with its suppliers."""
    config = door(folder) | more.pop("config", {})
    async with served(folder, config=config, **more) as world:
        yield Skies(world)


@asynccontextmanager
async def skies_again(folder: Path, hands: Hands, **config: Any) -> AsyncIterator[Skies]:
    """The theatre of a folder, opened anew."""
    async with opened(folder, hands=hands, **(door(folder) | config)) as world:
        yield Skies(world)


def fly(folder: Path, steps: Callable[[Skies], Awaitable[None]], **more: Any) -> None:
    """Serve a new theatre and go through the steps."""

    async def go() -> None:
        async with skies(folder, **more) as served_skies:
            await steps(served_skies)

    asyncio.run(go())
