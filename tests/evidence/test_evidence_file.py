"""The file that verifies itself: one changed bit is found, by two verifiers that share no code for it."""

import io
import os
import random
import subprocess
import sys
import zipfile
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from evidence_kit import MAKER, all_of_it, made, members, of_message, reframed, relisted, told, zipped
from worlds import NODE_SEED, charter

from wideberth.evidence.bundle import program
from wideberth.evidence.proof.check import ENTRIES, LAYOUT, MANIFEST, NEEDED, REPORT, canonical, read_json
from wideberth.evidence.proof.main import examine as travelling
from wideberth.evidence.verify import verify as by_the_house

LONG = bool(os.environ.get("WIDEBERTH_LONG"))


def both(parts: dict[str, bytes], version: str = MAKER) -> tuple[list[str], list[str]]:
    """What the travelling verifier and the ledger room find."""
    with zipped(parts) as archive:
        return travelling(archive)[1], by_the_house(archive, program(), version)[1]


@pytest.fixture(scope="module")
def small() -> dict[str, bytes]:
    """The members of a small file: what CCC was given of the message between itself and AAA."""
    return members(made(of_message(told()), "AAA")[0])


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    """The members of the whole story."""
    return members(made(all_of_it())[0])


def test_it_runs_with_python_alone(tmp_path: Path) -> None:
    """`python3 FILE.zip`, without any package and without the environment, says sound and ends with 0."""
    path = tmp_path / "case.zip"
    path.write_bytes(made(all_of_it())[0])
    words = [sys.executable, "-I", "-S", str(path), "--unpack", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{path}: sound." in done.stdout
    assert (tmp_path / REPORT).read_bytes() == members(path.read_bytes())[REPORT]


def test_the_wrong_genesis_is_said(tmp_path: Path) -> None:
    """A file that is sound in itself is not of the theatre that was told of by its genesis."""
    path = tmp_path / "case.zip"
    path.write_bytes(made(all_of_it())[0])
    words = [sys.executable, "-I", "-S", str(path), "--genesis", "00" * 32]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not the one that you were told" in done.stdout


def test_the_travelling_verifier_needs_the_standard_library_alone() -> None:
    """No member imports anything of the house or of others."""
    for name, code in program().items():
        for line in code.decode().splitlines():
            if line.startswith(("import ", "from ")) and not line.startswith("from ."):
                module = line.split()[1].split(".")[0]
                assert module in sys.stdlib_module_names or module == "proof", (name, line)


def test_both_verifiers_count_the_same(whole: dict[str, bytes]) -> None:
    """What the house checked while making is what the travelling verifier counts, entry by entry."""
    file, checked = made(all_of_it())
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        found, faults = travelling(archive)
    assert not faults
    assert found is not None
    assert found.figures == checked.figures
    assert found.figures["entries"] > 10
    assert found.figures["consistent"] == 1
    assert (found.head, found.genesis, found.rows, found.untraced) == (
        checked.head,
        checked.genesis,
        checked.rows,
        checked.untraced,
    )


def test_every_byte_of_every_member_counts(small: dict[str, bytes]) -> None:
    """Each byte of each member, turned in one bit with the zip's own checksums made right, is found."""
    chance = random.Random(3)
    for name, data in small.items():
        proven = name in (ENTRIES, MANIFEST)
        places = range(len(data)) if proven or LONG else chance.sample(range(len(data)), min(200, len(data)))
        for at in places:
            bent = bytearray(data)
            bent[at] ^= 1 << (at % 8)
            with zipped(small | {name: bytes(bent)}) as archive:
                assert travelling(archive)[1], f"{name}, byte {at}"


def test_every_byte_of_the_entries_counts_against_intent(small: dict[str, bytes]) -> None:
    """The same over the entries with every digest made right: hashes, proofs and signatures alone find it, and both
    verifiers do. A byte of the digest at the end is made right again, which is no change."""
    bare = {name: small[name] for name in NEEDED}
    entries = bare[ENTRIES]
    for at in range(len(entries) - 32):
        bent = bytearray(entries)
        bent[at] ^= 1 << (at % 8)
        first, second = both(relisted(bare | {ENTRIES: reframed(bytes(bent))}), "another version")
        assert first, f"the travelling verifier took byte {at}"
        assert second, f"the house took byte {at}"


def test_a_report_that_shows_something_else_is_found(whole: dict[str, bytes]) -> None:
    """Another word on the page, another name of a field, another statement of the maker's: with all digests right."""
    page = whole[REPORT]
    assert b"not-ours" in page
    for change in (
        {REPORT: page.replace(b"not-ours", b"declined")},
        {LAYOUT: whole[LAYOUT].replace(b'"sender","message","version","kind"', b'"version","message","sender","kind"')},
    ):
        assert change != {name: whole[name] for name in change}
        first, second = both(relisted(whole | change))
        assert first
        assert second
    manifest = read_json(whole[MANIFEST], MANIFEST)
    manifest["made"]["party"] = "AAA"
    first, second = both(whole | {MANIFEST: canonical(manifest)})
    assert first
    assert second


def test_an_altered_verifier_is_found_by_the_house(whole: dict[str, bytes]) -> None:
    """A file whose own verifier was told to be content is held against the one that is installed."""
    lenient = whole["proof/main.py"].replace(b"return 1 if faults else 0", b"return 0")
    with zipped(relisted(whole | {"proof/main.py": lenient})) as archive:
        faults = by_the_house(archive, program(), MAKER)[1]
    assert any("verifier" in fault for fault in faults)


def test_entries_cannot_be_left_out_of_a_chain_or_swapped(whole: dict[str, bytes]) -> None:
    """Records taken out are no longer what the manifest, or (with digests made right) the report, says."""
    entries = whole[ENTRIES]
    at, places = 19, []
    while at < len(entries):
        places.append(at)
        at += 4 + int.from_bytes(entries[at : at + 4], "big")
    for first, last in pairwise(places[1:-1]):
        cut = entries[:first] + entries[last:]
        end = len(places) - 3
        tail = b"\x93\xa3end" + bytes([end]) + b"\xc4\x20"
        body = cut[: len(cut) - 4 - int.from_bytes(entries[places[-1] : places[-1] + 4], "big")]
        framed = body + len(tail + bytes(32)).to_bytes(4, "big") + tail + sha256(body).digest()
        one, two = both(relisted(whole | {ENTRIES: framed}))
        assert one, first
        assert two, first


def test_hostile_files_are_answered_and_never_raise(small: dict[str, bytes]) -> None:
    """Members that are cut, empty, missing, doubled or nonsense: a finding, no exception."""
    chance = random.Random(5)
    for name in small:
        for data in (b"", small[name][: len(small[name]) // 2], chance.randbytes(300), b"[" * 100_000):
            first, second = both(small | {name: data})
            assert first, name
            assert second, name
            first, second = both(relisted(small | {name: data}) if name != MANIFEST else small | {name: data})
            assert name == "README.txt" or name.endswith(".py") or first, name
        left = {n: d for n, d in small.items() if n != name}
        first, second = both(left)
        assert first, name
        assert second, name


def test_a_cosigned_checkpoint_is_checked() -> None:
    """A witness's line counts where its key is named; bent, the file is not sound."""
    from nacl.signing import SigningKey

    from wideberth.ledger.checkpoint import Checkpoint, KeyKind, Verifier, cosign, verifier_text

    head = told().world.store.head
    key = SigningKey(bytes(31) + b"\x09")
    witness = Verifier("witness.test", bytes(key.verify_key), KeyKind.COSIGNATURE)
    checkpoint = Checkpoint("wideberth/test/1", head.size, head.root)
    note = cosign(head.note, checkpoint, witness, key, 1_795_000_300)
    parts = members(made(of_message(told()), note=note, witnesses=(verifier_text(witness),))[0])
    assert both(parts) == ([], [])
    assert b"witness.test at 2026-11-18" in parts[REPORT]
    worse = parts[ENTRIES].replace(b"\xe2\x80\x94 witness.test ", b"\xe2\x80\x94 witness.test ", 1)
    at = worse.index(b"witness.test ") + 40
    bent = worse[:at] + bytes([worse[at] ^ 1]) + worse[at + 1 :]
    first, second = both(relisted(parts | {ENTRIES: reframed(bent)}))
    assert first
    assert second


def test_the_page_needs_nothing_and_says_nothing_that_it_must_not(whole: dict[str, bytes]) -> None:
    """No script, no address, a policy that forbids both; and never the words that no answer may use."""
    page = whole[REPORT].decode()
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert " src=" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "style=" not in page
    words = page.lower()
    for never in (">clear", " clear ", "safe ", " safe", "cleared to", "permission granted"):
        assert never not in words, never
    assert "EXERCISE" in page


def test_free_text_is_escaped() -> None:
    """Markup and overrides in free text stand escaped on the page."""
    from evidence_kit import Told
    from lines import Lines

    world = Lines(rules=charter(), seed=4)
    message, answer = world.tell("AAA", "BBB", text="<script>alert(1)</script> \u202eevil")
    assert answer.accepted, NODE_SEED
    story = Told(world, message, b"", b"", b"")
    page = members(made(of_message(story), story=story)[0])[REPORT].decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\\u202eevil" in page
