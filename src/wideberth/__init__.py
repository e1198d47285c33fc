"""wideberth keeps those who share a space clear of one another.

The rooms, in the order in which the data passes them; each imports only those before it:

    refusal, limits   what the house answers when it says no, and where its limits lie
    space             where and when: volumes, exact separation on the ellipsoid, candidates
    party             who speaks: identities, the charter, the closed set of commands, signed envelopes
    intake            what people type and send, turned into canonical values
    feeds             what others say of where things are: position reports out of their formats
    words             what is read aloud and written freely, held against the geometry
    ledger            what was said: entries of committed parts, Merkle tree, checkpoints, SQLite, verification
    theatre           what it means: decide and apply, conflicts, settlement, disclosure
    watch             what is about to come too near: tracks, approaches, entries, alerts
    encounter         how near it was: recorded tracks searched, one encounter rebuilt
    evidence          what can be shown to others: one file that verifies itself, and joint reviews
    delivery          what leaves for elsewhere: suppliers, webhooks, mail, web push
    node, api         the sequencer and its sockets, the live watch; translation only
    voice             what watches say to one another: phrases in eight languages, read, spoken, on paper
    client, cli       the Python client and the command line, which uses it
    web               the page

It protects and does nothing else: it has no field for targets, weapons or unit strengths.
"""

from wideberth.compiled import place_cache

__version__ = "0.1.0"

place_cache()
