"""How the conflicts of the exercise are talked over: who proposes, concurs, objects, accepts, and when.

In:  labels of `flights` and `plans`.
Out: `BEFORE`, said while the exercise is set up; `LATER`, said by the other parties while somebody looks on, each with
     its second from the start; `ANSWERS`, what the Humanitarian Air Service says when nobody sits at the page.
A conflict is named from the speaker's side: its own thing and the peer, "" where the peer is unnamed (private).
"""

from typing import Final

import msgspec

from wideberth.demo.land import Bands, area


class Say(msgspec.Struct, frozen=True):
    """One word in a conflict.

    `what` is "shift" (of `whose`), "reroute", "procedure", "risk", "concur" or "object" (the proposal that is open),
    or "activate".
    """

    party: str
    mine: str
    peer: str
    what: str
    text: str = ""
    whose: str = "mine"
    start_min: float = 0
    altitude_m: float = 0
    bands: Bands = ()
    at_s: float = 0


class Nod(msgspec.Struct, frozen=True):
    """Concurrence with a plan in an area of the charter."""

    party: str
    owner: str
    label: str
    at_s: float = 0


Word = Say | Nod

_PELIT_WEST: Final = area(
    [(42.320, -38.470), (42.320, -38.430), (42.297, -38.430), (42.297, -38.470)], 500, 700, 40, 95
)

BEFORE: Final[tuple[Word, ...]] = (
    # under way
    Say("TAF", "TAF-0118", "", "activate"),
    Nod("TAF", "KSD", "KSD-0233"),
    Nod("MAF", "KSD", "KSD-0233"),
    Say("KSD", "KSD-0233", "", "activate"),
    # HAS-0417 and a Merova plan 450 ft above it: the one that waits for somebody at the page
    Say("HAS", "HAS-0417", "MAF", "shift", "Please pass higher over the valley.", "other", altitude_m=783),
    Say("MAF", "MAF-2207", "HAS", "object", "The aircraft is heavy and cannot climb before the border."),
    Say("MAF", "MAF-2207", "HAS", "shift", "Start 25 min later and the valley is yours.", "other", start_min=25),
    Nod("TAF", "HAS", "HAS-0417"),
    Nod("TAF", "MAF", "MAF-2207"),
    # settled by a shift
    Say("TAF", "TAF-0119", "HAS", "shift", "We wait until you are past.", start_min=40),
    Say("HAS", "HAS-0419", "TAF", "concur"),
    Say("CPS", "CPS-33", "HAS", "shift", "We leave Zelka 10 min later.", start_min=10),
    Say("HAS", "HAS-0426", "CPS", "concur"),
    # settled by a procedure
    Say("TAF", "TAF-0120", "HAS", "procedure", "HAS-0423 calls Marvik on 122.4. Marvik holds until it has landed."),
    Say("HAS", "HAS-0423", "TAF", "concur"),
    Say("CPS", "CPS-31", "KSD", "procedure", "KSD-0235 lands when CPS-31 calls 10 min out on 123.45."),
    Say("KSD", "KSD-0235", "CPS", "concur"),
    Say("CPS", "CPS-35", "HAS", "procedure", "The tender passes east of the divers' boat and calls on channel 16."),
    Say("HAS", "HAS-0425", "CPS", "concur"),
    # lived with
    Say("TAF", "TAF-0122", "OHM", "risk", "One road. Our column halts at the roadside when the convoy comes."),
    Say("OHM", "OHM 9", "TAF", "risk", "Drivers know of the column and keep 50 m."),
    Say("OHM", "OHM 7", "HAS", "risk", "The convoy unloads at the hospital's own gate."),
    Say("HAS", "Pelit field hospital", "OHM", "risk", "The convoy brings the hospital's supplies."),
    Say("CPS", "CPS-37", "MAF", "risk", "Level flight, 4.2 km beside the training area."),
    Say("MAF", "MAF-2213", "CPS", "risk", "Trainees stay in the northern half."),
    # objected, and open
    Say("KSD", "KSD-0234", "HAS", "procedure", "The drone keeps 150 m above the roofs."),
    Say("HAS", "Pelit field hospital", "KSD", "object", "Helicopters use the pad. Please stay west of the river."),
    # open, with a way out that waits
    Say("CAA", "CAA-0051 closure", "HAS", "shift", "The chimney is down by then.", "other", start_min=65),
)  # fmt: skip

LATER: Final[tuple[Word, ...]] = (
    Say("MAF", "MAF-2211", "HAS", "procedure", "The ambulance passes first and calls on 121.5 when past you.",
        at_s=65),
    Say("KSD", "KSD-0234", "HAS", "reroute", "West of the river only.", bands=_PELIT_WEST, at_s=100),
    Say("MAF", "MAF-2208", "HAS", "shift", "We can pass above you.", altitude_m=800, at_s=170),
)  # fmt: skip

ANSWERS: Final[tuple[Word, ...]] = (
    Say("HAS", "HAS-0417", "MAF", "activate"),
    Say("HAS", "HAS-0417", "MAF", "concur"),
    Nod("TAF", "HAS", "HAS-0417"),
    Nod("MAF", "HAS", "HAS-0417"),
    Say("HAS", "HAS-0417", "MAF", "activate"),
    Say("HAS", "HAS-0421", "MAF", "concur"),
    Say("HAS", "HAS-0422", "", "concur"),
    Say("HAS", "Pelit field hospital", "KSD", "concur"),
    Say("HAS", "HAS-0420", "CAA", "concur"),
    Nod("HAS", "CPS", "CPS-39"),
)  # fmt: skip
