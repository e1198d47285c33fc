"""Addresses that others give: what is read, what is refused, and where a name may lead."""

import ipaddress
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.delivery.destination import Address, join, may_reach, read_address, uss_url
from wideberth.limits import USS_URL_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal

GOOD = {
    "https://uss.example": ("uss.example", 443, "", None),
    "HTTPS://USS.Example/": ("uss.example", 443, "/", None),
    "https://uss.example/utm/v2": ("uss.example", 443, "/utm/v2", None),
    "https://uss.example:8443/a/?tenant=3&x=%20y": ("uss.example", 8443, "/a/", "tenant=3&x=%20y"),
    "https://uss.example?": ("uss.example", 443, "", ""),
    "https://xn--bcher-kva.example": ("xn--bcher-kva.example", 443, "", None),
    "https://uss_1.localutm": ("uss_1.localutm", 443, "", None),
    "https://192.0.2.7/x": ("192.0.2.7", 443, "/x", None),
    "https://[2001:DB8::1]:8443": ("2001:db8::1", 8443, "", None),
    "https://a.example/x@y:z": ("a.example", 443, "/x@y:z", None),
    "https://a.example/?u=https://b.example/?c": ("a.example", 443, "/", "u=https://b.example/?c"),
}
HOSTILE = [
    "",
    " https://uss.example",
    "https://uss.example ",
    "https://uss.example/a b",
    "https://uss.example/\r\nHost: other.example",
    "https://uss.example/\x00",
    "https://uss.example\t/",
    "https:/uss.example",
    "https:///uss.example",
    "https:uss.example",
    "//uss.example",
    "uss.example",
    "https://",
    "https://:443/",
    "https://?x",
    "ftp://uss.example",
    "file:///etc/passwd",
    "gopher://uss.example/_x",
    "javascript://uss.example/",
    "unix:///run/docker.sock",
    "https://user@uss.example",
    "https://user:word@uss.example",
    "https://uss.example@169.254.169.254/",
    "https://uss.example:443@127.0.0.1/",
    "https://127.0.0.1\\@uss.example/",
    "https://uss.example\\.evil.example",
    "https://uss.example#@127.0.0.1/",
    "https://uss.example/#here",
    "https://uss.example%2eevil.example/",
    "https://%31%32%37.0.0.1/",
    "https://uss.example./",
    "https://127.0.0.1./",
    "https://.uss.example/",
    "https://uss..example/",
    "https://-uss.example/",
    "https://uss-.example/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/",
    "https://bücher.example/",
    "https://ⓔxample.com/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.1.1/",
    "https://127.0.0.256/",
    "https://127.00.0.1/",
    "https://0/",
    "https://1.2.3.0x4/",
    "https://uss.0x/",
    "https://[::1/",
    "https://::1/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[v1.x]/",
    "https://[127.0.0.1]/",
    "https://[]/",
    "https://uss.example:/",
    "https://uss.example:0/",
    "https://uss.example:0443/",
    "https://uss.example:65536/",
    "https://uss.example:99999999999/",
    "https://uss.example:+443/",
    "https://uss.example:４４３/",
    "https://uss.example:443:443/",
    "https://uss.example:22/",
    "https://uss.example:25/",
    "https://uss.example:6667/",
    "https://uss.example/%",
    "https://uss.example/%zz",
    "https://uss.example/?x=%0",
    "https://uss.example/[x]",
    "https://uss.example/?x=[x]",
    "https://uss.example/" + "a" * USS_URL_CHARACTERS_MAX,
]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_address_is_read_and_kept_as_it_is(text: str) -> None:
    """Host, port, path and query are those that were meant, and the text is served back unchanged."""
    address = read_address(text, http_allowed=False)
    assert isinstance(address, Address)
    assert (address.host, address.port, address.path, address.query) == GOOD[text]
    assert uss_url(text, http_allowed=False) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_two_readers_could_take_differently_is_refused(text: str) -> None:
    """Every odd spelling of an address is refused with one sentence that names the field."""
    for http_allowed in (False, True):
        refused = uss_url(text, http_allowed)
        assert isinstance(refused, Refusal), text
        assert refused.reason is Reason.MALFORMED
        assert refused.sentence().count("uss_base_url") == 1


def test_http_only_where_it_is_allowed() -> None:
    """Plain http is the operator's decision."""
    assert uss_url("http://uss.example:8080/x", http_allowed=True) == "http://uss.example:8080/x"
    refused = uss_url("http://uss.example:8080/x", http_allowed=False)
    assert isinstance(refused, Refusal)
    assert "https" in refused.limit


def test_a_password_is_not_repeated() -> None:
    """A refusal does not carry what somebody typed as user and password into logs."""
    refused = uss_url("https://ann:hush@uss.example", http_allowed=False)
    assert isinstance(refused, Refusal)
    assert "hush" not in refused.sentence()


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        ("https://uss.example", "/uss/v1/reports", "https://uss.example/uss/v1/reports"),
        ("https://uss.example/", "/uss/v1/reports", "https://uss.example/uss/v1/reports"),
        ("https://USS.example:443/a/b/", "/c", "https://uss.example/a/b/c"),
        ("https://uss.example:8443/a?t=3", "/c", "https://uss.example:8443/a/c?t=3"),
        ("https://uss.example/a?t=3", "/c?n=4", "https://uss.example/a/c?t=3&n=4"),
        ("https://uss.example?", "/c", "https://uss.example/c"),
        ("http://[2001:db8::1]:80/x", "/c", "http://[2001:db8::1]/x/c"),
    ],
)
def test_path_and_query_of_the_base_stay(base: str, path: str, whole: str) -> None:
    """A supplier may have its place below a path, and be told apart by a query."""
    assert join(base, path) == whole


