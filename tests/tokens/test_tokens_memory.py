"""What is remembered of tokens, and for how long."""

import ipaddress
from collections import OrderedDict

from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.limits import TOKENS_REFUSED_PER_ADDRESS_MAX
from wideberth.refusal import Reason
from wideberth.tokens.memory import Memory, Refusals

SECOND_US = 1_000_000


def digest(number: int) -> bytes:
    """A key of a row."""
    return number.to_bytes(32)


def test_a_row_counts_from_its_first_to_its_last_microsecond() -> None:
    """Before and after it is as if it were not there; a clock that was set back finds it again when its time comes."""
    memory: Memory[str] = Memory(4)
    memory.keep(digest(1), "a", 100, 200)
    assert [memory.find(digest(1), at) for at in (99, 100, 199)] == [None, "a", "a"]
    assert memory.find(digest(1), 99) is None
    assert memory.find(digest(1), 150) == "a"
    assert memory.find(digest(1), 200) is None
    assert len(memory) == 0


@settings(max_examples=200)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=60),
    rows_max=st.integers(1, 5),
)
def test_what_was_used_least_recently_goes_first(steps: list[tuple[bool, int]], rows_max: int) -> None:
    """Never more rows than the bound; those that are left are those a plain list of uses would keep."""
    memory: Memory[int] = Memory(rows_max)
    model: OrderedDict[int, None] = OrderedDict()
    for keeps, number in steps:
        if keeps:
            memory.keep(digest(number), number, 0, 10)
            model[number] = None
            model.move_to_end(number)
            if len(model) > rows_max:
                model.popitem(last=False)
        else:
            found = memory.find(digest(number), 5)
            assert (found == number) is (number in model)
            if number in model:
                model.move_to_end(number)
        assert len(memory) == len(model) <= rows_max
    assert [n for n in range(8) if memory.find(digest(n), 5) is not None] == sorted(model)


def test_being_found_is_a_use() -> None:
    """What is asked for again stays, what nobody asked for makes room."""
    memory: Memory[int] = Memory(2)
    memory.keep(digest(1), 1, 0, 10)
    memory.keep(digest(2), 2, 0, 10)
    assert memory.find(digest(1), 5) == 1
    memory.keep(digest(3), 3, 0, 10)
    assert [memory.find(digest(n), 5) for n in (1, 2, 3)] == [1, None, 3]
    memory.keep(digest(1), 4, 0, 10)
    memory.keep(digest(5), 5, 0, 10)
    assert [memory.find(digest(n), 5) for n in (1, 3, 5)] == [4, None, 5]


def test_what_is_gone_is_dropped() -> None:
    """Rows of which the caller says so, and no others; or all."""
    memory: Memory[int] = Memory(9)
    for number in range(6):
        memory.keep(digest(number), number, 0, 10)
    memory.drop(lambda number: number % 2 == 0)
    assert [n for n in range(6) if memory.find(digest(n), 5) is not None] == [1, 3, 5]
    memory.clear()
    assert len(memory) == 0


def test_an_address_has_so_many_and_more_with_time() -> None:
    """The bucket empties, refuses with TOO_MANY, and gives one more a second; other addresses have their own."""
    refusals = Refusals()
    for _ in range(TOKENS_REFUSED_PER_ADDRESS_MAX):
        assert refusals.take("192.0.2.1", 0) is None
    no = refusals.take("192.0.2.1", 0)
    assert no is not None
    assert no.reason is Reason.TOO_MANY
    assert refusals.take("192.0.2.2", 0) is None
    assert refusals.take("192.0.2.1", SECOND_US) is None
    assert refusals.take("192.0.2.1", SECOND_US) is not None
    assert refusals.take("192.0.2.1", 3_600 * SECOND_US) is None


def test_what_was_taken_is_not_counted() -> None:
    """A look that is given back leaves the bucket as it was, and never fuller than full."""
    refusals = Refusals()
    for _ in range(1_000):
        assert refusals.take("192.0.2.1", 0) is None
        refusals.give("192.0.2.1")
    refusals.give("192.0.2.1")
    refusals.give("192.0.2.9")
    taken = [refusals.take("192.0.2.1", 0) is None for _ in range(TOKENS_REFUSED_PER_ADDRESS_MAX + 5)]
    assert sum(taken) == TOKENS_REFUSED_PER_ADDRESS_MAX
    assert len(refusals) == 1


def test_a_network_of_its_holder_is_one_address() -> None:
    """Addresses within one IPv6 /64 share a bucket, an IPv4 address in IPv6 form is itself, text is taken as it is."""
    refusals = Refusals()
    for number in range(TOKENS_REFUSED_PER_ADDRESS_MAX):
        assert refusals.take(str(ipaddress.IPv6Address("2001:db8::") + number), 0) is None
    assert refusals.take("2001:db8::ffff", 0) is not None
    assert refusals.take("2001:db8:0:1::1", 0) is None
    for _ in range(TOKENS_REFUSED_PER_ADDRESS_MAX):
        refusals.take("192.0.2.1", 0)
    assert refusals.take("::ffff:192.0.2.1", 0) is not None
    assert refusals.take("", 0) is None
    assert refusals.take("a:b", 0) is None


def test_the_addresses_counted_are_bounded() -> None:
    """However many addresses ask, so many are counted; the one that asked last stays counted."""
    refusals = Refusals(100)
    for _ in range(TOKENS_REFUSED_PER_ADDRESS_MAX):
        refusals.take("192.0.2.1", 0)
    for number in range(500):
        refusals.take(str(ipaddress.IPv4Address("10.0.0.0") + number), 0)
        refusals.take("192.0.2.1", 0)
    assert len(refusals) == 100
    assert refusals.take("192.0.2.1", 0) is not None
