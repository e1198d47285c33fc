"""Number words of eight languages: "twelve", "zwölf", "three five zero", "خمسة وعشرون", "dreihundertfünfzig".

In:  flat words (`vocabulary.flat`).
Out: the number that a run of them stands for.
Refuses: runs that are no number (None).
"""

from collections.abc import Sequence
from typing import Final

from wideberth.words.vocabulary import flat

_ROWS: Final = {
    0: "zero null ноль нуль sıfır صفر zéro",
    1: "one eins один одна bir واحد un une одне یک",
    2: "two zwei zwo два две двух iki اثنان اثنين deux дві двох دو",
    3: "three tree drei три трех üç ثلاثة ثلاث trois трьох سه",
    4: "four fower vier четыре четырех dört أربعة أربع quatre чотири чотирьох چهار",
    5: "five fife fünf пять пяти beş خمسة خمس cinq п'ять пять پنج",
    6: "six sechs шесть шести altı ستة ست шість شش",
    7: "seven sieben семь семи yedi سبعة سبع sept сім هفت",
    8: "eight acht восемь восьми sekiz ثمانية ثماني ثمان huit вісім هشت",
    9: "nine niner neun девять девяти dokuz تسعة تسع neuf дев'ять نه",
    10: "ten zehn десять десяти on عشرة عشر dix десять ده",
    11: "eleven elf одиннадцать onze одинадцять یازده",
    12: "twelve zwölf двенадцать douze дванадцять دوازده",
    13: "thirteen dreizehn тринадцать treize тринадцять سیزده",
    14: "fourteen vierzehn четырнадцать quatorze чотирнадцять چهارده",
    15: "fifteen fünfzehn пятнадцать quinze پانزده",
    16: "sixteen sechzehn шестнадцать seize шістнадцять شانزده",
    17: "seventeen siebzehn семнадцать сімнадцять هفده",
    18: "eighteen achtzehn восемнадцать вісімнадцять هجده",
    19: "nineteen neunzehn девятнадцать نوزده",
    20: "twenty zwanzig двадцать yirmi عشرون عشرين vingt vingts двадцять بیست",
    30: "thirty dreißig dreissig тридцать otuz ثلاثون ثلاثين trente тридцять سی",
    40: "forty vierzig сорок kırk أربعون أربعين quarante چهل",
    50: "fifty fünfzig пятьдесят elli خمسون خمسين cinquante پنجاه",
    60: "sixty sechzig шестьдесят altmış ستون ستين soixante шістдесят شصت",
    70: "seventy siebzig семьдесят yetmiş سبعون سبعين сімдесят هفتاد",
    80: "eighty achtzig восемьдесят seksen ثمانون ثمانين вісімдесят هشتاد",
    90: "ninety neunzig девяносто doksan تسعون تسعين дев'яносто نود",
    100: "hundred hundert сто yüz مئة مائة cent cents صد یکصد",
    200: "двести مئتان مئتين مائتان مائتين двісті دویست",
    300: "триста ثلاثمئة ثلاثمائة سیصد",
    400: "четыреста أربعمئة أربعمائة чотириста چهارصد",
    500: "пятьсот خمسمئة خمسمائة پانصد",
    600: "шестьсот ستمئة ستمائة шістсот ششصد",
    700: "семьсот سبعمئة سبعمائة сімсот هفتصد",
    800: "восемьсот ثمانمئة ثمانمائة вісімсот هشتصد",
    900: "девятьсот تسعمئة تسعمائة نهصد",
    1000: "thousand tausend тысяча тысячи тысяч bin ألف آلاف ألفا mille тисяча тисячі тисяч هزار",
    2000: "ألفان ألفين",
}
_SINGLE: Final = {flat(word): value for value, words in _ROWS.items() for word in words.split()}
AND: Final = frozenset(("and", "und", "et", "و"))


def _german_below_thousand() -> dict[str, int]:
    """Words such as "einhundertfünfundzwanzig", which are written as one."""
    ones = ["", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
    tens = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
    below = {one: i for i, one in enumerate(ones)} | {
        word: value for word, value in _SINGLE.items() if word.endswith("zehn") or word in ("elf", "zwölf")
    }
    for i, ten in enumerate(tens, 2):
        below |= {(f"{one}und{ten}" if one else ten): 10 * i + j for j, one in enumerate(ones)}
    whole = {
        f"{one}hundert{rest}": 100 * max(i, 1) + value for i, one in enumerate(ones) for rest, value in below.items()
    }
    return {word: value for word, value in (below | whole).items() if word}


def _german() -> dict[str, int]:
    """All that German writes as one word, in steps of ten from a thousand on."""
    below = _german_below_thousand()
    thousands = {f"{word}tausend": value * 1000 for word, value in below.items()}
    hundreds = {
        f"{ones}tausend{rest}": 1000 * i + value
        for i, ones in enumerate(("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"), 1)
        for rest, value in below.items()
        if value % 50 == 0
    }
    return {word: value for word, value in (below | thousands | hundreds).items() if word not in ("ein",)}


def _with_and() -> dict[str, int]:
    """Arabic and Persian words with "and" before them, which Arabic writes together."""
    return {"و" + word: value for word, value in _SINGLE.items() if word[0] >= "ا"}


_TURKISH_THOUSANDS: Final = {
    flat(word) + "bin": value * 1000
    for value, word in {
        2: "iki",
        3: "üç",
        4: "dört",
        5: "beş",
        6: "altı",
        7: "yedi",
        8: "sekiz",
        9: "dokuz",
        10: "on",
    }.items()
}
NUMERALS: Final[dict[str, int]] = _SINGLE | _with_and() | _german() | _TURKISH_THOUSANDS


def number(words: Sequence[str]) -> int | None:
    """The number that the words stand for, digit by digit or as it is spoken; None where they make none."""
    kept = [word for word in words if word in NUMERALS]
    values = [NUMERALS[word] for word in kept]
    if not values:
        return None
    if len(values) > 1 and max(values) < 10:
        return int("".join(map(str, values))) if len(values) <= 6 else None
    total = group = 0
    for word, value in zip(kept, values, strict=True):
        if value == 1000:
            total, group = total + max(group, 1) * 1000, 0
        elif value == 100 and 0 < group < 100:
            group *= 100
        elif value == 20 and group % 100 == 4 and word.startswith("vingt"):
            group += 76
        elif value >= 1000:
            total, group = total + value, group
        else:
            group += value
    return total + group
