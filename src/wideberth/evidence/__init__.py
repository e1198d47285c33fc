"""What can be shown to others: one file for a message, a conflict, an operation or a span of time, and joint reviews.

In data order: `given` (which parts a party holds), `subject` (which entries are about it), `layout` (names of fields),
`bundle` (the file), `paper` (its PDF), `verify` (the file, held against the ledger room),
`review` and `review_page` (the joint review). `proof` is the verifier that travels inside the file: standard library.
 What the file proves, and what not, is in `docs/evidence.md`.
"""
