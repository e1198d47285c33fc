"""The verifier that travels inside a piece of evidence: the standard library alone, nothing of the rest of the house.

In data order: `packed` (msgpack), `ed25519`, `trees` (RFC 6962), `notes` (signed checkpoints), `entries` (the file of
entries), `check` (everything together), `story` (what the bytes say, row by row), `drawings` (timeline and map), `page`
(report.html). `main` runs it: `python3 FILE.zip`. A copy of these files stands in every piece of evidence.
"""
