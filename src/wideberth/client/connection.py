"""The way to a node: requests with a session, patience with what passes, and problems as values.

In:  a base address, a party, the seed of its watch key.
Out: typed answers, or a `Problem` where the node refuses.
Raises `Unreachable` once patience is at its end, `BadAnswer` where the other end does not speak the API.

A read session is opened by a signed challenge and renewed before it ends. Connection errors, 429 and 503 are tried
again, waiting as long as Retry-After says, else longer each time.
"""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import httpx

from wideberth.client.wire import About, BadAnswer, Challenge, Problem, Session, b64, read
from wideberth.party.identity import public_key, sign

PASSING: Final = frozenset((429, 502, 503, 504))
"""Statuses that may be gone in a while."""
FIRST_WAIT_S: Final = 0.2
WAIT_S_MAX: Final = 5.0
RENEW_S: Final = 30.0
"""A session is renewed so long before its end."""
CONTEXT: Final = b"wideberth/session/1\n"

_T = TypeVar("_T")


class Unreachable(Exception):
    """Nobody answered within the time that the caller was ready to wait."""


class Connection:
    """Requests to one node for one party."""

    def __init__(
        self,
        url: str,
        party: str,
        seed: bytes,
        *,
        transport: httpx.BaseTransport | None = None,
        verify: bool | ssl.SSLContext = True,
        patience_s: float = 60.0,
        timeout_s: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`patience_s` bounds all tries of one request together, `timeout_s` one try."""
        self.party, self._seed = party, seed
        self._patience_s, self._now, self._sleep = patience_s, now, sleep
        self.http = httpx.Client(base_url=url, transport=transport, timeout=timeout_s, verify=verify)
        self._about: About | None = None
        self._session: Session | None = None

    def close(self) -> None:
        """Give up the connection."""
        self.http.close()

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def ahead_s(self, node_time: datetime) -> float:
        """How far the node's clock is ahead of this one."""
        return (node_time - self._now()).total_seconds()

    def about(self) -> About:
        """Which theatre this is; asked once."""
        if self._about is None:
            self._about = self._expect(self.request("GET", "/v1/about"), About)
        return self._about

    def headers(self) -> dict[str, str]:
        """The header of a live session; opens or renews it."""
        session = self._session
        if session is None or (session.expires - self._now()).total_seconds() < RENEW_S:
            session = self._session = self._open_session()
        return {"Authorization": f"Bearer {session.session}"}

    def forget_session(self) -> None:
        """The node no longer knows it."""
        self._session = None

    def get(self, path: str, form: type[_T], **query: str | int | float) -> _T | Problem:
        """Read something with the party's session."""
        response = self.request("GET", path, headers=self.headers(), params=query)
        if response.status_code == 401:
            self.forget_session()
            response = self.request("GET", path, headers=self.headers(), params=query)
        return read(response.content, form) if response.status_code == 200 else problem(response)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, tried again while what hinders it may pass."""
        left_s, wait_s, last = self._patience_s, FIRST_WAIT_S, None
        while True:
            try:
                response = self.http.request(method, path, **more)
            except httpx.TransportError as error:
                last, pause_s = error, wait_s
            else:
                if not _passes(response):
                    return response
                pause_s = max(wait_s, retry_after_s(response, self._now()))
                if pause_s > left_s:
                    return response
            if pause_s > left_s:
                raise Unreachable(f"No answer from {self.http.base_url}: {last}.") from last
            self._sleep(pause_s)
            left_s -= pause_s
            wait_s = min(2 * wait_s, WAIT_S_MAX)

    def _open_session(self) -> Session:
        asked = self.request("POST", "/v1/challenge", json={"party": self.party})
        challenge = self._expect(asked, Challenge)
        said = CONTEXT + f"{self.about().origin}\n{self.party}\n".encode() + challenge.challenge
        body = {
            "party": self.party,
            "key": b64(public_key(self._seed)),
            "challenge": b64(challenge.challenge),
            "signature": b64(sign(self._seed, said)),
        }
        return self._expect(self.request("POST", "/v1/session", json=body), Session)

    def _expect(self, response: httpx.Response, form: type[_T]) -> _T:
        if response.status_code != 200:
            raise Refused(problem(response))
        return read(response.content, form)


class Refused(Exception):
    """The node refused something without which nothing else goes: a session, or to say who it is."""

    def __init__(self, what: Problem) -> None:
        """`problem` is the refusal."""
        super().__init__(what.sentence())
        self.problem = what


def problem(response: httpx.Response) -> Problem:
    """The refusal behind a response that is not a success."""
    if response.status_code < 400:
        raise BadAnswer(f"The node answered {response.status_code} to {response.request.url.path}.")
    if "json" not in response.headers.get("content-type", ""):
        return Problem(response.status_code, detail=f"The node answered {response.status_code} without a reason.")
    return read(response.content, Problem)


def retry_after_s(response: httpx.Response, now: datetime) -> float:
    """Seconds that the Retry-After header asks for (RFC 9110, 10.2.3), 0 where it says nothing readable."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    if not text:
        return 0.0
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _passes(response: httpx.Response) -> bool:
    """Whether trying again may help: a refusal that stands in the ledger stays as it is."""
    if response.status_code not in PASSING:
        return False
    if response.status_code == 429 and "json" in response.headers.get("content-type", ""):
        said = read(response.content, Problem)
        return said.position is None and said.reason not in ("claim", "budget")
    return True
