"""Signed notes: the C2SP forms byte by byte, real notes of others, and everything that is not one."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import (
    Checkpoint,
    KeyKind,
    Note,
    Signer,
    Verified,
    Verifier,
    cosign,
    is_name,
    origin_of,
    read_note,
    read_verifier,
    sign,
    verifier_text,
    verify_note,
)
from wideberth.limits import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX
from wideberth.refusal import Reason, Refusal

KEY = SigningKey(sha256(b"node").digest())
WITNESS_KEYS = [SigningKey(sha256(b"witness %d" % index).digest()) for index in range(3)]
ORIGIN = origin_of("exercise", 2)
SIGNER = Signer(ORIGIN, KEY)
ROOT = sha256(b"root").digest()
NOTE = SIGNER.note(1_234, ROOT)
WITNESSES = [
    Verifier(f"witness.example/{index}", bytes(key.verify_key), KeyKind.COSIGNATURE)
    for index, key in enumerate(WITNESS_KEYS)
]

# A tree head of the Go checksum database and the key that its clients carry (sum.golang.org). The signature is the one
# that c2sp.org/tlog-checkpoint shows.
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_NOTE = """go.sum database tree
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
""".encode()
# The line of a witness as c2sp.org/tlog-cosignature shows it, made at 1679315147.
WITNESS_LINE = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()


def refused(value, reason=Reason.MALFORMED):
    return isinstance(value, Refusal) and value.reason is reason


def cosigned(note, *indices, time_s=1_700_000_000):
    checkpoint = read_note(note).checkpoint
    for index in indices:
        note = cosign(note, checkpoint, WITNESSES[index], WITNESS_KEYS[index], time_s + index)
    return note


def test_a_real_note_of_others_verifies():
    """The published checkpoint of the Go checksum database verifies with its published key."""
    key = read_verifier(GO_KEY)
    assert verifier_text(key) == GO_KEY
    verified = verify_note(GO_NOTE, [key])
    assert verified.checkpoint.size == 20_852_163
    assert verified.checkpoint.text.encode() == GO_NOTE[: GO_NOTE.index(b"\n\n") + 1]
    assert refused(verify_note(GO_NOTE.replace(b"20852163", b"20852164"), [key]), Reason.BAD_SIGNATURE)


def test_the_published_witness_line_reads():
    """The cosignature line of the specification has its time where we look for it."""
    line = read_note(GO_NOTE + WITNESS_LINE).signatures[1]
    assert line.name == "witness.example.com/w1"
    assert line.key_id.hex() == "8d66cf3f"
    assert int.from_bytes(line.value[:8], "big") == 1_679_315_147
    assert len(line.value) == 72
    assert len(verify_note(GO_NOTE + WITNESS_LINE, [read_verifier(GO_KEY)]).signed) == 1


def test_a_note_byte_by_byte():
    """A note is origin, size, base64 root, a blank line; then dash, name, and base64 of key id and signature."""
    text = f"wideberth/exercise/2\n1234\n{base64.b64encode(ROOT).decode()}\n"
    key_id = sha256(b"wideberth/exercise/2\n\x01" + bytes(KEY.verify_key)).digest()[:4]
    line = base64.b64encode(key_id + KEY.sign(text.encode()).signature).decode()
    assert f"{text}\n— wideberth/exercise/2 {line}\n".encode() == NOTE


def test_a_cosignature_byte_by_byte():
    """A cosignature signs its time and the note text, under a key id of type 4."""
    note = cosigned(NOTE, 0)
    key_id = sha256(b"witness.example/0\n\x04" + bytes(WITNESS_KEYS[0].verify_key)).digest()[:4]
    text = NOTE[: NOTE.index(b"\n\n") + 1]
    signature = WITNESS_KEYS[0].sign(b"cosignature/v1\ntime 1700000000\n" + text).signature
    line = base64.b64encode(key_id + (1_700_000_000).to_bytes(8, "big") + signature)
    assert note == NOTE + "— witness.example/0 ".encode() + line + b"\n"


def test_the_same_head_is_signed_alike():
    """Signing is deterministic, so two nodes with one key and one head write the same note."""
    assert SIGNER.note(1_234, ROOT) == NOTE


def test_any_number_of_witnesses():
    """Known keys that signed are named in order with their times; unknown lines are passed over."""
    note = cosigned(NOTE, 0, 1, 2)
    every = verify_note(note, [SIGNER.verifier, *WITNESSES])
    assert every.checkpoint == Checkpoint(ORIGIN, 1_234, ROOT)
    assert [(signed.by, signed.time_s) for signed in every.signed] == [
        (SIGNER.verifier, None),
        *[(witness, 1_700_000_000 + index) for index, witness in enumerate(WITNESSES)],
    ]
    assert [signed.by for signed in verify_note(note, [WITNESSES[1]]).signed] == [WITNESSES[1]]
    assert refused(verify_note(note, []), Reason.UNKNOWN_KEY)
    assert refused(verify_note(NOTE, WITNESSES), Reason.UNKNOWN_KEY)


def test_a_known_keys_misfit_refuses_the_whole_note():
    """When one known key's signature does not fit, no other signature saves the note."""
    other = cosigned(SIGNER.note(1_235, ROOT), 0)
    note = NOTE + other[other.rindex("— ".encode()) :]
    assert refused(verify_note(note, [SIGNER.verifier, WITNESSES[0]]), Reason.BAD_SIGNATURE)
    assert isinstance(verify_note(note, [SIGNER.verifier]), Verified)


