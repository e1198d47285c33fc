"""The door by token: what is known costs nothing, what is refused little, and keys that are gone take all with them."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs
from tokens_kit import AUDIENCE, NAME, NOW_S, NOW_US, TRUST, Clock, good, issuer, jwks, keys_of, private_pem

from wideberth.config import Config
from wideberth.limits import TOKENS_REFUSED_PER_ADDRESS_MAX, TOKENS_WAITING_MAX
from wideberth.refusal import Reason, Refusal
from wideberth.tokens import Bearer, Tokens, door, open_tokens
from wideberth.tokens.source import Source

HERE = "192.0.2.1"
HOUR_US = 3_600_000_000


class World:
    """A door, its clock, an issuer's address that can be told what to do, and how often signatures were looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch | None = None, *, numbers: tuple[int, ...] = (0,)) -> None:
        self.clock, self.registry = Clock(), CollectorRegistry()
        self.body, self.status, self.asked = jwks(*numbers), 200, 0
        self.open = asyncio.Event()
        self.open.set()
        source = Source((), (), "http://127.0.0.1/keys", self.clock, transport=httpx.MockTransport(self._answer))
        self.tokens = Tokens(TRUST, source, self.clock, self.registry)
        self.looks = 0
        if monkeypatch is not None:
            monkeypatch.setattr(door, "verify", self._look)

    def _look(self, *given: Any) -> Any:
        from wideberth.tokens.verify import verify

        self.looks += 1
        return verify(*given)

    async def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await self.open.wait()
        return httpx.Response(self.status, stream=httpx.ByteStream(self.body))

    async def check(self, token: str, now_us: int = NOW_US, address: str = HERE) -> Bearer | Refusal:
        """The door's answer, which must come without waiting for what never comes."""
        async with asyncio.timeout(10):
            return await self.tokens.check(token, now_us, address)

    async def reason(self, token: str, now_us: int = NOW_US, address: str = HERE) -> tuple[Reason, str]:
        """Why not."""
        no = await self.check(token, now_us, address)
        assert isinstance(no, Refusal)
        return no.reason, no.field

    def figure(self, outcome: str) -> float:
        """How often an outcome was counted."""
        return self.registry.get_sample_value("wideberth_tokens_total", {"outcome": outcome}) or 0.0


def play(
    scene: Callable[[World], Awaitable[None]], monkeypatch: pytest.MonkeyPatch | None = None, **given: Any
) -> World:
    """Run a scene in a world."""

    async def run() -> World:
        world = World(monkeypatch, **given)
        await world.tokens.source.refresh()
        await scene(world)
        await world.tokens.close()
        return world

    return asyncio.run(run())


def test_a_token_is_looked_at_once_and_then_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request has its signature verified; the others are told by its digest."""

    async def scene(world: World) -> None:
        token = good()
        assert world.tokens.known(token, NOW_US) is None
        found = await world.check(token)
        assert isinstance(found, Bearer)
        assert found.subject == "USS1"
        for _ in range(100):
            assert await world.check(token) == world.tokens.known(token, NOW_US) == found
        assert world.looks == 1

    world = play(scene, monkeypatch)
    assert (world.figure("accepted"), world.figure("known")) == (1, 200)


def test_what_is_known_is_held_against_the_clock() -> None:
    """To the microsecond: until its end with leeway, not before its time if the clock is set back, and again after."""

    async def scene(world: World) -> None:
        token = good(exp=NOW_S + 600)
        end_us = NOW_US + 605_000_000
        assert isinstance(await world.check(token), Bearer)
        assert world.tokens.known(token, end_us - 1) is not None
        assert world.tokens.known(token, NOW_US - 5_000_001) is None
        assert await world.reason(token, NOW_US - 5_000_001) == (Reason.BAD_TOKEN, "token.nbf")
        assert world.tokens.known(token, NOW_US) is not None
        assert isinstance(await world.check(token, NOW_US), Bearer)
        assert world.tokens.known(token, end_us) is None
        assert await world.reason(token, end_us) == (Reason.BAD_TOKEN, "token.exp")
        assert await world.reason(token, end_us + HOUR_US) == (Reason.BAD_TOKEN, "token.exp")
        assert isinstance(await world.check(token, NOW_US), Bearer), "the clock was set back, the token holds again"

    play(scene)


def test_what_was_refused_is_known_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bad token again costs no look and is not counted against its address; later it is looked at anew."""

    async def scene(world: World) -> None:
        bad = good()[:-8] + "AAAAAAAA"
        for _ in range(TOKENS_REFUSED_PER_ADDRESS_MAX * 3):
            assert await world.reason(bad) == (Reason.BAD_TOKEN, "token.signature")
        assert world.looks == 1
        assert isinstance(await world.check(good(sub="USS2")), Bearer)
        await world.reason(bad, NOW_US + 30_000_000)
        assert world.looks == 3
        await world.reason(bad, NOW_US)
        assert world.looks == 4, "the clock was set back: what was refused later is looked at anew"

    world = play(scene, monkeypatch)
    assert world.figure("refused_again") == TOKENS_REFUSED_PER_ADDRESS_MAX * 3 - 1
    assert world.figure("token.signature") == 3


