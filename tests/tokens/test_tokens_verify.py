"""Which tokens are taken, and what is said of the others."""

import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st
from tokens_kit import (
    AUDIENCE,
    NAME,
    NOW_S,
    NOW_US,
    SCOPES,
    TRUST,
    b64,
    claims,
    good,
    hmac_signed,
    issuer,
    jwks,
    keys_of,
    signed,
)

from wideberth.limits import NAME_CHARACTERS_MAX, TOKEN_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal
from wideberth.tokens.keyset import read_pem
from wideberth.tokens.verify import FIELDS, Accepted, Bearer, Keys, verify

HEAD = {"alg": "RS256", "typ": "JWT"}
LEEWAY_US = 5_000_000
HOUR_S = 3_600
TYPED = json.dumps(HEAD).encode()


def raw(head: bytes, said: bytes) -> str:
    """Three parts, whatever stands in them."""
    return f"{b64(head)}.{b64(said)}.{b64(b'x')}"


def look(token: str, now_us: int = NOW_US, *numbers: int) -> Accepted | Refusal:
    """A token, held against the keys of the issuer."""
    return verify(token, keys_of(*(numbers or (0,))), TRUST, now_us)


def refused(token: str, field: str, now_us: int = NOW_US, *numbers: int) -> Refusal:
    """The refusal, which names the field in one sentence and shows nothing of the signature."""
    no = look(token, now_us, *numbers)
    assert isinstance(no, Refusal), no
    assert (no.reason, no.field) == (Reason.BAD_TOKEN, field)
    assert no.field in FIELDS
    sentence = no.sentence()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    signature = token.rpartition(".")[2]
    assert len(signature) < 8 or signature[:16] not in sentence
    return no


def test_a_good_token_says_who_and_for_what() -> None:
    """Issuer, subject, scopes and end are those of the claims; it holds from issue to end, leeway included."""
    found = look(good())
    assert isinstance(found, Accepted)
    assert found.bearer == Bearer(NAME, "USS1", frozenset(SCOPES), NOW_US + HOUR_S * 1_000_000)
    assert found.from_us == NOW_US - LEEWAY_US
    assert found.until_us == NOW_US + HOUR_S * 1_000_000 + LEEWAY_US
    assert found.key == issuer().kid


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["elsewhere.example", "localhost"]},
        {"jti": None, "nbf": None},
        {"iat": None},
        {"iat": NOW_S + 0.25, "exp": NOW_S + 1_800.5},
        {"scope": None},
        {"scope": "  a   b "},
        {"unknown": {"deep": [1, 2]}},
    ],
)
def test_what_a_token_may_say_otherwise(changed: dict[str, Any]) -> None:
    """A list of audiences, parts of seconds, further claims; iat, nbf, jti and scope may be missing."""
    found = look(good(**changed))
    assert isinstance(found, Accepted)
    if "scope" in changed:
        assert found.bearer.scopes == frozenset((changed["scope"] or "").split())


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"iss": None}, "token.iss"),
        ({"iss": "other.example"}, "token.iss"),
        ({"iss": NAME + "/"}, "token.iss"),
        ({"aud": None}, "token.aud"),
        ({"aud": "elsewhere.example"}, "token.aud"),
        ({"aud": f"https://{AUDIENCE}"}, "token.aud"),
        ({"aud": []}, "token.aud"),
        ({"aud": ""}, "token.aud"),
        ({"sub": None}, "token.sub"),
        ({"sub": ""}, "token.sub"),
        ({"sub": "  "}, "token.sub"),
        ({"sub": "a\nb"}, "token.sub"),
        ({"sub": "x" * (NAME_CHARACTERS_MAX + 1)}, "token.sub"),
        ({"exp": None}, "token.exp"),
        ({"exp": NOW_S - 60, "iat": NOW_S - 120, "nbf": NOW_S - 120}, "token.exp"),
        ({"exp": NOW_S + HOUR_S + 1}, "token.exp"),
        ({"exp": -1}, "token.exp"),
        ({"exp": 10**300}, "token.exp"),
        ({"exp": NOW_S * 1_000}, "token.exp"),
        ({"nbf": NOW_S + 60}, "token.nbf"),
        ({"nbf": -1}, "token.nbf"),
        ({"iat": NOW_S + 60, "nbf": None, "exp": NOW_S + HOUR_S}, "token.iat"),
        ({"iat": 10**12}, "token.iat"),
        ({"iat": None, "exp": NOW_S + HOUR_S + 60}, "token.exp"),
        ({"exp": str(NOW_S + 60)}, "token"),
        ({"exp": True}, "token"),
        ({"aud": [1]}, "token"),
        ({"aud": {"a": 1}}, "token"),
        ({"sub": 7}, "token"),
        ({"scope": ["a", "b"]}, "token"),
    ],
)
def test_claims_that_do_not_hold_are_refused(changed: dict[str, Any], field: str) -> None:
    """Another issuer or audience, no subject, no end, over, not yet, an hour and more: each is named."""
    refused(good(**changed), field)


