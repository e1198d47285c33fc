"""The node's own bearer tokens, from the issuer that its operator configured.

In:  an audience (a host name) and a scope.
Out: a token, or `Fault.TOKEN` where none can be had now.
Refuses: answers that are too long or not what OAuth 2.0 (RFC 6749, 4.4 and 5.1) says; to send its secret over plain
http to another machine.

With a secret it asks by POST with client credentials; without one by GET, as issuers for testing take it
(`?grant_type=client_credentials&scope=&intended_audience=&issuer=&sub=`). A token is kept for its audience and scope
until shortly before it ends, so no destination holds a token that opens another one's door.
"""

import asyncio
import base64
import re
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec
import structlog

from wideberth.config import Config
from wideberth.delivery.destination import Address, Fault, Pin, SystemResolver, Vetting, read_address
from wideberth.delivery.line import Reply, Request, Way
from wideberth.delivery.pace import Clock
from wideberth.limits import OWN_TOKEN_BYTES_MAX, OWN_TOKEN_MARGIN_S, OWN_TOKEN_PAUSE_S, OWN_TOKENS_MAX

TOKEN_S: Final = 300
"""Taken as a token's life where neither the answer nor the token says one."""
TOKEN_S_MAX: Final = 3_600
"""ASTM F3548-21 lets none live longer."""
REQUESTS_MAX: Final = 4
_FORM: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class _Answer(msgspec.Struct):
    """The members of RFC 6749, 5.1, that are read."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: float | None = None


class _Claims(msgspec.Struct):
    exp: float | None = None


class _Kept(NamedTuple):
    token: str | None
    """None: it was refused or could not be had; not asked for again before `until_us`."""
    until_us: int


class OwnTokens:
    """Tokens by audience and scope, each asked for by one request at a time."""

    def __init__(self, config: Config, clock: Clock, way: Way | None = None, vetting: Vetting | None = None) -> None:
        """`way`, `vetting`: how the issuer is reached. It is the operator's word, so it may be in a private network."""
        self._config, self._clock, self._way = config, clock, way or Way()
        self._resolver = SystemResolver()
        self._vetting = vetting or Vetting(clock, http=True, private=True, resolve=self._resolver)
        self._log = structlog.get_logger("wideberth.delivery")
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[_Kept]] = {}
        self._turns = asyncio.Semaphore(REQUESTS_MAX)

    async def token(self, audience: str, scope: str) -> str | Fault:
        """A token that is good for `OWN_TOKEN_MARGIN_S` at least, or for as long as the issuer gives any."""
        if not self._config.outbound_token_url:
            return Fault.TOKEN
        key = (audience, scope)
        kept = self._kept.get(key)
        if kept is None or kept.until_us <= self._clock.mono_us():
            if key not in self._asking:
                self._asking[key] = asyncio.ensure_future(self._ask(audience, scope))
                self._asking[key].add_done_callback(lambda _: self._asking.pop(key))
            kept = await asyncio.shield(self._asking[key])
        return kept.token or Fault.TOKEN

    def forget(self, audience: str, scope: str) -> None:
        """It was not taken: the next one is asked for anew."""
        self._kept.pop((audience, scope), None)

    async def close(self) -> None:
        """Ask for nothing any more, hang up."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._vetting.close()
        await self._way.close()
        self._resolver.close()

    def _keep(self, key: tuple[str, str], kept: _Kept) -> None:
        self._kept.pop(key, None)
        self._kept[key] = kept
        if len(self._kept) > OWN_TOKENS_MAX:
            del self._kept[next(iter(self._kept))]

    async def _ask(self, audience: str, scope: str) -> _Kept:
        """One request, for all who wait for it; a refusal is kept for a while as well."""
        async with self._turns:
            kept = await self._fetch(audience, scope)
        if kept is None:
            self._log.warning("token.none", audience=audience, scope=scope)
            kept = _Kept(None, self._clock.mono_us() + OWN_TOKEN_PAUSE_S * 1_000_000)
        self._keep((audience, scope), kept)
        return kept

    async def _fetch(self, audience: str, scope: str) -> _Kept | None:
        address = read_address(self._config.outbound_token_url, http_allowed=True)
        pin = await self._vetting.pin(address) if isinstance(address, Address) else Fault.NO_ADDRESS
        secret = self._secret()
        if not isinstance(address, Address) or not isinstance(pin, Pin) or secret is None:
            return None
        if secret and pin.scheme == "http" and not all(ip_address(network).is_loopback for network in pin.networks):
            return None
        reply = await self._way.exchange(pin, self._request(address, audience, scope, secret))
        if not isinstance(reply, Reply) or reply.status != 200 or not reply.whole:
            return None
        return self._read(reply.body)

    def _secret(self) -> str | None:
        """Read anew each time, so that it can be exchanged while the node runs; None where it cannot be read."""
        path = self._config.outbound_client_secret
        try:
            return path.read_text().strip() if path is not None else ""
        except (OSError, UnicodeDecodeError) as error:
            self._log.error("token.secret", failure=str(error))
            return None

    def _request(self, address: Address, audience: str, scope: str, secret: str) -> Request:
        client = self._config.outbound_client_id
        asked = {"grant_type": "client_credentials", "scope": scope, "intended_audience": audience}
        headers = {"accept": "application/json"}
        if not secret:
            asked |= {"issuer": self._config.token_issuer, "sub": client}
            target = address.target("?" + urlencode(asked))
            return Request("GET", address.authority, target, headers, b"", OWN_TOKEN_BYTES_MAX)
        asked |= {"audience": audience, "client_id": client, "client_secret": secret}
        headers["content-type"] = "application/x-www-form-urlencoded"
        body = urlencode(asked).encode()
        return Request("POST", address.authority, address.target(""), headers, body, OWN_TOKEN_BYTES_MAX)

    def _read(self, body: bytes) -> _Kept | None:
        """The token of an answer, with the time until which it is used."""
        try:
            said = msgspec.json.decode(body, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if said.token_type.lower() != "bearer" or not _FORM.fullmatch(said.access_token):
            return None
        life_s = said.expires_in if said.expires_in is not None else self._life_s(said.access_token)
        life_s = min(max(life_s, 0.0), TOKEN_S_MAX)
        used_s = life_s - min(OWN_TOKEN_MARGIN_S, life_s / 4)
        return _Kept(said.access_token, self._clock.mono_us() + round(used_s * 1e6))

    def _life_s(self, token: str) -> float:
        """What the token itself says of its end; it is the issuer's word to the node, so no signature is checked."""
        parts = token.split(".")
        try:
            claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=="), type=_Claims)
        except (IndexError, ValueError, RecursionError):
            return TOKEN_S
        return TOKEN_S if claims.exp is None else claims.exp - self._clock.wall_us() / 1e6
