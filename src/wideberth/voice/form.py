"""Paper forms of messages, for reading aloud and for writing down when nothing else works, as PDF.

In:  messages as their reader gets them, or none; a language.
Out: a PDF (A4): for each message a sheet for the one who speaks and a sheet for the one who reads back; empty ones.
Refuses nothing. The same message and language give the same bytes; nothing is fetched, and fonts of this machine are
not looked at. A character of a free text that the fonts do not have stands escaped (\\u05d0).

The page is `form.typ`, the fonts are in `fonts/` (Noto Sans and Noto Sans Arabic, SIL Open Font Licence).
"""

import re
import unicodedata
from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import Final

import msgspec
import typst

from wideberth.client.hotline import Message
from wideberth.limits import NAME_CHARACTERS_MAX
from wideberth.party.hotline import Precedence
from wideberth.party.phrase import Phrase
from wideberth.voice.catalogues import RIGHT_TO_LEFT, translated
from wideberth.voice.letters import COVERED
from wideberth.voice.message import free_text, phrases_of, read_back_of, rows_of, text_of, time_text, values_of
from wideberth.voice.phrases import FSI, LRI, PDI, Said, placeholders
from wideberth.voice.sentences import CHOICES, DIGITS, DRILL, FORM, LETTERS, SENTENCES
from wideberth.voice.values import Kind, write
from wideberth.words.check import CHECK_CHARACTERS

EMPTY_ROWS: Final = {"position": 15, "cell": 7, "bearing": 7, "band": 12, "window": 22, "version": 3, "seal": 6}
"""Characters of each item of a read-back, check characters not counted."""
SAID: Final = (Phrase.NOTICE, Phrase.LATE, Phrase.PLACE, Phrase.MOVEMENT, Phrase.QUERY, Phrase.AVOID, Phrase.STOP)
"""What an empty sheet offers to say."""
ANSWERED: Final = (
    Phrase.READ_BACK,
    *(Phrase.NOT_AFFECTED, Phrase.CONFLICT, Phrase.NOT_OURS, Phrase.UNKNOWN, Phrase.DECLINED),
    *(Phrase.STOPPING, Phrase.REJECTED),
)
"""What an empty sheet offers to answer."""
_BREAK: Final = "\n"
_CODES: Final = re.compile(f"{LRI}[^{PDI}]*{PDI}")


class Row(msgspec.Struct, frozen=True):
    """An item of a read-back; on an empty sheet so many places."""

    name: str
    groups: str = ""
    said: str = ""
    characters: int = 0


class Sheet(msgspec.Struct, frozen=True):
    """One sheet. `head` and `say` have None where something is to be filled in."""

    title: str
    mark: str
    stop: bool
    blank: bool
    choose: bool
    head: tuple[tuple[str, str | None], ...]
    say: tuple[tuple[str | None, ...], ...]
    rows: tuple[Row, ...]
    free_label: str
    free: str | None
    signs: tuple[tuple[str, str], ...]


class Form(msgspec.Struct, frozen=True):
    """What the page shows."""

    language: str
    right_to_left: bool
    words: dict[str, str]
    sheets: tuple[Sheet, ...]
    letters: tuple[tuple[str, str], ...] = ()


def form_of(messages: Sequence[Message], reader: str, language: str) -> bytes:
    """The sheets of messages, at least one: each to be read aloud by its sender, and to be read back."""
    assert messages, "nothing to print"
    sheets = [sheet for message in messages for sheet in _sheets(message, reader, language)]
    return _printed(Form(language, language in RIGHT_TO_LEFT, _words(language), tuple(sheets)))


def empty_form(language: str) -> bytes:
    """Sheets to be filled in by hand, and the words of letters and digits."""
    words = _words(language)
    names = CHOICES[Kind.FIELD]
    rows = tuple(
        Row(translated(language, names[key], "field"), characters=count + CHECK_CHARACTERS)
        for key, count in EMPTY_ROWS.items()
    )
    ranks = tuple(translated(language, CHOICES[Kind.PRECEDENCE][rank], "precedence") for rank in Precedence)
    heads = [(words[key], None) for key in ("from", "to", "message", "version", "sent", "by")]
    head = (*heads, (words["precedence"], " / ".join(ranks)), (words["cell"], None))
    told = Sheet(
        *(words["paper"], "", False, True, True, head, _offered(SAID, language), rows),
        *(words["free"], None, _signs(words)),
    )
    heard = Sheet(
        *(words["read_back"], "", False, True, True, head[:4], _offered(ANSWERED, language), rows),
        *(words["free"], None, _signs(words)),
    )
    letters = [(chr(ord("A") + i), translated(language, word, "letter")) for i, word in enumerate(LETTERS)]
    digits = [(str(i), translated(language, word, "digit")) for i, word in enumerate(DIGITS)]
    return _printed(Form(language, language in RIGHT_TO_LEFT, words, (told, heard), (*letters, *digits)))


