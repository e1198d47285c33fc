"""Nothing is sent to an address before those who run it have shown that they want it, or wrote what it serves."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from delivery_kit import CHALLENGE, PROOF, QUICK, Issuer, Uss, always, config, consenting, hanging, http, standard

from wideberth.delivery import Clock, OwnTokens, Proof
from wideberth.delivery.challenge import Challenges, Later
from wideberth.delivery.destination import Address, Fault, Pin, read_address
from wideberth.delivery.line import Way
from wideberth.limits import CHALLENGE_PASS_S, CHALLENGE_RETRY_S_MAX, CHALLENGES_AT_ONCE_MAX, CHALLENGES_PER_MINUTE

DETAILS = f"/uss/v1/operational_intents/{UUID(bytes=PROOF.entity)}"


class Asking:
    """Challenges of a node, with a clock that the test moves."""

    def __init__(self, issuer: str) -> None:
        self.now_us = 0
        clock = Clock(lambda: 0, lambda: self.now_us)
        self.way = Way(QUICK)
        self.tokens = OwnTokens(config(issuer), clock, Way(QUICK))
        self.numbers = iter(range(10_000))
        nonce = lambda: f"nonce-{next(self.numbers)}"  # noqa: E731
        self.challenges = Challenges(self.way, self.tokens, clock, random.Random(3), nonce)

    async def passes(
        self, url: str, proof: Proof | None = PROOF, manager: str = "uss1", networks: tuple[str, ...] = ("127.0.0.1",)
    ) -> bool | Later | Fault:
        """True where the address has passed."""
        address = read_address(url, http_allowed=True)
        assert isinstance(address, Address)
        pin = Pin(address.scheme, address.host, address.port, networks, 0)
        return await self.challenges.pending(manager, address, pin, proof) or True

    async def close(self) -> None:
        """Hang up."""
        await self.way.close()
        await self.tokens.close()


def asked(scenario: Callable[[Asking, Uss], Awaitable[None]], answer: Any) -> None:
    """Run a scenario against a supplier that answers so."""

    async def run() -> None:
        async with Issuer() as issuer, Uss(answer) as uss:
            asking = Asking(issuer.url)
            await scenario(asking, uss)
            await asking.close()

    asyncio.run(run())


def test_an_address_that_says_yes_has_passed() -> None:
    """The nonce below the address, sent back, is enough, and is asked for once with the node's token."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert await asking.passes(f"{uss.url}/utm/v2?tenant=3", proof=None) is True
        assert await asking.passes(f"{uss.url}/utm/v2?tenant=3", proof=None) is True
        (heard,) = uss.heard
        assert (heard.method, heard.path, heard.query) == ("GET", f"/utm/v2{CHALLENGE}", {"nonce": "nonce-0"})
        assert heard.headers["authorization"] == "Bearer token.1"

    asked(scenario, consenting)


def test_a_supplier_that_serves_its_intent_has_passed() -> None:
    """A supplier that knows only the standard passes by serving what it wrote, OVN included, at the same address."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert await asking.passes(f"{uss.url}/utm?tenant=3") is True
        assert [h.path for h in uss.heard] == [f"/utm{CHALLENGE}", f"/utm{DETAILS}"]
        assert uss.heard[1].query == {"tenant": "3"}
        assert uss.heard[1].headers["authorization"] == "Bearer token.1"
        assert await asking.passes(f"{uss.url}/utm?tenant=3") is True
        assert len(uss.heard) == 2

    asked(scenario, standard())


def details(**reference: Any) -> bytes:
    """An answer with these details."""
    said = {"id": str(UUID(bytes=PROOF.entity)), "ovn": PROOF.ovn, **reference}
    return http(200, json.dumps({"operational_intent": {"reference": said}}))


@pytest.mark.parametrize(
    "answer",
    [
        always(http(200, "nonce-1")),
        always(http(200, "nonce-0\n")),
        always(http(200, '"nonce-0"')),
        always(http(201, "nonce-0")),
        always(http(404, "nonce-0")),
        always(http(302, "nonce-0", location="/elsewhere")),
        always(details(ovn="9d158f5980b74c119c0c8a2b4d936b2e")),
        always(details(ovn=None)),
        always(details(ovn=5)),
        always(details(ovn="é")),
        always(details(id="03e5572a-f733-49af-bc14-8a18bd53ee38")),
        always(details(id="no id")),
        always(http(200, json.dumps({"reference": {"id": str(UUID(bytes=PROOF.entity)), "ovn": PROOF.ovn}}))),
        always(http(200, "{" * 100_000)),
        always(http(200, '{"operational_intent":' * 10_000)),
        always(http(200, b"\xff\xfe")),
        always(http(302, location="/elsewhere")),
        always(http(500)),
        always(http(204)),
        always(b"", close=True),
        always(b"garbage\r\n\r\n"),
    ],
)
def test_anything_else_is_no_pass(answer: Any) -> None:
    """Wrong nonce, wrong OVN, wrong id, other statuses, redirects, garbage: none of it lets a message out."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert isinstance(await asking.passes(uss.url), Later)
        assert len(uss.heard) <= 2

    asked(scenario, answer)


