"""`wideberth watch`: the hotline in a terminal.

In:  a watch key, a node; words typed on a line each, from a terminal or a pipe.
Out: what is open for a cell (alerts of the live watch, messages owed, own messages that are not effective, lines that
are not up), then what comes, as plain lines: phrases in the reader's language, free text beside them as it was written.
What is said while the line is cut is kept beside the key (`KEY.waiting`) and sent later.
Refuses words that it does not know, by a line; the node's refusals are printed as they are.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from wideberth.cli.out import FOUND, LANGUAGE, Stop, say, say_error, say_json, some
from wideberth.cli.reach import URL, Authority, KeyFile, Url, alarming, expected, open_key, reaching, tls, told
from wideberth.cli.watch_lines import Item, item_json, lines_of, print_items, spoken_text, whole_text
from wideberth.client import Answer, Client, Problem
from wideberth.client.client import Unanswered
from wideberth.client.history import History, Known
from wideberth.client.hotline import Cell, Hotline, Line, Message, Owed
from wideberth.client.live import LiveWatch, OpenAlert
from wideberth.client.outbox import Outbox
from wideberth.client.stream import follow
from wideberth.party.hotline import AnswerKind
from wideberth.words.readback import slip_of

HELP: Final = """\
list                         what is open
show N                       message N, whole
say N                        what is read aloud of message N
ack N                        acknowledge message N, or take alert N up
read N ITEM, ITEM, ...       read back message N, item by item, with commas between them
answer N KIND [words]        not-affected, conflict, not-ours, unknown or declined
doubt N words                doubt message N
reject N words               message N cannot be used as it is
cancel N                     take your own message N back
stop [words]                 STOP, to everybody, at once
drill [words]                the same as an exercise: everybody sees that it is one
check PARTY                  is the line alive?
alive N                      answer line check N: it is
watches                      who is on watch, and the keys that may be
take N N ...                 take the watch, signing for each item that is open
hand LABEL [words]           hand the watch to that key; words: why, though something critical is open
help, quit"""


class Desk:
    """A watch at its terminal."""

    def __init__(self, client: Client, cell: str | None, outbox: Outbox) -> None:
        self.language = LANGUAGE.get()
        self.client, self.hotline, self.cell, self.outbox = client, Hotline(client, self.language), cell, outbox
        self.live = LiveWatch(client)
        self.items: list[Item] = []
        self.refused = False

    def look(self) -> list[Item]:
        """What is open now: what the cell owes, own messages on their way, lines that are not up."""
        messages = expected(self.hotline.messages()).messages
        found = [
            Item("owed", message, owed.cell)
            for message in messages
            for owed in message.owed
            if owed.open and self.cell in (None, owed.cell)
        ]
        found += [Item("sent", message) for message in messages if message.mine]
        found[:0] = [Item("alert", a) for a in expected(self.live.now()).alerts if a.view.state != "passed"]
        lines = expected(self.hotline.lines()).lines
        found += [Item("line", line) for line in lines if line.state != "up" or self._asks(line)]
        self.items = found
        return found

    def _asks(self, line: Line) -> bool:
        """Whether a line check waits for an answer of this party."""
        return line.second == self.client.party and line.answer_by is not None

    def held(self, code: str) -> Cell:
        """The cell of that code. Where the party has none the command stops: an empty list would look like quiet."""
        cells = expected(self.hotline.watches()).cells
        for cell in cells:
            if cell.cell == code:
                return cell
        known = ", ".join(cell.cell for cell in cells if cell.cell) or "none"
        raise Stop(f"{self.client.party} has no cell {code!r}; its cells: {known}.")

    def do(self, words: str) -> bool:
        """What somebody typed; False to end."""
        verb, _, rest = words.strip().partition(" ")
        if verb in ("quit", "q"):
            return False
        try:
            self._do(verb, rest.strip())
        except Unanswered as cut:
            self.outbox.put(cut.sealed)
            say("The line is cut. It is kept, and leaves when the line is back.")
        except Stop as stop:
            say(str(stop))
        return True

    def _do(self, verb: str, rest: str) -> None:
        match verb:
            case "":
                return
            case "list":
                print_items(self.look(), self.client.party, self.language)
            case "help":
                say(HELP)
            case "stop":
                self.told(self.hotline.stop(self.client.new_id(), text=rest), "STOP is said.")
            case "drill":
                self.told(self.hotline.stop(self.client.new_id(), text=rest, drill=True), "STOP is said, as a drill.")
            case "check":
                self.told(self.hotline.check(self.client.new_id(), rest), f"The line to {rest} is being checked.")
            case "watches":
                self._watches()
            case "take":
                self._take(rest.split())
            case "hand":
                self._hand(rest)
            case "alive":
                item = self._item(rest)
                if item is None or not isinstance(item.thing, Line) or not self._asks(item.thing):
                    say(f"There is no line check {rest!r} to answer in the list. Type list.")
                    return
                self.told(self.hotline.answer_check(item.thing.first, item.thing.check), "It is alive.")
            case "show" | "say" | "ack" | "read" | "answer" | "doubt" | "reject" | "cancel":
                self._about(verb, rest)
            case _:
                say(f"There is no word {verb!r}. Type help.")

    def _about(self, verb: str, rest: str) -> None:
        number, _, words = rest.partition(" ")
        item = self._item(number)
        if verb == "ack" and item is not None and isinstance(item.thing, OpenAlert):
            self.told(self.live.acknowledge(item.thing.id), "Taken up.")
            return
        if item is None or not isinstance(item.thing, Message):
            say(f"There is no message {number!r} in the list. Type list.")
            return
        message, hotline = item.thing, self.hotline
        match verb:
            case "show":
                say(whole_text(item, self.client.party, self.language))
            case "say":
                say(spoken_text(item, self.client.party, self.language))
            case "ack":
                self.told(hotline.acknowledge(message, item.cell), "Acknowledged.")
            case "read":
                self._read(item, message, words)
            case "answer":
                kind, _, text = words.partition(" ")
                if kind not in tuple(AnswerKind):
                    say(f"An answer is one of {', '.join(AnswerKind)}.")
                    return
                self.told(hotline.answer(message, item.cell, AnswerKind(kind), text), f"Answered: {kind}.")
            case "reject":
                self.told(hotline.reject(message, item.cell, words), "Rejected: its sender has to act.")
            case "doubt":
                doubt = self.client.new_id()
                self.told(hotline.doubt(doubt, message, words), "Your doubt holds it until a second person has looked.")
            case _:
                self.told(hotline.cancel(message), "Taken back.")

    def _watches(self) -> None:
        found = expected(self.hotline.watches())
        for cell in found.cells:
            on_watch = cell.label or ("a key" if cell.key else "nobody")
            say(
                f"{cell.cell or 'the watch'}: {on_watch}, {len(cell.items)} open"
                + ", offered" * (cell.offered is not None)
            )
        say(f"Keys: {', '.join(key.label for key in found.keys) or 'none'}.")

    def _take(self, numbers: list[str]) -> None:
        cell = self.held(self.cell or "")
        listed = {o.id: str(n) for n, item in enumerate(self.items, 1) for o in _owed(item) if o.cell == cell.cell}
        needed = [listed.get(item, "") for item in cell.items]
        if "" in needed:
            say("More is open than the list shows. Type list.")
        elif set(numbers) != set(needed):
            say(f"Who takes the watch signs for each open item. Look at them, then type: {' '.join(['take', *needed])}")
        else:
            signed = some(len(needed), "open item") if needed else "nothing open"
            self.told(self.hotline.take_over(cell.cell, cell.items), f"On watch, with {signed}.")

    def _hand(self, rest: str) -> None:
        keys = expected(self.hotline.watches()).keys
        label = max((k.label for k in keys if k.label and f"{rest} ".startswith(f"{k.label} ")), key=len, default="")
        found = [key for key in keys if label and key.label == label]
        if len(found) == 1:
            answer = self.hotline.hand_over(self.held(self.cell or "").cell, found[0].key, rest[len(label) :].strip())
            self.told(answer, f"Offered to {label}, who has to take it.")
        else:
            say(f"{len(found) or 'No'} watch keys are called so: {rest!r}. Type watches.")

    def _read(self, item: Item, message: Message, words: str) -> None:
        typed = [part.strip() for part in words.split(",")] if "," in words else words.split()
        slip = slip_of(typed, len(message.read_back))
        if slip:
            say(slip)
            return
        answer = self.hotline.acknowledge(message, item.cell, typed)
        if isinstance(answer, Problem):
            self.told(answer, "")
            return
        found = expected(self.hotline.message(message.sender, message.id))
        right = any(owed.reach == "read-back" for owed in found.owed if owed.cell == item.cell)
        say("Read back rightly." if right else "That is not what was sent: the notice says what differs.")

    def _item(self, number: str) -> Item | None:
        if not number.isdecimal() or not number.isascii() or not 0 < int(number) <= len(self.items):
            return None
        return self.items[int(number) - 1]

    def told(self, answer: Answer | Problem, done: str) -> None:
        """Say what became of a command."""
        self.refused |= isinstance(answer, Problem)
        say(told(answer) if isinstance(answer, Problem) else f"{done} Entry {answer.position}.")

    def resend(self) -> None:
        """What waited for the line."""
        for _, answer in self.outbox.send(self.client):
            self.told(answer, "What was kept has arrived.")


def _owed(item: Item) -> tuple[Owed, ...]:
    return item.thing.owed if item.what == "owed" and isinstance(item.thing, Message) else ()


def watch(
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    cell: Annotated[str | None, Parameter(help="The cell whose watch this is; without it all of the party.")] = None,
    once: Annotated[bool, Parameter(negative="", help="Print what is open, and end.")] = False,
    json: Annotated[bool, Parameter(negative="", help="Print what is open as JSON, and end.")] = False,
    spoken: Annotated[bool, Parameter(negative="", help="Print what is open to be read aloud, and end.")] = False,
    do: Annotated[tuple[str, ...], Parameter(help="Words to carry out instead of typing them; then end.")] = (),
) -> int:
    """Keep a watch: what is open, what comes, live alerts too, and words typed on a line each (help lists them).

    Phrases are in the language of --language or of LANG. Ends with 1 where --once, --json or --spoken finds something
    open that the cell owes, or where something of --do is refused.

    Example: wideberth watch --key has-desk1.key --cell DESK --url https://theatre.example:8080
    """
    with reaching(url, key, authority) as client:
        desk = Desk(client, cell, Outbox(key.with_name(key.name + ".waiting")))
        if cell is not None:
            desk.held(cell)
        desk.resend()
        items = desk.look()
        if json:
            say_json([item_json(i, item, client.party, desk.language) for i, item in enumerate(items, 1)])
        elif spoken:
            say("\n\n".join(spoken_text(item, client.party, desk.language) for item in items))
        else:
            print_items(items, client.party, desk.language)
        if not (once or json or spoken):
            _keep(desk, url, key, authority, do)
            return FOUND if do and desk.refused else 0
    return FOUND if any(item.what == "owed" for item in items) else 0


def _keep(desk: Desk, url: str, key: Path, authority: Authority, do: tuple[str, ...]) -> None:
    """Print what comes, and do what is typed, until the end of the words."""
    over = threading.Event()
    if not do:
        known = msgspec.structs.replace(desk.client.history.known)
        thread = threading.Thread(target=_listen, args=(url, key, authority, known, over, desk.language), daemon=True)
        thread.start()
    for words in do or _typed():
        if not desk.do(words):
            break
        desk.resend()
    over.set()


def _typed() -> Iterator[str]:
    with suppress(KeyboardInterrupt):
        yield from sys.stdin


def _listen(url: str, path: Path, authority: Authority, known: Known, over: threading.Event, language: str) -> None:
    """Print what comes, by a client of its own; an alarm ends it with a line."""
    watch_key = open_key(path)
    seen: set[tuple[str, str]] = set()
    try:
        with alarming():
            history = History(known)
            with Client(url, watch_key.party, watch_key.seed, history=history, verify=tls(authority)) as client:
                for event in follow(client, over.is_set):
                    for line in lines_of(event, seen, watch_key.party, language):
                        say(line)
    except Exception as error:  # noqa: BLE001  it is said, and typing goes on
        say_error(str(error))
