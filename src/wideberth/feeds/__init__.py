"""Feeds: what others say of where things are, in whatever form they say it; position reports out.

In data order: `report` (what every parser gives), one pure parser a format (`sbs`, `readsb`, `cot`, `tak`, `asterix`,
`remote_id`), `replay` (files of any of them, with their times), `receive` (sockets, HTTP and pipes under the parsers).
A parser gets bytes and gives reports; what it cannot read it counts by reason and goes on: a bad line loses itself alone.
"""