def test_the_times_of_a_token_hold_to_the_microsecond() -> None:
    """With the leeway at both ends: the last microsecond is in, the next is out; an hour is a life."""
    token = good(exp=NOW_S + 600)
    end_us = (NOW_S + 600) * 1_000_000 + LEEWAY_US
    assert isinstance(look(token, end_us - 1), Accepted)
    refused(token, "token.exp", end_us)
    assert isinstance(look(token, NOW_US - LEEWAY_US), Accepted)
    refused(token, "token.nbf", NOW_US - LEEWAY_US - 1)
    refused(good(exp=NOW_S + 600, nbf=None), "token.iat", NOW_US - LEEWAY_US - 1)
    assert isinstance(look(good(exp=NOW_S + HOUR_S)), Accepted)
    without = good(iat=None, nbf=None, exp=NOW_S + HOUR_S)
    assert isinstance(look(without, NOW_US - LEEWAY_US), Accepted)
    refused(without, "token.exp", NOW_US - LEEWAY_US - 1)


@settings(max_examples=150, deadline=None)
@given(
    exp=st.integers(-5_000, 9_000),
    nbf=st.none() | st.integers(-5_000, 5_000),
    iat=st.none() | st.integers(-5_000, 5_000),
)
def test_the_times_are_those_of_the_rule(exp: int, nbf: int | None, iat: int | None) -> None:
    """Whatever the three times are, a token is taken when and only when now lies within and its life is an hour."""
    dates = {"exp": exp, "nbf": nbf, "iat": iat}
    token = good(**{name: None if date is None else NOW_S + date for name, date in dates.items()})
    alive = exp + 5 > 0
    begun = all(date is None or date <= 5 for date in (nbf, iat))
    short = (exp - iat <= 3_600) if iat is not None else (exp - 5 <= 3_600)
    assert isinstance(look(token), Accepted) == (alive and begun and short)


# what is no token of ours


@pytest.mark.parametrize(
    "token",
    [
        "a",
        "a.b",
        "a.b.c.d",
        "..",
        "a.b.",
        " " + "a.b.c",
        "a.b.c\n",
        "aa.bb.cc=",
        "aé.b.c",
        "\udcff.b.c",
        b64(b"{}"),
        raw(b"[]", b"{}"),
        raw(b"{", b"{}"),
        raw(b"[" * 900, b"{}"),
        raw(b"{}", b"{}"),
        raw(b"\xff", b"{}"),
        raw(TYPED, b"[" * 3_000),
        raw(TYPED, b'{"more":' + b"[" * 3_000),
        raw(TYPED, b'{"exp":' + b"9" * 5_000 + b"}"),
        raw(TYPED, b"x"),
        raw(TYPED, b"\xff"),
        raw(json.dumps(HEAD | {"kid": 5}).encode(), b"{}"),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    """Wrong numbers of parts, other characters, padding, headers and claims that are no objects, deep nesting."""
    no = look(token)
    assert isinstance(no, Refusal)
    assert no.reason is Reason.BAD_TOKEN
    assert no.field in ("token", "token.iss")


def test_no_token_and_a_huge_one_are_refused() -> None:
    """Without one the sentence says how to send it; past the limit it names the limit."""
    assert "Bearer" in refused("", "authorization").sentence()
    assert "8,192" in refused("a" * (TOKEN_CHARACTERS_MAX + 1), "token").sentence()
    huge = good(more="x" * TOKEN_CHARACTERS_MAX)
    assert "8,192" in refused(huge, "token").sentence()


@pytest.mark.parametrize(
    "alg", ["none", "None", "HS256", "HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", ""]
)
def test_every_other_algorithm_is_refused(alg: str) -> None:
    """Whatever is signed and how: only what its header calls RS256 is looked at."""
    head = HEAD | {"alg": alg}
    refused(signed(head, claims()), "token.alg")
    refused(hmac_signed(head, claims(), issuer().public_pem), "token.alg")
    refused(f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims()).encode())}.{b64(b'x')}", "token.alg")


def test_an_unsigned_token_and_one_under_another_name_are_refused() -> None:
    """An empty signature is no token; an HMAC by the public key, or another hash, under the name RS256 does not fit."""
    parts = f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps(claims()).encode())}"
    refused(f"{parts}.", "token")
    refused(hmac_signed(HEAD, claims(), issuer().public_pem), "token.signature")
    refused(signed(HEAD, claims(), 0, hashes.SHA512()), "token.signature")
    assert isinstance(look(signed(HEAD, claims())), Accepted)


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp", None, 5])
def test_critical_extensions_are_refused(crit: Any) -> None:
    """None is understood here, so a header that has any, of whatever form, is not taken (RFC 7515, 4.1.11)."""
    refused(signed(HEAD | {"crit": crit, "b64": False}, claims()), "token.crit")


