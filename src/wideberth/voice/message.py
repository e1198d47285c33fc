"""What a message, a line or an item of a notice is in phrases: code and values, taken from what the node says of it.

In:  a message as its reader gets it; a line; an item of a notice. Nothing in them is typed again.
Out: `Said`s, to be rendered in any language; empty where there is no phrase for it.
Refuses nothing: a message whose phrase needs what the message does not carry is said with the phrase of its kind.

All figures of a place come from the read-back that the theatre worked out, so that what is said and what has to be
read back are the same.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from wideberth.client.hotline import Line, Message
from wideberth.limits import TEXT_CHARACTERS_MAX
from wideberth.party.hotline import AnswerKind
from wideberth.party.phrase import Phrase, phrase_or_none
from wideberth.refusal import Refusal
from wideberth.voice.catalogues import COMMAS, LANGUAGES, translated
from wideberth.voice.phrases import FSI, PDI, Said, aloud, optional, placeholders, render, spoken
from wideberth.voice.sentences import CHOICES, DRILL, FORM, SENTENCES
from wideberth.voice.values import Kind, Value, write
from wideberth.words.check import CHECK_CHARACTERS, groups, with_check
from wideberth.words.readback import ReadBack
from wideberth.words.show import shown

ID_CHARACTERS: Final = 8
"""Of a message's id, so many are said, with two check characters after them."""
_US: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BEARING: Final = re.compile(r"(\d{3})(\d{4,})")
_BAND: Final = re.compile(r"([AB])(\d+)([AB])(\d+)")
_WINDOW: Final = re.compile(r"(\d{10})Z(\d{10})Z")
_OF_KIND: Final = {"notice": Phrase.NOTICE, "query": Phrase.QUERY, "stop": Phrase.STOP}
_LATE: Final = {Phrase.NOTICE: Phrase.LATE, Phrase.MOVEMENT: Phrase.LATE_MOVEMENT}
_ANSWERS: Final = {kind.value: Phrase(kind.value) for kind in AnswerKind}
_STATES: Final = {"cancelled": Phrase.CANCEL, "answered": Phrase.ANSWERED, "expired": Phrase.EXPIRED}
_REACHED: Final = {"received": Phrase.RECEIVED, "rejected": Phrase.REJECTED, "read-back": Phrase.READ_BACK_RIGHT}
_LINES: Final = {"check": Phrase.CHECK, "degraded": Phrase.DEGRADED, "lost": Phrase.LOST, "up": Phrase.RESTORED}


def message_code(message: UUID | str) -> str:
    """How a message is called when it is spoken of: the first characters of its id, and its check characters."""
    return with_check(str(message).replace("-", "")[:ID_CHARACTERS].upper())


def phrases_of(message: Message, to: str = "") -> tuple[Said, ...]:
    """What a message says to the one who is addressed: who speaks to whom, what, and what is to be done."""
    values, drill = values_of(message), message.drill or message.exercise
    call = _filled(Phrase.CALL, values | {"receiver": to, "sender": message.sender}) if to else None
    found = [call, _main(message.phrase, message.kind, message.late, values)]
    if message.late and not any(said.code in _LATE.values() for said in found if said is not None):
        found.append(_filled(Phrase.CAME_LATE, values))
    if message.version > 1:
        found.append(_filled(Phrase.SUPERSEDED, values | {"replaced": message.version - 1}))
    if message.off_watch:
        found.append(_filled(Phrase.OFF_WATCH, values | {"sender": message.sender}))
    for doubt in message.doubts:
        if doubt.reviewed is None and doubt.party is not None:
            found.append(_filled(Phrase.DOUBT, values | {"cell": doubt.party}))
    if message.state in _STATES:
        found.append(_filled(_STATES[message.state], values))
    elif message.effective is not None:
        found.append(_filled(Phrase.EFFECTIVE, values))
    elif message.needs == "read-back":
        found.append(_filled(Phrase.READ_BACK_ASKED, values))
    return tuple(Said(said.code, said.values, drill) for said in found if said is not None)


