"""Writes the worked example into docs/ledger-format.md. Run: python tests/ledger/make_example.py"""

import io
import sys
from hashlib import sha256
from pathlib import Path

from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import KeyKind, Signer, Verifier, cosign, origin_of, read_note, verifier_text
from wideberth.ledger.entry import NO_HEAD, Part, chain_notice, make_entry
from wideberth.ledger.export import export_given, export_whole
from wideberth.ledger.store import MemoryStore

PAGE = Path(__file__).parents[2] / "docs" / "ledger-format.md"
BEGIN, END = "<!-- example -->\n", "<!-- /example -->"
NODE_KEY = SigningKey(sha256(b"example node").digest())
WITNESS_KEY = SigningKey(sha256(b"example witness").digest())
SIGNER = Signer(origin_of("example", 1), NODE_KEY)
WITNESS = Verifier("witness.example/1", bytes(WITNESS_KEY.verify_key), KeyKind.COSIGNATURE)
T0 = 1_767_225_600_000_000


def salted(sequence, *contents):
    """The parts of an entry, salted as the page says."""
    salts = [sha256(f"salt {sequence} {index}".encode()).digest() for index in range(len(contents))]
    return [Part(salt, content) for salt, content in zip(salts, contents, strict=True)]


def store():
    """The three entries, the middle one with an erased part."""
    north1, head = chain_notice("north", 1, NO_HEAD, 1, T0 + 5_000_000, b"a plan near yours")
    north2, _ = chain_notice("north", 2, head, 2, T0 + 5_000_001, b"it was withdrawn")
    relief1, _ = chain_notice("relief", 1, NO_HEAD, 2, T0 + 5_000_001, b"nothing near yours now")
    made = MemoryStore(SIGNER)
    group = [
        make_entry(0, T0, salted(0, b"genesis", b"accepted")),
        make_entry(1, T0 + 5_000_000, salted(1, b"plan", b"accepted", b"contact of the crew", north1)),
        make_entry(2, T0 + 5_000_001, salted(2, b"withdraw", b"accepted", north2, relief1)),
    ]
    made.append(group, 0)
    made.erase(1, 2)
    return made


def cosigned(made):
    """The head's note with the witness's line."""
    checkpoint = read_note(made.head.note).checkpoint
    return cosign(made.head.note, checkpoint, WITNESS, WITNESS_KEY, 1_767_225_700)


def exports(made):
    """The whole ledger, and what north was given: its notices."""
    whole, given = io.BytesIO(), io.BytesIO()
    export_whole(made, whole, cosigned(made))
    export_given(made, given, "north", lambda entry: [len(entry.parts) - entry.sequence] if entry.sequence else [])
    return whole.getvalue(), given.getvalue()


def wrapped(data):
    """Bytes in hex, 32 a line."""
    text = data.hex()
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))


def block(made):
    """The example as it stands in the page."""
    lines = []
    for entry in made.read():
        lines += [f"### Entry {entry.sequence}", "", "```"]
        for index, part in enumerate(entry.parts):
            if part is None:
                lines += [f"part {index}      erased"]
                continue
            shown = part.content.decode() if part.content.isascii() else "notice\n" + wrapped(part.content)
            lines += [f"part {index}      {shown}", f"salt        {part.salt.hex()}"]
            lines += [f"commitment  {part.commitment.hex()}"]
        lines += ["leaf", wrapped(entry.leaf), f"leaf hash   {entry.leaf_hash.hex()}", "```", ""]
    whole, given = exports(made)
    proof = "\n".join(f"            {node.hex()}" for node in made.tree.inclusion_proof(1)).strip()
    lines += ["### Tree", "", "```"]
    lines += [f"root of {size}   {made.tree.root(size).hex()}" for size in range(4)]
    lines += ["inclusion proof of entry 1 in the tree of 3", f"            {proof}", "```", ""]
    lines += ["### Checkpoint", "", "```", cosigned(made).decode().rstrip("\n"), "```", "", "The keys:", "", "```"]
    lines += [verifier_text(SIGNER.verifier), verifier_text(WITNESS), "```", ""]
    lines += [f"### Export of the whole ledger, {len(whole)} bytes", "", "```", wrapped(whole), "```", ""]
    lines += [f"### Export of what north was given, {len(given)} bytes", "", "```", wrapped(given), "```", ""]
    return "\n".join(lines)


def main():
    """Write the example into the page."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + "\n" + block(store()) + END + after)
    sys.stdout.write(f"{PAGE} written\n")


if __name__ == "__main__":
    main()
