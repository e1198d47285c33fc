"""Callsigns: a plan that names no address is flown by the one track that says its callsign, and by none of several."""

from test_watch_entry import square, zone
from test_watch_whole import A, B, fly
from watch_kit import us
from worlds import charter

from wideberth.feeds.report import AddressKind
from wideberth.party.charter import TrafficClass
from wideberth.watch.conformance import Stand
from wideberth.watch.entry import ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

OWN = Own("AAA", "plan")
OTHER = A._replace(address="cccccc", lon=9.0)


def said(watch: Watch, t: float, **callsigns: str) -> None:
    """A sweep in which A, B and another say these callsigns."""
    flyers = {"a": A, "b": B, "c": OTHER}
    watch.reports([flyers[name].report(t, callsign=callsign) for name, callsign in callsigns.items()])
    watch.sweep(us(t))


def own(watch: Watch, party: str = "AAA") -> list[str]:
    """The addresses of a party's own tracks."""
    return [track.name for track in watch.view(party).own]


def test_the_one_that_says_the_callsign_is_the_partys() -> None:
    """Exactly the callsign, without blanks around it, in any capitals; part of it is another."""
    watch = Watch(charter())
    watch.assign_callsign(" help41", OWN)
    said(watch, 0, a="HELP41", b="HELP4", c="HELP412")
    assert own(watch) == ["aaaaaa"]
    assert watch.view("AAA").own[0].operation == "plan"
    assert watch.view("AAA").unsure == watch.view("BBB").unsure == ()
    watch.assign_callsign("HELP41")
    said(watch, 1, a="HELP41")
    assert own(watch) == []


def test_its_alerts_are_its_partys() -> None:
    """A pair of which one side is known by callsign alone warns its party."""
    watch = Watch(charter())
    watch.assign_callsign("HELP41", OWN)
    said(watch, 0, a="HELP41", b="LH1")
    fly(watch, [A, B], range(1, 5))
    (alert,) = watch.alerts.by_id.values()
    assert alert.parties == ("AAA",)


def test_of_two_that_say_it_neither_is_and_both_are_flagged() -> None:
    """The party hears which callsign it is, and nobody else does; once one alone says it, that one is its own again."""
    watch = Watch(charter())
    watch.assign_callsign("HELP41", OWN)
    said(watch, 0, a="HELP41", c="help41 ")
    assert own(watch) == []
    assert watch.view("AAA").unsure == ("HELP41",)
    assert watch.view("BBB").unsure == ()
    watch.watch_all("ATS")
    watch.assign(AddressKind.ICAO, "cccccc", Own("CCC"))
    said(watch, 1, a="HELP41", c="HELP41")
    assert watch.view("CCC").own[0].flags == ("callsign",)
    said(watch, 2, a="HELP41", c="OTHER")
    assert own(watch) == ["aaaaaa"]
    assert watch.view("AAA").unsure == ()
    assert watch.view("CCC").own[0].flags == ()


def test_two_sources_of_one_aircraft_are_one_that_says_it() -> None:
    """What two feeds report of one track is no second one."""
    watch = Watch(charter())
    watch.assign_callsign("HELP41", OWN)
    for t in range(3):
        watch.reports([A.report(t, source, callsign="HELP41") for source in ("roof", "hill")])
        watch.sweep(us(t))
    assert own(watch) == ["aaaaaa"]
    assert watch.view("AAA").own[0].sources == 2


def test_an_address_is_surer_than_a_callsign() -> None:
    """A track that is somebody's by its address is nobody else's by what it calls itself."""
    watch = Watch(charter())
    watch.assign_callsign("HELP41", OWN)
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("BBB"))
    said(watch, 0, a="HELP41")
    assert own(watch) == []
    assert own(watch, "BBB") == ["aaaaaa"]


def test_conformance_goes_by_callsign_too() -> None:
    """A thing that is known by callsign and flies off its plan is told of."""
    watch = Watch(charter())
    watch.zones.put(zone(square(48, 8, 5_000), "plan", kind=ZoneKind.OPERATION, traffic=TrafficClass.CREWED_AIR))
    watch.assign_callsign("HELP41", OWN)
    turns = []
    for t in range(60):
        watch.reports([A.report(t, callsign="HELP41")])
        turns += watch.sweep(us(t)).turns
    assert [turn.after for turn in turns] == [Stand.CONFORMING, Stand.NONCONFORMING]
