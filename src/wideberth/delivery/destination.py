"""An address that somebody else gave: read strictly, then looked up once, vetted and pinned.

In:  the text of a `uss_base_url`; a resolver.
Out: an `Address`; a `Pin`, which names the network addresses that a connection may be opened to, and nothing else may.
Refuses: any form that two readers could take differently, names that no certificate carries, ports of other services;
network addresses that are not public, unless the operator lets notices go to private ones. Where one address of a name
is refused the name is, so that nothing is won by mixing them.

A pin holds for `PIN_S`; connections never look a name up themselves, so a name that changes its mind between vetting
and connecting (DNS rebinding) changes nothing.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, NamedTuple

from wideberth.delivery.pace import Clock
from wideberth.limits import LOOKUP_S_MAX, LOOKUPS_MAX, LOOKUPS_PER_MANAGER_MAX, PIN_S, PINS_MAX, USS_URL_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal, refuse

FIELD: Final = "uss_base_url"
ADDRESSES_TRIED_MAX: Final = 3
"""Network addresses of one name that are tried in turn."""
HOST_CHARACTERS_MAX: Final = 253
"""RFC 1035, 2.3.4, as text without the root."""

_FORM: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<path>[^?]*)(\?(?P<query>.*))?"
)
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]#-]*")
_TAIL: Final = re.compile(r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_PORT_MAX: Final = 65_535
_PORT_FREE: Final = 1_024
_OTHER_SERVICES: Final = frozenset(
    (1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080)
)
"""Ports above 1,023 that browsers block as well, since what listens there may take HTTP for its own protocol."""


class Fault(StrEnum):
    """Why a destination could not be reached or did not answer as HTTP does."""

    NO_ADDRESS = "no-address"
    """The name has no address, or none was found in time."""
    NOT_PUBLIC = "not-public"
    """The name leads into a private or reserved network, or is http where that is not allowed."""
    CONNECT = "connect"
    TLS = "tls"
    """The certificate is not the name's, or TLS failed otherwise."""
    SLOW = "slow"
    CLOSED = "closed"
    """The connection ended before the answer did."""
    GARBAGE = "garbage"
    """What came is no HTTP, or its head is too long."""
    TOKEN = "token"  # noqa: S105
    """The node has no token of its own for it."""


class Address(NamedTuple):
    """An http or https address without user or fragment; `host` in lower case, `query` None where there is no `?`."""

    scheme: str
    host: str
    port: int
    path: str
    query: str | None

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host, port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def place(self) -> str:
        """Origin and path, without the query: what a challenge is passed for."""
        return self.origin + self.path.rstrip("/")

    @property
    def base(self) -> str:
        """The whole address in one form."""
        return self.place + ("" if self.query is None else f"?{self.query}")

    def target(self, path: str) -> str:
        """Path and query of `path` below this address, as a request has them; the base's query comes first."""
        below, _, asked = path.partition("?")
        query = "&".join(q for q in (self.query, asked) if q)
        whole = self.path.rstrip("/") + below if below else self.path or "/"
        return whole + (f"?{query}" if query else "")


class Pin(NamedTuple):
    """Where a connection for an origin may go."""

    scheme: str
    host: str
    port: int
    networks: tuple[str, ...]
    """Vetted network addresses, in the order in which they are tried."""
    until_us: int
    """Vetted anew after this time of the clock that only goes on."""


def uss_url(text: str, http_allowed: bool) -> str | Refusal:
    """The text itself, where it is an address that the node may send to; otherwise one clear sentence."""
    address = read_address(text, http_allowed)
    return address if isinstance(address, Refusal) else text


def join(base: str, path: str) -> str:
    """An address below a base; path and query of the base stay. The base was accepted by `uss_url`."""
    address = read_address(base, http_allowed=True)
    assert isinstance(address, Address), base
    return address.origin + address.target(path)


def read_address(text: str, http_allowed: bool) -> Address | Refusal:
    """An address in the one form that every reader takes alike (RFC 3986, without what it leaves open)."""
    if not text or len(text) > USS_URL_CHARACTERS_MAX:
        limit = f"an address of 1 to {USS_URL_CHARACTERS_MAX} characters"
        return refuse(Reason.MALFORMED, FIELD, limit, f"{len(text)} characters")
    form = _FORM.fullmatch(text) if _CHARACTERS.fullmatch(text) else None
    if form is None:
        return _no("https://host/path in ASCII, a name in other letters as xn--", text)
    scheme, authority, path, query = form["scheme"].lower(), form["authority"], form["path"], form["query"]
    if scheme != "https" and not (http_allowed and scheme == "http"):
        return _no("https, or http where this node's operator allows it" if not http_allowed else "https or http", text)
    if "@" in authority:
        return _no("an address without user or password", "an address with a user")
    if "#" in text:
        return _no("an address without a fragment", text)
    if not _TAIL.fullmatch(path) or not _TAIL.fullmatch(query or ""):
        return _no("path and query of the characters of RFC 3986", text)
    placed = _host_and_port(authority, scheme)
    return placed if isinstance(placed, Refusal) else Address(scheme, *placed, path, query)


def _no(limit: str, received: str) -> Refusal:
    return refuse(Reason.MALFORMED, FIELD, limit, received)