PIECES = st.sampled_from(
    [*"abz019.-_~:/?#[]@!$&'()*+,;=%\\ \t\n\x00é。", "https://", "http://", "uss.example", "127.0.0.1", "[::1]", "%2e"]
)


@given(
    st.lists(PIECES, max_size=30).map("".join) | st.lists(PIECES, max_size=20).map(lambda p: "https://" + "".join(p))
)
def test_what_is_read_others_read_alike(text: str) -> None:
    """Two other readers of addresses find the same host and port in what is accepted, and nobody in it."""
    address = read_address(text, http_allowed=True)
    if isinstance(address, Refusal):
        return
    split, other = urlsplit(text), httpx.URL(text)
    assert (split.hostname, split.username, split.fragment) == (address.host, None, "") or ":" in address.host
    assert (split.port or {"http": 80, "https": 443}[address.scheme]) == address.port
    assert (other.host, other.userinfo) == (address.host, b"")
    assert (other.port or {"http": 80, "https": 443}[address.scheme]) == address.port
    again = read_address(address.base, http_allowed=True)
    assert isinstance(again, Address)
    assert again.base == address.base


@given(st.integers(0, 2**32 - 1), st.data())
def test_numbers_are_addresses_in_one_spelling_only(number: int, data: st.DataObject) -> None:
    """Of all the spellings of an IPv4 address that old resolvers take, four decimals are read, and as what they are."""
    parts = [str(number >> shift & 255) for shift in (24, 16, 8, 0)]
    spelled = data.draw(st.sampled_from([str(number), hex(number), f"0{number:o}", f"{parts[0]}.{number & 0xFFFFFF}"]))
    assert isinstance(uss_url(f"https://{spelled}/", http_allowed=False), Refusal)
    odd = data.draw(st.integers(0, 3))
    octal = [*parts[:odd], f"0{int(parts[odd]):o}", *parts[odd + 1 :]]
    assert isinstance(uss_url(f"https://{'.'.join(octal)}/", http_allowed=False), Refusal)
    plain = read_address(f"https://{'.'.join(parts)}/", http_allowed=False)
    assert isinstance(plain, Address)
    assert int(ipaddress.IPv4Address(plain.host)) == number


PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "1.1.1.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "64:ff9b::808:808",
]
PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"),
    *("100.127.255.255", "198.18.0.1", "::1", "fc00::1", "fdff::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3"),
    "64:ff9b::7f00:1",
]
NEVER = [
    *(
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.1.1",
        "192.0.0.192",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
    ),
    *(
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "192.88.99.1",
    ),
    *(
        "::",
        "fe80::1",
        "fe80::1%2",
        "ff02::1",
        "fec0::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::1",
        "3fff::1",
    ),
    *("fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "::127.0.0.1"),
    *("64:ff9b:1::7f00:1", "100::1", "5f00::1", "not an address", "", "127.0.0.1:80"),
]


@pytest.mark.parametrize("network", PUBLIC)
def test_public_addresses_are_reached(network: str) -> None:
    """What everybody may reach, the node may reach."""
    assert may_reach(network, private=False)
    assert may_reach(network, private=True)


@pytest.mark.parametrize("network", PRIVATE)
def test_private_addresses_only_where_the_operator_says_so(network: str) -> None:
    """Loopback and private networks, in whatever form they are written, are closed unless `private_uss` opens them."""
    assert not may_reach(network, private=False)
    assert may_reach(network, private=True)


@pytest.mark.parametrize("network", NEVER)
def test_some_addresses_are_nobodys_destination(network: str) -> None:
    """Metadata services, link-local, multicast and reserved ranges stay closed whatever the operator says."""
    assert not may_reach(network, private=False)
    assert not may_reach(network, private=True)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_nothing_is_public_that_the_registry_does_not_call_global(address: ipaddress.IPv4Address) -> None:
    """The library's own table of special ranges never contradicts a yes, nor most of what is a no in IPv4."""
    public = may_reach(str(address), private=False)
    if public:
        assert address.is_global or str(address).startswith("64:ff9b::")
        assert not address.is_multicast
    elif address.version == 4 and address.is_global and not address.is_multicast:
        exceptions = ("192.88.99.", "168.63.129.16", "100.100.100.200", "192.0.0.", "203.0.113.", "198.51.100.")
        assert str(address).startswith(exceptions)
    if address.version == 4:
        number = int(address)
        for wrapped in (f"::ffff:{address}", str(ipaddress.IPv6Address((0x64FF9B << 96) + number))):
            assert may_reach(wrapped, private=False) == public
        assert not may_reach(str(ipaddress.IPv6Address((0x2002 << 112) + (number << 80))), private=False)
