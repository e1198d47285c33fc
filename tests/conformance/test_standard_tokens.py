"""Who is let in: bearer tokens and scopes, at every operation of both standards."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from conformance_kit import (
    ARBITRATION,
    CM,
    CP,
    DP,
    RID_PREFIX,
    SA,
    SCD,
    SCOPES,
    SP,
    Skies,
    check_form,
    f3411,
    f3548,
    fly,
    said_of,
)
from conformance_schemas import MISSING, at_hand, document
from conformance_tokens import AUDIENCE, OTHER_AUDIENCE, forger, issuer
from uas_standards.astm.f3411.v22a import api as f3411_api
from uas_standards.astm.f3548.v21 import api as f3548_api
from worlds import charter

MAY: Final[dict[str, set[str]]] = {
    "operational_intent_references": {SCD, SA},
    "constraint_references GET": {CM, CP},
    "constraint_references POST": {CM, CP},
    "constraint_references": {CM},
    "subscriptions": {SCD, CP},
    "reports": {SCD, SA, CM, CP, ARBITRATION},
    "uss_availability PUT": {ARBITRATION},
    "uss_availability GET": {ARBITRATION, SCD, SA},
    "operational_intents": {SCD},
    "telemetry": {SA},
    "constraints GET": {CP},
    "constraints POST": {CM},
}
"""Which scopes may what in F3548-21, by the resource and, where they differ, the method."""
MAY_RID: Final[dict[str, set[str]]] = {
    "identification_service_areas": {SP},
    "identification_service_areas/{id} GET": {SP, DP},
    "identification_service_areas GET": {DP},
    "subscriptions/{id} GET": {SP, DP},
    "subscriptions": {DP},
}
SERVED: Final = ("/dss/v1", "/uss/v1/operational_intents", "/uss/v1/constraints", "/uss/v1/reports")
"""What of the interface between suppliers a node answers too, for what it manages itself."""
NOT_SERVED: Final = ("telemetry", "log_sets")


def operations() -> dict[str, tuple[str, str, Any, set[str]]]:
    """Every operation that a node answers: method, path, how it is described, and the scopes that may."""
    found = {}
    for it in f3548_api.OPERATIONS.values():
        if it.path.startswith(SERVED) and not any(word in it.path for word in NOT_SERVED):
            found[f"f3548 {it.id}"] = (it.verb, it.path, it, wanted(it, "f3548"))
    for it in f3411_api.OPERATIONS.values():
        if it.path.startswith("/dss"):
            found[f"f3411 {it.id}"] = (it.verb, RID_PREFIX + it.path, it, wanted(it, "f3411"))
    return found


def wanted(operation: Any, standard: str) -> set[str]:
    """The scopes that may, as the table has it."""
    parts = operation.path.split("/")
    if standard == "f3548":
        resource = parts[3]
        return MAY.get(f"{resource} {operation.verb}") or MAY[resource]
    resource, rest = parts[2], "/".join(parts[2:])
    return MAY_RID.get(f"{rest} {operation.verb}") or MAY_RID[resource]


def path_of(skies: Skies, path: str) -> str:
    """A path with ids of nothing in it."""
    names = {name: skies.uuid() for name in ("entityid", "subscriptionid", "id")}
    return path.format(**names, ovn="Z" * 22, version="z" * 26, uss_id="uss9")


@f3548("DSS0210,A2-7-2,7")
@f3411("DSS0030,a")
@pytest.mark.parametrize("scope", SCOPES)
def test_every_operation_takes_its_scopes_and_no_other(tmp_path: Path, scope: str) -> None:
    """A token with one of the scopes listed is let in (and then told what is wrong with an empty request); else 403."""

    async def steps(skies: Skies) -> None:
        for name, (verb, path, operation, scopes) in operations().items():
            body = {} if verb in ("PUT", "POST") else None
            answer = await skies.uss1.send(verb, path_of(skies, path), body, skies.uss1.token(scope))
            refused = answer.status_code == 403
            assert refused is (scope not in scopes), (name, scope, answer.content)
            if refused:
                check_form(operation, None, said_of(answer), name[:5])
                assert "scope" in answer.json()["message"].lower()

    fly(tmp_path, steps)


def test_the_table_of_scopes_is_the_published_one() -> None:
    """The scopes that may what stand so in the OpenAPI files."""
    if not at_hand():
        pytest.skip(MISSING)
    for name, (verb, path, operation, scopes) in operations().items():
        item = document(name[:5])["paths"][operation.path][verb.lower()]
        alone = {names[0] for row in item["security"] for names in row.values() if len(names) == 1}
        assert alone == scopes, (name, path)


def b64(data: bytes | dict[str, Any]) -> str:
    """A part of a token."""
    given = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(given).rstrip(b"=").decode()


def none_alg(claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    return f"{b64({'alg': 'none', 'typ': 'JWT'})}.{b64(claims)}."


def hs256(claims: dict[str, Any], secret: bytes) -> str:
    """A token signed with a secret, such as the public key that everybody has."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': issuer().kid})}.{b64(claims)}"
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def tampered(token: str) -> str:
    """The token with another subject and the old signature."""
    head, claims, signature = token.split(".")
    data = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return f"{head}.{b64(data | {'sub': 'uss2'})}.{signature}"


