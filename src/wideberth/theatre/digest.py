"""A digest of rows that moves with their changes, not with their number.

In:  tables of rows, and which rows were written or dropped.
Out: MSet-Add-Hash (Clarke et al., Incremental Multiset Hash Functions, ASIACRYPT 2003): the sum modulo 2^2048 of
     SHAKE-256 over SHA-256 of each row with its table and key. 32 bytes are kept a row, to take it out again.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256, shake_256
from typing import Any, Final

HASH_BYTES: Final = 256
HASH_MODULUS: Final = 1 << (8 * HASH_BYTES)


class Multiset:
    """The rows of some tables, as far as they were touched."""

    def __init__(self, tables: Mapping[str, Mapping[Any, Any]], encode: Callable[[Any], bytes]) -> None:
        """`encode` writes what of a row counts."""
        self._tables, self._encode = tables, encode
        self._touched: dict[str, set[Any]] = {name: set() for name in tables}
        self._kept: dict[str, dict[Any, bytes]] = {name: {} for name in tables}
        self._sum = 0

    def touch(self, table: str, key: Any) -> None:
        """A row was written or dropped."""
        self._touched[table].add(key)

    def fold(self) -> None:
        """Count in what was touched, so that the sum does not have it all to do at once."""
        for name, touched in self._touched.items():
            for key in touched:
                self._count(name, key)
            touched.clear()
        self._sum %= HASH_MODULUS

    def sum(self) -> bytes:
        """Of all rows as they are now."""
        self.fold()
        return self._sum.to_bytes(HASH_BYTES, "little")

    def _count(self, name: str, key: Any) -> None:
        kept = self._kept[name]
        old = kept.pop(key, None)
        if old is not None:
            self._sum -= _wide(old)
        row = self._tables[name].get(key)
        if row is not None:
            kept[key] = new = sha256(self._encode(((name, key), row))).digest()
            self._sum += _wide(new)


def _wide(row: bytes) -> int:
    return int.from_bytes(shake_256(row).digest(HASH_BYTES), "little")
