"""What was said: entries of committed parts, the tree over them, signed heads, stores and verification.

In data order: `entry` (parts, leaf, notice chain), `merkle` (tree and proofs), `checkpoint` (signed heads), `store`
(the interface, and the store in memory), `head` (the signed head's file), `stored` (a data folder read and checked),
`sqlite` (the store on disk), `backup` (a copy, and the way back), `verify`, `export` (one file for others).
The format is in `docs/ledger-format.md`.
"""
