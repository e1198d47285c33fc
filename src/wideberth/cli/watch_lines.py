"""What a watch reads in a terminal: open things of a list and what comes, a line each.

In:  messages, lines and alerts as they stand; events of the stream; the reader, its language.
Out: lines for the eye, and texts to be read aloud. What others wrote is escaped and stands after the phrases.
Refuses nothing: what is no part of a watch gives no line.
"""

from datetime import UTC, datetime
from typing import Any, Final

from wideberth.cli.out import say
from wideberth.cli.watch_live import LOUD, SHORT, Names, alert_line, notice_line
from wideberth.client.hotline import Line, Message, StopNow
from wideberth.client.live import OpenAlert
from wideberth.client.stream import Silence, Skew
from wideberth.client.wire import NoticeRow
from wideberth.limits import NAME_CHARACTERS_MAX
from wideberth.party.phrase import Phrase
from wideberth.voice.message import free_text, phrase_of_line, phrases_of, phrases_of_item, rows_of, text_of
from wideberth.voice.phrases import FSI, PDI, Said, plain
from wideberth.words.show import shown

TAKEN_UP: Final = "acknowledged"
NAMELESS: Final = Names()


class Item:
    """One open thing of the list."""

    def __init__(self, what: str, thing: Message | Line | OpenAlert, cell: str = "", names: Names = NAMELESS) -> None:
        """`names` are for alerts."""
        self.what, self.thing, self.cell, self.names = what, thing, cell, names


class Reader:
    """Who reads a stream, in which language, and what it was told: nothing is said twice."""

    def __init__(self, party: str, language: str, since: int = 0, names: Names | None = None) -> None:
        """Alerts of entries below `since` are in the list that the reader has seen, where they are still open."""
        self.party, self.language, self.since = party, language, since
        self.names = Names(party) if names is None else names
        self.stops: set[tuple[str, str]] = set()
        self.alerts: set[tuple[str, str]] = set()

    def hears(self, known: set[tuple[str, str]], about: tuple[str, str]) -> bool:
        """Whether this is news; from then on it is none."""
        news = about not in known
        known.add(about)
        return news


def lines_of(event: object, reader: Reader) -> list[str]:
    """An event as lines. What came before its entry, a STOP or an alert, is not said again with it."""
    match event:
        case StopNow():
            if not reader.hears(reader.stops, (event.sender, event.message)):
                return []
            return [_stop_line(event.sender, event.text, event.off_watch, event.drill, event.time, reader.language)]
        case OpenAlert(id=alert, view=view):
            if not reader.hears(reader.alerts, (str(alert), view.state)) and view.state == TAKEN_UP:
                return []
            return [f"{_bell(view.state)}{clock(datetime.now(UTC))} {alert_line(event, reader.names)}"]
        case Skew(seconds):
            return [f"--- THE CLOCKS DIFFER: the node's is {seconds:+.0f} s from this one; set the clock"]
        case Silence(why):
            return [f"--- NOTHING IS HEARD ({why}); what is shown is as of {datetime.now(UTC):%H:%M:%S}Z"]
        case NoticeRow():
            items = (i for i in event.body["items"] if i["kind"] != "alert" or event.position >= reader.since)
            lines = (item_line(item, event.time, reader) for item in items)
            return [line for line in lines if line]
        case _:
            return []


def _stop_line(sender: str, text: str | None, off_watch: bool, drill: bool, when: datetime, language: str) -> str:
    flags = ", off watch" * off_watch + ", DRILL" * drill
    words = text_of([Said(Phrase.STOP, {}, drill)], language)
    return f"\a*** STOP from {sender}{flags} {clock(when)} {_one_line(words, free_text(text, None, language))}"


