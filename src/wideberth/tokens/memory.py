"""What is remembered of tokens: accepted ones, refused ones, and how often each address was refused.

In:  the SHA-256 of a token, never the token; times.
Out: what was found of it, as long as that holds.
All three are bounded; what was used least recently goes first.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from wideberth.limits import ADDRESSES_KEPT_MAX, TOKENS_REFUSED_PER_ADDRESS_MAX, TOKENS_REFUSED_PER_MINUTE
from wideberth.refusal import Reason, Refusal, refuse

T = TypeVar("T")
MINUTE_US: Final = 60_000_000
NETWORK_BITS: Final = 64
"""What one IPv6 subscriber has to itself (RFC 6177); an address within it is drawn anew at will."""


class _Row(NamedTuple, Generic[T]):
    found: T
    from_us: int
    until_us: int


class Memory(Generic[T]):
    """Rows by digest. A row counts from its first to its last microsecond, whichever way the clock goes."""

    def __init__(self, rows_max: int) -> None:
        self._rows: OrderedDict[bytes, _Row[T]] = OrderedDict()
        self._rows_max = rows_max

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def find(self, digest: bytes, now_us: int) -> T | None:
        """What is remembered under a digest."""
        row = self._rows.get(digest)
        if row is None or now_us < row[1]:
            return None
        if now_us >= row[2]:
            del self._rows[digest]
            return None
        self._rows.move_to_end(digest)
        return row[0]

    def keep(self, digest: bytes, found: T, from_us: int, until_us: int) -> None:
        """Remember; what was used least recently makes room."""
        self._rows[digest] = _Row(found, from_us, until_us)
        self._rows.move_to_end(digest)
        if len(self._rows) > self._rows_max:
            self._rows.popitem(last=False)

    def drop(self, gone: Callable[[T], bool]) -> None:
        """Forget what is gone."""
        for digest in [digest for digest, row in self._rows.items() if gone(row.found)]:
            del self._rows[digest]

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()


class Refusals:
    """How many tokens each address may still have refused: a bucket that fills again with time."""

    def __init__(self, addresses_max: int = ADDRESSES_KEPT_MAX) -> None:
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._addresses_max = addresses_max

    def __len__(self) -> int:
        """How many addresses are counted."""
        return len(self._buckets)

    def take(self, address: str, mono_us: int) -> Refusal | None:
        """One more look at a token from an address, unless too many were refused."""
        full = float(TOKENS_REFUSED_PER_ADDRESS_MAX)
        name = _network(address)
        left, since_us = self._buckets.pop(name, (full, mono_us))
        left = min(full, left + (mono_us - since_us) / MINUTE_US * TOKENS_REFUSED_PER_MINUTE)
        good = left >= 1.0
        self._buckets[name] = (left - 1.0 if good else left, mono_us)
        if len(self._buckets) > self._addresses_max:
            self._buckets.popitem(last=False)
        if good:
            return None
        limit = f"{TOKENS_REFUSED_PER_MINUTE} refused tokens a minute from one address; send one that is taken"
        return refuse(Reason.TOO_MANY, "token", limit, "more")

    def give(self, address: str) -> None:
        """The token was taken: the look at it is not counted."""
        name = _network(address)
        row = self._buckets.get(name)
        if row is not None:
            self._buckets[name] = (row[0] + 1.0, row[1])


def _network(address: str) -> str:
    """The address, or the IPv6 network that its holder has to itself."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    mapped = found.ipv4_mapped
    return str(mapped) if mapped is not None else str(int(found) >> NETWORK_BITS)
