"""A verifier as an outsider would write it from `docs/ledger-format.md`, with nothing of this package and no msgpack
library: SHA-256, Ed25519, and the few msgpack types that the document names. Every finding is an assertion.
"""

import base64
from hashlib import sha256

from nacl.signing import VerifyKey


def unpack(data, at=0):
    """One msgpack value of the document's types, and where it ends."""
    kind = data[at]
    at += 1
    if kind <= 0x7F:
        return kind, at
    if 0x90 <= kind <= 0x9F or kind in (0xDC, 0xDD):
        width = {0xDC: 2, 0xDD: 4}.get(kind, 0)
        count = int.from_bytes(data[at : at + width], "big") if width else kind & 0x0F
        at += width
        values = []
        for _ in range(count):
            value, at = unpack(data, at)
            values.append(value)
        return values, at
    if kind in (0xCC, 0xCD, 0xCE, 0xCF):
        width = 1 << (kind - 0xCC)
        return int.from_bytes(data[at : at + width], "big"), at + width
    if kind in (0xC4, 0xC5, 0xC6):
        width = 1 << (kind - 0xC4)
        length = int.from_bytes(data[at : at + width], "big")
        at += width
        return bytes(data[at : at + length]), at + length
    if 0xA0 <= kind <= 0xBF or kind in (0xD9, 0xDA, 0xDB):
        width = {0xD9: 1, 0xDA: 2, 0xDB: 4}.get(kind, 0)
        length = int.from_bytes(data[at : at + width], "big") if width else kind & 0x1F
        at += width
        return data[at : at + length].decode(), at + length
    assert kind == 0xC0, f"a type that the document does not use: {kind:#x}"
    return None, at


def whole(data):
    """A value that fills the bytes."""
    value, end = unpack(data)
    assert end == len(data), "bytes after the value"
    return value


def records(data):
    """The records of an export, after checking its frame."""
    magic = b"wideberth/export/1\n"
    assert data.startswith(magic), "not an export"
    at, found = len(magic), []
    while at < len(data):
        begins = at
        length = int.from_bytes(data[at : at + 4], "big")
        assert at + 4 + length <= len(data), "cut"
        found.append(whole(data[at + 4 : at + 4 + length]))
        at += 4 + length
    head, *entries, end = found
    assert head[0] == "head", "no head"
    assert all(entry[0] == "entry" for entry in entries), "not an entry"
    assert end == ["end", len(entries), sha256(data[:begins]).digest()], "the end does not fit"
    return head, entries


def check_note(note, origin, public_key):
    """Size and root of a checkpoint that the node of this origin and key signed."""
    text, _, lines = note.decode().rpartition("\n\n")
    text += "\n"
    found_origin, size, root = text.split("\n")[:3]
    assert found_origin == origin, "another origin"
    key_id = sha256(origin.encode() + b"\n\x01" + public_key).digest()[:4]
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        blob = base64.b64decode(encoded)
        if (dash, name, blob[:4]) == ("—", origin, key_id):
            VerifyKey(public_key).verify(text.encode(), blob[4:])
            return int(size), base64.b64decode(root)
    raise AssertionError("the node did not sign")


def check_leaf(leaf, parts):
    """Sequence, time and leaf hash, when every part that is there fits its commitment."""
    version, sequence, time_us, commitments = whole(leaf)
    assert version == 1, "another format version"
    assert len(parts) == len(commitments) >= 2, "other parts than commitments"
    for part, commitment in zip(parts, commitments, strict=True):
        if part is not None:
            salt, content = part
            assert len(salt) == 32, "a short salt"
            assert sha256(salt + content).digest() == commitment, "a part does not fit"
    return sequence, time_us, sha256(b"\x00" + leaf).digest()


def root_of(hashes):
    """RFC 6962 section 2.1 from leaf hashes, by halving."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256().digest()
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha256(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def root_by(index, size, node, proof):
    """The root that an inclusion proof leads to, by the recursion of RFC 6962 section 2.1.1 read backwards."""
    if size == 1:
        assert not proof, "a proof that is too long"
        return node
    k = 1
    while 2 * k < size:
        k *= 2
    assert proof, "a proof that is too short"
    if index < k:
        return sha256(b"\x01" + root_by(index, k, node, proof[:-1]) + proof[-1]).digest()
    return sha256(b"\x01" + proof[-1] + root_by(index - k, size - k, node, proof[:-1])).digest()


def notices_in(parts, sequence, time_us):
    """The notices of an entry: number, head before, head after, by party."""
    for part in parts[2:]:
        if part is not None and part[1].startswith(b"\x97\xb2wideberth/notice/1"):
            _, party, number, before, made_in, made_at, _ = whole(part[1])
            if (made_in, made_at) == (sequence, time_us):
                yield party, number, before, sha256(part[1]).digest()


def link(chains, party, number, before, head):
    """Follow a party's chain by one."""
    assert (number - 1, before) == chains.get(party, (0, bytes(32))), "a gap in a notice chain"
    chains[party] = (number, head)


def verify_whole(data, origin, public_key):
    """Everything that the document asks for a whole ledger."""
    head, entries = records(data)
    size, root = check_note(head[1], origin, public_key)
    hashes, chains, erased, last = [], {}, 0, -1
    for expected, (_, leaf, parts, proof) in enumerate(entries):
        sequence, time_us, leaf_hash = check_leaf(leaf, parts)
        assert sequence == expected, "a gap"
        assert time_us > last, "time stands still"
        assert proof == [], "a proof where none belongs"
        last = time_us
        erased += parts.count(None)
        hashes.append(leaf_hash)
        for notice in notices_in(parts, sequence, time_us):
            link(chains, *notice)
    assert (len(hashes), root_of(hashes)) == (size, root), "another root"
    return {"root": root, "erased": erased, "notices": chains}


def verify_given(data, origin, public_key):
    """Everything that the document asks for what a party was given."""
    head, entries = records(data)
    size, root = check_note(head[1], origin, public_key)
    chains, last = {}, -1
    for _, leaf, parts, proof in entries:
        sequence, time_us, leaf_hash = check_leaf(leaf, parts)
        assert time_us > last, "out of order"
        last = time_us
        assert root_by(sequence, size, leaf_hash, proof) == root, "a proof that leads elsewhere"
        for notice in notices_in(parts, sequence, time_us):
            link(chains, *notice)
    assert set(chains) <= {head[2]}, "a notice to another party"
    return {"notices": chains.get(head[2], (0, bytes(32)))}
