"""The operations of the exercise, in the order in which they are filed.

In:  the land.
Out: `FLIGHTS`; times in minutes from the start, heights in metres above the WGS 84 ellipsoid. All of it is invented.
Where two of them come too near it is on purpose: `talk` says how each of these conflicts goes on.
"""

from typing import Final

from wideberth.demo.land import Bands, area, circle, route
from wideberth.demo.plans import DAY, Flight
from wideberth.party.command import Activity, Disclosure, Domain

OPEN, QUIET, PRIVATE = Disclosure.OPEN, Disclosure.CONFLICT_ONLY, Disclosure.PRIVATE
RELIEF, TRANSPORT, SURVEY, MEDICAL = Activity.RELIEF, Activity.TRANSPORT, Activity.SURVEY, Activity.MEDICAL
PATROL, TRAINING, TRANSIT = Activity.PATROL, Activity.TRAINING, Activity.TRANSIT
RESCUE, OTHER = Activity.SEARCH_AND_RESCUE, Activity.OTHER
GROUND, SEA = Domain.GROUND, Domain.SEA

SHUTTLE: Final[list[tuple[float, float]]] = [
    (42.2783, -38.72), (42.2891, -38.5618), (42.3018, -38.4055),
    (42.2720, -38.4006), (42.2594, -38.5588), (42.2486, -38.7164),
]  # fmt: skip
"""Dorun to Pelit, 3.3 km wide."""

_NORTH, _SOUTH = [(42.6504, -38.5602), (42.6545, -38.5007)], [(42.0308, -38.4104), (42.0246, -38.4825)]
_MIDDLE = [(42.3643, -38.5247), (42.3694, -38.4594), (42.1971, -38.4345), (42.1915, -38.5032)]

CROSSING: Final[Bands] = (
    *area([*_NORTH, _MIDDLE[1], _MIDDLE[0]], 1_637.16, 2_100, 22, 32),
    *area(_MIDDLE, 1_637.16, 2_100, 32, 44.5),
    *area([_MIDDLE[3], _MIDDLE[2], *_SOUTH], 1_637.16, 2_100, 44.5, 56),
)
"""A Merova plan that crosses the shuttle's corridor 450 ft above it."""

HADRI: Final[list[tuple[float, float]]] = [
    (42.3918, -38.5970), (42.3981, -38.5121), (42.3423, -38.5048), (42.3369, -38.5885),
]  # fmt: skip


def _taldan() -> tuple[Flight, ...]:
    p = "TAF"
    return (
        Flight(p, "TAF-0118", TRANSPORT, circle((42.3621, -38.7909), 5_200, 900, 2_400, -30, 80), OPEN,
               note="Airlift into Kemra, one aircraft every 12 minutes."),
        Flight(p, "TAF-0119", TRANSPORT, route([(42.30, -39.52), (42.15, -38.95)], 1_500, 1_800, 2_100, 45, 72)),
        Flight(p, "TAF-0120", OTHER, circle("Marvik", 4_000, 430, 6_000, 75, 240), domain=Domain.AIR_DEFENCE,
               note="Air defence drill. No relief flight is turned away; call before entering."),
        Flight(p, "TAF-0121", PATROL, route([(42.70, -38.78), (42.12, -38.78)], 1_500, 5_000, 5_300, 60, 110), PRIVATE),
        Flight(p, "TAF-0122", TRANSPORT, route(["Ostrem", (42.53, -39.20), "Tovari"], 300, 430, 480, 40, 130), OPEN,
               domain=GROUND, note="Engineers with bridging equipment."),
        Flight(p, "TAF-0123", TRANSPORT, route(["Tovari", "Bresk"], 1_500, 3_000, 3_300, 20, 60)),
        Flight(p, "TAF-0124", TRANSPORT, route(["Bresk", "Tovari"], 1_500, 3_000, 3_300, 200, 240)),
        Flight(p, "TAF-0125", TRANSPORT, route(["Kemra", "Tovari"], 1_500, 2_700, 3_000, 100, 125)),
        Flight(p, "TAF-0126", TRAINING, circle((42.85, -39.30), 9_000, 1_500, 4_500, 15, 180), OPEN),
        Flight(p, "TAF-0127", MEDICAL, route(["Lirma", "Tovari"], 1_200, 900, 1_200, 150, 170), OPEN),
    )  # fmt: skip