def test_where_nobody_answers_nothing_is_decided() -> None:
    """An address that hangs or is down has neither passed nor failed: it is asked anew with the next message."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert await asking.passes(uss.url) is Fault.SLOW
        uss.answer = consenting
        assert await asking.passes(uss.url) is True

    asked(scenario, hanging)


def test_an_echo_is_no_pass() -> None:
    """A server that sends back what an address contains proves nothing: an address cannot carry its own proof."""

    async def echo(heard: Any, _: Any) -> bytes:
        return http(404) if heard.path.endswith(CHALLENGE) else details()

    async def scenario(asking: Asking, uss: Uss) -> None:
        for text in (
            PROOF.ovn,
            "%39" + PROOF.ovn[1:],
            "%2539" + PROOF.ovn[1:],
            "%252525252525252525252539" + PROOF.ovn[1:],
        ):
            assert isinstance(await asking.passes(f"{uss.url}/echo?ovn={text}"), Later)
            asking.now_us += 2 * CHALLENGE_RETRY_S_MAX * 1_000_000
        assert isinstance(await asking.passes(f"{uss.url}/short", Proof(PROOF.entity, "1234")), Later)
        assert not [h for h in uss.heard if not h.path.endswith(CHALLENGE)]
        assert await asking.passes(f"{uss.url}/echo?ovn=other") is True

    asked(scenario, echo)


def test_without_a_proof_only_a_yes_counts() -> None:
    """A supplier that has written nothing is not asked for an intent."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert isinstance(await asking.passes(uss.url, proof=None), Later)
        assert [h.path for h in uss.heard] == [CHALLENGE]

    asked(scenario, standard())


def test_failures_are_repeated_ever_more_rarely() -> None:
    """Between failed challenges the waits double, up to an hour; meanwhile nothing is asked, proof or not."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        waits = []
        for count in range(1, 16):
            later = await asking.passes(uss.url, proof=None)
            assert isinstance(later, Later)
            assert len(uss.heard) == count
            waits.append((later.at_us - asking.now_us) / 1e6)
            asking.now_us = later.at_us - 1
            assert await asking.passes(uss.url) == later
            assert len(uss.heard) == count
            asking.now_us = later.at_us + 60_000_000
        assert all(1 <= wait <= 2 * 2**n for n, wait in enumerate(waits))
        assert all(after > before for before, after in zip(waits, waits[2:9], strict=False))
        assert CHALLENGE_RETRY_S_MAX / 2 <= waits[-1] <= CHALLENGE_RETRY_S_MAX

    asked(scenario, always(http(404)))


def test_a_pass_ends() -> None:
    """After its stated time a pass is asked for anew, and one that is then refused is no pass any more."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert await asking.passes(uss.url) is True
        uss.answer = always(http(404))
        asking.now_us = CHALLENGE_PASS_S * 1_000_000 - 1
        assert await asking.passes(uss.url) is True
        asking.now_us += 1
        assert isinstance(await asking.passes(uss.url), Later)

    asked(scenario, consenting)


def test_a_pass_is_for_one_manager_and_one_place() -> None:
    """What one supplier's address passed says nothing of another path, another port, or another supplier."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert await asking.passes(f"{uss.url}/a") is True
        uss.answer = always(http(404))
        assert await asking.passes(f"{uss.url}/a?x=1") is True
        assert isinstance(await asking.passes(f"{uss.url}/b"), Later)
        assert isinstance(await asking.passes(f"{uss.url}/a", manager="uss2"), Later)

    asked(scenario, consenting)


def test_over_http_a_pass_stays_with_the_address_that_passed() -> None:
    """A name without a certificate that leads elsewhere later has to pass again before it is sent to."""

    async def scenario(asking: Asking, uss: Uss) -> None:
        assert await asking.passes(uss.url) is True
        uss.answer = always(http(404))
        assert await asking.passes(uss.url) is True
        assert isinstance(await asking.passes(uss.url, networks=("127.0.0.1", "127.0.0.2")), Later)

    asked(scenario, consenting)


def test_many_addresses_buy_no_flood() -> None:
    """However many addresses a manager names, a third party meets a bounded number of challenges; others' go on."""

    async def scenario(asking: Asking, victim: Uss) -> None:
        for number in range(100):
            assert isinstance(await asking.passes(f"{victim.url}/{number}"), Later)
        assert len(victim.heard) == 2 * CHALLENGES_AT_ONCE_MAX
        asking.now_us += 60_000_000
        for number in range(100, 200):
            await asking.passes(f"{victim.url}/{number}")
        assert len(victim.heard) == 2 * (CHALLENGES_AT_ONCE_MAX + CHALLENGES_PER_MINUTE)
        victim.answer = consenting
        assert await asking.passes(victim.url, manager="uss2") is True

    asked(scenario, always(http(404)))
