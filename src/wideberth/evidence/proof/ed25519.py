"""Ed25519 signatures: verification alone, in plain integers.

In:  a public key (32 bytes), a message, a signature (64 bytes). Out: whether it holds.
Refused are what libsodium refuses: keys and R of small order, encodings that are not canonical, s not below the order.
Source: RFC 8032, sections 5.1.1 to 5.1.7; points in extended coordinates (section 5.1.4). Not for signing: nothing here
runs in constant time.
"""

from __future__ import annotations

import functools
import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
"""A square root of -1."""
IDENTITY = (0, 1, 1, 0)
_EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022
"""y of a point of order 8."""
SMALL = frozenset((0, 1, P - 1, P, P + 1, _EIGHTH, P - _EIGHTH))
"""Every y, canonical or not, of a point of small order."""
WINDOWS = 64


def add(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The sum of two points, RFC 8032 section 5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def read_point(data: bytes) -> tuple[int, int, int, int] | None:
    """The point behind 32 bytes (section 5.1.3); None for what is not one in its canonical form."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if v * x * x % P == P - u and u:
        x = x * ROOT % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


_B = read_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=256)
def _table(point: tuple[int, int, int, int]) -> list[list[tuple[int, int, int, int]]]:
    """j * 16**i * point at [i][j]: a product is then 64 sums."""
    rows = []
    for _ in range(WINDOWS):
        row = [IDENTITY]
        for _ in range(15):
            row.append(add(row[-1], point))
        rows.append(row)
        point = add(row[-1], point)
    return rows


def _times(
    total: tuple[int, int, int, int], number: int, point: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """total + number * point."""
    for row in _table(point):
        if number & 15:
            total = add(total, row[number & 15])
        number >>= 4
    return total


@functools.lru_cache(maxsize=256)
def _key(data: bytes) -> tuple[int, int, int, int] | None:
    """The negative of a key's point; None where it is none, or of small order."""
    if int.from_bytes(data, "little") & (2**255 - 1) in SMALL:
        return None
    point = read_point(data)
    return None if point is None else (P - point[0], point[1], 1, P - point[3])


def holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this is the key's signature over the message (section 5.1.7, without the cofactor)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    negative, s = _key(key), int.from_bytes(signature[32:], "little")
    r = signature[:32]
    if negative is None or s >= ORDER or int.from_bytes(r, "little") & (2**255 - 1) in SMALL:
        return False
    assert _B is not None
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER
    x, y, z, _ = _times(_times(IDENTITY, s, _B), k, negative)
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == r
