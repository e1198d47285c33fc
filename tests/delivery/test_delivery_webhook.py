"""Webhooks of parties: signed, to those who want them, and into no private network."""

import asyncio
import itertools
import random
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from delivery_kit import QUICK, Answer, Uss, after_yes, always, config, consenting, fast, hanging, http, to_loopback

from wideberth.client.webhook import Receiver, Taken
from wideberth.delivery.challenge import Challenges
from wideberth.delivery.destination import Vetting
from wideberth.delivery.line import Way
from wideberth.delivery.own_tokens import OwnTokens
from wideberth.delivery.pace import Clock
from wideberth.delivery.tried import Tried
from wideberth.delivery.webhook import Webhooks
from wideberth.party.http_signature import Signer
from wideberth.party.identity import public_key, sign
from wideberth.party.paths import Webhook
from wideberth.refusal import Refusal

SEED = bytes(range(32))
KEY = public_key(SEED)
ID = "00000000-0000-0000-0000-000000000007"
BODY = (
    (
        f'{{"id":"{ID}","theatre":"t","exercise":true,"drill":false,"what":"message","urgency":"flash","cell":"",'
        '"asked":"","path":"first","language":"en","fetch":"https://node.example/v1/messages","sentence":"A FLASH."}}'
    )
    .replace("}}", "}")
    .encode()
)


@asynccontextmanager
async def webhooks(
    private: bool = True, clock: Clock | None = None, resolve: object = to_loopback
) -> AsyncIterator[Webhooks]:
    """A sender with the node's key."""
    clock, way = clock or fast(), Way(QUICK)
    vetting = Vetting(clock, http=True, private=private, resolve=resolve)  # type: ignore[arg-type]
    tokens = OwnTokens(config(""), clock, way, vetting)
    challenges = Challenges(way, tokens, clock, random.Random(1), lambda: secrets.token_urlsafe(24))
    numbers = itertools.count()
    signer = Signer(KEY, lambda data: sign(SEED, data))
    try:
        yield Webhooks(way, vetting, challenges, clock, signer, lambda: f"nonce{next(numbers)}", http=True)
    finally:
        await vetting.close()
        await tokens.close()
        await way.close()


async def tried(answer: Answer, times: int = 1, **more: object) -> tuple[list[Tried], Uss]:
    """What becomes of tries to a server that answers so."""
    async with Uss(answer) as uss, webhooks(**more) as sender:  # type: ignore[arg-type]
        hook = Webhook(f"{uss.url}/desk/hook?x=1")
        return [await sender.send(hook, BODY, "BBB", ID) for _ in range(times)], uss


def test_a_receiver_verifies_what_comes() -> None:
    """The node asks first, then posts; the receiver's helper answers, verifies, and knows what it saw before."""

    async def go() -> None:
        clock = fast()
        receiver: list[Receiver] = []
        taken: list[Taken | Refusal] = []

        async def answer(heard, _):  # type: ignore[no-untyped-def]
            if heard.method == "GET":
                nonce = receiver[0].challenge(heard.target)
                return http(200, nonce) if nonce is not None else http(404)
            found = receiver[0].take(heard.method, heard.headers, heard.body)
            taken.append(found)
            return http(204) if isinstance(found, Taken) else http(401)

        async with Uss(answer) as uss, webhooks(clock=clock) as sender:
            url = f"{uss.url}/desk/hook?x=1"
            receiver.append(Receiver(url, KEY, lambda: clock.wall_us() / 1e6))
            for _ in range(2):
                assert (await sender.send(Webhook(url), BODY, "BBB", ID)).handed
            assert [one.again for one in taken if isinstance(one, Taken)] == [False, True]
            nonces = {one.said.nonce for one in taken if isinstance(one, Taken)}
            assert len(nonces) == 2, "each try is signed anew"
            first = taken[0]
            assert isinstance(first, Taken)
            assert (first.item.id, first.item.urgency, first.said.delivery) == (ID, "flash", ID)
            assert not any("authorization" in heard.headers for heard in uss.heard), "no token of the node's"
            strange = receiver[0].challenge("/elsewhere/.well-known/wideberth-challenge?nonce=x")
            assert strange is None
            late = Receiver(url, KEY, lambda: clock.wall_us() / 1e6 - 10)
            refused = late.take("POST", uss.posts[0].headers, uss.posts[0].body)
            assert isinstance(refused, Refusal)
            assert "10 s ahead" in refused.sentence()

    asyncio.run(go())


def test_a_private_network_is_refused() -> None:
    """Loopback, private addresses, and names that lead there: nothing is sent, not even the question."""

    async def go() -> None:
        found, uss = await tried(consenting, private=False)
        assert [(one.handed, one.why, one.lasting) for one in found] == [(False, "not-public", True)]
        assert uss.heard == []

        async def inside(host: str, port: int) -> Sequence[str]:
            return ["93.184.216.34", "10.0.0.7"]

        async with webhooks(private=False, resolve=inside) as sender:
            for address in ("http://intranet.example/", "http://169.254.169.254/latest", "http://[::1]:8080/"):
                one = await sender.send(Webhook(address), BODY, "BBB", ID)
                assert (one.handed, one.why) == (False, "not-public"), address

    asyncio.run(go())


def test_metadata_services_are_refused_also_where_private_ones_are_allowed() -> None:
    """What no operator means is nobody's destination."""

    async def go() -> None:
        async with webhooks() as sender:
            one = await sender.send(Webhook("http://169.254.169.254/latest"), BODY, "BBB", ID)
            assert (one.handed, one.why) == (False, "not-public")

    asyncio.run(go())


def test_who_does_not_want_to_hear_is_sent_nothing() -> None:
    """A server that does not answer the challenge gets no body, and is asked seldom."""

    async def go() -> None:
        found, uss = await tried(always(http(200, "welcome")), times=5)
        assert not any(one.handed for one in found)
        assert {one.why for one in found} == {"challenge"}
        assert uss.posts == []
        assert len(uss.heard) == 1

    asyncio.run(go())


def test_answers_mean_what_they_say() -> None:
    """2xx is a yes, 4xx looks lasting, 5xx passes, Retry-After is followed, redirects are not."""

    async def go() -> None:
        elsewhere = http(302, "", location="http://127.0.0.1:1/")
        for raw, handed, lasting, why in (
            (http(200, "ok"), True, False, ""),
            (http(202), True, False, ""),
            (http(410), False, True, "410"),
            (http(503, "", Retry_After="30"), False, False, "503"),
            (elsewhere, False, True, "302"),
        ):
            found, uss = await tried(after_yes(always(raw)))
            assert [(one.handed, one.lasting, one.why) for one in found] == [(handed, lasting, why)]
            assert len(uss.posts) == 1
            assert found[0].wait_us == (30_000_000 if why == "503" else 0)
        found, _ = await tried(after_yes(hanging))
        assert [(one.handed, one.lasting, one.why) for one in found] == [(False, False, "slow")]

    asyncio.run(go())