def _host_and_port(authority: str, scheme: str) -> tuple[str, int] | Refusal:
    form = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(.*))?", authority)
    if form is None:
        return _no("a host name or an IP address, and a port", authority)
    host = _host(form[1].lower())
    if isinstance(host, Refusal):
        return host
    if form[2] is None:
        return host, _DEFAULT_PORTS[scheme]
    if not re.fullmatch(r"[1-9][0-9]{0,4}", form[2]) or int(form[2]) > _PORT_MAX:
        return _no(f"a port from 1 to {_PORT_MAX}", authority)
    port = int(form[2])
    if port in _OTHER_SERVICES or (port < _PORT_FREE and port not in _DEFAULT_PORTS.values()):
        return _no(f"port 443, 80, or one from {_PORT_FREE} on that is not another service's", authority)
    return host, port


def _host(text: str) -> str | Refusal:
    """A name of letters, digits, hyphens; IPv4 as four decimals; IPv6 in brackets. No other spelling of a number."""
    try:
        if text.startswith("["):
            return str(IPv6Address(text[1:-1]))
        labels = text.split(".")
        if _NUMBER.fullmatch(labels[-1]):
            return str(IPv4Address(text))
    except ValueError:
        return _no("an IP address as four decimals, or as IPv6 in brackets", text)
    if len(text) > HOST_CHARACTERS_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        return _no("a host name of letters, digits and hyphens, without a dot at its end", text)
    return text


# which network addresses notices may go to

_NEVER_4: Final = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24"),
            *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "100.100.100.200/32", "168.63.129.16/32"),
        ),
    )
)
"""Special-purpose ranges (IANA registry, RFC 6890) and the metadata services of hosters: nobody's destination."""
_PRIVATE_4: Final = tuple(
    map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"))
)
_PUBLIC_6: Final = IPv6Network("2000::/3")
_NEVER_6: Final = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fd00:ec2::/32", "fd20:ce::/32"))
)
"""Tunnels (Teredo, 6to4), documentation, and metadata services."""
_PRIVATE_6: Final = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_NAT64: Final = IPv6Network("64:ff9b::/96")


def may_reach(network: str, private: bool) -> bool:
    """Whether notices may go to a network address: a public one, or a private one where `private` says so."""
    try:
        address = ipaddress.ip_address(network)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or (IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None)
        if inner is None:
            allowed = address in _PUBLIC_6 or (private and any(address in net for net in _PRIVATE_6))
            return allowed and address.scope_id is None and not any(address in net for net in _NEVER_6)
        address = inner
    if any(address in net for net in _NEVER_4):
        return False
    return private or not any(address in net for net in _PRIVATE_4)


# looking up

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to network addresses; raises OSError where there are none."""


class SystemResolver:
    """The machine's own resolver, in threads of its own, so that a slow name server holds up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS_MAX, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Every stream address of a name."""
        asked = (host, port, socket.AF_UNSPEC, socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, socket.getaddrinfo, *asked)
        return [str(row[4][0]) for row in found]

    def close(self) -> None:
        """Start no more look-ups."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Vetting:
    """Pins, each made by one look-up and held for a stated time."""

    def __init__(
        self, clock: Clock, *, http: bool, private: bool, resolve: Resolver, lookup_s: float = LOOKUP_S_MAX
    ) -> None:
        """`http`, `private`: what the operator allows. `lookup_s`: how long a name may take."""
        self._clock, self._http, self._private = clock, http, private
        self._resolve, self._lookup_s = resolve, lookup_s
        self._pins: dict[str, Pin] = {}
        self._looking: dict[tuple[str, str, int], asyncio.Task[Sequence[str]]] = {}

    async def pin(self, address: Address, manager: str = "") -> Pin | Fault:
        """Where connections for an address may go. `manager` is on whose word: nobody may use up all look-ups."""
        if address.scheme == "http" and not self._http:
            return Fault.NOT_PUBLIC
        kept = self._pins.pop(address.origin, None)
        if kept is None or kept.until_us <= self._clock.mono_us():
            made = await self._make(address, manager)
            if isinstance(made, Fault):
                return made
            kept = made
        self._pins[address.origin] = kept
        if len(self._pins) > PINS_MAX:
            del self._pins[next(iter(self._pins))]
        return kept

    async def _make(self, address: Address, manager: str) -> Pin | Fault:
        try:
            networks: Sequence[str] = (str(ipaddress.ip_address(address.host)),)
        except ValueError:
            found = await self._look_up(manager, address.host, address.port)
            if isinstance(found, Fault):
                return found
            networks = tuple(dict.fromkeys(found))
        if not all(may_reach(network, self._private) for network in networks):
            return Fault.NOT_PUBLIC
        until_us = self._clock.mono_us() + round(PIN_S * 1e6)
        return Pin(address.scheme, address.host, address.port, tuple(networks[:ADDRESSES_TRIED_MAX]), until_us)

    async def _look_up(self, manager: str, host: str, port: int) -> Sequence[str] | Fault:
        asked = (manager, host, port)
        looking = self._looking.get(asked)
        if looking is None:
            mine = sum(who == manager for who, _, _ in self._looking)
            if len(self._looking) >= LOOKUPS_MAX or mine >= LOOKUPS_PER_MANAGER_MAX:
                return Fault.NO_ADDRESS
            looking = self._looking[asked] = asyncio.ensure_future(self._resolving(host, port))
            looking.add_done_callback(lambda _: self._looking.pop(asked))
        try:
            async with asyncio.timeout(self._lookup_s):
                return await asyncio.shield(looking) or Fault.NO_ADDRESS
        except TimeoutError:
            return Fault.NO_ADDRESS

    async def _resolving(self, host: str, port: int) -> Sequence[str]:
        """What the resolver says; nothing where it fails."""
        try:
            return await self._resolve(host, port)
        except (OSError, UnicodeError):
            return ()

    async def close(self) -> None:
        """Wait for nothing any more."""
        looking = list(self._looking.values())
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
