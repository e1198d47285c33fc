"""Feeds: what others say of where things are, in whatever form they say it; position reports out.

In data order: `report` (what every parser gives), `parser` (what all parsers share), one pure parser a format (`sbs`,
`readsb`, `cot`, `tak`, `asterix` over `asterix_items`, `remote_id`), `formats` (which of them, told or found by
content), `settings` (the feeds of a node), then shells: `replay` (files of any of them, with their times), `receive`
(sockets, HTTP and pipes under the parsers) with `connect`, `listen` and `told`.
A parser gets bytes and gives reports; what it cannot read it counts by reason and goes on: a bad line loses itself
alone.
"""
