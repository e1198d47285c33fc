"""Recorded positions as rows: the one form that every file is brought into and that the search takes.

In:  columns of a file in the house's units; identities as text.
Out: an array of `ROW`, 32 bytes a row, identities as numbers in a table of `Names`.
Altitudes are whole feet, as transponders give them: the legal 1,000 ft stand exactly on a threshold.
"""

from collections.abc import Iterable, Sequence
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
    """Identities and their numbers, in the order in which they came."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """With what is known already."""
        self._codes: dict[str, int] = {}
        self.list: list[str] = []
        self.codes(list(names))

    def __len__(self) -> int:
        """How many."""
        return len(self.list)

    def codes(self, names: Sequence[str]) -> npt.NDArray[np.int32]:
        """Their numbers; new names get new ones."""
        made = np.empty(len(names), dtype=np.int32)
        for i, name in enumerate(names):
            code = self._codes.get(name)
            if code is None:
                code = self._codes[name] = len(self.list)
                self.list.append(name)
            made[i] = code
        return made


def make_rows(
    code: npt.ArrayLike, time_us: npt.ArrayLike, lat_nd: npt.ArrayLike, lon_nd: npt.ArrayLike, alt_ft: npt.ArrayLike
) -> Rows:
    """Columns of equal length as rows."""
    columns = {"code": code, "time_us": time_us, "lat_nd": lat_nd, "lon_nd": lon_nd, "alt_ft": alt_ft}
    made = np.empty(len(np.asarray(code)), dtype=ROW)
    for name, column in columns.items():
        made[name] = column
    return made