def _merova() -> tuple[Flight, ...]:
    p = "MAF"
    return (
        Flight(p, "MAF-2207", TRANSIT, CROSSING),
        Flight(p, "MAF-2209", TRANSPORT, route(["Arvona", "Teplin"], 1_500, 3_000, 3_300, 60, 95)),
        Flight(p, "MAF-2210", TRANSPORT, route(["Arvona", "Joril"], 1_500, 1_200, 1_500, 110, 130)),
        Flight(p, "MAF-2212", PATROL, route([(42.78, -38.25), (42.12, -38.25)], 1_500, 4_500, 4_800, 30, 80)),
        Flight(p, "MAF-2213", TRAINING, circle((42.90, -38.25), 6_000, 1_000, 3_000, 60, 150), OPEN),
        Flight(p, "MAF-2214", TRANSPORT, route(["Arvona", "Quorin"], 1_500, 2_100, 2_400, 175, 205)),
        Flight(p, "MAF-2215", TRANSPORT, route(["Sandor", "Arvona"], 1_500, 1_500, 1_800, 240, 270)),
        Flight(p, "MAF-2216", TRANSPORT, route([(42.585, -38.15), "Teplin"], 300, 430, 480, 30, 120), domain=GROUND),
        Flight(p, "MAF-2217", TRANSPORT, route(["Arvona", "Pelit"], 1_500, 3_300, 3_600, DAY + 60, DAY + 100)),
    )  # fmt: skip


def _civil() -> tuple[Flight, ...]:
    p = "CAA"
    return (
        Flight(p, "CAA-0060", SURVEY, circle("Arvona", 4_000, 1_000, 1_300, 300, 340), OPEN, note="Flight inspection."),
        Flight(p, "CAA-0061", SURVEY, circle("Tovari", 4_000, 1_000, 1_300, 360, 400), OPEN, note="Flight inspection."),
        Flight(p, "CAA-0062", TRANSIT, route(["Ombrak", "Arvona"], 2_000, 6_000, 6_300, 15, 50), OPEN),
        Flight(p, "CAA-0063", TRANSIT, route(["Tovari", "Arvona"], 2_000, 7_500, 7_800, 65, 115), OPEN),
        Flight(p, "CAA-0064", TRANSIT, route(["Ombrak", "Halvar"], 2_000, 3_000, 3_300, 100, 130), OPEN),
        Flight(p, "CAA-0065", TRANSIT, route(["Bresk", "Sandor"], 2_000, 9_000, 9_300, 30, 85), OPEN),
    )  # fmt: skip


def _convoys() -> tuple[Flight, ...]:
    p = "OHM"
    return (
        Flight(p, "OHM 7", RELIEF, route([(42.2490, -38.3420), (42.2750, -38.3600), (42.2890, -38.3760)],
               250, 430, 480, 5, 110), OPEN, GROUND, note="Flour and water for Pelit, 14 lorries."),
        Flight(p, "OHM 9", RELIEF, route(["Tovari", (42.55, -39.28), "Ostrem"], 300, 430, 480, 60, 150), QUIET, GROUND),
        Flight(p, "OHM 10", RELIEF, route([(42.235, -38.735), (42.135, -38.785)], 300, 430, 480, 20, 80), OPEN, GROUND),
        Flight(p, "OHM 11", RELIEF, route([(42.40, -37.80), (42.53, -38.14)], 300, 430, 480, 30, 130), OPEN, GROUND),
        Flight(p, "OHM 12", RELIEF, route(["Sandor", "Quorin"], 300, 430, 480, 45, 150), OPEN, GROUND),
        Flight(p, "OHM 13", RELIEF, route(["Ombrak", "Durnik"], 300, 430, 480, 90, 200), OPEN, GROUND),
        Flight(p, "OHM 14", RELIEF, route([(42.41, -38.62), "Kemra"], 300, 430, 480, 30, 90), OPEN, GROUND),
        Flight(p, "OHM 15", RELIEF, route(["Lirma", "Zelka"], 300, 430, 480, 200, 330), OPEN, GROUND),
        Flight(p, "OHM 16", RELIEF, route(["Durnik", "Halvar"], 300, 430, 480, DAY, DAY + 90), QUIET, GROUND),
    )  # fmt: skip