def item_line(item: dict[str, Any], when: datetime, reader: Reader) -> str:
    """One item of a notice as a line; empty for what is no part of the hotline, or was said already."""
    what, about, language = item.get("what", ""), item.get("subject") or {}, reader.language
    if item["kind"] == "message" and what == "stop":
        if not reader.hears(reader.stops, (about["sender"], about["message"])):
            return ""
        return _stop_line(about["sender"], item["text"], item["off_watch"], item["drill"], when, language)
    if item["kind"] == "alert":
        if not reader.hears(reader.alerts, (item["alert"], what)) and what != TAKEN_UP:
            return ""
        return f"{_bell(what)}{clock(when)} {notice_line(item, reader.names)}"
    head = _head(item, about)
    if head is None:
        return ""
    said = text_of(phrases_of_item(item, when, reader.party), language) or _bare(item)
    return f"{clock(when)} {head}{_one_line(said, free_text(item.get('text'), None, language))}"


def _bell(state: str) -> str:
    return "\a" * (state in LOUD)


def _head(item: dict[str, Any], about: dict[str, Any]) -> str | None:
    """What an item is about, for the eye; None for what is no part of the hotline."""
    name = f"{about.get('sender', '')}/{about.get('message', '')[:SHORT]} v{about.get('version', 0)}"
    match item["kind"]:
        case "message":
            flags = " LATE" * item["late"] + " DRILL" * item["drill"]
            cells = ", ".join(cell or "the watch" for cell in item["cells"])
            return f"{item['precedence'].upper()} {item['what']} {name}{flags}{cells and f' for {cells}'}: "
        case "rung":
            return f"NOBODY ACKNOWLEDGED {name} at {item['cell'] or item['party']}, rung {item['rung']}: "
        case "echo":
            wrong = ", ".join(f"{d['field']} {d['wrong']}" for d in item["differences"])
            return f"READ BACK WRONGLY {name} by {item['party']} ({wrong}): "
        case "reach" | "reply" | "doubt" | "handed":
            return f"{name} {item.get('what', '')} by {item['party'] or 'another receiver'}: "
        case "message-state":
            return f"{name} {item['what']}: "
        case "line":
            return f"line {item['first']} to {item['second']} ({item['path']}): "
        case "watch":
            return f"watch of {item['cell'] or 'the party'}: "
        case "movement":
            return f"MOVEMENT of {item['owner']}, {item['about'][:SHORT]}: "
        case "own":
            return f"INSIDE the {item['what']} {item['thing'][:SHORT]}, of your own register: "
        case "register":
            return f"your register, {item['thing'][:SHORT]}: "
    return None


def _bare(item: dict[str, Any]) -> str:
    """What happened, where no phrase says it."""
    if item["kind"] == "own":
        return ", ".join(entry[:SHORT] for entry in item["entries"])
    return ", ".join(item["flags"]) if item["kind"] == "register" else str(item.get("what", ""))


def clock(when: datetime) -> str:
    return f"{when.astimezone(UTC):%H:%M:%S}Z"


def print_items(items: list[Item], reader: str, language: str) -> None:
    """The list, numbered, a line each."""
    for number, item in enumerate(items, 1):
        say(f"{number:3d}  {open_line(item, reader, language)}")
    if not items:
        say("Nothing is open.")


def open_line(item: Item, reader: str, language: str) -> str:
    """One open thing."""
    if isinstance(item.thing, OpenAlert):
        return alert_line(item.thing, item.names)
    thing, words = item.thing, text_of(said_of(item, reader), language)
    if isinstance(thing, Line):
        answer = f", answer by {clock(thing.answer_by)}" if thing.answer_by is not None else ""
        line = f"LINE {thing.first} to {thing.second} ({thing.path}) {thing.state}{answer}"
        return _one_line(f"{line}: {words}" if words else line)
    head = f"{thing.precedence.upper()} {thing.kind} {thing.sender}/{str(thing.id)[:SHORT]} v{thing.version}"
    flags = " LATE" * thing.late + " DRILL" * thing.drill + " off watch" * thing.off_watch
    doubts = " DOUBTED" * any(doubt.reviewed is None for doubt in thing.doubts)
    text = _one_line(words, free_text(thing.text, thing.language, language))
    if item.what == "sent":
        far = ", ".join(f"{r.party} {r.reach}" for r in thing.receivers)
        return f"sent: {head}{flags}{doubts} [{far}]: {text}"
    owed = next(o for o in thing.owed if o.cell == item.cell)
    by = f", by {clock(owed.acknowledge_by)}" if owed.acknowledge_by is not None else ""
    return f"owed by {item.cell or 'the watch'} ({owed.reach}, needs {thing.needs}{by}): {head}{flags}{doubts}: {text}"