def test_a_token_whose_time_comes_is_taken_when_it_has_come() -> None:
    """That it was refused for being early is not held against it."""

    async def scene(world: World) -> None:
        token = good(nbf=NOW_S + 10, iat=None)
        assert await world.reason(token) == (Reason.BAD_TOKEN, "token.nbf")
        assert isinstance(await world.check(token, NOW_US + 5_000_000), Bearer)

    play(scene)


def test_a_flood_of_bad_tokens_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its share an address is told to wait, without a look; others, and what is known from there, go on."""

    async def scene(world: World) -> None:
        mine = good()
        assert isinstance(await world.check(mine), Bearer)
        flood = [good()[:-8] + f"{number:07}A" for number in range(300)]
        reasons = [(await world.reason(token))[0] for token in flood]
        assert reasons.count(Reason.BAD_TOKEN) == TOKENS_REFUSED_PER_ADDRESS_MAX
        assert reasons.count(Reason.TOO_MANY) == 300 - TOKENS_REFUSED_PER_ADDRESS_MAX
        assert world.looks == 1 + TOKENS_REFUSED_PER_ADDRESS_MAX
        assert isinstance(await world.check(mine), Bearer)
        assert isinstance(await world.check(good(), NOW_US, "192.0.2.2"), Bearer)
        assert await world.reason(good()) == (Reason.TOO_MANY, "token")
        world.clock.on(1)
        assert isinstance(await world.check(good()), Bearer), "a second later one more is looked at"

    world = play(scene, monkeypatch)
    assert world.figure("too-many") == 300 - TOKENS_REFUSED_PER_ADDRESS_MAX + 1


def test_good_tokens_are_not_counted_against_their_address() -> None:
    """A supplier may bring any number of them."""

    async def scene(world: World) -> None:
        for number in range(TOKENS_REFUSED_PER_ADDRESS_MAX * 2):
            assert isinstance(await world.check(good(sub=f"USS{number}")), Bearer)

    play(scene)


def test_no_token_and_a_huge_one_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused without being looked at, remembered, or counted against their address."""

    async def scene(world: World) -> None:
        for _ in range(TOKENS_REFUSED_PER_ADDRESS_MAX * 2):
            assert await world.reason("") == (Reason.BAD_TOKEN, "authorization")
            assert await world.reason("a" * 60_000) == (Reason.BAD_TOKEN, "token")
        assert world.looks == 0
        assert isinstance(await world.check(good()), Bearer)

    world = play(scene, monkeypatch)
    assert world.registry.get_sample_value("wideberth_tokens_refused_kept") == 0