def _drones() -> tuple[Flight, ...]:
    p = "KSD"

    def survey(label: str, bands: Bands, note: str, disclosure: Disclosure = OPEN) -> Flight:
        return Flight(p, label, SURVEY, bands, disclosure, crewed=False, note=note)

    bridges = [(42.318, -38.425), (42.322, -38.365), (42.300, -38.352), (42.296, -38.412)]
    return (
        survey("KSD-0233", area(HADRI, 620, 1_020, -20, 60), "Cracks in roofs and roads round Hadri."),
        survey("KSD-0234", area(bridges, 500, 700, 40, 95), "The two bridges of Pelit."),
        survey("KSD-0235", circle((42.48, -38.95), 5_000, 700, 1_100, 20, 80), "Landslide at Kemra.", QUIET),
        survey("KSD-0236", circle((42.02, -38.30), 3_500, 600, 900, 60, 120), "Dam of the upper lake."),
        survey("KSD-0237", circle("Narsel", 2_500, 500, 700, 70, 110), "Roofs of Narsel."),
        survey("KSD-0238", circle("Quorin", 2_500, 500, 700, 40, 65), "Roofs of Quorin."),
        survey("KSD-0239", circle("Lirma", 2_500, 500, 700, 60, 100), "Water mains of Lirma."),
        survey("KSD-0240", circle("Zelka", 3_000, 500, 700, 130, 190), "Road to Ombrak.", QUIET),
        survey("KSD-0241", circle((42.352, -38.83), 1_800, 500, 700, 90, 130), "Tents at Kemra."),
        survey("KSD-0242", circle("Teplin", 2_500, 500, 700, DAY, DAY + 60), "Roofs of Teplin.", QUIET),
    )  # fmt: skip


def _rescue() -> tuple[Flight, ...]:
    p, high = "CPS", 20
    return (
        Flight(p, "CPS-31", RESCUE, circle((42.46, -39.00), 6_000, 900, 1_300, 30, 75), QUIET, priority=high,
               shared="Rescue helicopter, people on roofs."),
        Flight(p, "CPS-32", MEDICAL, route([(42.36, -38.58), (42.285, -38.69)], 800, 800, 1_000, 145, 160), OPEN),
        Flight(p, "CPS-33", RELIEF, route(["Zelka", "Ombrak"], 1_200, 1_500, 1_800, 86, 112)),
        Flight(p, "CPS-34", PATROL, circle((41.93, -39.42), 7_000, 1_500, 1_800, 20, 140), OPEN, note="Fire watch."),
        Flight(p, "CPS-35", RESCUE, circle((41.70, -37.52), 4_000, 0, 30, 60, 200), QUIET, SEA,
               shared="Divers in the water near Halvar roads."),
        Flight(p, "CPS-36", RESCUE, route(["Lirma", (42.02, -39.10)], 300, 430, 480, 15, 60), OPEN, GROUND),
        Flight(p, "CPS-37", RELIEF, route(["Bresk", "Teplin"], 1_500, 3_900, 4_200, 120, 150), OPEN),
        Flight(p, "CPS-39", MEDICAL, route(["Narsel", (42.308, -38.378)], 800, 1_100, 1_300, 150, 165), QUIET,
               shared="Helicopter to the pad of the field hospital."),
        Flight(p, "CPS-38", MEDICAL, route(["Ostrem", "Tovari"], 1_000, 900, 1_200, 220, 235), OPEN),
    )  # fmt: skip


