"""Check characters: exhaustive single errors and swaps, and the examples that others published."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.words.check import ALPHABET, check_holds, groups, plain, with_check

EXAMPLES = [
    "V1",
    "V1024",
    "2O0ZUV",
    "441LS26",
    "2850123",
    "A00450B00051",
    "422144N0384736W",
    "2611221930Z2611222030Z",
    *("".join(random.Random(length).choices(ALPHABET, k=length)) for length in range(1, 33)),
]
"""Every length and shape in use, and all lengths up to one past the longest."""


@pytest.mark.parametrize("text", ["ISO793W", "XS868977863229AU", "AEIOU1592430QWERTY0Z", "Z" * 36 + "6X"])
def test_published_examples_hold(text: str) -> None:
    """We compute ISO/IEC 7064 MOD 1271-36 and nothing of our own: the standard's example (8.2) and others' hold."""
    assert check_holds(text)
    assert with_check(text[:-2]) == text


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_wrong_character_and_every_swap_is_found(text: str) -> None:
    """No single wrong character at any place, and no swap of neighbours, keeps its check characters."""
    whole = with_check(text)
    assert check_holds(whole)
    for i, right in enumerate(whole):
        for wrong in ALPHABET:
            assert check_holds(whole[:i] + wrong + whole[i + 1 :]) == (wrong == right)
        if i + 1 < len(whole) and whole[i] != whole[i + 1]:
            assert not check_holds(whole[:i] + whole[i + 1] + whole[i] + whole[i + 2 :])


def test_all_short_texts_and_all_their_swaps() -> None:
    """Of every text of two characters, all 1,296, every swap and every single error is found: no example is lucky."""
    for first in ALPHABET:
        for second in ALPHABET:
            whole = with_check(first + second)
            swaps = (
                whole[1] + whole[0] + whole[2:],
                whole[0] + whole[2] + whole[1] + whole[3],
                whole[:2] + whole[:1:-1],
            )
            assert not any(check_holds(swap) for swap in swaps if swap != whole)
            assert sum(check_holds(whole[0] + c + whole[2:]) for c in ALPHABET) == 1


def test_other_errors_slip_through_once_in_about_1271() -> None:
    """Random texts hold as rarely as the modulus promises, so the check is neither weaker nor a constant."""
    rng = random.Random(7)
    held = sum(check_holds("".join(rng.choices(ALPHABET, k=12))) for _ in range(100_000))
    assert 40 < held < 130


@given(st.text(max_size=40))
def test_only_digits_and_capitals_ever_hold(text: str) -> None:
    """Whatever is asked gets an answer, and nothing outside the alphabet holds."""
    if check_holds(text):
        assert set(text) <= set(ALPHABET)
        assert len(text) >= 3
    understood = plain(text)
    assert understood is None or set(understood) <= set(ALPHABET)


@given(st.text(ALPHABET, min_size=1, max_size=30))
def test_groups_lose_nothing(text: str) -> None:
    """What is read in groups, in small letters or in capitals, is the text again, check characters last and alone."""
    whole = with_check(text)
    assert plain(groups(whole)) == whole
    assert plain(groups(whole).lower().replace(" ", " - ")) == whole
    assert groups(whole).split()[-1] == whole[-2:]


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("422144N0384736WAB", "42 2144 N 038 4736 W AB"),
        ("2611221930Z2611222030ZAB", "26 1122 1930 Z 26 1122 2030 Z AB"),
        ("2850123AB", "285 0123 AB"),
        ("A00450B00051AB", "A 00450 B 00051 AB"),
    ],
)
def test_groups_fall_where_the_meaning_does(text: str, spaced: str) -> None:
    """Degrees, minutes and seconds, dates and times of day stand as groups of their own."""
    assert groups(text) == spaced


@pytest.mark.parametrize(
    "said", ["٤٢٢١AB", "۴۲۲۱ab", "４２２１ＡＢ", "4-2 2.1 a b", "\u200e4221\u200fAB", "42\u00a021\u202fAB"]
)
def test_digits_of_other_scripts_and_marks_between_groups_are_understood(said: str) -> None:
    """Arabic, Persian and wide digits, spaces, hyphens and marks of direction do not make a right answer wrong."""
    assert plain(said) == "4221AB"


@pytest.mark.parametrize("said", ["4221АB", "4221ıB", "ß", "4221AB!", "٪"])
def test_letters_of_other_scripts_are_not_guessed(said: str) -> None:
    """A Cyrillic A is no A, a dotless i no I: nothing is turned into what it only looks like."""
    assert plain(said) is None
