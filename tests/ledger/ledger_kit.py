"""What the ledger's tests share: a fixed key, and entries whose every byte follows from a seed."""

import sqlite3
from hashlib import sha256

from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.entry import NO_HEAD, Part, chain_notice, make_entry
from wideberth.ledger.sqlite import SqliteLedger

KEY = SigningKey(sha256(b"the ledger tests' node").digest())
SIGNER = Signer(origin_of("exercise", 1), KEY)
T0 = 1_750_000_000_000_000
PARTIES = ("north", "south", "relief")


def salt(*names):
    return sha256(repr(names).encode()).digest()


def content(*names, size=60):
    return (sha256(repr(("content", names)).encode()).digest() * (size // 32 + 1))[:size]


def entries(count, seed=0, size=60, start=0):
    """`count` entries of three or four parts, of which the last is often a notice of one of three parties."""
    heads = dict.fromkeys(PARTIES, (0, NO_HEAD))
    made = []
    for sequence in range(count):
        time_us = T0 + 10 * sequence
        contents = [content(seed, sequence, index, size=size + 7 * index) for index in range(3)]
        if sequence % 3:
            party = PARTIES[sequence % len(PARTIES)]
            number, head = heads[party]
            body = content("notice", seed, sequence, size=size)
            notice, head = chain_notice(party, number + 1, head, sequence, time_us, body)
            heads[party] = (number + 1, head)
            contents.append(notice)
        parts = [Part(salt(seed, sequence, index), data) for index, data in enumerate(contents)]
        made.append(make_entry(sequence, time_us, parts))
    return made[start:]


def plain_entry(sequence, size=200):
    """An entry of two parts, of which every byte follows from its sequence."""
    parts = [Part(salt("plain", sequence, index), content("plain", sequence, index, size=size)) for index in range(2)]
    return make_entry(sequence, T0 + sequence, parts)


def fill(store, made, group=7):
    """Append all entries, in groups."""
    for at in range(store.head.size, len(made), group):
        store.append(made[at : at + group], at)
    return store


SIXTY = entries(60)
DB, WAL, HEAD = "ledger.sqlite3", "ledger.sqlite3-wal", "head"


def opened(folder, **more):
    """The ledger of a folder."""
    return SqliteLedger(folder, SIGNER, **more)


def closed(folder, count=60, group=7):
    """A folder that holds the first `count` of sixty entries, closed in good order."""
    fill(opened(folder), SIXTY[:count], group).close()
    return folder


def sql(folder, statement, *values):
    """Change the database behind the ledger's back."""
    db = sqlite3.connect(folder / DB, isolation_level=None)
    db.execute(statement, values)
    db.close()
