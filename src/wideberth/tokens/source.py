"""Where the issuer's keys come from: files that are read, and an address that is asked, anew when it is time.

In:  PEM files; the address of a key set; the monotonic clock.
Out: the current `Keys`; a call when they change.
Raises nothing: where a file cannot be read or the address does not answer as it should, the keys that were there serve
on; a line of the log and the figures say so.

The address is asked at the start, every five minutes, and when a token names a key that is not known, but then at most
every half minute and once for all who wait. The answer is bounded in bytes and time; redirects are not followed.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import structlog

from wideberth.limits import ISSUER_KEYS_MAX, JWKS_AGAIN_S, JWKS_BYTES_MAX, JWKS_LIFE_S, JWKS_S_MAX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.tokens.keyset import read_jwks, read_pem
from wideberth.tokens.verify import IssuerKey, Keys

SECOND_US: Final = 1_000_000
FIELD_KEYS, FIELD_JWKS = "config.token_keys", "config.token_jwks"
HEADERS: Final = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
Found = tuple[IssuerKey, ...]


def read_files(paths: tuple[Path, ...]) -> Found | Refusal:
    """The keys of all files."""
    found: list[IssuerKey] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(JWKS_BYTES_MAX + 1)
        except OSError as error:
            return refuse(Reason.MALFORMED, FIELD_KEYS, "files that can be read", f"{error.strerror}: {path}")
        if len(data) > JWKS_BYTES_MAX:
            return refuse(Reason.TOO_LARGE, FIELD_KEYS, f"files of at most {JWKS_BYTES_MAX:,} bytes", str(path))
        keys = read_pem(data, f"{FIELD_KEYS} ({path})")
        if isinstance(keys, Refusal):
            return keys
        found += keys
    if len(found) > ISSUER_KEYS_MAX:
        return refuse(Reason.TOO_LARGE, FIELD_KEYS, f"at most {ISSUER_KEYS_MAX} keys", len(found))
    return tuple(found)


async def fetch_jwks(url: str, client: httpx.AsyncClient) -> Found | Refusal:
    """The keys behind an address. A refusal says what was wrong with the answer."""

    def not_fetched(limit: str, received: object) -> Refusal:
        return refuse(Reason.KEYS_UNREACHABLE, FIELD_JWKS, limit, received)

    try:
        async with asyncio.timeout(JWKS_S_MAX), client.stream("GET", url, headers=HEADERS) as response:
            if response.status_code != httpx.codes.OK:
                return not_fetched("an answer with status 200, not by a redirect", response.status_code)
            if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
                return not_fetched("an answer that is not compressed", response.headers["content-encoding"])
            data = b""
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) > JWKS_BYTES_MAX:
                    return not_fetched(f"a key set of at most {JWKS_BYTES_MAX:,} bytes", "more")
    except TimeoutError:
        return not_fetched(f"an answer within {JWKS_S_MAX} s", "none")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
        return not_fetched("an answer", f"{type(error).__name__}: {error}")
    return read_jwks(data, FIELD_JWKS)


class Source:
    """The keys of one issuer, kept current."""

    def __init__(
        self,
        found: Found,
        paths: tuple[Path, ...],
        url: str,
        mono_us: Callable[[], int],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        life_s: float = JWKS_LIFE_S,
        again_s: float = JWKS_AGAIN_S,
    ) -> None:
        """`found` is what the files held at the start; `transport` stands in for the network in tests."""
        self.keys = Keys(found)
        self.changed: Callable[[Keys], None] = lambda _: None
        self.asked: Callable[[bool], None] = lambda _: None
        self.well = not url
        """Whether the last look at files and address found what it should."""
        self._of_files, self._of_address, self._paths, self._url = found, Found(), paths, url
        self._mono_us, self._transport, self._life_s, self._again_s = mono_us, transport, life_s, again_s
        self._tls = ssl.create_default_context() if url.startswith("https:") else None
        self._began_us: int | None = None
        self._since_us: int | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._host = urlsplit(url).hostname or ""
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

    @property
    def age_s(self) -> float:
        """Seconds since the address last gave keys; 0 where there is none to ask, or it never has."""
        return 0.0 if self._since_us is None else (self._mono_us() - self._since_us) / SECOND_US

    def may_ask(self) -> bool:
        """Whether an unknown key is a reason to wait: the address is being asked, or was not for a while."""
        if not self._url:
            return False
        if self._under_way is not None and not self._under_way.done():
            return True
        return self._began_us is None or self._mono_us() - self._began_us >= self._again_s * SECOND_US

    async def refresh(self) -> None:
        """Look at files and address once, for all who wait."""
        if self._under_way is None or self._under_way.done():
            self._began_us = self._mono_us()
            self._under_way = asyncio.create_task(self._look())
        await asyncio.shield(self._under_way)

    async def run(self) -> None:
        """Keep the keys current until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001  a fault of the house is logged; the keys that are there serve on
                self._log.error("tokens.fault", exc_info=error)
            await asyncio.sleep(self._life_s if self.well else self._again_s)

    async def close(self) -> None:
        """Give up what is under way."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.wait((self._under_way,))

    async def _look(self) -> None:
        wrong: list[str] = []
        if self._paths:
            of_files = await asyncio.to_thread(read_files, self._paths)
            if isinstance(of_files, Refusal):
                wrong.append(of_files.sentence())
            else:
                self._of_files = of_files
        if self._url:
            of_address = await self._fetch()
            if isinstance(of_address, Refusal):
                wrong.append(of_address.sentence())
            else:
                self._of_address, self._since_us = of_address, self._mono_us()
        self.well = not wrong
        self._take_on()
        for problem in wrong:
            self._log.warning("tokens.keys_kept", problem=problem, issuer=self._host, keys=len(self.keys))

    async def _fetch(self) -> Found | Refusal:
        settings: dict[str, Any] = {"follow_redirects": False, "trust_env": False, "timeout": None}
        async with httpx.AsyncClient(transport=self._transport, verify=self._tls or False, **settings) as client:
            found = await fetch_jwks(self._url, client)
        self.asked(not isinstance(found, Refusal))
        return found

    def _take_on(self) -> None:
        keys = Keys((*self._of_files, *self._of_address))
        if keys.names != self.keys.names:
            self.keys = keys
            self._log.info("tokens.keys", keys=len(keys), issuer=self._host)
            self.changed(keys)
