"""The page on the format: its worked example is what we write, and an outsider verifies it from the page alone."""

import re

import make_example
import outsider

from wideberth.ledger.checkpoint import verify_note
from wideberth.limits import EXPORT_RECORD_BYTES_MAX, TIME_US_MAX

PAGE = make_example.PAGE.read_text()
EXAMPLE = PAGE.split(make_example.BEGIN)[1].split(make_example.END)[0]
PUBLIC = bytes(make_example.NODE_KEY.verify_key)


def shown(title):
    """The bytes that the page shows under a heading."""
    found = re.search(rf"### {title}, (\d+) bytes\n\n```\n([0-9a-f\n]+)```", EXAMPLE)
    data = bytes.fromhex(found[2])
    assert len(data) == int(found[1])
    return data


def test_the_example_is_what_we_write():
    """The format has not changed since the page was written; `python tests/ledger/make_example.py` writes it anew."""
    assert EXAMPLE.strip() == make_example.block(make_example.store()).strip()


def test_an_outsider_verifies_the_page():
    """The exports that the page shows verify with a program that was written from the page."""
    origin = make_example.SIGNER.origin
    found = outsider.verify_whole(shown("Export of the whole ledger"), origin, PUBLIC)
    assert found["root"].hex() in EXAMPLE
    assert found["erased"] == 1
    assert {party: number for party, (number, _) in found["notices"].items()} == {"north": 2, "relief": 1}
    given = outsider.verify_given(shown("Export of what north was given"), origin, PUBLIC)
    assert given["notices"] == found["notices"]["north"]
    assert b"nothing near yours now" not in shown("Export of what north was given")


def test_the_checkpoint_of_the_page_verifies():
    """Both signatures of the checkpoint that the page shows hold."""
    note = re.search(r"### Checkpoint\n\n```\n(.*?)```", EXAMPLE, re.DOTALL)[1].encode()
    verified = verify_note(note, [make_example.SIGNER.verifier, make_example.WITNESS])
    assert [signed.time_s for signed in verified.signed] == [None, 1_767_225_700]


def test_the_figures_of_the_page():
    """The limits that the page names are those of the code."""
    assert f"{EXPORT_RECORD_BYTES_MAX:,} bytes" in PAGE
    assert f"at most {TIME_US_MAX} " in PAGE