def _words(language: str) -> dict[str, str]:
    words = {key: translated(language, word, "form") for key, word in FORM.items()}
    return words | {"drill": translated(language, DRILL)}


def _signs(words: dict[str, str]) -> tuple[tuple[str, str], ...]:
    pairs = (
        *(("sent_by", "time"), ("read_back_by", "time"), ("outcome", "time"), ("answer", "cell")),
        *(("passed_on", "time"), ("signature", "time")),
    )
    return tuple((words[label], words[second]) for label, second in pairs)


def _sheets(message: Message, reader: str, language: str) -> list[Sheet]:
    """What is said of a message, and what is read back."""
    words, values = _words(language), values_of(message)
    to = ", ".join(r.party for r in message.receivers)[:NAME_CHARACTERS_MAX] if message.mine else reader
    mark = words["drill"] if message.drill or message.exercise else words["real"]
    rank = translated(language, CHOICES[Kind.PRECEDENCE][message.precedence], "precedence")
    head: tuple[tuple[str, str | None], ...] = (
        (words["from"], _apart(message.sender)),
        (words["to"], _apart(to)),
        (words["message"], _apart(write(Kind.CODE, values["message"]))),
        (words["version"], _apart(str(message.version))),
        (words["precedence"], rank),
        (words["position"], _apart(str(message.position))),
        (words["sent"], _apart(time_text(values["time"]))),
        (words["by"], _apart(time_text(values["by"])) if "by" in values else None),
    )
    rows = tuple(Row(row.name, row.groups.replace(" ", "\u00a0"), row.said) for row in rows_of(message, language))
    stop = message.kind == "stop"
    free = free_text(message.text, message.language, language)
    label, _, text = free.partition(": ")
    signs = _signs(words)
    said = _lines(phrases_of(message, to), language)
    told = Sheet(words["paper"], mark, stop, False, False, head, said, rows, label, _covered(text) or None, signs)
    back = read_back_of(message)
    if back is None:
        return [told]
    answers = _lines((Said(back.code, back.values),), language)
    return [told, Sheet(words["read_back"], mark, False, False, False, head, answers, rows, "", None, signs)]


def _lines(said: Sequence[Said], language: str) -> tuple[tuple[str | None, ...], ...]:
    """Each phrase on a line of its own; the mark of a drill stands above, not in each."""
    return tuple((_unbroken(text_of((Said(one.code, one.values),), language)),) for one in said)


def _unbroken(text: str) -> str:
    """The same with no line ending inside a code or a time."""
    return _CODES.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def _offered(codes: Sequence[Phrase], language: str) -> tuple[tuple[str | None, ...], ...]:
    """Phrases without their values: the sentences that cannot be left out, with room to write."""
    found: list[tuple[str | None, ...]] = []
    for code in codes:
        line: list[str | None] = []
        for sentence in SENTENCES[code]:
            if sentence.optional or set(placeholders(sentence.text)) & {"area", "centre", "lower", "upper"}:
                continue
            line += _with_room(translated(language, sentence.text))
        found.append(tuple(line))
    return tuple(found)


def _with_room(text: str) -> list[str | None]:
    """The words of a sentence, None for each value."""
    parts: list[str | None] = []
    rest = text
    for name in placeholders(text):
        words, _, rest = rest.partition(f"{{{name}}}")
        parts += [words, None]
    return [*parts, f"{rest} "]


def _apart(text: str) -> str:
    return _unbroken(f"{LRI}{text}{PDI}")


def _covered(text: str) -> str:
    """A text with what the fonts do not have escaped."""
    return "".join(
        c if c in COVERED or c in (_BREAK, FSI, PDI) else f"\\u{ord(c):04x}" for c in unicodedata.normalize("NFC", text)
    )


def _printed(form: Form) -> bytes:
    folder = files("wideberth.voice")
    with as_file(folder / "form.typ") as page, as_file(folder / "fonts") as fonts:
        return typst.compile(
            str(page),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            sys_inputs={"data": msgspec.json.encode(form).decode()},
            timestamp=0,
        )
