"""ASTERIX (EUROCONTROL): data blocks, records, and the lengths of the items of categories 021, 048 and 062.

A block is category (1 octet), length (2, its own head among it), records. A record is a field specification (seven bits
an octet, the eighth says that more follow) and, for each bit that is set, one item in the order of the category's
profile (UAP). An item is fixed, extended (octets whose last bit says that more follow), repetitive (a count and as many
pieces), explicit (its own length first) or compound (a field specification of its own, then its subfields).
Source: EUROCONTROL Specification for Surveillance Data Exchange, parts 1 (3.0), 4 (CAT048 1.32), 9 (CAT062 1.21),
12 (CAT021 2.7). Editions add to the ends of extended items alone, so earlier ones (021 from 2.1) read alike.

In:  bytes.
Out: per record a mapping from item to its bytes; a compound's subfields as "380/ADR".
Refuses, by ValueError: what runs past its end, and items that the profile does not have.
"""

from typing import Final

Kind = int | str | tuple["Field | None", ...]
"""Octets of a fixed item; "x" extended, "e" explicit, "r8" repetitive of 8 octets, "f3" pieces of 3 octets of which the
last bit says that more follow; a tuple: the subfields of a compound one."""
Field = tuple[str, Kind]
Profile = tuple[Field | None, ...]
Items = dict[str, bytes]


def _profile(text: str, compounds: dict[str, Profile] | None = None) -> Profile:
    """ "010:2 040:x 220:c .": name and kind of each item in order, c a compound, a dot a spare."""
    rows: list[Field | None] = []
    for word in text.split():
        name, _, kind = word.partition(":")
        if word == ".":
            rows.append(None)
        elif kind == "c":
            rows.append((name, (compounds or {})[name]))
        else:
            rows.append((name, int(kind) if kind.isdigit() else kind))
    return tuple(rows)


_QUALITY: Final = tuple((f"{i}", 1) for i in range(64))
"""Ages: one octet each, however many there are."""

CAT021: Final = _profile(
    "010:2 040:x 161:2 015:1 071:3 130:6 131:8 072:3 150:2 151:2 080:3 073:3 074:4 075:3 076:4 140:2 090:x 210:1 070:2 "
    "230:2 145:2 152:2 200:1 155:2 157:2 160:4 165:2 077:3 170:6 020:1 220:c 146:2 148:2 110:c 016:1 008:1 271:x 132:1 "
    "250:r8 260:7 400:1 295:c . . . . . RE:e SP:e",
    {
        "220": _profile("WS:2 WD:2 TMP:2 TRB:1"),
        "110": _profile("TIS:x TID:r15"),
        "295": _QUALITY[:23],
    },
)
CAT048: Final = _profile(
    "010:2 140:3 020:x 040:4 070:2 090:2 130:c 220:3 240:6 250:r8 161:2 042:4 200:4 170:x 210:4 030:x 080:2 100:4 "
    "110:2 120:c 230:2 260:7 055:1 050:2 065:1 060:2 SP:e RE:e",
    {"130": _QUALITY[:7], "120": _profile("CAL:2 RDS:r6")},
)
CAT062: Final = _profile(
    "010:2 . 015:1 070:3 105:8 100:6 185:4 210:2 060:2 245:7 380:c 040:2 080:x 290:c 200:1 295:c 136:2 130:2 "
    "135:2 220:2 390:c 270:x 300:1 110:c 120:2 510:f3 500:c 340:c . . . . . RE:e SP:e",
    {
        "380": _profile(
            "ADR:3 ID:6 MHG:2 IAS:2 TAS:2 SAL:2 FSS:2 TIS:x TID:r15 COM:2 SAB:2 ACS:7 BVR:2 GVR:2 RAN:2 TAR:2 TAN:2 "
            "GS:2 VUN:1 MET:8 EMC:1 POS:6 GAL:2 PUN:1 BDSDATA:r8 IAR:2 MAC:2 BPS:2"
        ),
        "290": _profile("TRK:1 PSR:1 SSR:1 MDS:1 ADS:2 ES:1 VDL:1 UAT:1 LOP:1 MLT:1"),
        "295": _QUALITY[:31],
        "390": _profile(
            "TAG:2 CS:7 IFI:4 FCT:1 TAC:4 WTC:1 DEP:4 DST:4 RDS:3 CFL:2 CTL:2 TOD:r4 AST:6 STS:1 STD:7 STA:7 "
            "PEM:2 PEC:7"
        ),
        "110": _profile("SUM:1 PMN:4 POS:6 GA:2 EM1:2 TOS:1 XP:1"),
        "500": _profile("APC:4 COV:2 APW:4 AGA:1 ABA:1 ATV:2 AA:2 ARC:1"),
        "340": _profile("SID:2 POS:4 HEIGHT:2 MDC:2 MDA:2 TYP:1"),
    },
)
PROFILES: Final = {21: CAT021, 48: CAT048, 62: CAT062}


def blocks(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The data blocks in their order, and what is left over when one runs past the end or is none."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 3 <= len(data):
        end = at + int.from_bytes(data[at + 1 : at + 3], "big")
        if end < at + 3 or end > len(data):
            break
        found.append((data[at], data[at + 3 : end]))
        at = end
    return found, data[at:]


def record(profile: Profile, data: bytes, at: int) -> tuple[Items, int]:
    """The items of the record that begins at an offset, and where it ends. Raises ValueError."""
    items: Items = {}
    return items, _fields(profile, data, at, "", items)


def _fields(profile: Profile, data: bytes, at: int, before: str, items: Items) -> int:
    """Reads a field specification and what it announces."""
    first = at
    at = _extended(data, at)
    end = len(data)
    for octet in range(first, at):
        bits = data[octet]
        for bit in range(7):
            if not bits & 0x80 >> bit:
                continue
            place = (octet - first) * 7 + bit
            field = profile[place] if place < len(profile) else None
            if field is None:
                raise ValueError(f"{before}field {place + 1} is none")
            name, kind = field
            start = at
            if isinstance(kind, int):
                at += kind
            elif isinstance(kind, tuple):
                at = _fields(kind, data, at, f"{before}{name}/", items)
            else:
                at = _sized(kind, data, at)
            if at > end:
                raise ValueError(f"{before}{name} runs past the end")
            items[before + name] = data[start:at]
    return at


def _extended(data: bytes, at: int) -> int:
    while at < len(data):
        at += 1
        if not data[at - 1] & 1:
            return at
    raise ValueError("an extended field runs past the end")


def _sized(kind: str, data: bytes, at: int) -> int:
    if kind == "x":
        return _extended(data, at)
    if at >= len(data):
        raise ValueError("no length")
    if kind == "e":
        if not data[at]:
            raise ValueError("an explicit field of no length")
        return at + data[at]
    size = int(kind[1:])
    if kind[0] == "r":
        return at + 1 + data[at] * size
    while True:
        at += size
        if at > len(data):
            raise ValueError("a repeated field runs past the end")
        if not data[at - 1] & 1:
            return at
