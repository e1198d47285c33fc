"""The issuer for trying things out: its tokens, its server, its commands."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jwt
from joserfc.jwk import RSAKey
from tokens_kit import AUDIENCE, NAME, NOW_S, NOW_US, TRUST, issuer, private_key, private_pem

from wideberth.cli import run
from wideberth.refusal import Refusal
from wideberth.tokens import Issuer
from wideberth.tokens.dev import issuing_app
from wideberth.tokens.keyset import read_jwks, read_pem
from wideberth.tokens.verify import Accepted, Keys, verify


def said(token: str) -> dict[str, Any]:
    """The claims of a token, read by another path than the node's."""
    return dict(jwt.decode(token, RSAKey.import_key(issuer().public_pem), algorithms=["RS256"]).claims)


def test_a_minted_token_is_taken_by_file_and_by_key_set() -> None:
    """Who, scopes, audience and life are as asked for; each token has an id of its own."""
    token = issuer().mint("USS1", ["a", "b"], AUDIENCE, NOW_S + 0.9, 600)
    pem, key_set = read_pem(issuer().public_pem, ""), read_jwks(json.dumps(issuer().jwks()).encode(), "")
    assert not isinstance(pem, Refusal)
    assert not isinstance(key_set, Refusal)
    for keys in (Keys(pem), Keys(key_set)):
        found = verify(token, keys, TRUST, NOW_US)
        assert isinstance(found, Accepted)
        assert found.bearer == (NAME, "USS1", frozenset({"a", "b"}), NOW_US + 600_000_000)
    assert said(token)["jti"] != said(issuer().mint("USS1", ["a", "b"], AUDIENCE, NOW_S))["jti"]
    assert said(issuer().mint("USS1", [], ("a", "b"), NOW_S))["aud"] == ["a", "b"]
    assert "d" not in issuer().jwks()["keys"][0]


def test_keys_that_cannot_sign_tokens_are_refused() -> None:
    """Public, short, of another kind, sealed, garbage: an error that says so."""
    pkcs8 = (Encoding.PEM, PrivateFormat.PKCS8)
    for pem in (
        issuer().public_pem,
        rsa.generate_private_key(65_537, 1_024).private_bytes(*pkcs8, NoEncryption()),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(*pkcs8, NoEncryption()),
        private_key().private_bytes(*pkcs8, BestAvailableEncryption(b"word")),
        b"",
    ):
        with pytest.raises(ValueError, match=r"key|PEM|[Pp]assword"):
            Issuer(pem, NAME)


# the server


def ask(method: str, path: str, **given: Any) -> httpx.Response:
    """One request to the server of the issuer."""

    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(issuing_app(issuer(), lambda: NOW_S + 0.5))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8085") as client:
            return await client.request(method, path, **given)

    return asyncio.run(asking())


def test_it_answers_as_dummy_oauth_does() -> None:
    """The parameters of its GET; the issuer and the end that are asked for stand in the token."""
    asked = {"grant_type": "client_credentials", "scope": "a b", "intended_audience": AUDIENCE, "issuer": "dummy"}
    answer = ask("GET", "/token", params=asked | {"sub": "uss1", "expire": str(NOW_S + 60)})
    assert answer.status_code == 200
    claims = said(answer.json()["access_token"])
    wanted = {"iss": "dummy", "sub": "uss1", "aud": AUDIENCE, "scope": "a b", "exp": NOW_S + 60}
    assert claims | wanted == claims
    plain = said(ask("GET", "/token", params={"scope": "a", "intended_audience": AUDIENCE}).json()["access_token"])
    assert plain | {"iss": NAME, "sub": "fake_uss", "exp": NOW_S + 3_600} == plain


def test_it_answers_the_form_of_oauth() -> None:
    """Client credentials in the form or by HTTP Basic: the client is the subject."""
    form = {"grant_type": "client_credentials", "scope": "a", "audience": AUDIENCE}
    answer = ask("POST", "/token", data=form | {"client_id": "uss1", "client_secret": "x"})
    assert said(answer.json()["access_token"])["sub"] == "uss1"
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3_600)
    assert answer.headers["cache-control"] == "no-store"
    answer = ask("POST", "/token", data=form, auth=("uss2", "x"))
    assert said(answer.json()["access_token"])["sub"] == "uss2"