def test_both_memories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens come, so many are remembered, the last ones."""
    monkeypatch.setattr(door, "TOKENS_KEPT_MAX", 20)
    monkeypatch.setattr(door, "TOKENS_REFUSED_KEPT_MAX", 10)

    async def scene(world: World) -> None:
        tokens = [good(sub=f"USS{number}") for number in range(50)]
        for number, token in enumerate(tokens):
            await world.check(token)
            await world.check(token[:-8] + "AAAAAAAA", NOW_US, str(number))
        assert [world.tokens.known(token, NOW_US) is not None for token in tokens] == [False] * 30 + [True] * 20

    world = play(scene)
    assert world.registry.get_sample_value("wideberth_tokens_kept") == 20
    assert world.registry.get_sample_value("wideberth_tokens_refused_kept") == 10


# keys come and go


def test_a_key_that_is_gone_takes_its_tokens_along() -> None:
    """A token accepted by it is no longer known nor taken; those of the keys that stay are."""

    async def scene(world: World) -> None:
        old, kept = good(0), good(1)
        assert isinstance(await world.check(old), Bearer)
        assert isinstance(await world.check(kept), Bearer)
        world.body = jwks(1)
        await world.tokens.source.refresh()
        assert world.tokens.known(old, NOW_US) is None
        assert world.tokens.known(kept, NOW_US) is not None
        assert await world.reason(old) == (Reason.BAD_TOKEN, "token.kid")

    play(scene, numbers=(0, 1))


def test_a_new_key_is_fetched_when_a_token_names_it() -> None:
    """The first token by it waits for the fetch and is taken; what was refused before is looked at anew."""

    async def scene(world: World) -> None:
        assert await world.reason(good(1)) == (Reason.BAD_TOKEN, "token.kid")
        world.clock.on(31)
        early = good(1, sub="USS2")
        assert await world.reason(early) == (Reason.BAD_TOKEN, "token.kid")
        world.body = jwks(0, 1)
        world.clock.on(31)
        assert isinstance(await world.check(good(1)), Bearer)
        assert isinstance(await world.check(early), Bearer)
        assert world.asked == 3

    play(scene)


def test_made_up_keys_are_no_flood_for_the_issuer() -> None:
    """A thousand tokens that name unknown keys, from as many addresses, make one request in half a minute."""

    async def scene(world: World) -> None:
        world.clock.on(31)
        for number in range(1_000):
            token = issuer(1).sign(issuer().claims("USS1", (), AUDIENCE, NOW_S), {"kid": f"made-up-{number % 20}"})
            assert await world.reason(token, NOW_US, str(number)) == (Reason.BAD_TOKEN, "token.kid")
        assert world.asked == 2

    play(scene)


def test_only_what_could_be_a_token_of_the_issuer_has_it_asked() -> None:
    """A token that is over, for somebody else or of another issuer is refused without a question."""

    async def scene(world: World) -> None:
        world.clock.on(31)
        for changed in ({"exp": NOW_S - 60}, {"aud": "elsewhere.example"}, {"iss": "other.example"}, {"sub": ""}):
            assert (await world.reason(good(1, **changed)))[0] is Reason.BAD_TOKEN
        assert world.asked == 1

    play(scene)


def test_what_is_by_a_known_key_never_waits() -> None:
    """While the issuer's address hangs, tokens by known keys are taken, new ones too; as many others as may wait do."""

    async def scene(world: World) -> None:
        world.clock.on(31)
        world.open.clear()
        others = [
            asyncio.create_task(world.check(good(1, sub=f"USS{n}"), NOW_US, str(n))) for n in range(TOKENS_WAITING_MAX)
        ]
        await asyncio.sleep(0.01)
        assert isinstance(await world.check(good()), Bearer)
        assert await world.reason(good(1), NOW_US, "192.0.2.2") == (Reason.TOO_MANY, "token")
        assert not any(other.done() for other in others)
        world.body = jwks(0, 1)
        world.open.set()
        assert {type(found) for found in await asyncio.gather(*others)} == {Bearer}
        assert isinstance(await world.check(good(1), NOW_US, "192.0.2.2"), Bearer), "who was told to come back may"

    play(scene)


def test_known_keys_serve_on_while_the_address_is_down() -> None:
    """Tokens by them are taken; the figures say that the keys are not current, and how old they are."""

    async def scene(world: World) -> None:
        world.status = 503
        world.clock.on(600)
        await world.tokens.source.refresh()
        assert isinstance(await world.check(good()), Bearer)

    world = play(scene)
    sample = world.registry.get_sample_value
    assert sample("wideberth_issuer_keys") == 1
    assert sample("wideberth_issuer_keys_current") == 0
    assert sample("wideberth_issuer_keys_age_seconds") == 600
    assert sample("wideberth_issuer_keys_asked_total", {"outcome": "fetched"}) == 1
    assert sample("wideberth_issuer_keys_asked_total", {"outcome": "failed"}) == 1


def test_without_any_key_nothing_is_decided() -> None:
    """While the keys were never to be had the answer is that (503), for good tokens; it is not held against anybody."""

    async def run() -> None:
        world = World()
        world.status = 500
        for number in range(TOKENS_REFUSED_PER_ADDRESS_MAX * 2):
            reason = await world.reason(good(sub=f"USS{number}"))
            assert reason == (Reason.KEYS_UNREACHABLE, "config.token_jwks")
        assert await world.reason(good(aud="elsewhere.example")) == (Reason.BAD_TOKEN, "token.aud")
        assert world.asked == 1
        world.status = 200
        world.clock.on(31)
        assert isinstance(await world.check(good(sub="USS0")), Bearer)
        await world.tokens.close()

    asyncio.run(run())
    assert Reason.KEYS_UNREACHABLE.status == 503


