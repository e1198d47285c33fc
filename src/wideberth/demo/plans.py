"""Who takes part in the exercise, what is closed and what is protected, after an earthquake in the Sarvel valley.

In:  nothing but the land.
Out: `PARTIES`, `CONSTRAINTS`, `PROTECTED`, times in minutes from the start; the form of an operation (`flights` has
     them all). Everything is invented: land, parties, plans.
"""

from typing import Final

import msgspec

from wideberth.demo.land import Bands, circle, route
from wideberth.party.command import Activity, ConstraintKind, Disclosure, Domain, PlaceKind

PARTIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "HAS": ("Humanitarian Air Service", ("en", "de")),
    "TAF": ("Taldan Air Force", ("en",)),
    "MAF": ("Merova Air Force", ("en",)),
    "CAA": ("Civil Aviation Cell", ("en", "de")),
    "OHM": ("Open Hands Convoys", ("en",)),
    "KSD": ("Karst Survey Drones", ("en",)),
    "CPS": ("Civil Protection", ("en", "de")),
}
"""Code, name, languages. CAA convenes."""


class Flight(msgspec.Struct, frozen=True):
    """An operation of the exercise; `label` is unique and names it in the script."""

    party: str
    label: str
    activity: Activity
    bands: Bands
    disclosure: Disclosure = Disclosure.CONFLICT_ONLY
    domain: Domain = Domain.AIR
    crewed: bool = True
    note: str = ""
    shared: str = ""
    priority: int = 0

    @property
    def start_min(self) -> float:
        """When it begins."""
        return min(band.start_min for band in self.bands)

    @property
    def end_min(self) -> float:
        """When it is over."""
        return max(band.end_min for band in self.bands)


class Closed(msgspec.Struct, frozen=True):
    """A constraint."""

    party: str
    label: str
    kind: ConstraintKind
    bands: Bands
    note: str = ""


class Kept(msgspec.Struct, frozen=True):
    """A protected place."""

    party: str
    label: str
    kind: PlaceKind
    bands: Bands
    verifier: str
    verified_min: float
    """How long before the start it was verified, as a negative number of minutes."""
    review_min: float
    note: str = ""


DAY: Final = 1_440.0

CONSTRAINTS: Final = (
    Closed(
        "CAA",
        "CAA-0051 closure",
        ConstraintKind.CLOSURE,
        circle((42.2081, -38.3133), 4_200, 430, 3_000, -60, 140),
        "Vessa is closed while the chimney of the cement works is taken down.",
    ),
    Closed(
        "CAA",
        "CAA-0052 restricted",
        ConstraintKind.RESTRICTED,
        circle((42.7200, -37.4600), 2_500, 430, 1_500, -60, 2 * DAY),
        "Joril substation: repair of the high-voltage lines.",
    ),
    Closed(
        "CAA",
        "CAA-0044 corridor",
        ConstraintKind.CORRIDOR,
        route([(41.66, -39.05), (41.66, -38.15)], 1_500, 430, 800, -60, DAY),
        "Low-level supply corridor of the coast road. Others take care.",
    ),
    Closed("CPS", "CPS-0003 crane", ConstraintKind.NOTAM, circle((42.4010, -39.4300), 600, 430, 560, -60, 3 * DAY)),
)

PROTECTED: Final = (
    Kept("HAS", "Pelit field hospital", PlaceKind.HOSPITAL, circle("Pelit", 2_300, 380, 900, -60, 20 * DAY),
         "Merova Health Office", -900, 10 * DAY, "120 beds, helicopter pad in the south-east."),
    Kept("CPS", "Dorun district hospital", PlaceKind.HOSPITAL, circle((42.27, -38.704), 1_000, 380, 600, -60, 20 * DAY),
         "Taldan Health Office", -1_500, 10 * DAY),
    Kept("OHM", "Vessa clinic", PlaceKind.HOSPITAL, circle((42.205, -38.325), 800, 380, 600, -60, 20 * DAY),
         "Open Hands medical desk", -2_000, 7 * DAY),
    Kept("CPS", "Hadri school", PlaceKind.SCHOOL, circle((42.3725, -38.55), 500, 380, 450, -60, 20 * DAY),
         "Civil Protection", -700, 5 * DAY),
    Kept("OHM", "Selin camp", PlaceKind.CAMP, circle("Selin", 1_500, 380, 600, -60, 20 * DAY),
         "Open Hands camp desk", -400, 3 * DAY),
)  # fmt: skip
