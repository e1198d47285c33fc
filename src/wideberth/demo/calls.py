"""What the watches of the exercise say to one another on the hotline while somebody sits at the page.

In:  a running `Exercise`; seconds since somebody could look on.
Out: messages, line checks and a drill STOP in the person's list; the other watches acknowledge, read back and answer
     what they are sent, each after the time that it takes.
What is refused because people or time have moved on is passed over.
"""

from collections.abc import Callable
from typing import Final

from wideberth.client import Answer, Problem
from wideberth.client.hotline import Hotline, Message
from wideberth.demo.exercise import PERSON, Exercise
from wideberth.demo.sky import FLOWN
from wideberth.party.alerts import Aircraft, SetAircraft
from wideberth.party.hotline import AnswerKind, MessageKind, Path, Precedence

READING_S: Final = 9.0
"""How long a watch takes over a message."""
Said = Answer | Problem


class Calls:
    """The hotline of one exercise."""

    def __init__(self, exercise: Exercise) -> None:
        """Nothing is said yet."""
        self._exercise = exercise
        self._lines = {party: Hotline(client) for party, client in exercise.clients.items()}
        self._due_s: dict[tuple[str, str], float] = {}
        self._script: list[tuple[float, Callable[[], Said]]] = [
            (25.0, lambda: self._check("TAF", Path.FIRST)),
            (40.0, lambda: self._check("CPS", Path.SECOND)),
            (75.0, self._drill),
        ]

    def before(self) -> None:
        """What is on its way when somebody sits down: one to read back, one to answer, one of their own."""
        plan = self._exercise.filed
        self._send("MAF", (PERSON,), "Heavy transport, crosses the valley.", Precedence.IMMEDIATE, plan["MAF-2207"].id)
        self._ask("CPS", (PERSON, "OHM"), "Do you have people on the Pelit road before noon?")
        self._send(PERSON, ("TAF", "MAF", "OHM"), "Relief flight to Pelit.", Precedence.PRIORITY, plan["HAS-0417"].id)

    def fly(self) -> None:
        """Say which aircraft fly which plan, so that the live watch knows whom to warn."""
        for label, address in FLOWN.items():
            made = self._exercise.filed[label]
            self._lines[made.party].client.say(SetAircraft(made.id, 0), [Aircraft((address,))])

    def _send(self, party: str, to: tuple[str, ...], text: str, precedence: Precedence, operation: bytes) -> Said:
        line = self._lines[party]
        made = line.client.new_id()
        return line.send(made, to, precedence=precedence, phrase="notice", text=text, operation=operation)

    def _ask(self, party: str, to: tuple[str, ...], text: str) -> Said:
        line = self._lines[party]
        return line.send(line.client.new_id(), to, kind=MessageKind.QUERY, precedence=Precedence.PRIORITY, text=text)

    def _check(self, party: str, path: Path) -> Said:
        line = self._lines[party]
        return line.check(line.client.new_id(), PERSON, path)

    def _drill(self) -> Said:
        line = self._lines["CAA"]
        return line.stop(line.client.new_id(), text="A drill: acknowledge, and go on as you were.", drill=True)

    def look(self, elapsed_s: float) -> None:
        """Say what is due; have the other watches do what they owe. Call it every second or two."""
        while self._script and self._script[0][0] <= elapsed_s:
            self._script.pop(0)[1]()
        for party, line in self._lines.items():
            if party == PERSON:
                continue
            messages, lines = line.messages(), line.lines()
            for message in messages.messages if not isinstance(messages, Problem) else ():
                self._consider(party, message, elapsed_s)
            for check in lines.lines if not isinstance(lines, Problem) else ():
                if check.second == party and check.answer_by is not None:
                    line.answer_check(check.first, check.check)

    def _consider(self, party: str, message: Message, elapsed_s: float) -> None:
        if not any(owed.open for owed in message.owed):
            return
        due_s = self._due_s.setdefault((party, f"{message.id} {message.version}"), elapsed_s + READING_S)
        if elapsed_s < due_s:
            return
        line = self._lines[party]
        for owed in message.owed:
            if message.kind == MessageKind.QUERY:
                line.answer(message, owed.cell, AnswerKind.NOT_AFFECTED)
            elif owed.open:
                line.acknowledge(message, owed.cell, message.read_back if message.needs == "read-back" else ())