def _humanitarian() -> tuple[Flight, ...]:
    p, goods = "HAS", "Relief flight, crewed."
    return (
        Flight(p, "HAS-0417", RELIEF, area(SHUTTLE, 1_200, 1_500, 20, 65), QUIET, note="Relief shuttle Dorun to Pelit.",
               shared=goods),
        Flight(p, "HAS-0418", RELIEF, area(SHUTTLE, 1_500, 1_800, 95, 140), QUIET, note="Shuttle back.", shared=goods),
        Flight(p, "HAS-0419", RELIEF, route(["Tovari", "Lirma"], 1_200, 1_800, 2_100, 45, 80), QUIET, shared=goods),
        Flight(p, "HAS-0420", RELIEF, route(["Quorin", "Vessa"], 1_200, 900, 1_200, 80, 105), OPEN,
               note="Generators for Vessa."),
        Flight(p, "HAS-0421", MEDICAL, route(["Arvona", "Narsel"], 1_200, 1_500, 1_800, 20, 48), OPEN, priority=20,
               note="Two patients, burns."),
        Flight(p, "HAS-0422", RELIEF, route(["Arvona", "Sandor"], 1_200, 2_400, 2_700, 100, 130), OPEN),
        Flight(p, "HAS-0423", RELIEF, route(["Bresk", "Marvik"], 1_200, 1_500, 1_800, 90, 112), OPEN, shared=goods),
        Flight(p, "HAS-0424", RELIEF, route(["Tovari", "Ostrem"], 1_200, 1_200, 1_500, 175, 200), OPEN),
        Flight(p, "HAS-0425", MEDICAL, route([(41.86, -37.58), (41.66, -37.44)], 800, 0, 30, 70, 170), OPEN, SEA,
               note="Hospital tender."),
        Flight(p, "HAS-0426", RELIEF, route(["Ombrak", "Zelka"], 1_200, 1_500, 1_800, 60, 90), QUIET, shared=goods),
        Flight(p, "HAS-0427", RELIEF, area(SHUTTLE, 1_200, 1_500, DAY, DAY + 45), QUIET, shared=goods),
        Flight(p, "HAS-0428", RELIEF, area(SHUTTLE, 1_200, 1_500, DAY + 40, DAY + 85), QUIET, shared=goods),
        Flight(p, "HAS-0430", RELIEF, route(["Lirma", "Selin"], 1_000, 1_200, 1_500, 130, 145), OPEN),
        Flight(p, "HAS-0431", RELIEF, route(["Teplin", "Joril"], 1_200, 1_800, 2_100, 210, 235), OPEN),
    )  # fmt: skip


LATE: Final = Flight("MAF", "MAF-2211", MEDICAL, route([(42.66, -37.66), (42.40, -38.00)], 1_200, 1_500, 1_800, 3, 28),
                     QUIET, shared="Ambulance flight, filed late: the call came eight minutes ago.")  # fmt: skip
"""The plan that comes inside the charter's lead time."""

UNNAMED: Final = Flight("MAF", "MAF-2208", PATROL, circle((42.14, -37.66), 6_000, 2_900, 4_000, 95, 160), PRIVATE)
"""A private plan that meets an open one."""

ARRIVALS: Final = ((40.0, LATE), (140.0, UNNAMED))
"""What is filed while somebody looks on, each with its second from the start."""

FLIGHTS: Final = (
    *_taldan(), *_merova(), *_civil(), *_convoys(), *_drones(), *_rescue(), *_humanitarian(), LATE, UNNAMED
)  # fmt: skip
