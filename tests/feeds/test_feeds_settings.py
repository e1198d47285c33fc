"""The feeds of a node as its settings describe them."""

import pytest

from wideberth.feeds.formats import Format
from wideberth.feeds.settings import Feed, address_of, read_feeds
from wideberth.refusal import Reason, Refusal


def one(text: str) -> Feed | Refusal:
    """A file of one feed."""
    read = read_feeds(f"[[feeds]]\n{text}".encode())
    return read if isinstance(read, Refusal) else read[0]


def test_feeds_of_every_kind_are_read() -> None:
    """One of each format, with what it needs."""
    read = read_feeds(
        b"""
[[feeds]]
name = "roof"
format = "sbs"
url = "tcp://127.0.0.1:30003"
time_zone = "Europe/Vienna"
[[feeds]]
name = "mast"
format = "readsb"
url = "http://receiver.example/data/aircraft.json"
every_s = 2
[[feeds]]
name = "devices"
format = "cot"
listen = "tls://0.0.0.0:8089"
certificate = "node.pem"
key = "node.key"
authority = "devices.pem"
party = "ALPHA"
[[feeds]]
name = "radar"
format = "asterix"
listen = "udp://232.1.1.11:8600"
sites."25/2" = { latitude = 45.8, longitude = 16.0, height_m = 210 }
[[feeds]]
name = "drones"
format = "remote-id"
url = "https://uss.example/uss/flights?view=48,16,48.1,16.1"
token = "rid.token"
[[feeds]]
name = "yesterday"
format = "readsb-lines"
url = "file:///var/lib/yesterday.json.gz"
speed = 10
"""
    )
    assert not isinstance(read, Refusal)
    assert [feed.format for feed in read] == [
        Format.SBS,
        Format.READSB,
        Format.COT,
        Format.ASTERIX,
        Format.REMOTE_ID,
        Format.READSB_LINES,
    ]
    assert read[3].sites["25/2"].height_m == 210
    assert [(a.scheme, a.host, a.port, a.path) for a in map(address_of, read) if a] == [
        ("tcp", "127.0.0.1", 30_003, ""),
        ("http", "receiver.example", 80, "/data/aircraft.json"),
        ("tls", "0.0.0.0", 8_089, ""),
        ("udp", "232.1.1.11", 8_600, ""),
        ("https", "uss.example", 443, "/uss/flights"),
        ("file", "", 0, "/var/lib/yesterday.json.gz"),
    ]


@pytest.mark.parametrize(
    ("text", "reason", "field"),
    [
        ('name="a"\nformat="sbs"', Reason.MALFORMED, "feeds[0]"),
        ('name="a"\nformat="sbs"\nurl="tcp://h:1"\nlisten="tcp://h:1"', Reason.MALFORMED, "feeds[0]"),
        ('name="A b"\nformat="sbs"\nurl="tcp://h:1"', Reason.MALFORMED, "feeds[0].name"),
        ('name="a"\nformat="nmea"\nurl="tcp://h:1"', Reason.MALFORMED, "feeds[0].format"),
        ('name="a"\nformat="sbs"\nurl="tcp://h:1"\ncolour="red"', Reason.MALFORMED, "feeds"),
        ('name="a"\nformat="sbs"\nurl="http://h/x"', Reason.MALFORMED, "feeds[0].url"),
        ('name="a"\nformat="sbs"\nurl="tcp://h"', Reason.MALFORMED, "feeds[0].url"),
        ('name="a"\nformat="sbs"\nurl="tcp://h:99999"', Reason.MALFORMED, "feeds[0].url"),
        ('name="a"\nformat="sbs"\nlisten="tcp://127.0.0.1:1"', Reason.MALFORMED, "feeds[0].listen"),
        ('name="a"\nformat="cot"\nlisten="tcp://0.0.0.0:8087"', Reason.NOT_PERMITTED, "feeds[0].listen"),
        ('name="a"\nformat="cot"\nlisten="tls://0.0.0.0:8089"', Reason.MALFORMED, "feeds[0].certificate"),
        ('name="a"\nformat="cot"\nurl="tls://h:8089"\nkey="k"', Reason.MALFORMED, "feeds[0]"),
        ('name="a"\nformat="remote-id"\nurl="http://h/x"\ntoken="t"', Reason.NOT_PERMITTED, "feeds[0].token"),
        ('name="a"\nformat="sbs"\nurl="tcp://h:1"\ntime_zone="Mars/Base"', Reason.UNKNOWN, "feeds[0].time_zone"),
        ('name="a"\nformat="sbs"\nurl="tcp://h:1"\ntime_zone="../etc/passwd"', Reason.UNKNOWN, "feeds[0].time_zone"),
        ('name="a"\nformat="sbs"\nurl="file:///x"\nspeed=-1', Reason.OUT_OF_RANGE, "feeds[0].speed"),
        ('name="a"\nformat="sbs"\nurl="file:///x"\nspeed=nan', Reason.OUT_OF_RANGE, "feeds[0].speed"),
        ('name="a"\nformat="sbs"\nurl="file:///x"\nspeed=2\nas_now=true', Reason.MALFORMED, "feeds[0].as_now"),
        ('name="a"\nformat="sbs"\nurl="file:///x"\nstart="2026-11-22T20:00:00"', Reason.NAIVE_TIME, "feeds[0].start"),
        (
            'name="a"\nformat="sbs"\nurl="tcp://h:1"\nreports_per_s=1000000',
            Reason.OUT_OF_RANGE,
            "feeds[0].reports_per_s",
        ),
        (
            'name="a"\nformat="asterix"\nlisten="udp://127.0.0.1:1"\nsites."25-2"={latitude=1,longitude=1,height_m=1}',
            Reason.MALFORMED,
            "feeds[0].sites",
        ),
        (
            'name="a"\nformat="asterix"\nlisten="udp://127.0.0.1:1"\nsites."25/2"={latitude=91,longitude=1,height_m=1}',
            Reason.OUT_OF_RANGE,
            "feeds[0].sites.25/2",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(text: str, reason: Reason, field: str) -> None:
    """Each mistake has its reason and its place."""
    refusal = one(text)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (reason, field)


def test_two_feeds_of_one_name_are_refused() -> None:
    """A report's source names one feed."""
    text = b'[[feeds]]\nname="a"\nformat="sbs"\nurl="tcp://h:1"\n' * 2
    refusal = read_feeds(text)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.EXISTS, "feeds[1].name")


def test_off_loopback_without_tls_must_be_said() -> None:
    """`plain` opens a listener to other machines."""
    feed = one('name="a"\nformat="cot"\nlisten="tcp://0.0.0.0:8087"\nplain=true')
    assert isinstance(feed, Feed)


def test_a_format_that_is_not_read_is_answered_with_those_that_are() -> None:
    """Who asks for Beast reads what there is instead, and of which feed."""
    refusal = read_feeds(
        b'[[feeds]]\nname="a"\nformat="sbs"\nurl="tcp://h:1"\n[[feeds]]\nname="b"\nformat="beast"\nurl="tcp://h:30005"'
    )
    assert isinstance(refusal, Refusal)
    assert (refusal.field, refusal.received) == ("feeds[1].format", "beast")
    assert refusal.limit == "one of sbs, readsb, readsb-lines, cot, asterix, remote-id"


@pytest.mark.parametrize("text", ["", "# roof: to be filled in", "feeds = []"])
def test_a_file_without_a_feed_is_refused(text: str) -> None:
    """Nobody believes to have a live watch that watches nothing."""
    refusal = read_feeds(text.encode())
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, "feeds")
    assert "at least one [[feeds]]" in refusal.sentence()
