"""Where and how a node runs; never policy, which is the charter's and stands in the ledger.

In:  words given on the command line, the environment (WIDEBERTH_...), a TOML file; the first named wins.
Out: a frozen `Config`.
Refuses: members that do not exist, values of another kind, an address off loopback without TLS, addresses of others
that are no https where https is needed, half of a door (an issuer without keys, a secret without a client).
"""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from wideberth.refusal import Reason, Refusal, refuse

PREFIX: Final = "WIDEBERTH_"
PORT: Final = 8080
PORT_MAX: Final = 65_535
URL_CHARACTERS_MAX: Final = 500
MAILBOX: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,189}")
PUSH_HOSTS: Final = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)
"""The push services of the browsers in use."""
HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


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
    token_issuer: str = ""
    """The `iss` whose bearer tokens are taken; empty: no door by token."""
    token_keys: tuple[Path, ...] = ()
    """PEM files with the issuer's public RSA keys, or certificates that hold them."""
    token_jwks: str = ""
    """https address of the issuer's key set (RFC 7517); http on loopback alone."""
    token_audiences: tuple[str, ...] = ()
    """Accepted `aud`: host names without port."""
    public_url: str = ""
    """This node's address as suppliers reach it (`uss_base_url`); the one that it listens on where none is given."""
    http_uss: bool = False
    """Whether a supplier's `uss_base_url` may be http; for laptops and tests."""
    private_uss: bool = False
    """Whether notices may go to loopback and private networks; for laptops and tests."""
    outbound_token_url: str = ""
    """Where the node gets its own tokens (OAuth 2.0 client credentials)."""
    outbound_client_id: str = ""
    """As whom the node asks for its tokens."""
    outbound_client_secret: Path | None = None
    """File with the secret that goes with it."""
    whole_notices: bool = False
    """Whether routes of parties may carry what the reader would fetch, where its party asks for that; otherwise they
    say only that there is something, and how urgent."""
    mail_host: str = ""
    """The server that takes the node's mail; empty: no mail."""
    mail_port: int = 587
    mail_tls: Literal["starttls", "tls", "none"] = "starttls"
    """"none" on loopback alone."""
    mail_user: str = ""
    mail_password: Path | None = None
    """File with its password."""
    mail_from: str = ""
    """The node's own address, with which mails are sent."""
    mail_authority: Path | None = None
    """Certificate (PEM) that the server's own is signed with, where it is not of a known authority."""
    push_hosts: tuple[str, ...] = PUSH_HOSTS
    """Push services that are sent to, each with all names below it."""
    feeds: Path | None = None
    """TOML file with the feeds of the live watch; without it there is none."""
    record: Path | None = None
    """Folder for hourly Parquet of what the feeds reported."""
    record_hours: int = 48
    """How long recorded hours are kept."""
    watch_clock: Literal["wall", "feeds"] = "wall"
    """"feeds" where recordings are played: the latest time in their reports is now."""
    watch_all: tuple[str, ...] = ()
    """Parties (traffic services) that are concerned with every pair of tracks, also of nobody's."""
    push_contact: str = ""
    """mailto: or https: address at which a push service reaches the operator."""

    @property
    def tls(self) -> bool:
        """Whether the node speaks TLS."""
        return self.tls_certificate is not None


LISTED: Final = {name for name, kind in get_type_hints(Config).items() if get_origin(kind) is tuple}
"""Settings with several values; in the environment a comma stands between them."""


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
                told[name] = _words(value) if name in LISTED else value
        told |= {name: value for name, value in given.items() if value is not None}
        config = msgspec.convert(told, Config, strict=False, dec_hook=_path)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return refuse(Reason.MALFORMED, "config", "settings as docs/operations.md lists them", str(error))
    return _check(config) or config


def _path(kind: type, value: Any) -> Path:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise ValueError(f"Expected a path, got `{type(value).__name__}`")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _check(config: Config) -> Refusal | None:
    return (
        _check_listening(config)
        or _check_tokens(config)
        or _check_addresses(config)
        or _check_outbound(config)
        or _check_routes(config)
    )


