"""Settings: where they come from, what they may be."""

from pathlib import Path

import pytest

from wideberth.config import Config, is_loopback, read_config
from wideberth.refusal import Reason, Refusal


def test_the_command_line_wins_over_the_environment_and_that_over_the_file() -> None:
    """Each names what it says and leaves the rest; what nobody names has its default."""
    file = b'folder = "/from/file"\nport = 1\nhost = "::1"\n'
    environment = {"WIDEBERTH_PORT": "2", "WIDEBERTH_LOG_LEVEL": "error", "OTHER": "x"}
    config = read_config({"port": 3, "host": None}, environment, file)
    assert config == Config(folder=Path("/from/file"), port=3, host="::1", log_level="error")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, Reason.MALFORMED),
        ({"folder": "x", "port": "many"}, Reason.MALFORMED),
        ({"folder": "x", "port": 70_000}, Reason.OUT_OF_RANGE),
        ({"folder": "x", "metrics_port": -1}, Reason.OUT_OF_RANGE),
        ({"folder": "x", "log_level": "loud"}, Reason.MALFORMED),
        ({"folder": "x", "minima": 3}, Reason.MALFORMED),
        ({"folder": "x", "host": "0.0.0.0"}, Reason.OUT_OF_RANGE),
        ({"folder": "x", "host": "example.org"}, Reason.OUT_OF_RANGE),
        ({"folder": "x", "host": "127.0.0.1", "tls_key": "k.pem"}, Reason.MALFORMED),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, object], reason: Reason) -> None:
    """No folder, wrong kinds, unknown names, and an open address without TLS."""
    config = read_config(given)
    assert isinstance(config, Refusal)
    assert config.reason is reason


def test_off_loopback_with_tls_is_taken() -> None:
    """A certificate and its key open any address."""
    config = read_config({"folder": "x", "host": "0.0.0.0", "tls_certificate": "c.pem", "tls_key": "k.pem"})
    assert isinstance(config, Config)
    assert config.tls


DOOR = {
    "folder": "x",
    "token_issuer": "issuer.example",
    "token_keys": ["a.pem"],
    "token_audiences": ["theatre.example"],
}
OUTBOUND = {
    "folder": "x",
    "outbound_token_url": "https://issuer.example/token",
    "outbound_client_id": "node",
    "outbound_client_secret": "secret",
}


def test_the_environment_separates_several_values_by_commas() -> None:
    """Keys and audiences are lists; a file and the command line give them as such."""
    environment = {
        "WIDEBERTH_TOKEN_ISSUER": "issuer.example",
        "WIDEBERTH_TOKEN_KEYS": "a.pem, b.pem",
        "WIDEBERTH_TOKEN_AUDIENCES": "theatre.example,localhost,::1,",
    }
    config = read_config({"folder": "x"}, environment)
    assert isinstance(config, Config)
    assert config.token_keys == (Path("a.pem"), Path("b.pem"))
    assert config.token_audiences == ("theatre.example", "localhost", "::1")
    assert read_config(DOOR) == Config(
        folder=Path("x"),
        token_issuer="issuer.example",
        token_keys=(Path("a.pem"),),
        token_audiences=("theatre.example",),
    )


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"token_issuer": ""}, "token_issuer"),
        ({"token_keys": []}, "token_keys"),
        ({"token_audiences": []}, "token_audiences"),
        ({"token_audiences": ["theatre.example:8080"]}, "token_audiences"),
        ({"token_audiences": ["https://theatre.example"]}, "token_audiences"),
        ({"token_audiences": [""]}, "token_audiences"),
        ({"token_jwks": "http://issuer.example/keys"}, "token_jwks"),
        ({"token_jwks": "ftp://issuer.example/keys"}, "token_jwks"),
        ({"token_jwks": "https://"}, "token_jwks"),
        ({"token_jwks": "https://issuer.example:99999/keys"}, "token_jwks"),
        ({"token_jwks": "https://issuer.example/a b"}, "token_jwks"),
        ({"token_jwks": "https://user:word@issuer.example/keys"}, "token_jwks"),
        ({"public_url": "http://theatre.example"}, "public_url"),
        ({"public_url": "https://theatre.example/?a=b"}, "public_url"),
        ({"public_url": "theatre.example"}, "public_url"),
        ({"outbound_client_id": "node"}, "outbound_token_url"),
        ({"outbound_client_secret": "secret"}, "outbound_token_url"),
    ],
)
def test_half_a_door_and_unsafe_addresses_are_refused(told: dict[str, object], field: str) -> None:
    """A door by token has issuer, keys and audiences; addresses of others are https, or on loopback."""
    config = read_config(DOOR | told)
    assert isinstance(config, Refusal)
    assert config.field == f"config.{field}"
    assert "word" not in config.sentence()


def test_addresses_on_loopback_and_those_that_are_allowed_are_taken() -> None:
    """http where it stays on this machine, or where the operator says that it may be; never with a secret."""
    for told in (
        {"token_jwks": "http://127.0.0.1:8085/keys"},
        {"token_jwks": "http://[::1]:8085/keys"},
        {"token_jwks": "https://issuer.example/keys?p=1", "token_keys": []},
        {"public_url": "https://theatre.example/below/"},
        {"public_url": "http://theatre.example", "http_uss": True},
    ):
        assert isinstance(read_config(DOOR | told), Config), told
    assert isinstance(read_config(OUTBOUND), Config)
    plain = {"outbound_token_url": "http://oauth.example/token", "http_uss": True}
    assert isinstance(read_config(OUTBOUND | plain | {"outbound_client_secret": None}), Config)
    assert isinstance(read_config(OUTBOUND | plain), Refusal)
    assert isinstance(read_config(OUTBOUND | {"outbound_client_id": ""}), Refusal)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_known(host: str, is_one: bool) -> None:
    """What reaches this machine alone."""
    assert is_loopback(host) is is_one


def test_a_file_that_is_no_toml_is_refused() -> None:
    """Neither bytes nor text that cannot be read are guessed at."""
    for file in (b"\xff", b"port ="):
        assert isinstance(read_config({"folder": "x"}, {}, file), Refusal)
