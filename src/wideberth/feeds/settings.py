"""The feeds of a node, as its settings describe them.

    [[feeds]]
    name = "roof"
    format = "readsb"
    url = "http://127.0.0.1:8080/data/aircraft.json"

In:  a TOML file.
Out: frozen `Feed`s, their names different.
Refuses: a file without a feed, formats that are not read, unknown members, addresses that the format does not come by,
half of a certificate, a listener off loopback without TLS that does not say `plain`, places of radars that are none.
"""

import re
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from wideberth.feeds.asterix import Site
from wideberth.feeds.formats import Format
from wideberth.intake.times import parse_time
from wideberth.limits import FEED_CLIENTS_MAX, FEED_REPORTS_PER_S, FEED_SILENCE_S, FEEDS_MAX
from wideberth.refusal import Reason, Refusal, refuse

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
STATION: Final = re.compile(r"\*|[0-9]{1,3}/[0-9]{1,3}")
LOOPBACK: Final = re.compile(r"localhost|127\.[0-9.]+|::1")
URLS: Final = {
    Format.SBS: ("tcp", "tls", "file", "pipe"),
    Format.READSB: ("http", "https", "file"),
    Format.READSB_LINES: ("tcp", "tls", "file", "pipe"),
    Format.COT: ("tcp", "tls", "file", "pipe"),
    Format.ASTERIX: ("file",),
    Format.REMOTE_ID: ("http", "https", "file"),
}
LISTENS: Final = {Format.COT: ("tcp", "tls", "udp"), Format.ASTERIX: ("udp",)}
EVERY_S_MIN: Final = 0.1
SPEED_MAX: Final = 1e6


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One feed."""

    name: str
    """Lower-case letters, digits and hyphens, 32 at most."""
    format: Format
    url: str = ""
    """Where to fetch it: tcp://host:port, tls://host:port, http(s)://…, file:///path, pipe:///path."""
    listen: str = ""
    """Where others bring it: tcp://address:port, tls://address:port, udp://address:port (groups are joined)."""
    party: str = ""
    """Whose feed it is; its clients see what this party may see."""
    time_zone: str = "UTC"
    """Of the times in SBS lines."""
    sites: dict[str, Site] = {}
    """Radars by "SAC/SIC", "*" for all others: latitude, longitude, height_m."""
    every_s: float = 1.0
    """Between two polls over HTTP."""
    silence_s: float = FEED_SILENCE_S
    """Silence after which the feed is DEGRADED."""
    reports_per_s: int = FEED_REPORTS_PER_S
    clients_max: int = FEED_CLIENTS_MAX
    certificate: str = ""
    """PEM file: the client's, or the listener's."""
    key: str = ""
    """PEM file with its private key."""
    authority: str = ""
    """PEM file: whom the other side's certificate is checked against; a listener then asks for one."""
    server_name: str = ""
    """The name in the server's certificate, where it is not the address."""
    token: str = ""
    """File with a bearer token, read before each poll."""
    plain: bool = False
    """A listener may be reached without TLS from other machines, or a token sent so."""
    speed: float = 1.0
    """Of a replay; 0 is as fast as it goes."""
    start: str = ""
    """When a recording without dates began (RFC 3339); the time of the file where nothing is given."""
    as_now: bool = False
    """A replay's times are moved so that it begins now."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    feeds: tuple[Feed, ...] = ()


class _Format(msgspec.Struct, frozen=True):
    format: str = ""


class _Formats(msgspec.Struct, frozen=True):
    feeds: tuple[_Format, ...] = ()


class Address(msgspec.Struct, frozen=True):
    """An address taken apart; `path` for files and pipes."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""


def read_feeds(data: bytes) -> tuple[Feed, ...] | Refusal:
    """The feeds that a file describes."""
    try:
        feeds = msgspec.toml.decode(data, type=_File).feeds
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        no_format = _check_formats(data)
        if no_format is not None:
            return no_format
        return refuse(Reason.MALFORMED, "feeds", "[[feeds]] as docs/watch.md lists them", str(error))
    if not feeds:
        return refuse(Reason.MALFORMED, "feeds", "at least one [[feeds]]: with none there is no live watch", "none")
    if len(feeds) > FEEDS_MAX:
        return refuse(Reason.TOO_MANY, "feeds", f"at most {FEEDS_MAX}", len(feeds))
    for i, feed in enumerate(feeds):
        refusal = check_feed(feed, f"feeds[{i}]")
        if refusal is not None:
            return refusal
        if feed.name in [other.name for other in feeds[:i]]:
            return refuse(Reason.EXISTS, f"feeds[{i}].name", "a name of its own for each feed", feed.name)
    return feeds


