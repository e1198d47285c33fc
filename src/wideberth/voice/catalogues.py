"""The languages of the phrases: gettext catalogues that ship with the package.

In:  a language's code; texts of `sentences`.
Out: their translations, and which plural form a count takes.
Refuses nothing: a text that no catalogue has is a bug, and the tests hold that there is none.

The sources are `locale/<language>/LC_MESSAGES/wideberth.po`; `tools/make_locale.py` compiles them.
"""

from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "de", "ru", "tr", "ar", "fr", "uk", "fa")
RIGHT_TO_LEFT: Final = frozenset(("ar", "fa"))
COMMAS: Final = dict.fromkeys(RIGHT_TO_LEFT, "\u060c ")
"""The comma of the Arabic script, where it is not the Latin one."""


@cache
def catalogue(language: str) -> GNUTranslations:
    """The catalogue of one of LANGUAGES."""
    path = files("wideberth.voice") / "locale" / language / "LC_MESSAGES" / "wideberth.mo"
    with path.open("rb") as file:
        return GNUTranslations(file)


def translated(language: str, text: str, context: str = "") -> str:
    """A text or word in a language."""
    held = catalogue(language)
    return held.pgettext(context, text) if context else held.gettext(text)


def counted(language: str, text: str, plural: str, count: int) -> str:
    """A text in the form that a count takes."""
    return catalogue(language).ngettext(text, plural, count) if plural else translated(language, text)


def forms(language: str, text: str, plural: str) -> tuple[str, ...]:
    """Every form of a text; a count up to 200 meets each of them in the languages here."""
    if not plural:
        return (translated(language, text),)
    return tuple(dict.fromkeys(counted(language, text, plural, count) for count in range(201)))