def test_keys_that_a_token_brings_along_are_nothing() -> None:
    """A key, a chain or an address in the header is not used: who signs with a key of his own is refused."""
    own = issuer(1).jwks()["keys"][0]
    for extra in ({"jwk": own}, {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1/x"}, {"x5c": ["aa"]}):
        refused(signed(HEAD | extra, claims(), 1), "token.signature")
        refused(signed(HEAD | extra | {"kid": issuer(0).kid}, claims(), 1), "token.signature")


def test_the_name_of_a_key_decides_which_is_held_against() -> None:
    """A known name takes that key alone; without a name all are tried; an unknown name is refused by name."""
    assert isinstance(look(good(1), NOW_US, 0, 1), Accepted)
    assert isinstance(look(signed(HEAD, claims(), 1), NOW_US, 0, 1), Accepted)
    refused(signed(HEAD | {"kid": issuer(0).kid}, claims(), 1), "token.signature", NOW_US, 0, 1)
    refused(signed(HEAD | {"kid": "new"}, claims(), 0), "token.kid", NOW_US, 0, 1)
    refused(signed(HEAD | {"kid": "x" * 2_000}, claims(), 0), "token.kid")
    assert len(refused(signed(HEAD | {"kid": "\x1b[2J"}, claims(), 0), "token.kid").received) > 4


def test_keys_without_a_name_take_tokens_that_name_one() -> None:
    """A PEM file has no names, so whatever name the issuer gives its key, the file's keys are tried."""
    pem = read_pem(issuer().public_pem, "file")
    assert not isinstance(pem, Refusal)
    keys = Keys(pem)
    assert isinstance(verify(good(), keys, TRUST, NOW_US), Accepted)
    no = verify(good(1), keys, TRUST, NOW_US)
    assert isinstance(no, Refusal)
    assert no.field == "token.kid"
    empty = verify(good(), Keys(), TRUST, NOW_US)
    assert isinstance(empty, Refusal)
    assert empty.field == "token.kid"


# whatever is sent


@settings(max_examples=300, deadline=None)
@given(token=st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){0,3}", fullmatch=True))
def test_no_string_is_taken_by_chance(token: str) -> None:
    """Any text is refused with a sentence, and nothing is raised."""
    no = look(token)
    assert isinstance(no, Refusal)
    assert no.field in FIELDS
    assert no.sentence().isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    head=st.dictionaries(st.sampled_from(["alg", "kid", "crit", "typ", "b64", "jwk", "cty"]), JSON, max_size=4),
    said=st.dictionaries(st.sampled_from(["iss", "sub", "aud", "scope", "exp", "nbf", "iat", "jti"]), JSON, max_size=4),
)
def test_any_signed_json_is_taken_or_refused(head: dict[str, Any], said: dict[str, Any]) -> None:
    """Members of any kind: what is taken has the header and claims that the rules ask for; nothing is raised."""
    head, said = HEAD | head, claims() | said
    found = look(signed(head, said))
    if isinstance(found, Accepted):
        assert head["alg"] == "RS256"
        assert "crit" not in head
        assert said["iss"] == NAME
        assert found.bearer.subject == said["sub"]
        assert set(TRUST.audiences) & ({said["aud"]} if isinstance(said["aud"], str) else set(said["aud"]))
    else:
        assert found.field in FIELDS


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), character=st.sampled_from("AZaz09-_.=+/ \n"))
def test_a_token_has_one_spelling(place: int, character: str) -> None:
    """Whichever character is changed or put in, what comes out is not taken, also where base64 would read the same."""
    token = good()
    place %= len(token)
    for other in (token[:place] + character + token[place + 1 :], token[:place] + character + token[place:]):
        assert other == token or isinstance(look(other), Refusal)


def test_the_last_character_of_a_signature_has_no_other_form() -> None:
    """Four of its bits stand for nothing (256 bytes, base64): of the spellings with other bits none is taken."""
    token = good()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [c for c in alphabet if isinstance(look(token[:-1] + c), Accepted)] == [token[-1]]


def test_the_words_say_what_to_do() -> None:
    """Sentences name the remedy, and times as people read them."""
    told = refused(good(exp=NOW_S - 60, iat=NOW_S - 120, nbf=None), "token.exp").sentence()
    assert "get a new one from the issuer" in told
    assert re.search(r"received 2026-\d\d-\d\dT", told)
    assert AUDIENCE in refused(good(aud="elsewhere.example"), "token.aud").sentence()
    assert json.loads(jwks(0))["keys"][0]["kid"] not in refused(good(sub=None), "token.sub").sentence()
