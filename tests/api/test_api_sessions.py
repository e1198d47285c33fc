"""Who may read: signed challenges, sessions, their ends."""

from pathlib import Path

import pytest
from api_kit import MINUTE, World, run, unb64
from worlds import HOUR, START_US, seed_of

from wideberth.api.routes import ENDPOINTS
from wideberth.limits import OPENINGS_PER_ADDRESS_MAX, SESSIONS_PER_PARTY_MAX
from wideberth.node.sessions import challenge_words
from wideberth.party.command import GrantKey, Leave, RevokeKey
from wideberth.party.identity import KeyGrant, public_key, sign
from wideberth.theatre.shown import b64

OPEN = ("/v1/about", "/healthz", "/readyz", "/.well-known/wideberth-keys")
READS = [e.path for e in ENDPOINTS if e.method == "GET" and e.path not in OPEN]
SOME_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def test_every_read_but_the_open_ones_needs_a_session(tmp_path: Path) -> None:
    """Without a token, with a made-up one, with another scheme: 401 and the way to a session."""

    async def steps(world: World) -> None:
        for path in READS:
            address = path.replace("{id}", SOME_ID)
            for headers in ({}, {"authorization": "Bearer " + "0" * 64}, {"authorization": "Basic QTpC"}):
                answer = await world.client.get(address, headers=headers)
                assert answer.status_code == 401, path
                assert answer.json()["reason"] == "no-session"
                assert answer.headers["www-authenticate"] == "Bearer"
        for path in (*OPEN, "/openapi.json"):
            assert (await world.client.get(path)).status_code == 200, path
        assert (await world.client.post("/v1/check", json={})).status_code == 401

    run(tmp_path, steps)


def test_a_challenge_is_used_once_by_its_party_within_a_minute(tmp_path: Path) -> None:
    """Twice, for another party, altered, too late: no session."""

    async def steps(world: World) -> None:
        async def given(party: str) -> bytes:
            answer = await world.client.post("/v1/challenge", json={"party": party})
            return unb64(answer.json()["challenge"])

        async def use(party: str, challenge: bytes) -> int:
            words = challenge_words(world.node.origin, party, challenge)
            body = {
                "party": party,
                "key": b64(public_key(seed_of(party))),
                "challenge": b64(challenge),
                "signature": b64(sign(seed_of(party), words)),
            }
            return (await world.client.post("/v1/session", json=body)).status_code

        first = await given("AAA")
        assert await use("AAA", first) == 200
        assert await use("AAA", first) == 401
        assert await use("BBB", await given("AAA")) == 401
        altered = bytearray(await given("AAA"))
        altered[30] ^= 1
        assert await use("AAA", bytes(altered)) == 401
        assert await use("AAA", b"short") == 401
        late = await given("AAA")
        world.hands.move(MINUTE + 1)
        assert await use("AAA", late) == 401
        assert await use("AAA", await given("AAA")) == 200

    run(tmp_path, steps)


def test_an_unknown_party_an_unknown_key_and_a_wrong_signature_read_the_same(tmp_path: Path) -> None:
    """Nobody learns who is in the theatre by asking for sessions."""

    async def steps(world: World) -> None:
        unknown = await world.open_session("ZZZ")
        stranger = await world.open_session("AAA", seed=b"s" * 32)
        other_key = await world.open_session("AAA", key_of="BBB")
        assert unknown.status_code == stranger.status_code == other_key.status_code == 401
        assert unknown.content == stranger.content == other_key.content

    run(tmp_path, steps)


def test_a_session_ends_after_its_hour(tmp_path: Path) -> None:
    """A token that was good is good no longer."""

    async def steps(world: World) -> None:
        headers = await world.headers("AAA")
        assert (await world.client.get("/v1/view", headers=headers)).status_code == 200
        world.hands.move(HOUR)
        assert (await world.client.get("/v1/view", headers=headers)).status_code == 401

    run(tmp_path, steps)


def test_a_session_ends_with_its_key_and_with_its_party(tmp_path: Path) -> None:
    """Revoked, expired, left: the next read is refused, and no new session opens."""

    async def steps(world: World) -> None:
        headers = await world.headers("AAA")
        revoke = RevokeKey(public_key(seed_of("AAA")), START_US)
        root = (seed_of("AAA", "root"),)
        short = seed_of("AAA", "short")
        grant = KeyGrant(public_key(short), ("sign_head",), world.hands.wall_us + 10 * MINUTE)
        assert (await world.say("AAA", GrantKey(grant), seeds=root)).status_code == 200
        assert (await world.say("AAA", revoke, seeds=root)).status_code == 200
        gone = await world.client.get("/v1/view", headers=headers)
        assert (gone.status_code, gone.json()["reason"]) == (403, "key-revoked")
        assert (await world.open_session("AAA")).json()["reason"] == "key-revoked"
        second = (await world.open_session("AAA", seed=short)).json()["session"]
        headers = {"authorization": f"Bearer {second}"}
        assert (await world.client.get("/v1/view", headers=headers)).status_code == 200
        world.hands.move(11 * MINUTE)
        expired = await world.client.get("/v1/view", headers=headers)
        assert expired.json()["reason"] == "key-expired"
        leaver = await world.headers("BBB")
        assert (await world.say("BBB", Leave(), seeds=(seed_of("BBB", "root"),))).status_code == 200
        assert (await world.client.get("/v1/view", headers=leaver)).status_code == 401
        assert (await world.open_session("BBB")).status_code == 401

    run(tmp_path, steps)


def test_sessions_and_openings_are_bounded(tmp_path: Path) -> None:
    """Past its number of sessions a party's least used one ends; one address cannot open without end."""

    async def steps(world: World) -> None:
        first = await world.headers("AAA")
        limited = 0
        for i in range(OPENINGS_PER_ADDRESS_MAX):
            if (await world.client.post("/v1/challenge", json={"party": "AAA"})).status_code == 429:
                limited += 1
            if i % 3 == 0:
                world.hands.move(MINUTE)  # the bucket fills again
        assert limited == 0
        for _ in range(2 * OPENINGS_PER_ADDRESS_MAX):
            answer = await world.client.post("/v1/challenge", json={"party": "AAA"})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        sessions = world.node.sessions
        for _ in range(SESSIONS_PER_PARTY_MAX):
            challenge, _ = sessions.challenge("AAA")
            words = challenge_words(world.node.origin, "AAA", challenge)
            key = public_key(seed_of("AAA"))
            sessions.open("AAA", key, challenge, sign(seed_of("AAA"), words), world.hands.wall_us)
        assert len(sessions) == SESSIONS_PER_PARTY_MAX
        assert (await world.client.get("/v1/view", headers=first)).status_code == 401

    run(tmp_path, steps)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"party": "AAA", "key": "!", "challenge": "", "signature": ""},
        {"party": 3},
        {"party": "a b"},
        {"party": "AAA", "key": "AA=="},
        {"party": "AAA", "key": "", "challenge": "", "signature": "", "more": 1},
        [],
        None,
    ],
)
def test_malformed_openings_are_refused_with_a_sentence(tmp_path: Path, body: object) -> None:
    """No body opens a session but the right one, and each refusal says what is wrong."""

    async def steps(world: World) -> None:
        answer = await world.client.post("/v1/session", json=body)
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"].endswith(".")

    run(tmp_path, steps)
