"""What people say to one another about a plan: read aloud, read back, written beside it, and shown.

In data order: `check` (check characters), `place` (bearing and distance from a landmark), `readback` (what is read
back, and what of it is wrong), `numerals` and `vocabulary` (number words and words of direction, height and time in
eight languages), `tokens`, `statements` and `moments` (what a free text says), `geometry` (what the volumes say),
`show` (text as it may be shown), `lint` (where text and volumes contradict each other). Pure: landmarks are arguments.
"""