def read_back_of(message: Message) -> Said | None:
    """What a receiver says when it reads a message back; None where there is nothing to be read back."""
    return _filled(Phrase.READ_BACK, values_of(message)) if message.read_back else None


def text_of(said: Sequence[Said], language: str, *, loud: bool = False) -> str:
    """Phrases one after another, to be read or (loud) to be said; the words of a drill before and after all of them."""
    say = spoken if loud else render
    found = [accepted(say(one.code, one.values, language)) for one in said]
    mark = [f"{translated(language, DRILL)}."] if any(one.drill for one in said) else []
    return " ".join([*mark, *found, *mark])


def accepted(text: str | Refusal) -> str:
    """A text that was made of values of the node's: a refusal here is a bug."""
    assert isinstance(text, str), text
    return text


class Row(NamedTuple):
    """One item of a read-back: its key, its name in a language, the code in groups, and as it is said."""

    key: str
    name: str
    groups: str
    said: str


def rows_of(message: Message, language: str) -> tuple[Row, ...]:
    """What has to be read back of a message, item by item; nothing where there is no geometry."""
    names = CHOICES[Kind.FIELD]
    return tuple(
        Row(key, translated(language, names[key], "field"), groups(code), aloud(Kind.CODE, code, language))
        for key, code in zip(ReadBack.__struct_fields__, message.read_back, strict=False)
        if code
    )


def free_text(text: str | None, written: str | None, language: str) -> str:
    """What somebody wrote, marked as not translated, in which language it is said to be, and with everything escaped
    that deceives the eye; empty where there is none."""
    if not text:
        return ""
    label = translated(language, FORM["free"], "form")
    name = translated(language, CHOICES[Kind.LANGUAGE][written], "language") if written in LANGUAGES else written
    head = f"{label}{COMMAS.get(language, ', ')}{shown(name)}" if name else label
    return f"{head}: {FSI}{shown(text)}{PDI}"


def _main(phrase: str, kind: str, late: bool, values: Mapping[str, Value]) -> Said | None:
    """The phrase of a message: its own, or that of its kind; LATE where it came late."""
    own = Phrase(phrase) if phrase_or_none(phrase) else None
    wanted = [code for code in (own, _OF_KIND.get(kind)) if code is not None]
    if late:
        wanted = [sooner for code in wanted for sooner in (_LATE.get(code, code), code)]
    for code in wanted:
        by = values.get("start" if code in _LATE.values() else "by")
        rest = {name: value for name, value in values.items() if name != "by"}
        said = _filled(code, rest if by is None else {**rest, "by": by})
        if said is not None:
            return said
    return None


def values_of(message: Message) -> dict[str, Value]:
    """Everything that a phrase may say of a message, by placeholder."""
    values: dict[str, Value] = {
        "message": message_code(message.id),
        "version": message.version,
        "precedence": message.precedence,
        "time": _us(message.sent),
    }
    due = [owed.acknowledge_by for owed in message.owed if owed.open and owed.acknowledge_by is not None]
    if due:
        values["by"] = _us(min(due))
    if len(message.read_back) == len(ReadBack.__struct_fields__):
        values |= place_values(ReadBack(*message.read_back), message.landmark)
    return values


def place_values(right: ReadBack, landmark: str | None) -> dict[str, Value]:
    """The values of a place, its heights and its window, out of what has to be read back."""
    values: dict[str, Value] = {"area": right.cell, "centre": right.position, "seal": right.seal}
    bearing = _BEARING.fullmatch(right.bearing[:-CHECK_CHARACTERS])
    if bearing is not None and landmark:
        values |= {"bearing": int(bearing[1]), "distance": int(bearing[2]) * 100, "landmark": landmark}
    band = _BAND.fullmatch(right.band[:-CHECK_CHARACTERS])
    if band is not None:
        values |= {"lower": _height(band[1], band[2]), "upper": _height(band[3], band[4])}
    window = _WINDOW.fullmatch(right.window[:-CHECK_CHARACTERS])
    if window is not None:
        values |= {"start": _minute(window[1]), "end": _minute(window[2]), "until": _minute(window[2])}
    return values