def _check_listening(config: Config) -> Refusal | None:
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


def _check_tokens(config: Config) -> Refusal | None:
    keys = bool(config.token_keys or config.token_jwks)
    if not config.token_issuer:
        if keys or config.token_audiences:
            limit = "the issuer of the tokens: keys and audiences without one open no door"
            return refuse(Reason.MALFORMED, "config.token_issuer", limit, "nothing")
        return None
    if not keys:
        limit = "token_keys or token_jwks: without the issuer's keys no token can be checked"
        return refuse(Reason.MALFORMED, "config.token_keys", limit, "nothing")
    if not config.token_audiences:
        limit = "at least one audience: without one, tokens meant for others would be taken"
        return refuse(Reason.MALFORMED, "config.token_audiences", limit, "nothing")
    for audience in config.token_audiences:
        if not _is_host(audience):
            limit = "host names without scheme, port or path"
            return refuse(Reason.MALFORMED, "config.token_audiences", limit, audience)
    return None


def _is_host(text: str) -> bool:
    if HOST.fullmatch(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_addresses(config: Config) -> Refusal | None:
    secret = config.outbound_client_secret is not None
    if "?" in config.public_url:
        return refuse(Reason.MALFORMED, "config.public_url", "an address without a query", config.public_url)
    for name, http in (
        ("token_jwks", False),
        ("public_url", config.http_uss),
        ("outbound_token_url", config.http_uss and not secret),
    ):
        value = getattr(config, name)
        if value and not _is_address(value, http):
            limit = "https://host/..., without user or fragment (http on loopback alone)"
            return refuse(Reason.MALFORMED, f"config.{name}", limit, "a user" if "@" in value else value)
    return None


def _is_address(text: str, http: bool) -> bool:
    """Whether this is an https address, or an http one where that is allowed or leads to this machine."""
    if len(text) > URL_CHARACTERS_MAX or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or "#" in text or port == 0 or not _is_host(host):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (http or is_loopback(host)))


def _check_outbound(config: Config) -> Refusal | None:
    if config.outbound_token_url and not config.outbound_client_id:
        limit = "as whom the node asks for tokens at outbound_token_url"
        return refuse(Reason.MALFORMED, "config.outbound_client_id", limit, "nothing")
    for name, value in (("outbound_client_id", config.outbound_client_id),
                        ("outbound_client_secret", config.outbound_client_secret)):  # fmt: skip
        if value and not config.outbound_token_url:
            limit = f"the address at which {name} is used"
            return refuse(Reason.MALFORMED, "config.outbound_token_url", limit, "nothing")
    return None


def _check_routes(config: Config) -> Refusal | None:
    """Mail and push, as far as the settings name them."""
    if config.mail_host and not _is_host(config.mail_host):
        limit = "a host name without scheme, port or path"
        return refuse(Reason.MALFORMED, "config.mail_host", limit, config.mail_host)
    if not 1 <= config.mail_port <= PORT_MAX:
        return refuse(Reason.OUT_OF_RANGE, "config.mail_port", f"1 to {PORT_MAX}", config.mail_port)
    if config.mail_host and not MAILBOX.fullmatch(config.mail_from):
        limit = "the node's own mail address: name@host"
        return refuse(Reason.MALFORMED, "config.mail_from", limit, config.mail_from or "nothing")
    if config.mail_host and config.mail_tls == "none" and not is_loopback(config.mail_host):
        limit = "starttls or tls: off loopback mail does not go in clear"
        return refuse(Reason.OUT_OF_RANGE, "config.mail_tls", limit, "none")
    if bool(config.mail_user) != (config.mail_password is not None):
        return refuse(Reason.MALFORMED, "config.mail_password", "user and password together", "one of the two")
    if config.push_contact and not config.push_contact.startswith(("mailto:", "https://")):
        limit = "a mailto: or https: address"
        return refuse(Reason.MALFORMED, "config.push_contact", limit, config.push_contact)
    for host in config.push_hosts:
        if not _is_host(host):
            limit = "host names without scheme, port or path"
            return refuse(Reason.MALFORMED, "config.push_hosts", limit, host)
    return None
