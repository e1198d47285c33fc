"""Suppliers in front of a served node, who may say anything at all.

`knock(folder, steps)` founds a theatre whose charter names the issuer of the tests, opens its node with the standards'
doors, and gives the steps `Doors`: `ask` sends a request with a token of any subject and scopes. Nothing that is sent
here is held against the published forms; what is answered is, in what every answer has in common.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from api_kit import World, served
from worlds import ISSUER, MINUTE, START_US

from wideberth.intake.times import show_time
from wideberth.tokens import Issuer
from wideberth.tokens.issuer import new_private_pem

AUDIENCE: Final = "node.test"
URL: Final = "https://uss1.test/utm"
INTENTS: Final = "/dss/v1/operational_intent_references"
CONSTRAINTS: Final = "/dss/v1/constraint_references"
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions"
AREAS: Final = "/rid/v2/dss/identification_service_areas"
RID: Final = "/rid/v2/dss/subscriptions"
EVERY: Final = (
    *("utm.strategic_coordination", "utm.constraint_management", "utm.constraint_processing"),
    *("utm.conformance_monitoring_sa", "utm.availability_arbitration", "rid.display_provider", "rid.service_provider"),
    "interuss.versioning.read_system_versions",
)
ID: Final = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER: Final = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@cache
def issuer(name: str = ISSUER) -> Issuer:
    """An issuer with a key of its own."""
    return Issuer(new_private_pem(), name)


def settings(folder: Path) -> dict[str, Any]:
    """Of a node whose doors are open."""
    pem = folder.parent / f"{folder.name}-issuer.pem"
    pem.write_bytes(issuer().public_pem)
    return {"token_issuer": ISSUER, "token_keys": (pem,), "token_audiences": (AUDIENCE,)}


class Doors:
    """The doors of a world."""

    def __init__(self, world: World) -> None:
        self.world, self.node, self.client = world, world.node, world.client

    def token(self, subject: str = "uss1", scopes: tuple[str, ...] = EVERY) -> str:
        """A token that is taken now."""
        return issuer().mint(subject, scopes, AUDIENCE, self.world.hands.wall_us / 1e6)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        subject: str = "uss1",
        scopes: tuple[str, ...] = EVERY,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request; bytes go as they are, anything else as JSON. No answer is ever a plain fault."""
        given = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        sent = {"authorization": f"Bearer {self.token(subject, scopes)}", **(headers or {})}
        answer = await self.client.request(method, path, headers=sent, **given)
        assert answer.status_code != 500, answer.text
        if answer.status_code >= 400:
            told = answer.json()
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["x-correlation-id"] == told["correlation_id"]
            assert told["message"].endswith(".")
        return answer

    async def put(
        self, *extents: Any, id: str = ID, ovn: str = "", subject: str = "uss1", **more: Any
    ) -> httpx.Response:
        """Write an intent."""
        path = f"{INTENTS}/{id}" + (f"/{ovn}" if ovn else "")
        return await self.ask("PUT", path, intent(*extents, **more), subject=subject)


def knock(folder: Path, steps: Callable[[Doors], Awaitable[None]], **more: Any) -> None:
    """Open the doors of a new theatre and go through the steps."""

    async def go() -> None:
        async with served(folder, config=settings(folder) | more.pop("config", {}), **more) as world:
            await steps(Doors(world))

    asyncio.run(go())


def at(minutes: float) -> dict[str, str]:
    """A time, so long after the start of the world."""
    return {"value": show_time(START_US + round(minutes * MINUTE)), "format": "RFC3339"}


def altitude(metres: float) -> dict[str, Any]:
    """A height above the ellipsoid."""
    return {"value": metres, "reference": "W84", "units": "M"}


def extent(
    lat: float = 42.0,
    lng: float = -38.0,
    radius_m: float = 500,
    start_min: float = 10,
    end_min: float = 70,
    **members: Any,
) -> dict[str, Any]:
    """A round Volume4D; members of the Volume3D may be set, or left out with `...`."""
    shape = {
        "outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}},
        "altitude_lower": altitude(100),
        "altitude_upper": altitude(150),
    }
    shape |= {name: value for name, value in members.items() if not name.startswith("time")}
    whole = {"volume": shape, "time_start": at(start_min), "time_end": at(end_min)}
    whole |= {name: value for name, value in members.items() if name.startswith("time")}
    for row in (shape, whole):
        for name in [name for name, value in row.items() if value is ...]:
            del row[name]
    return whole


def intent(*extents: Any, **more: Any) -> dict[str, Any]:
    """The body that writes an intent."""
    body = {"extents": list(extents or (extent(),)), "key": [], "state": "Accepted", "uss_base_url": URL}
    return body | more


def subscription(given: Any = None, **more: Any) -> dict[str, Any]:
    """The body that writes a subscription of F3548."""
    body = {"extents": given or extent(), "uss_base_url": URL, "notify_for_operational_intents": True}
    return body | more


def ring(*places: tuple[float, float]) -> dict[str, Any]:
    """A ring, for `outline_polygon`."""
    return {"vertices": [{"lat": lat, "lng": lng} for lat, lng in places]}
