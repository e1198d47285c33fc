"""For whoever receives a node's webhooks: whether it is the node's, whether it is new, and the answer to its challenge.

In:  requests as they came, with the address under which this receiver is known; the node's public key.
Out: what a request brings, once; or a Refusal with one sentence.
Refuses: what is not signed by the key, changed, made for another address, too old, or made by a clock that is more than
5 s ahead of this one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from wideberth.client.wire import Wire
from wideberth.limits import SEEN_DELIVERIES_MAX
from wideberth.party.http_signature import Request, Said, key_id
from wideberth.party.http_signature import verify as verify_by
from wideberth.refusal import Reason, Refusal, refuse

CHALLENGE: Final = "/.well-known/wideberth-challenge"


class Item(Wire, frozen=True):
    """What a webhook brings: that there is something, and where it is fetched; `message` where it is the whole."""

    id: str
    theatre: str
    exercise: bool
    drill: bool
    what: str
    urgency: str
    cell: str
    asked: str
    path: str
    language: str
    fetch: str
    sentence: str
    message: dict[str, Any] | None = None


class Taken(msgspec.Struct, frozen=True):
    """A request that is the node's. `again`: it came before under the same id, and is to be dropped with a 2xx."""

    item: Item
    said: Said
    again: bool


def verify(request: Request, key: bytes, now_s: float | None = None) -> Said | Refusal:
    """What the signature of a request says, if it is by this key (32 bytes) and now."""
    return verify_by(request, {key_id(key): key}, time.time() if now_s is None else now_s)


class Receiver:
    """One webhook."""

    def __init__(self, url: str, key: bytes, now: Callable[[], float] = time.time) -> None:
        """`url`: as `SetPaths` names it. `key`: the node's (`node_key` of GET /v1/about; 32 bytes)."""
        self._url, self._key, self._now = url, key, now
        self._seen: OrderedDict[str, None] = OrderedDict()

    def challenge(self, target: str) -> bytes | None:
        """The body of the answer to GET `target`, if it is the node's question whether you want to hear from it."""
        parts = urlsplit(target)
        nonce = parse_qs(parts.query).get("nonce", [""])[0]
        return nonce.encode() if parts.path == urlsplit(self._url).path.rstrip("/") + CHALLENGE and nonce else None

    def take(self, method: str, headers: Mapping[str, str], body: bytes) -> Taken | Refusal:
        """A request that came in. Answer 2xx once it is taken; 401 where it is refused."""
        named = {name.lower(): value for name, value in headers.items()}
        said = verify(Request(method, self._url, named, body), self._key, self._now())
        if isinstance(said, Refusal):
            return said
        try:
            item = msgspec.json.decode(body, type=Item)
        except msgspec.DecodeError as error:
            return refuse(Reason.MALFORMED, "body", "an item", str(error))
        if item.id != said.delivery:
            return refuse(Reason.PARTS_MISMATCH, "idempotency-key", item.id, said.delivery)
        again = item.id in self._seen
        self._seen[item.id] = None
        if len(self._seen) > SEEN_DELIVERIES_MAX:
            self._seen.popitem(last=False)
        return Taken(item, said, again)
