"""The node's own tokens: asked for as its operator said, kept while they are good."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from delivery_kit import QUICK, Issuer, Uss, always, config, fast, flooding, hanging, http

from wideberth.delivery import Clock, OwnTokens
from wideberth.delivery.destination import Fault, Pin, Vetting
from wideberth.delivery.line import Reply, Request, Way
from wideberth.limits import OWN_TOKEN_MARGIN_S, OWN_TOKEN_PAUSE_S, OWN_TOKENS_MAX

SCOPE = "utm.strategic_coordination"


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_us = 0
        self.clock = Clock(lambda: 1_800_000_000_000_000 + self.now_us, lambda: self.now_us)

    def after(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += round(seconds * 1e6)


class Listening(Way):
    """A way that leads nowhere and keeps what would have gone out."""

    def __init__(self) -> None:
        super().__init__(QUICK)
        self.asked: list[Request] = []

    async def exchange(self, pin: Pin, request: Request) -> Reply | Fault:
        """Nobody is there."""
        self.asked.append(request)
        return Fault.CONNECT


def tokens(issuer: Uss, clock: Clock | None = None, path: str = "/token", **more: Any) -> OwnTokens:
    """A node's tokens from this issuer."""
    return OwnTokens(config(issuer.url + path, **more), clock or fast(), Way(QUICK))


def test_without_a_secret_it_asks_as_issuers_for_testing_take_it() -> None:
    """A GET with grant type, scope, intended audience, issuer and subject; the token comes back."""

    async def scenario() -> None:
        async with Issuer() as issuer:
            own = tokens(issuer, path="/token?realm=1", token_issuer="iss.example")
            assert await own.token("uss.example", SCOPE) == "token.1"
            (heard,) = issuer.heard
            assert (heard.method, heard.path) == ("GET", "/token")
            assert heard.query == {
                "realm": "1",
                "grant_type": "client_credentials",
                "scope": SCOPE,
                "intended_audience": "uss.example",
                "issuer": "iss.example",
                "sub": "node",
            }
            await own.close()

    asyncio.run(scenario())


def test_with_a_secret_it_asks_as_oauth_says(tmp_path: Path) -> None:
    """A POST of client credentials; the secret stands in the body alone, and is read anew for each request."""

    async def scenario() -> None:
        secret = tmp_path / "secret"
        secret.write_text("hush & hush\n")
        async with Issuer() as issuer:
            own = tokens(issuer, outbound_client_secret=secret)
            assert await own.token("uss.example", SCOPE) == "token.1"
            secret.write_text("other")
            assert await own.token("uss2.example", SCOPE) == "token.2"
            first, second = (parse_qs(heard.body.decode()) for heard in issuer.heard)
            assert (first["grant_type"], first["client_id"], first["client_secret"]) == (
                ["client_credentials"],
                ["node"],
                ["hush & hush"],
            )
            assert (first["scope"], first["audience"], first["intended_audience"]) == (
                [SCOPE],
                ["uss.example"],
                ["uss.example"],
            )
            assert second["client_secret"] == ["other"]
            assert all(
                h.method == "POST" and h.target == "/token" and "hush" not in str(h.headers) for h in issuer.heard
            )
            secret.unlink()
            assert await own.token("uss3.example", SCOPE) is Fault.TOKEN
            await own.close()

    asyncio.run(scenario())


def test_the_secret_does_not_travel_in_clear(tmp_path: Path) -> None:
    """Where plain http would carry the secret to another machine, nothing is asked at all."""

    async def scenario() -> None:
        secret = tmp_path / "secret"
        secret.write_text("hush")

        async def elsewhere(host: str, port: int) -> list[str]:
            return ["10.0.0.1"]

        clock = fast()
        given = config("http://issuer.example/token", outbound_client_secret=secret)
        way = Listening()
        own = OwnTokens(given, clock, way, Vetting(clock, http=True, private=True, resolve=elsewhere))
        assert await own.token("uss.example", SCOPE) is Fault.TOKEN
        assert not way.asked
        await own.close()

    asyncio.run(scenario())


