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
