"""Where and how a node runs; never policy, which is the charter's and stands in the ledger.

In:  words given on the command line, the environment (WIDEBERTH_...), a TOML file; the first named wins.
Out: a frozen `Config`.
Refuses: members that do not exist, values of another kind, an address off loopback without TLS.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from wideberth.refusal import Reason, Refusal, refuse

PREFIX: Final = "WIDEBERTH_"
PORT: Final = 8080
PORT_MAX: Final = 65_535


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A node's settings."""

    folder: Path
    """The data folder: ledger, signed head, lock, node key."""
    host: str = "127.0.0.1"
    """Address to listen on; off loopback the node speaks TLS only."""
    port: int = PORT
    """0 takes a free one."""
    metrics_port: int | None = None
    """Port of /metrics, on loopback alone; none by default, 0 takes a free one."""
    tls_certificate: Path | None = None
    """PEM file with the certificate chain."""
    tls_key: Path | None = None
    """PEM file with its private key."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    clock_is_right: bool = False
    """The operator vouches for the clock after a ledger lay still for more than a week."""

    @property
    def tls(self) -> bool:
        """Whether the node speaks TLS."""
        return self.tls_certificate is not None


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_config(
    given: Mapping[str, Any], environment: Mapping[str, str] | None = None, file: bytes | None = None
) -> Config | Refusal:
    """The settings behind what was given; members that are None count as not given."""
    told: dict[str, Any] = {}
    try:
        if file is not None:
            told |= msgspec.toml.decode(file, type=dict[str, Any])
        for name in Config.__struct_fields__:
            value = (environment or {}).get(PREFIX + name.upper())
            if value is not None:
                told[name] = value
        told |= {name: value for name, value in given.items() if value is not None}
        config = msgspec.convert(told, Config, strict=False, dec_hook=_path)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return refuse(Reason.MALFORMED, "config", "settings as docs/operations.md lists them", str(error))
    return _check(config) or config


def _path(kind: type, value: Any) -> Path:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise ValueError(f"Expected a path, got `{type(value).__name__}`")


def _check(config: Config) -> Refusal | None:
    for name in ("port", "metrics_port"):
        value = getattr(config, name)
        if value is not None and not 0 <= value <= PORT_MAX:
            return refuse(Reason.OUT_OF_RANGE, f"config.{name}", f"0 to {PORT_MAX}", value)
    if (config.tls_certificate is None) != (config.tls_key is None):
        limit = "certificate and key together"
        return refuse(Reason.MALFORMED, "config.tls_key", limit, "one of the two")
    if not config.tls and not is_loopback(config.host):
        limit = "a loopback address, or tls_certificate and tls_key: off loopback the node speaks TLS only"
        return refuse(Reason.OUT_OF_RANGE, "config.host", limit, config.host)
    return None
