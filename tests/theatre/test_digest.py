"""The multiset hash: of rows, not of the way to them."""

import random

import msgspec

from wideberth.theatre.digest import Multiset


def test_the_sum_is_of_rows_and_not_of_their_past() -> None:
    """Writing, changing and dropping rows in any order gives what the rows that are left give by themselves."""
    dice = random.Random(4)
    tables: dict[str, dict[int, int]] = {"one": {}, "two": {}}
    rows = Multiset(tables, msgspec.msgpack.encode)
    for _ in range(500):
        name, key = dice.choice(("one", "two")), dice.randrange(40)
        if dice.random() < 0.3:
            tables[name].pop(key, None)
        else:
            tables[name][key] = dice.randrange(5)
        rows.touch(name, key)
        if dice.random() < 0.1:
            rows.sum()
    fresh = Multiset(tables, msgspec.msgpack.encode)
    for name, table in tables.items():
        for key in sorted(table, reverse=True):
            fresh.touch(name, key)
    assert fresh.sum() == rows.sum()


def test_every_change_of_a_row_shows() -> None:
    """Another value, another key, another table, one row more: each gives another sum."""
    sums = set()
    for tables in (
        {"one": {}, "two": {}},
        {"one": {1: 1}, "two": {}},
        {"one": {1: 2}, "two": {}},
        {"one": {2: 1}, "two": {}},
        {"one": {}, "two": {1: 1}},
        {"one": {1: 1}, "two": {1: 1}},
    ):
        rows = Multiset(tables, msgspec.msgpack.encode)
        for name, table in tables.items():
            for key in table:
                rows.touch(name, key)
        sums.add(rows.sum())
    assert len(sums) == 6
