"""Turns: fair to parties, faithful to each party's order, bounded."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from wideberth.node.turns import Turns

MOVES = st.lists(st.one_of(st.sampled_from("ABCD"), st.none()), max_size=200)


@given(MOVES)
def test_each_partys_jobs_come_in_order_and_none_is_lost(moves: list[str | None]) -> None:
    """A letter puts a job, None takes one: every job comes out once, each party's in the order they went in."""
    turns: Turns[tuple[str, int]] = Turns(1_000)
    put: dict[str, list[int]] = defaultdict(list)
    taken: dict[str, list[int]] = defaultdict(list)
    waiting = 0
    for number, party in enumerate(moves):
        if party is None:
            job = turns.take()
            assert (job is None) is (waiting == 0)
            if job is not None:
                taken[job[0]].append(job[1])
                waiting -= 1
        else:
            assert turns.put(party, (party, number))
            put[party].append(number)
            waiting += 1
        assert len(turns) == waiting
    while (job := turns.take()) is not None:
        taken[job[0]].append(job[1])
    assert taken == put


@given(st.integers(1, 300), st.integers(0, 5))
def test_a_flood_costs_another_party_one_turn_each(flood: int, few: int) -> None:
    """Between two jobs of a party that has few lies at most one of the party that has many."""
    turns: Turns[str] = Turns(1_000)
    for _ in range(flood):
        turns.put("many", "many")
    for _ in range(few):
        turns.put("few", "few")
    order = [turns.take() for _ in range(flood + few)]
    assert order[: 2 * min(few, flood)] == ["many", "few"] * min(few, flood)


def test_past_its_limit_a_party_is_refused_and_the_others_are_not() -> None:
    """The limit is each party's own."""
    turns: Turns[int] = Turns(2)
    assert [turns.put("A", i) for i in range(3)] == [True, True, False]
    assert turns.put("B", 9)
    assert turns.take() == 0
    assert turns.put("A", 3)
