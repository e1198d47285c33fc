"""What was said: entries of committed parts, the tree over them, signed heads, stores and verification.

In data order: `entry` (parts, leaf, notice chain), `merkle` (tree and proofs), `checkpoint` (signed heads), `store`
(the interface, and the store in memory), `sqlite` (the store on disk), `export` (one file for others), `verify`.
The format is in `docs/ledger-format.md`.
"""
