"""`wideberth watch`: the hotline in a terminal.

In:  a watch key, a node; words typed on a line each, from a terminal or a pipe.
Out: what is open for a cell (alerts of the live watch, messages owed, own messages that are not effective, lines that
are not up), then what comes, as plain lines: phrases in the reader's language, free text beside them as it was written.
What is said while the line is cut is kept beside the key (`KEY.waiting`) and sent later.
Refuses words that it does not know, by a line; the node's refusals are printed as they are.
"""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from wideberth.cli.out import FOUND, LANGUAGE, Stop, say, say_error, say_json, some
from wideberth.cli.reach import URL, Authority, KeyFile, Url, alarming, expected, open_key, reaching, tls, told
from wideberth.cli.watch_lines import Item, Reader, item_json, lines_of, print_items, spoken_text, whole_text
from wideberth.cli.watch_live import (
    OVER,
    SHORT,
    Changes,
    Learner,
    Namer,
    Names,
    alert_sides,
    going_of,
    head_lines,
    is_old,
    is_owed,
    short,
)
from wideberth.client import Answer, BadAnswer, Client, Problem
from wideberth.client.client import Unanswered
from wideberth.client.connection import Refused, Unreachable
from wideberth.client.history import History, Known
from wideberth.client.hotline import Cell, Hotline, Line, Message, Owed
from wideberth.client.live import LiveWatch, OpenAlert, WatchNow
from wideberth.client.outbox import Outbox
from wideberth.client.stream import follow
from wideberth.keys import Key
from wideberth.party.hotline import AnswerKind
from wideberth.words.readback import slip_of

LOOK_S: Final = 5.0
"""Between two looks at the feeds."""
ASK_S: Final = 2.0
"""How long an alert may wait for its names."""
AGAIN_S: Final = 1.2
"""After which a watch that goes on has swept again."""
ALERT: Final = re.compile(r"[0-9a-fA-F]{6,32}")