def _check_formats(data: bytes) -> Refusal | None:
    """The first format that is none, in a file that is no list of feeds."""
    try:
        feeds = msgspec.toml.decode(data, type=_Formats).feeds
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    for i, feed in enumerate(feeds):
        if feed.format not in tuple(Format):
            return refuse(Reason.MALFORMED, f"feeds[{i}].format", f"one of {', '.join(Format)}", feed.format or "none")
    return None


def check_feed(feed: Feed, at: str) -> Refusal | None:
    """What is wrong with one feed."""
    if not NAME.fullmatch(feed.name):
        return refuse(Reason.MALFORMED, f"{at}.name", "lower-case letters, digits and hyphens, 32 at most", feed.name)
    if bool(feed.url) == bool(feed.listen):
        return refuse(Reason.MALFORMED, at, "either url or listen", feed.url or "neither")
    return _check_address(feed, at) or _check_tls(feed, at) or _check_figures(feed, at)


def address_of(feed: Feed) -> Address | None:
    """Its address taken apart, None where it is none."""
    try:
        parts = urlsplit(feed.url or feed.listen)
        port = parts.port or 0
    except ValueError:
        return None
    if parts.scheme in ("file", "pipe"):
        return Address(parts.scheme, path=parts.path) if parts.path and not parts.netloc else None
    if not parts.hostname or (parts.scheme not in ("http", "https") and parts.path):
        return None
    default = {"http": 80, "https": 443}.get(parts.scheme, 0)
    # a listener may leave the choice of its port to the system
    if not port and not default and not (feed.listen and parts.netloc.endswith(":0")):
        return None
    return Address(parts.scheme, parts.hostname, port or default, parts.path)


def _check_address(feed: Feed, at: str) -> Refusal | None:
    member = "url" if feed.url else "listen"
    allowed = (URLS if feed.url else LISTENS).get(feed.format, ())
    address = address_of(feed)
    if address is None or address.scheme not in allowed:
        ways = ", ".join(f"{scheme}://" for scheme in allowed) or "no such way"
        return refuse(
            Reason.MALFORMED, f"{at}.{member}", f"{feed.format} by {member} comes by {ways}", feed.url or feed.listen
        )
    away = not LOOPBACK.fullmatch(address.host) and not feed.plain
    if member == "listen" and address.scheme == "tcp" and away:
        return refuse(Reason.NOT_PERMITTED, f"{at}.listen", "off loopback tls://, or plain = true", feed.listen)
    if address.scheme == "http" and feed.token and away:
        return refuse(
            Reason.NOT_PERMITTED, f"{at}.token", "a token off loopback over https://, or plain = true", feed.url
        )
    return None


def _check_tls(feed: Feed, at: str) -> Refusal | None:
    if bool(feed.certificate) != bool(feed.key):
        return refuse(Reason.MALFORMED, at, "certificate and key together", "one of them")
    if feed.listen.startswith("tls:") and not feed.certificate:
        return refuse(Reason.MALFORMED, f"{at}.certificate", "a listener with tls:// has a certificate and a key")
    return None


def _check_figures(feed: Feed, at: str) -> Refusal | None:
    ranges = (
        ("every_s", feed.every_s, EVERY_S_MIN, 3_600.0),
        ("silence_s", feed.silence_s, 1.0, 86_400.0),
        ("reports_per_s", feed.reports_per_s, 1, FEED_REPORTS_PER_S),
        ("clients_max", feed.clients_max, 1, FEED_CLIENTS_MAX),
        ("speed", feed.speed, 0.0, SPEED_MAX),
    )
    for name, value, least, most in ranges:
        if not least <= value <= most:
            return refuse(Reason.OUT_OF_RANGE, f"{at}.{name}", f"{least:g} to {most:g}", value)
    if feed.as_now and feed.speed != 1.0:
        return refuse(Reason.MALFORMED, f"{at}.as_now", "speed 1, for what moves keeps its speed", feed.speed)
    for station, site in feed.sites.items():
        if not STATION.fullmatch(station):
            return refuse(Reason.MALFORMED, f"{at}.sites", '"SAC/SIC" or "*"', station)
        if not (-90 <= site.latitude <= 90 and -180 <= site.longitude <= 180 and -1_000 <= site.height_m <= 10_000):
            return refuse(Reason.OUT_OF_RANGE, f"{at}.sites.{station}", "latitude, longitude, height up to 10 km", site)
    if zone_of(feed.time_zone) is None:
        return refuse(Reason.UNKNOWN, f"{at}.time_zone", "a zone of the IANA database, or UTC", feed.time_zone)
    started = parse_time(feed.start, f"{at}.start") if feed.start else None
    return started if isinstance(started, Refusal) else None


def zone_of(name: str) -> ZoneInfo | None:
    """A time zone by its name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