def claims(skies: Skies, **changes: Any) -> dict[str, Any]:
    """Claims that are right, but for some changes; None takes one out."""
    found = issuer().claims("uss1", [SCD, CM, CP, ARBITRATION, SP, DP, SA], AUDIENCE, skies.now_us / 1e6) | changes
    return {name: value for name, value in found.items() if value is not None}


def now(skies: Skies) -> int:
    """In seconds."""
    return skies.now_us // 1_000_000


WRONG: Final[dict[str, Callable[[Skies], str]]] = {
    "none": lambda s: "",
    "words": lambda s: "not.a.token",
    "two parts": lambda s: issuer().sign(claims(s)).rsplit(".", 1)[0],
    "forged": lambda s: forger().sign(claims(s)),
    "forged, kid of the real": lambda s: forger().sign(claims(s), {"kid": issuer().kid}),
    "tampered": lambda s: tampered(issuer().sign(claims(s))),
    "alg none": lambda s: none_alg(claims(s)),
    "alg none, signed": lambda s: none_alg(claims(s)) + b64(b"x" * 256),
    "hmac with the public key": lambda s: hs256(claims(s), issuer().public_pem),
    "hmac with nothing": lambda s: hs256(claims(s), b""),
    "expired": lambda s: issuer().sign(claims(s, iat=now(s) - 3_700, nbf=now(s) - 3_700, exp=now(s) - 60)),
    "not yet valid": lambda s: issuer().sign(claims(s, nbf=now(s) + 600)),
    "issued in the future": lambda s: issuer().sign(claims(s, iat=now(s) + 600, exp=now(s) + 1_200)),
    "never expires": lambda s: issuer().sign(claims(s, exp=None)),
    "two hours": lambda s: issuer().sign(claims(s, exp=now(s) + 7_200)),
    "two hours, no iat": lambda s: issuer().sign(claims(s, exp=now(s) + 7_200, iat=None, nbf=None)),
    "another audience": lambda s: issuer().sign(claims(s, aud="other.test")),
    "audience with a port": lambda s: issuer().sign(claims(s, aud=f"{AUDIENCE}:443")),
    "no audience": lambda s: issuer().sign(claims(s, aud=None)),
    "another issuer": lambda s: issuer().sign(claims(s, iss="https://elsewhere.test")),
    "no subject": lambda s: issuer().sign(claims(s, sub=None)),
    "empty subject": lambda s: issuer().sign(claims(s, sub="")),
    "critical extension": lambda s: issuer().sign(claims(s)).replace("eyJ", "eyK", 1),
}


@f3548("DSS0210,A2-7-2,7")
@f3411("DSS0030,a", "DSS0030,b")
@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_is_none_opens_nothing(tmp_path: Path, name: str) -> None:
    """401 in the standard's form, at reads and writes alike, with the challenge of RFC 6750; nothing is written."""

    async def steps(skies: Skies) -> None:
        token, size = WRONG[name](skies), skies.world.node.state.size
        picked = ("createOperationalIntentReference", "querySubscriptions", "getUssAvailability")
        picked += ("deleteIdentificationServiceArea", "searchSubscriptions")
        for label, (verb, path, operation, _) in operations().items():
            if operation.id not in picked:
                continue
            body = None
            if verb == "PUT":
                body = {"extents": [skies.extent()], "state": "Accepted", "uss_base_url": "https://uss1.test"}
            answer = await skies.uss1.send(verb, path_of(skies, path), body, token)
            assert answer.status_code == 401, (label, answer.content)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            check_form(operation, None, said_of(answer), label[:5])
            assert "correlation_id" in answer.json()
            assert not token or token not in answer.text
        assert skies.world.node.state.size == size

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,7")
def test_every_operation_asks_for_a_token(tmp_path: Path) -> None:
    """Without one, 401 before anything else is looked at."""

    async def steps(skies: Skies) -> None:
        for name, (verb, path, operation, _) in operations().items():
            for body in (None, b"{"):
                answer = await skies.uss1.send(verb, path_of(skies, path), body)
                assert answer.status_code == 401, name
                check_form(operation, None, said_of(answer), name[:5])

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,7")
def test_a_token_may_name_one_of_several_audiences(tmp_path: Path) -> None:
    """Any audience that the operator configured, alone or among others, with or without not-before and issued-at."""

    async def steps(skies: Skies) -> None:
        path = "/dss/v1/uss_availability/x"
        for changes in (
            {"aud": OTHER_AUDIENCE},
            {"aud": ["other.test", AUDIENCE]},
            {"iat": None, "nbf": None},
            {"exp": now(skies) + 3_600},
            {"scope": f"  {SCD}   {CM} "},
        ):
            answer = await skies.uss1.send("GET", path, None, issuer().sign(claims(skies, **changes)))
            assert answer.status_code == 200, (changes, answer.content)

    fly(tmp_path, steps)