def test_a_token_is_kept_for_its_audience_and_scope_until_shortly_before_its_end() -> None:
    """One request serves until the margin; another audience or scope has its own; a forgotten one is asked for anew."""

    async def scenario() -> None:
        time = Time()
        async with Issuer(expires_in=600) as issuer:
            own = tokens(issuer, time.clock)
            assert [await own.token("a", SCOPE) for _ in range(3)] == ["token.1"] * 3
            assert (await own.token("b", SCOPE), await own.token("a", "rid.service_provider")) == ("token.2", "token.3")
            time.after(600 - OWN_TOKEN_MARGIN_S - 1)
            assert await own.token("a", SCOPE) == "token.1"
            time.after(1)
            assert await own.token("a", SCOPE) == "token.4"
            own.forget("a", SCOPE)
            assert await own.token("a", SCOPE) == "token.5"
            await own.close()

    asyncio.run(scenario())


def test_many_who_ask_at_once_share_one_request() -> None:
    """A hundred messages to one destination ask its token once, even where the first asker goes away."""

    async def scenario() -> None:
        async with Issuer() as issuer:
            own = tokens(issuer)
            asked = [asyncio.create_task(own.token("a", SCOPE)) for _ in range(100)]
            await asyncio.sleep(0)
            asked[0].cancel()
            said = await asyncio.gather(*asked, return_exceptions=True)
            assert said[1:] == ["token.1"] * 99
            assert len(issuer.heard) == 1
            await own.close()

    asyncio.run(scenario())


def claims(**said: Any) -> str:
    """A token that says something of itself, unsigned."""
    return "e30." + base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=") + ".c2ln"


@pytest.mark.parametrize(
    ("said", "life_s"),
    [
        ({"access_token": claims(exp=1_800_000_000 + 400)}, 400),
        ({"access_token": claims(sub="x")}, 300),
        ({"access_token": "opaque"}, 300),
        ({"access_token": "a.b.c"}, 300),
        ({"access_token": "t", "expires_in": 1e9}, 3_600),
    ],
)
def test_the_life_of_a_token_is_read_where_it_stands(said: dict[str, Any], life_s: int) -> None:
    """From the answer, from the token's own claims, or short where neither says; never longer than an hour."""

    async def scenario() -> None:
        time = Time()
        async with Uss(always(http(200, json.dumps(said)))) as issuer:
            own = tokens(issuer, time.clock)
            await own.token("a", SCOPE)
            time.after(life_s - OWN_TOKEN_MARGIN_S - 1)
            await own.token("a", SCOPE)
            assert len(issuer.heard) == 1
            time.after(2)
            await own.token("a", SCOPE)
            assert len(issuer.heard) == 2
            await own.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        always(http(401, "{}")),
        always(http(302, location="https://elsewhere.example")),
        always(http(200, "no json")),
        always(http(200, "[" * 10_000)),
        always(http(200, '{"access_token": 5}')),
        always(http(200, '{"access_token": "a b"}')),
        always(http(200, '{"access_token": "a\\r\\nx-forged: 1"}')),
        always(http(200, '{"access_token": ""}')),
        always(http(200, '{"access_token": "a", "token_type": "mac"}')),
        always(http(200, '{"access_token": "' + "a" * 20_000 + '"}')),
        always(b"", close=True),
        hanging,
        flooding,
    ],
)
def test_an_issuer_that_fails_gives_no_token_and_is_left_alone(answer: Any) -> None:
    """Whatever else the issuer answers is no token; it is not asked again for a while, then it is."""

    async def scenario() -> None:
        time = Time()
        async with Uss(answer) as issuer:
            own = tokens(issuer, time.clock)
            for _ in range(3):
                assert await own.token("a", SCOPE) is Fault.TOKEN
            assert len(issuer.heard) == 1
            time.after(OWN_TOKEN_PAUSE_S)
            assert await own.token("a", SCOPE) is Fault.TOKEN
            assert len(issuer.heard) == 2
            await own.close()

    asyncio.run(scenario())


def test_no_issuer_no_token() -> None:
    """Without an issuer configured, nothing is asked."""

    async def scenario() -> None:
        own = OwnTokens(config(outbound_client_id=""), fast(), Way(QUICK))
        assert await own.token("a", SCOPE) is Fault.TOKEN
        await own.close()

    asyncio.run(scenario())


def test_the_tokens_kept_are_bounded() -> None:
    """However many audiences are named, only so many tokens are remembered: those asked for last."""

    async def scenario() -> None:
        async with Issuer() as issuer:
            own = tokens(issuer)
            for number in range(OWN_TOKENS_MAX + 5):
                await own.token(f"a{number}", SCOPE)
            assert len(own._kept) == OWN_TOKENS_MAX
            assert await own.token("a0", SCOPE) == f"token.{OWN_TOKENS_MAX + 6}"
            await own.close()

    asyncio.run(scenario())
