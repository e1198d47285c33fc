"""The live watch: tracks, and what is about to come too near.

In data order: `track` (reports of one thing put together), `state` (tracks as arrays), `approach` (pairs of tracks),
`entry` (tracks and volumes), `conformance` (a track and its own operation), `alert` (the transition table), `picture`
(what one party may see of it). Pure: time is an argument. Tracks never reach the ledger.
"""
