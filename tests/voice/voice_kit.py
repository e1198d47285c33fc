"""Values for phrases: some of every kind, as the tests of this room use them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from wideberth.client.hotline import Message, Owed
from wideberth.party.phrase import Phrase
from wideberth.voice.phrases import optional, placeholders
from wideberth.voice.sentences import CHOICES, KINDS, SENTENCES
from wideberth.voice.values import Kind, Value
from wideberth.words.check import ALPHABET, with_check
from wideberth.words.readback import ReadBack

PLAIN: Mapping[Kind, Value] = {
    Kind.NAME: "HAS desk",
    Kind.TEXT: "our people are there",
    Kind.CODE: with_check("422144N0384736W"),
    Kind.COUNT: 3,
    Kind.TIME: 1_772_344_800_000_000,
    Kind.HEIGHT: 1_524_000,
    Kind.DISTANCE: 9_000,
    Kind.BEARING: 45,
    Kind.FREQUENCY: 121_500,
    Kind.DURATION: 180,
    **{kind: next(iter(words)) for kind, words in CHOICES.items()},
}
_TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")), min_size=1)
DRAWN: Mapping[Kind, st.SearchStrategy[Value]] = {
    Kind.NAME: st.one_of(
        _TEXTS.filter(lambda t: len(t) <= 64), st.sampled_from(["می‌شود", "حلب", "Ерзинка 9", "a. b."])
    ),
    Kind.TEXT: _TEXTS,
    Kind.CODE: st.text(ALPHABET, min_size=1, max_size=30).map(with_check),
    Kind.COUNT: st.integers(0, 10**6),
    Kind.TIME: st.integers(1_700_000_000_000_000, 4_000_000_000_000_000),
    Kind.HEIGHT: st.integers(-1_000_000, 20_000_000),
    Kind.DISTANCE: st.integers(0, 10**7),
    Kind.BEARING: st.integers(1, 360),
    Kind.FREQUENCY: st.integers(1, 10**6),
    Kind.DURATION: st.integers(0, 10**5),
    **{kind: st.sampled_from(sorted(words)) for kind, words in CHOICES.items()},
}


def needed(code: Phrase) -> set[str]:
    """The placeholders that a phrase cannot go without."""
    return {p for s in SENTENCES[code] for p in placeholders(s.text)} - optional(code)


def ways(code: Phrase) -> Iterator[dict[str, Value]]:
    """Plain values of a phrase: with and without each of its optional sentences, and with every word of each choice."""
    always = {name: PLAIN[KINDS[name]] for name in needed(code)}
    spare = [
        placeholders(s.text) for s in SENTENCES[code] if s.optional and not set(placeholders(s.text)) <= set(always)
    ]
    for chosen in range(2 ** len(spare)):
        extra = {name: PLAIN[KINDS[name]] for i, names in enumerate(spare) if chosen >> i & 1 for name in names}
        yield always | extra
    for name in always:
        for word in CHOICES.get(KINDS[name], ()):
            yield always | {name: word}


@st.composite
def said(draw: st.DrawFn) -> tuple[Phrase, dict[str, Value]]:
    """A phrase with random values."""
    code = draw(st.sampled_from(list(Phrase)))
    names = draw(st.sampled_from(list(ways(code))))
    return code, {name: draw(DRAWN[KINDS[name]]) for name in names}


def message_with(right: ReadBack | None, **changes: Any) -> Message:
    """A priority notice of AAA to the reader's one cell, with what has to be read back of it."""
    sent = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    owed = Owed(UUID(int=2), "B1", "sent", True, 0, "B1", False, sent + timedelta(minutes=1))
    plain = Message(
        id=UUID(int=0xABCDEF0123456789ABCDEF0123456789),
        sender="AAA",
        mine=False,
        version=1,
        kind="notice",
        precedence="priority",
        phrase="",
        drill=False,
        exercise=False,
        late=False,
        off_watch=False,
        sent=sent,
        position=7,
        state="open",
        needs="received" if right is None else "read-back",
        owed=(owed,),
        read_back=() if right is None else right.items(),
    )
    return msgspec.structs.replace(plain, **changes)
