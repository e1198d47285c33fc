"""Text as shown: nothing deceives, nothing honest is touched."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.words.show import shown

HONEST = [
    "Convoy of five, north of Dorun, 0600Z to 0800Z.\n\tSecond line",
    "Größe über Straße, zwölf Kilometer",
    "à l’est de Dorun, jusqu’à 1 500 m",
    "Колонна из пяти машин, 12 км к северу от Дорун; а и о в с у",
    "Колона з п'яти машин, ґанок, їжа, Євген, є",
    "İstanbul'un kuzeyinde, ığdır, şimdi",
    "قافلة من خمس سيارات، ١٢ كم شمال دورون، من الساعة ٠٦:٠٠",
    "کاروان پنج خودرو، ۱۲ کیلومتری شمال؛ می‌خواهم",
    "مُحَمَّد",
    "Колонна Red Crescent, FL350 и UTC",
    "GARS 441LS26, MGRS 37S EV 12345 67890",
    "42°21′44″N — ok",
    "דרום, 5 ק״מ",
    "北緯三十五度",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_is_left_alone(text: str) -> None:
    """Every language of the house, right to left included, comes out as it went in."""
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("\u2067شمال\u2069", "\\u2067شمال\\u2069"),
        ("\u200fشمال\u061c", "\\u200fشمال\\u061c"),
        ("no\u200brth", "no\\u200brth"),
        ("no\u200crth \u200d", "no\\u200crth \\u200d"),
        ("\x00\x07\x1b[31mred\r", "\\u0000\\u0007\\u001b[31mred\\u000d"),
        ("\x85\u2028\u2029", "\\u0085\\u2028\\u2029"),
        ("so\u00adft \ufeff", "so\\u00adft \\ufeff"),
        ("wide\u2003space\u3000", "wide\\u2003space\\u3000"),
        ("fill\u3164\u115f\u2800", "fill\\u3164\\u115f\\u2800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 3 + "\\u0301" * 3),
        ("Dоrun", "D\\u043erun"),
        ("Тaбка", "Т\\u0061бка"),
        ("Dorυn", "Dor\\u03c5n"),
        ("call сор now", "call \\u0441\\u043e\\u0440 now"),
        ("1О0 and 1O0, 3l5", "1\\u041e0 and 1\\u004f0, 3\\u006c5"),
        ("1٢3", "1\\u06623"),
        ("۱٢", "۱\\u0662"),
        ("ＦＬ３５０", "\\uff26\\uff2c\\uff13\\uff15\\uff10"),
        ("𝐍orth", "\\U0001d40dorth"),
        ("C:\\u202e", "C:\\\\u202e"),
    ],
)
def test_what_deceives_is_escaped(text: str, escaped: str) -> None:
    """Overrides, isolates, zero width, control, fillers, tags, piled accents, look-alikes stand as codes."""
    assert shown(text) == escaped


def test_every_format_and_control_character_is_escaped() -> None:
    """Of all code points of the hidden categories none comes through between Latin letters but line feed and tab."""
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") and character not in "\n\t":
            assert character not in shown(f"a{character}b"), hex(code)


def unescape(text: str) -> str:
    """The way back."""

    def one(found: re.Match[str]) -> str:
        return "\\" if found[0] == "\\\\" else chr(int(found[0][2:], 16))

    return re.sub(r"\\\\|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}", one, text)


@given(st.text(st.characters() | st.sampled_from("\\uU0acсоOl1\u202e\u200c\u0301٢"), max_size=60))
def test_nothing_is_lost_and_no_two_texts_are_shown_alike(text: str) -> None:
    """What was written can be had back from what is shown, to the last character."""
    assert unescape(shown(text)) == text


@given(st.text(st.characters(), max_size=60))
def test_nothing_that_turns_a_line_comes_through(text: str) -> None:
    """No override, embedding, isolate or mark of direction is ever shown as itself."""
    turning = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    assert not set(shown("".join(a + b for a, b in zip(text, turning * 5, strict=False)))) & set(turning)