@f3548("DSS0210,A2-7-2,7")
def test_a_token_ends_when_it_says_so(tmp_path: Path) -> None:
    """What was taken a moment ago is refused once its time is over, however well it is remembered."""

    async def steps(skies: Skies) -> None:
        token = skies.uss1.token(SCD)
        path = "/dss/v1/uss_availability/x"
        assert (await skies.uss1.send("GET", path, None, token)).status_code == 200
        await skies.world.pass_time(3_595_000_000)
        assert (await skies.uss1.send("GET", path, None, token)).status_code == 200
        await skies.world.pass_time(15_000_000)
        assert (await skies.uss1.send("GET", path, None, token)).status_code == 401

    fly(tmp_path, steps)


def test_the_manager_is_the_subject_of_the_token(tmp_path: Path) -> None:
    """Letter by letter, also where two subjects look alike; scopes are the token's, not the supplier's."""

    async def steps(skies: Skies) -> None:
        row = await skies.uss1.planned(skies.extent())
        for subject in ("USS1", "uss-1", "uss1.example", "uss1@x"):
            token = issuer().mint(subject, [SCD], AUDIENCE, skies.now_us / 1e6)
            path = f"/dss/v1/operational_intent_references/{row.id}/{row.ovn}"
            assert (await skies.uss1.send("DELETE", path, None, token)).status_code == 403, subject
        assert (await skies.uss1.get(row.id)).body.operational_intent_reference.manager == "uss1"

    fly(tmp_path, steps)


def test_an_issuer_that_the_charter_does_not_name_lets_nobody_in(tmp_path: Path) -> None:
    """The operator configures the keys; whose suppliers may plan the charter says: 403, reads and writes alike."""

    async def steps(skies: Skies) -> None:
        assert (await skies.uss1.put(skies.extent())).status == 403
        assert (await skies.uss1.get(skies.uuid())).status == 403
        assert not [m for m in skies.world.node.state.members.values() if m.issuer]

    fly(tmp_path, steps, rules=charter(issuers=("https://elsewhere.test",)))


def test_where_no_issuer_is_configured_there_is_no_door(tmp_path: Path) -> None:
    """Every path of the standards is 404, with or without a token."""
    empty = {"token_issuer": "", "token_keys": (), "token_audiences": ()}

    async def steps(skies: Skies) -> None:
        for verb, path, _, _ in operations().values():
            answer = await skies.uss1.send(verb, path_of(skies, path), None, skies.uss1.token(SCD))
            assert answer.status_code == 404

    fly(tmp_path, steps, config=empty)


def test_a_flood_of_wrong_tokens_is_held_off_and_hurts_nobody_else(tmp_path: Path) -> None:
    """Past sixty refused tokens an address is told to come back (429, Retry-After); known tokens are served on."""

    async def steps(skies: Skies) -> None:
        good, path = skies.uss1.token(SCD), "/dss/v1/uss_availability/x"
        assert (await skies.uss1.send("GET", path, None, good)).status_code == 200
        wrong = [forger().sign(claims(skies, jti=f"{n}")) for n in range(70)]
        answers = [await skies.uss1.send("GET", path, None, token) for token in wrong]
        assert [answer.status_code for answer in answers] == [401] * 60 + [429] * 10
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await skies.uss1.send("GET", path, None, good)).status_code == 200

    fly(tmp_path, steps)