# what is told of tokens


def test_no_token_stands_in_a_log_a_refusal_or_a_figure(caplog: pytest.LogCaptureFixture) -> None:
    """Good, bad, early, unknown, flooding: no part of any is written down anywhere, nor kept."""
    caplog.set_level(logging.DEBUG)
    tokens = [good(0), good(1), good(aud="x"), good(exp=NOW_S - 60), good(nbf=NOW_S + 60), good(0)[:-8] + "AAAAAAAA"]
    tokens += [good(sub=f"USS{number}", aud="x") for number in range(80)]
    told: list[str] = []

    async def scene(world: World) -> None:
        world.clock.on(31)
        for token in tokens:
            found = await world.check(token)
            told.append(repr(found) + (found.sentence() if isinstance(found, Refusal) else ""))
        told.append(generate_latest(world.registry).decode())
        told.append(repr(vars(world.tokens)["_accepted"].__dict__) + repr(vars(world.tokens)["_refused"].__dict__))

    with capture_logs() as logs:
        world = play(scene)
    text = "\n".join([*told, repr(logs), caplog.text, repr(caplog.records)])
    assert len(text) > 10_000
    assert hashlib.sha256(tokens[0].encode()).digest() in vars(world.tokens)["_accepted"].__dict__["_rows"]
    for token in tokens:
        for part in token.split("."):
            for start in range(0, len(part) - 24, 24):
                assert part[start : start + 24] not in text


def test_every_outcome_has_its_figure() -> None:
    """The labels are a closed set: fields of refusals, reasons, and what went well."""

    token = good()

    async def scene(world: World) -> None:
        for given in (token, token, "", "x", good(iss="x"), good(sub="")):
            await world.check(given)

    world = play(scene)
    text = generate_latest(world.registry).decode()
    for outcome in ("accepted", "known", "authorization", "token", "token.iss", "token.sub"):
        assert f'wideberth_tokens_total{{outcome="{outcome}"}} 1.0' in text


# settings


def config(tmp_path: Path, **told: Any) -> Config:
    """Settings of a door by token, with the issuer's key in a file."""
    path = tmp_path / "issuer.pem"
    path.write_bytes(issuer().public_pem)
    given: dict[str, Any] = {"token_issuer": NAME, "token_keys": (path,), "token_audiences": (AUDIENCE,)}
    return Config(folder=tmp_path, **(given | told))


def test_the_settings_make_the_door(tmp_path: Path) -> None:
    """No issuer, no door; files that hold no public key are refused with their name."""
    assert open_tokens(Config(folder=tmp_path), Clock()) is None
    tokens = open_tokens(config(tmp_path), Clock())
    assert isinstance(tokens, Tokens)
    assert isinstance(asyncio.run(tokens.check(good(), NOW_US, HERE)), Bearer)
    (tmp_path / "private.pem").write_bytes(private_pem())
    for path, word in ((tmp_path / "private.pem", "private key"), (tmp_path / "gone.pem", "No such file")):
        no = open_tokens(config(tmp_path, token_keys=(path,)), Clock())
        assert isinstance(no, Refusal)
        assert word in no.sentence()


def test_a_door_comes_up_while_its_issuer_is_down(tmp_path: Path) -> None:
    """Opening asks nobody; `start` does, in the background, and `close` ends that."""

    async def run() -> None:
        told = config(tmp_path, token_keys=(), token_jwks="http://127.0.0.1:1/keys")
        tokens = open_tokens(told, Clock())
        assert isinstance(tokens, Tokens)
        tokens.start()
        with capture_logs() as logs:
            no = await tokens.check(good(), NOW_US, HERE)
            await tokens.close()
        assert isinstance(no, Refusal)
        assert no.reason is Reason.KEYS_UNREACHABLE
        assert [line["event"] for line in logs] == ["tokens.keys_kept"]
        assert len(asyncio.all_tasks()) == 1
        await tokens.close()

    asyncio.run(run())


def test_a_token_of_now_is_taken_now(tmp_path: Path) -> None:
    """With this machine's clock, as a node has it."""
    tokens = open_tokens(config(tmp_path), Clock())
    assert isinstance(tokens, Tokens)
    token = issuer().mint("USS1", ["a"], AUDIENCE, time.time())
    found = asyncio.run(tokens.check(token, time.time_ns() // 1_000, HERE))
    assert isinstance(found, Bearer)
    assert keys_of(0).thumbprints == tokens.source.keys.thumbprints
