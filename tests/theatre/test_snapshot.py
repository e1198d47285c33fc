"""A snapshot is the state: same digest, same answers afterwards; a changed one is refused."""

from simulation import Simulation
from worlds import NODE_SEED, World

from wideberth.refusal import Refusal
from wideberth.sequencer import Sequencer
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State


def test_a_loaded_state_goes_on_like_the_live_one() -> None:
    """After a storm: dump, load, and both give the same ledger for the same further commands."""
    storm = Simulation(3)
    storm.run(200)
    loaded = load(dump(storm.state))
    assert isinstance(loaded, State)
    assert loaded.digest() == storm.state.digest()
    assert dump(loaded) == dump(storm.state)
    storm.world.sequencer = Sequencer(storm.world.store, NODE_SEED, storm.world.draw, loaded)
    storm.run(80)


def test_a_flipped_byte_is_refused() -> None:
    """Whatever byte is changed, it is found."""
    world = World()
    world.plan("AAA", world.box())
    world.plan("BBB", world.box(lat=42.01))
    data = dump(world.state)
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        assert isinstance(load(bytes(changed)), Refusal)
