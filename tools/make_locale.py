"""Keeps the catalogues of phrases: brings the sources in step with the code, and compiles them.

In:  the texts of `wideberth.voice.sentences`, and src/wideberth/voice/locale/<language>/LC_MESSAGES/wideberth.po.
Out: the same .po with a place for every text and none that is not used, and the .mo beside it.
English translates into itself. A text that the others lack is left empty, named, and fails the tests.

Run `python tools/make_locale.py` after a change of a sentence or of a translation.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from wideberth.voice.catalogues import LANGUAGES
from wideberth.voice.sentences import msgids

LOCALE: Final = Path(__file__).parent.parent / "src/wideberth/voice/locale"
PLURALS: Final = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    **dict.fromkeys(("fa", "tr"), "nplurals=1; plural=0;"),
    "fr": "nplurals=2; plural=(n > 1);",
    **dict.fromkeys(
        ("ru", "uk"),
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    ),
}
"""As the gettext manual (section 12.6) and the Unicode CLDR have them. Persian and Turkish leave a noun after a number
as it is, so that one form serves every count."""
DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""In the header of every .mo, so that the same source gives the same bytes."""
EVEN: Final = "nplurals=2; plural=(n != 1);"


def source(language: str) -> Path:
    """The .po of a language."""
    return LOCALE / language / "LC_MESSAGES" / "wideberth.po"


def read(language: str) -> Catalog:
    """What a source holds; nothing where there is none yet."""
    path = source(language)
    return read_po(io.StringIO(path.read_text() if path.exists() else ""), locale=language)


def in_step(language: str) -> Catalog:
    """A catalogue with the texts of the code, in its order, and what the source has for them."""
    old, new = read(language), Catalog(locale=language, header_comment="# The phrases of wideberth.")
    for context, text, plural in msgids():
        held = old.get(text, context or None)
        said = held.string if held is not None else ""
        if language == "en":
            said = (text, plural) if plural else text
        if plural and not isinstance(said, tuple | list):
            said = ("",) * forms(language)
        new.add((text, plural) if plural else text, said, context=context or None)
    return new


def forms(language: str) -> int:
    """How many plural forms a language has."""
    return int(PLURALS.get(language, EVEN).split(";")[0].split("=")[1])


def head(language: str) -> bytes:
    """The header, the same on every machine and day."""
    lines = (
        "Project-Id-Version: wideberth",
        f"Language: {language}",
        f"Plural-Forms: {PLURALS.get(language, EVEN)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    )
    text = "".join(f'"{line}\\n"\n' for line in lines)
    return f'# The phrases of wideberth.\nmsgid ""\nmsgstr ""\n{text}\n'.encode()


def po(language: str) -> bytes:
    """The source as it should stand."""
    out = io.BytesIO()
    write_po(out, in_step(language), width=118, omit_header=True, sort_output=False)
    return head(language) + out.getvalue()


def mo(language: str) -> bytes:
    """The compiled catalogue of a source as it stands."""
    out = io.BytesIO()
    held = read_po(io.BytesIO(head(language) + source(language).read_bytes().split(b"\n\n", 1)[1]), locale=language)
    held.creation_date = held.revision_date = DAY
    write_mo(out, held)
    return out.getvalue()


def main() -> None:
    for language in LANGUAGES:
        text = po(language)
        source(language).parent.mkdir(parents=True, exist_ok=True)
        source(language).write_bytes(text)
        source(language).with_suffix(".mo").write_bytes(mo(language))
        for message in read(language):
            said = message.string if isinstance(message.string, tuple | list) else (message.string,)
            if message.id and not all(said):
                sys.stdout.write(f"{language}: no translation of {message.id}\n")


if __name__ == "__main__":
    main()
