"""Recorded positions as rows: the one form that every file is brought into and that the search takes.

In:  columns of a file in the house's units; identities as text, and who saw them where the file says so.
Out: an array of `ROW`, 32 bytes a row, identities as numbers in a table of `Names`.
What two sources saw of one aircraft has two numbers: their offsets, mixed in one track, would be a zigzag.
Altitudes are whole feet, as transponders give them: the legal 1,000 ft stand exactly on a threshold.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

ROW: Final = np.dtype(
    [("time_us", "<i8"), ("lat_nd", "<i8"), ("lon_nd", "<i8"), ("code", "<i4"), ("alt_ft", "<i4")], align=True
)
"""Microseconds since 1970 UTC; nanodegrees on WGS 84; number of the identity; altitude in feet, or `GROUND`."""
GROUND: Final = -(2**31)
"""In place of an altitude: on the ground."""
ALT_FT_MIN: Final = -2_000
"""The Dead Sea at high pressure; what lies below is no altitude."""
ALT_FT_MAX: Final = 126_700
"""What Mode S can say (ICAO Annex 10 volume IV, 3.1.2.6.5.4, in 100 ft steps)."""
Rows: TypeAlias = npt.NDArray[np.void]


class Names:
    """Identities, each as one source saw it, and their numbers, in the order in which they came."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """With what is known already."""
        self._codes: dict[tuple[str, str], int] = {}
        self._first: dict[str, int] = {}
        self.list: list[str] = []
        self.sources: list[str] = []
        """Of each; empty where a file does not say."""
        self.whose: list[int] = []
        """Of each the first number of the same identity."""
        for name in names:
            self.code(name)

    def __len__(self) -> int:
        """How many."""
        return len(self.list)

    def code(self, name: str, source: str = "") -> int:
        """The number; a new identity gets a new one."""
        code = self._codes.get((name, source))
        if code is None:
            code = self._codes[name, source] = len(self.list)
            self.list.append(name)
            self.sources.append(source)
            self.whose.append(self._first.setdefault(name, code))
        return code

    def codes(self, names: Iterable[str]) -> npt.NDArray[np.int32]:
        """The numbers of many, of a file that names no source."""
        return np.array([self.code(name) for name in names], dtype=np.int32)

    def of(self, name: str) -> list[int]:
        """All numbers of an identity, one for each source."""
        first = self._first.get(name)
        return [code for code, whose in enumerate(self.whose) if whose == first]

    def aircraft(self) -> int:
        """How many identities, whoever saw them."""
        return len(self._first)


def make_rows(
    code: npt.ArrayLike, time_us: npt.ArrayLike, lat_nd: npt.ArrayLike, lon_nd: npt.ArrayLike, alt_ft: npt.ArrayLike
) -> Rows:
    """Columns of equal length as rows."""
    columns = {"code": code, "time_us": time_us, "lat_nd": lat_nd, "lon_nd": lon_nd, "alt_ft": alt_ft}
    made = np.empty(len(np.asarray(code)), dtype=ROW)
    for name, column in columns.items():
        made[name] = column
    return made