HELP: Final = """\
list                         what is open
show N                       message N, whole
say N                        what is read aloud of message N
ack N                        acknowledge message N, or take alert N up
ack 07fc6e                   take the alert up that is called so, whatever its place in the list
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
        self.picture: WatchNow | None = None
        self.going = ""
        self.namer = Namer(client)
        self.refused = False

    def look(self) -> list[Item]:
        """What is open now: alerts, what the cell owes, own messages on their way, lines that are not up."""
        messages = expected(self.hotline.messages()).messages
        found = [
            Item("owed", message, owed.cell)
            for message in messages
            for owed in message.owed
            if owed.open and self.cell in (None, owed.cell)
        ]
        found += [Item("sent", message) for message in messages if message.mine]
        alerts = self._alerts()
        found[:0] = [Item("alert", alert, names=self.names()) for alert in alerts]
        lines = expected(self.hotline.lines()).lines
        found += [Item("line", line) for line in lines if line.state != "up" or self._asks(line)]
        self.items = found
        return found

    def _alerts(self) -> list[OpenAlert]:
        """The alerts that are open now, as the picture has them that is kept for what is said of it."""
        picture = expected(self.live.now())
        before = None
        if is_old(picture, datetime.now(UTC)):
            self.client.connection.pause(AGAIN_S)
            before, picture = picture, expected(self.live.now())
        self.picture, self.going = picture, going_of(before, picture, datetime.now(UTC))
        return [alert for alert in picture.alerts if alert.view.state not in OVER]

    def names(self) -> Names:
        """For what the picture shows."""
        return Names(self.client.party) if self.picture is None else self.namer.names(self.picture)

    def head(self) -> list[str]:
        """What stands over the list that was looked at last."""
        return [] if self.picture is None else head_lines(self.picture, self.going)

    def show(self) -> None:
        """The list that was looked at last."""
        for line in self.head():
            say(line)
        print_items(self.items, self.client.party, self.language)

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
                self.look()
                self.show()
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
        if verb == "ack" and item is None and ALERT.fullmatch(number):
            self._take_up(number)
            return
        if verb == "ack" and item is not None and isinstance(item.thing, OpenAlert):
            self._take_up(item.thing.id.hex)
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

    def _take_up(self, called: str) -> None:
        """Take the alert up whose id begins so. What the list does not have, or only as predicted, is looked up."""
        found = [alert for alert in self._listed() if alert.id.hex.startswith(called.lower())]
        if len(found) != 1 or found[0].view.state == "predicted":
            try:
                found = [alert for alert in self._alerts() if alert.id.hex.startswith(called.lower())]
            except Unreachable:
                raise Stop("The line is cut, and what is open cannot be looked up: nothing is taken up.") from None
        if len(found) != 1:
            say(f"{len(found) or 'No'} alerts that are open are called {called[:SHORT]}. Type list.")
            return
        (alert,) = found
        if alert.view.state == "predicted":
            say(f"{short(alert.id)} is only predicted: there is nothing to take up yet.")
            return
        done = f"Taken up {short(alert.id)}: {alert_sides(alert.view, self.names())}."
        self.told(self.live.acknowledge(alert.id), done)

    def _listed(self) -> list[OpenAlert]:
        return [item.thing for item in self.items if isinstance(item.thing, OpenAlert)]

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
    open that the cell owes, or an alert of the live watch that was warned of or has happened and that the party has not
    taken up; also where something of --do is refused.

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
            head = ["\n".join(desk.head())] if desk.head() else []
            say("\n\n".join([*head, *(spoken_text(item, client.party, desk.language) for item in items)]))
        else:
            desk.show()
        if not (once or json or spoken):
            _keep(desk, url, key, authority, do)
            return FOUND if do and desk.refused else 0
    return FOUND if any(item.what == "owed" or _is_owed(item) for item in items) else 0


def _is_owed(item: Item) -> bool:
    return isinstance(item.thing, OpenAlert) and is_owed(item.thing)


def _keep(desk: Desk, url: str, key: Path, authority: Authority, do: tuple[str, ...]) -> None:
    """Print what comes, and do what is typed, until the end of the words."""
    over = threading.Event()
    if not do:
        assert desk.picture is not None, "it was looked at"
        watch_key, known = open_key(key), msgspec.structs.replace(desk.client.history.known)
        names = desk.namer.names(desk.picture, ahead=bool(desk.picture.feeds))
        reader = Reader(desk.client.party, desk.language, desk.picture.as_of.position, names)
        begin = partial(threading.Thread, daemon=True)
        begin(target=_listen, args=(url, watch_key, authority, known, over, reader)).start()
        if desk.picture.feeds:
            changes = Changes(desk.picture, desk.going)
            begin(target=_look_on, args=(url, watch_key, authority, changes, over, reader)).start()
    for words in do or _typed():
        if not desk.do(words):
            break
        desk.resend()
    over.set()


def _typed() -> Iterator[str]:
    with suppress(KeyboardInterrupt):
        yield from sys.stdin


def _listen(url: str, key: Key, authority: Authority, known: Known, over: threading.Event, reader: Reader) -> None:
    """Print what comes, by a client of its own; an alarm ends it with a line. No alert is lost for want of names."""
    context = tls(authority)
    try:
        with alarming(), Client(url, key.party, key.seed, verify=context, patience_s=0, timeout_s=ASK_S) as asking:
            history, learner = History(known), Learner(asking)
            with Client(url, key.party, key.seed, history=history, verify=context) as client:
                for event in follow(client, over.is_set):
                    if isinstance(event, OpenAlert):
                        with suppress(Unreachable, Refused, BadAnswer):
                            reader.names = learner.learned(reader.names, event.view)
                    for line in lines_of(event, reader):
                        say(line)
    except Exception as error:  # noqa: BLE001  it is said, and typing goes on
        say_error(str(error))


def _look_on(url: str, key: Key, authority: Authority, changes: Changes, over: threading.Event, reader: Reader) -> None:
    """Print what changes of the feeds, and keep names in step, apart from the stream, for whose alerts nothing waits.

    While the node does not answer nothing is said here: the stream says that.
    """
    said = ""
    with Client(url, key.party, key.seed, verify=tls(authority), patience_s=0) as client:
        namer = Namer(client)
        while not over.wait(LOOK_S):
            try:
                picture = LiveWatch(client).now()
                if isinstance(picture, Problem):
                    continue
                for line in changes.lines(picture, datetime.now(UTC)):
                    say(line)
                reader.names = namer.names(picture, ahead=bool(picture.feeds))
            except Unreachable:
                continue
            except Exception as error:  # noqa: BLE001  it is said, once, and looking goes on
                if str(error) != said:
                    said = str(error)
                    say_error(said)