def time_text(time_us: Value) -> str:
    """A time as every language writes it."""
    return write(Kind.TIME, time_us)


def _height(side: str, metres: str) -> int:
    return (-1 if side == "B" else 1) * int(metres) * 1000


def _minute(digits: str) -> int:
    return _us(datetime.strptime(digits, "%y%m%d%H%M").replace(tzinfo=UTC))


def _us(moment: datetime) -> int:
    """In whole seconds, the earlier one: nobody reads microseconds aloud, and no deadline gets longer by it."""
    return (moment.replace(microsecond=0) - _EPOCH) // _US


def _filled(code: Phrase, values: Mapping[str, Value]) -> Said | None:
    """A phrase with those of the values that it takes; None where it needs one that is missing or not of its kind."""
    spare, taken = optional(code), dict[str, Value]()
    for sentence in SENTENCES[code]:
        names = placeholders(sentence.text)
        missing = [name for name in names if name not in values]
        if missing and not set(missing) <= spare:
            return None
        if not missing:
            taken |= {name: values[name] for name in names}
    return Said(code, taken) if isinstance(render(code, taken, LANGUAGES[0]), str) else None


# lines and notices


def phrase_of_line(line: Line, reader: str) -> Said | None:
    """A line as one of its ends speaks of it."""
    values: dict[str, Value] = {
        "party": line.second if line.first == reader else line.first,
        "path": line.path,
        "count": line.misses,
    }
    if line.heard is not None:
        values["time"] = _us(line.heard)
    if line.second == reader and line.answer_by is not None:
        return _filled(Phrase.CHECK, {**values, "check": message_code(line.check)})
    return _filled(_LINES[line.state], values) if line.state in _LINES else None


def phrases_of_item(item: Mapping[str, Any], when: datetime, reader: str) -> tuple[Said, ...]:
    """What an item of a notice says."""
    about = item.get("subject")
    values: dict[str, Value] = {"time": _us(when)}
    if about is not None:
        values |= {"message": message_code(about["message"]), "version": about["version"]}
    if item.get("party"):
        values["cell"] = item.get("cell") or item["party"]
    found = [_filled(code, {**values, **more}) for code, more in _of_item(item, reader)]
    if item["kind"] == "message":
        found.insert(0, _main(item["phrase"], item["what"], item["late"], values))
    return tuple(Said(said.code, said.values, bool(item.get("drill"))) for said in found if said is not None)


def _of_item(item: Mapping[str, Any], reader: str) -> Sequence[tuple[Phrase, dict[str, Value]]]:
    """Codes, and the values that are the item's own; nothing where no phrase says it."""
    what = item.get("what", "")
    match item["kind"]:
        case "message" if item["read_back"]:
            return [(Phrase.READ_BACK_ASKED, {})]
        case "reach" if item["effective"]:
            return [(Phrase.EFFECTIVE, {})]
        case "reach" if what in _REACHED:
            return [(_REACHED[what], {})]
        case "rung" if item["asked"]:
            return [(Phrase.ESCALATED, {"next": item["asked"]})]
        case "rung":
            return [(Phrase.ESCALATED_PARTY, {"party": item["party"]})]
        case "echo":
            return [(Phrase.READ_BACK_WRONG, _difference(row)) for row in item["differences"]]
        case "reply" if what in _ANSWERS:
            return [(_ANSWERS[what], {})]
        case "doubt":
            return [(Phrase.REVIEWED if what == "reviewed" else Phrase.DOUBT, {})]
        case "message-state" if what in _STATES:
            return [(_STATES[what], {})]
        case "line" if what in _LINES:
            other = item["second"] if item["first"] == reader else item["first"]
            return [(_LINES[what], {"party": other, "path": item["path"], "check": message_code(item["check"])})]
    return []


def _difference(row: Mapping[str, str]) -> dict[str, Value]:
    said, right = (shown(row[name]).replace("\n", " ")[:TEXT_CHARACTERS_MAX] or "-" for name in ("said", "right"))
    return {"field": row["field"], "said": said, "right": right}
