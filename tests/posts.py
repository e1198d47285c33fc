"""A theatre whose parties keep registers: posts, places, movements, and short ways to speak of them."""

from typing import Any

import msgspec
from lines import Lines
from worlds import DAY, HOUR, MINUTE, ND, START_US

from wideberth.party.charter import TrafficClass
from wideberth.party.command import OperationState, PlaceKind, Protect, SetState, Text, Volumes
from wideberth.party.registers import (
    CheckPlan,
    Checkpoint,
    Details,
    Fix,
    Itinerary,
    Move,
    Origin,
    PassCheckpoint,
    ReportPosition,
    ReviewMeeting,
    Source,
    Whose,
)
from wideberth.sequencer import Answer
from wideberth.space.volume import Volume4D

DETAILS = Details(("Desk one, +00 1", "Desk two, +00 2"), "three white trucks", "a red diamond on each roof", "none")


def source(who: str, lat: float, lon: float = -38.0, accuracy_m: float = 50) -> Source:
    """Somebody says a place."""
    return Source(who, "on the spot", START_US - DAY, round(lat * ND), round(lon * ND), round(accuracy_m * 1_000))


def origin(*sources: Source, whose: Whose = Whose.OWN, partner: str = "") -> Origin:
    """Whose it is and who says so."""
    return Origin(whose, partner, sources)


class Posts(Lines):
    """Parties with registers."""

    def protect(
        self, party: str, *volumes: Volume4D, said: Origin | None = None, watch: str = "watch", **changes: Any
    ) -> tuple[bytes, Answer]:
        """A protected place; answers its id and the answer."""
        place = changes.pop("place", None) or self.draw(16)
        parts: list[Any] = [Volumes(volumes)]
        if said is not None:
            parts.append(said)
        base = Protect(place, 0, PlaceKind.POST, 0, "UN", self.now_us - DAY, self.now_us + 5 * DAY)
        command = msgspec.structs.replace(base, origin=1 if said is not None else None, **changes)
        return place, self.speak(party, command, *parts, watch=watch)

    def corridor(self, start_h: float = 60, legs: int = 3) -> tuple[Volume4D, ...]:
        """A road north in legs of an hour, a tenth of a degree each, with an overlap of half an hour."""
        return tuple(
            self.box(lat=42 + i / 10, radius_m=7_000, lower_m=0, upper_m=100, start_h=start_h + i, hours=1.5)
            for i in range(legs)
        )

    def stops(self, start_h: float = 60, legs: int = 3, tolerance_us: int = 15 * MINUTE) -> Itinerary:
        """A checkpoint in the middle of each leg, at its first hour's end."""
        return Itinerary(
            tuple(
                Checkpoint(
                    f"Bridge {i + 1}",
                    round((42 + i / 10) * ND),
                    -38 * ND,
                    START_US + round((start_h + i + 1) * HOUR),
                    tolerance_us,
                )
                for i in range(legs)
            )
        )

    def move(self, party: str, start_h: float = 60, **changes: Any) -> tuple[bytes, Answer]:
        """A movement up the road."""
        movement = changes.pop("movement", None) or self.draw(16)
        volumes = changes.pop("corridor", None) or self.corridor(start_h)
        stops = changes.pop("stops", None) or self.stops(start_h)
        details = changes.pop("details_part", DETAILS)
        command = msgspec.structs.replace(Move(movement, 0, 0, 1, 2), **changes)
        return movement, self.speak(party, command, Volumes(volumes), stops, details)

    def passed(self, party: str, movement: bytes, checkpoint: int, version: int = 1) -> Answer:
        """A checkpoint is passed now."""
        return self.speak(party, PassCheckpoint(movement, version, checkpoint, self.now_us))

    def seen(self, party: str, movement: bytes, lat: float, lon: float = -38.0, accuracy_m: float = 10) -> Answer:
        """Where a movement is now."""
        fix = Fix(round(lat * ND), round(lon * ND), round(accuracy_m * 1_000))
        return self.speak(party, ReportPosition(movement, 1, self.now_us, 0), fix)

    def ask(
        self, party: str, *volumes: Volume4D, traffic: TrafficClass = TrafficClass.CREWED_AIR, plan: bytes = b""
    ) -> Answer:
        """Check a plan that is not filed."""
        return self.speak(party, CheckPlan(plan or self.draw(16), 0, traffic), Volumes(volumes))

    def activate(self, party: str, operation: bytes, version: int = 1) -> Answer:
        """Start a plan."""
        return self.speak(party, SetState(operation, version, OperationState.ACTIVATED))

    def review(self, party: str, conflict: bytes, watch: str) -> Answer:
        """A second person looks at a plan over the party's own register."""
        return self.speak(party, ReviewMeeting(conflict, 0), Text("en", "They know, and stay inside."), watch=watch)