def said_of(item: Item, reader: str) -> tuple[Said, ...]:
    """The phrases of an open thing."""
    if isinstance(item.thing, Message):
        return phrases_of(item.thing)
    if isinstance(item.thing, OpenAlert):
        return ()
    said = phrase_of_line(item.thing, reader)
    return () if said is None else (said,)


def spoken_text(item: Item, reader: str, language: str) -> str:
    """What is read aloud of an open thing: phrases in words, then each code with its check characters, then what was
    written beside them."""
    if isinstance(item.thing, OpenAlert):
        return alert_line(item.thing, item.names)
    if isinstance(item.thing, Line):
        return plain(text_of(said_of(item, reader), language, loud=True))
    message = item.thing
    to = ", ".join(r.party for r in message.receivers)[:NAME_CHARACTERS_MAX] if message.mine else reader
    rows = [f"  {row.name}: {row.groups}: {row.said}" for row in rows_of(message, language)]
    lines = [text_of(phrases_of(message, to), language, loud=True), *rows]
    return "\n".join(_one_line(line) for line in (*lines, free_text(message.text, message.language, language)) if line)


def whole_text(item: Item, reader: str, language: str) -> str:
    """All there is to know of a message: what it says, how far it has come with whom, what was answered and doubted."""
    message = item.thing
    assert isinstance(message, Message)
    far = (
        f"effective since {clock(message.effective)}" if message.effective else f"not effective: needs {message.needs}"
    )
    standing = f"{message.state}, {far}" if message.state == "open" else message.state
    lines = [
        open_line(item, reader, language),
        f"  sent {clock(message.sent)}, entry {message.position}: {standing}",
        *(f"  {row.name}: {row.groups}" for row in rows_of(message, language)),
        *(f"  {r.party}: {r.reach}{_listed(', handed over by ', r.handed)}" for r in message.receivers),
        *(f"  {o.cell or 'the watch'}: {o.reach}{_listed(', passed on to ', (o.onward,))}" for o in message.owed),
        *(f"  {a.party} answered {a.answer} {clock(a.time)}{_quoted(a.text)}" for a in message.answers),
    ]
    if message.landmark:
        lines.insert(2, f"  {message.landmark}")
    for doubt in message.doubts:
        who, until = doubt.party or "another receiver", "reviewed" if doubt.reviewed else "not reviewed"
        lines.append(f"  {who} doubts it {clock(doubt.time)}, {until}{_quoted(doubt.text)}")
    return "\n".join(_one_line(line) for line in lines)


def _listed(before: str, names: tuple[str | None, ...]) -> str:
    found = ", ".join(name for name in names if name)
    return f"{before}{found}" if found else ""


def _quoted(text: str | None) -> str:
    """What somebody wrote, shown escaped."""
    return f": {FSI}{shown(text)}{PDI}" if text else ""


def _one_line(*parts: str) -> str:
    """Parts on one line."""
    return plain(" ".join(part for part in parts if part).replace("\n", " / "))


def item_json(number: int, item: Item, reader: str, language: str) -> dict[str, Any]:
    said = said_of(item, reader)
    phrases = [{"code": one.code, "values": one.values} for one in said]
    words = {"language": language, "words": text_of(said, language), "phrases": phrases}
    return {"number": number, "what": item.what, "cell": item.cell, **words, "thing": item.thing}
