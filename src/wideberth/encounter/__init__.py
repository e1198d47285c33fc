"""Encounters: close approaches that happened, found in recorded tracks and rebuilt with their evidence.

In data order: `rows` (recorded positions as columns), `kernels` and `sweep` (the exact search, compiled), `judge`
(intervals of the minima, the class), `search` (losses joined into encounters, also of more rows than fit into memory),
`columns` and `files` (Parquet, CSV, SBS logs, npz), `rebuild` (one encounter second by second, its evidence hash),
`pictures`, `report`, `recorder` (tracks to hourly Parquet), `distributed` (the same search on a cluster).
What is found, how, and what it does not say is in `docs/encounters.md`.
"""