@pytest.mark.parametrize(
    ("method", "given", "status", "word"),
    [
        ("GET", {"params": {"scope": "a"}}, 400, "intended_audience"),
        ("GET", {"params": {"intended_audience": "a"}}, 400, "scope"),
        ("GET", {"params": {"intended_audience": "a", "scope": "a", "grant_type": "password"}}, 400, "grant_type"),
        ("GET", {"params": {"intended_audience": "a", "scope": "a", "expire": "soon"}}, 400, "expire"),
        ("GET", {"params": {str(n): "a" for n in range(40)}}, 400, "parameters"),
        ("POST", {"content": b"x" * 10_000}, 400, "8,192"),
        ("POST", {"headers": {"authorization": "Basic ="}}, 400, "Authorization"),
        (
            "GET",
            {"params": {"intended_audience": "a", "scope": "a"}, "headers": {"host": "evil.example"}},
            403,
            "names",
        ),
        ("GET", {"params": {"intended_audience": "a", "scope": "a"}, "headers": {"host": "[x"}}, 403, "names"),
    ],
)
def test_what_it_cannot_answer_it_says(method: str, given: dict[str, Any], status: int, word: str) -> None:
    """What is missing or wrong is named in `message`; by another's name it answers nobody."""
    answer = ask(method, "/token", **given)
    assert answer.status_code == status
    assert word in answer.json()["message"]


def test_its_key_set_takes_its_tokens() -> None:
    """What stands at the well-known address is the key that signs."""
    found = read_jwks(ask("GET", "/.well-known/jwks.json").content, "")
    assert not isinstance(found, Refusal)
    assert [key.kid for key in found] == [issuer().kid]


# the commands


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key in a file."""
    path = tmp_path / "issuer.pem"
    path.write_bytes(private_pem())
    return path


def test_a_new_key_is_its_owners_alone_and_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files, the private one readable by its owner; existing ones are left as they are."""
    path = tmp_path / "issuer.pem"
    assert run(["tokens", "new-key", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    pem = path.read_bytes()
    assert Issuer(pem, NAME).public_pem == (tmp_path / "issuer.pem.pub").read_bytes()
    assert run(["tokens", "new-key", str(path)]) == 2
    path.unlink()
    assert run(["tokens", "new-key", str(path)]) == 2, "the public side of another key lies there"
    assert not path.exists()
    assert "never overwritten" in capsys.readouterr().err


def test_get_prints_one_token(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scopes one by one or in one word, one audience or several; nothing else on the line."""
    given = ["tokens", "get", "--key", str(key), "--sub", "USS1", "--issuer", NAME]
    assert run([*given, "--scope", "a b", "--scope", "c", "--audience", AUDIENCE]) == 0
    claims = said(capsys.readouterr().out.strip())
    assert (claims["sub"], claims["scope"], claims["aud"], claims["iss"]) == ("USS1", "a b c", AUDIENCE, NAME)
    assert claims["exp"] - claims["iat"] == 3_600
    assert run([*given, "--scope", "a", "--audience", "a", "--audience", "b", "--life-s", "60"]) == 0
    claims = said(capsys.readouterr().out.strip())
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (["a", "b"], 60)
    for life_s in ("0", "3601"):
        assert run([*given, "--scope", "a", "--audience", "a", "--life-s", life_s]) == 2


def test_a_file_that_is_no_key_is_named(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what to do."""
    key.write_bytes(issuer().public_pem)
    for command in (["get", "--sub", "a", "--scope", "a", "--audience", "a"], ["serve", "--port", "0"]):
        assert run(["tokens", *command, "--key", str(key)]) == 2
        assert "wideberth tokens new-key" in capsys.readouterr().err
    assert run(["tokens", "serve", "--key", str(key) + "x"]) == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_the_server_never_listens_off_loopback(host: str, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever address is given."""
    assert run(["tokens", "serve", "--key", str(key), "--port", "0", f"--host={host}"]) == 2
    assert "loopback alone" in capsys.readouterr().err


def test_the_server_runs_until_it_is_told_to_stop(key: Path) -> None:
    """It says loudly what it is for, gives a token over the wire, and ends well at Ctrl-C; a taken port is one line."""
    words = [sys.executable, "-m", "wideberth.cli", "tokens", "serve", "--key", str(key), "--issuer", NAME]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    serving = subprocess.Popen([*words, "--port", "0"], **pipes, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    assert serving.stdout is not None
    first = serving.stdout.readline()
    assert first.startswith("FOR TRYING THINGS OUT")
    url = next(word for word in first.split() if word.startswith("http://127.0.0.1:"))
    answer = httpx.get(url, params={"scope": "a", "intended_audience": AUDIENCE}, trust_env=False)
    assert said(answer.json()["access_token"])["iss"] == NAME
    port = url.rpartition(":")[2].partition("/")[0]
    second = subprocess.run([*words, "--port", port], capture_output=True, text=True, timeout=60)
    assert second.returncode == 3
    assert len(second.stderr.splitlines()) == 1
    serving.send_signal(signal.SIGINT)
    _, errors = serving.communicate(timeout=30)
    assert (serving.returncode, errors) == (0, "")