def test_the_kind_of_a_key_is_part_of_it():
    """A key known as a witness's does not vouch as a node's, and the other way round."""
    as_witness = Verifier(ORIGIN, bytes(KEY.verify_key), KeyKind.COSIGNATURE)
    assert refused(verify_note(NOTE, [as_witness]), Reason.UNKNOWN_KEY)
    line = base64.b64encode(as_witness.key_id + KEY.sign(NOTE.split(b"\n\n")[0] + b"\n").signature).decode()
    assert refused(verify_note(NOTE + f"— {ORIGIN} {line}\n".encode(), [as_witness]), Reason.BAD_SIGNATURE)


def test_a_repeated_line_counts_once():
    """Two signatures of one key are one signer."""
    note = NOTE + NOTE[NOTE.index(b"\n\n") + 2 :]
    assert len(verify_note(note, [SIGNER.verifier]).signed) == 1


def test_extension_lines_are_kept_and_signed():
    """Lines that others add below the root are part of what is signed."""
    checkpoint = Checkpoint(ORIGIN, 5, ROOT, ("one", "two"))
    note = sign(checkpoint, SIGNER.verifier, KEY)
    assert verify_note(note, [SIGNER.verifier]).checkpoint == checkpoint
    assert refused(verify_note(note.replace(b"two", b"six"), [SIGNER.verifier]), Reason.BAD_SIGNATURE)


HEAD, TAIL = (part.decode() for part in NOTE.split(b"\n\n"))
B64 = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        HEAD,
        HEAD + "\n" + TAIL,
        HEAD + "\n\n" + TAIL[:-1],
        "\n" + HEAD + "\n\n" + TAIL,
        f"{ORIGIN}\n1234\n\n" + TAIL,
        f"{ORIGIN}\n01234\n{B64}\n\n" + TAIL,
        f"{ORIGIN}\n-1\n{B64}\n\n" + TAIL,
        f"{ORIGIN}\n١\n{B64}\n\n" + TAIL,
        f"{ORIGIN}\n9223372036854775808\n{B64}\n\n" + TAIL,
        f"{ORIGIN}\n1234\n{B64[:-1]}\n\n" + TAIL,
        f"{ORIGIN}\n1234\n{B64[:-2]}B=\n\n" + TAIL,
        f"{ORIGIN}\n1234\n{base64.b64encode(ROOT[:31]).decode()}\n\n" + TAIL,
        f"{ORIGIN}\n1234\n{B64}\n\nx\n\n" + TAIL,
        HEAD + "\n\n" + TAIL + "x\n",
        HEAD + "\n\n" + TAIL + "— name\n",
        HEAD + "\n\n" + TAIL + "— a+b AAAAAAA=\n",
        HEAD + "\n\n" + TAIL + "— a\u00a0b AAAAAAA=\n",
        HEAD + "\n\n" + TAIL + "— a AAAA\n",
        HEAD + "\n\n" + TAIL + "- a AAAAAAA=\n",
        HEAD + "\r\n\n" + TAIL,
        HEAD + "\x00\n\n" + TAIL,
    ],
)
def test_what_is_no_note_is_refused(note):
    """Cut, padded, re-encoded and decorated notes are refused before any signature is looked at."""
    assert refused(read_note(note.encode()))
    assert refused(verify_note(note.encode(), [SIGNER.verifier]))


def test_bytes_that_are_no_text_are_refused():
    """Bytes that are not UTF-8 are refused."""
    assert refused(read_note(b"\xff" + NOTE))


def test_the_limits_of_a_note():
    """64 signatures are read, one more or more than 64 KiB is refused."""
    line = TAIL.encode()
    assert isinstance(read_note(NOTE + line * (NOTE_SIGNATURES_MAX - 1)), Note)
    assert refused(read_note(NOTE + line * NOTE_SIGNATURES_MAX), Reason.TOO_LARGE)
    assert refused(read_note(b"x" * (NOTE_BYTES_MAX + 1)), Reason.TOO_LARGE)


def test_any_flipped_bit_is_found():
    """No single flipped bit of a note leaves a note that verifies; every bit is tried."""
    for bit in range(len(NOTE) * 8):
        data = bytearray(NOTE)
        data[bit // 8] ^= 1 << bit % 8
        assert isinstance(verify_note(bytes(data), [SIGNER.verifier]), Refusal), bit


@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data):
    """Whatever arrives is answered with a refusal."""
    assert isinstance(read_note(data), Refusal)


@given(st.text(max_size=80))
def test_random_keys_never_raise(text):
    """Whatever is given for a key is answered with a refusal."""
    assert refused(read_verifier(text))


@pytest.mark.parametrize(
    "text",
    [
        GO_KEY.replace("033de0ae", "033de0af"),
        GO_KEY[:-4],
        GO_KEY.replace("sum.golang.org", "sum golang.org"),
        GO_KEY.replace("+Ac4z", "+As4z"),
    ],
)
def test_altered_keys_are_refused(text):
    """A key whose id, length, name or type does not fit is refused."""
    assert refused(read_verifier(text))


def test_witness_keys_read_back():
    """A witness's key keeps its type in its text."""
    assert [read_verifier(verifier_text(witness)) for witness in WITNESSES] == WITNESSES


def test_names():
    """Names of keys have no spaces, no plus and no control characters, and are not empty."""
    assert is_name("wideberth/exercise/1")
    assert not any(is_name(name) for name in ("", "a b", "a+b", "a\u2003b", "a\nb", "a\x7fb"))
    for theatre, epoch in (("", 1), ("a b", 1), ("a/b", 1), ("a", 0)):
        with pytest.raises(AssertionError):
            origin_of(theatre, epoch)
