"""An address is gone to only where its spelling is plain, its port usual, and all that it leads to public."""

import pickle
import socket
from collections.abc import Sequence

import pytest

from lambdas.crawler.guard import Checked, ForbiddenAddressError, Guard, Place, UnresolvedError, shown, system_resolve

PUBLIC = "93.184.216.34"


class Names:
    """A resolver whose answers are given; it counts what it was asked."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): list(found) for name, found in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self.names[host]


def guard(*, loopback: bool = False, **names: Sequence[str]) -> Guard:
    return Guard(loopback=loopback, resolve=Names(**names))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.com/a?b#c", Place("https", "example.com", 443)),
        ("http://EXAMPLE.com", Place("http", "example.com", 80)),
        ("https://example.com:80/", Place("https", "example.com", 80)),
        (f"http://{PUBLIC}/", Place("http", PUBLIC, 80)),
        ("https://[2606:4700::1111]/", Place("https", "2606:4700::1111", 443)),
        ("https://xn--mnchen-3ya.example/", Place("https", "xn--mnchen-3ya.example", 443)),
        ("https://a_b.example.com./", Place("https", "a_b.example.com.", 443)),
        ("https://example.com/@user", Place("https", "example.com", 443)),
        ("https://0x.example/", Place("https", "0x.example", 443)),
    ],
)
def test_a_plain_public_address_has_its_place(url: str, place: Place) -> None:
    assert guard().place(url) == place


REFUSED = [
    "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "javascript:alert(1)", "data:text/html,x", "https:/example.com", "https://", "http:///x", "https://:443/",
    "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/",
    "http://example.com:8080/", "http://example.com:22/", "http://example.com:0/", "http://example.com:/",
    "http://example.com:99999/", "http://example.com:x/", "http://example.com:-80/",
    "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://017700000001/", "http://127.1/",
    "http://0177.0.0.1/", "http://127.0.0.1./", "http://8.8.8.8./", "http://8.8.2056/", "http://08.8.8.8/",
    "http://1.2.3.4.5/", "http://1.2.3.0x4/", "http://0X7F.1/", "http://example.1/",
    "http://127.0.0.1/", "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/",
    "http://[::1]/", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[fe80::1%25eth0]/",
    "http://[2606:4700::1111%251]/", "http://[v1.x]/", "http://[::1/", "http://[1.2.3.4]/", "http://[x]/",
    "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020.0.1/", "http://m\xfcnchen.example/", "http://exa\u00admple.com/",
    "http://example.com\\@127.0.0.1/", "http://exa mple.com/", "http://example.com/\r\nHost: x", "http://example.com\t/",
    " http://example.com/", "http://example.com/\x00", "http://-a.example/", "http://a..example/", "http://.example/",
    "http://%31%32%37.0.0.1/", "http://exam%70le.com/", "http://example.com,evil.com/", "http://" + "a" * 300 + ".com/",
    "http://example.com/" + "a" * 2_100,
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_address_is_refused_before_anybody_is_asked(url: str) -> None:
    names = Names(example_com=[PUBLIC])
    with pytest.raises(ForbiddenAddressError):
        Guard(resolve=names).check(url)
    assert names.asked == []


def test_a_name_is_resolved_once_and_its_first_ipv4_address_is_the_one_to_connect_to() -> None:
    names = Names(example_com=["2606:4700::1111", PUBLIC, "1.1.1.1"])
    checked = Guard(resolve=names).check("https://example.com/x")
    assert checked == Checked(Place("https", "example.com", 443), PUBLIC)
    assert names.asked == ["example.com"]


@pytest.mark.parametrize(
    "bad",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "::1", "::ffff:10.0.0.1", "fd00:ec2::254", "224.0.0.1"],
)
@pytest.mark.parametrize("others", [[], [PUBLIC], [PUBLIC, "2606:4700::1111"]])
def test_one_address_that_is_not_public_is_enough(bad: str, others: list[str]) -> None:
    with pytest.raises(ForbiddenAddressError, match=r"evil\.example leads to"):
        guard(evil_example=[*others, bad]).check("https://evil.example/")


def test_names_of_this_machine_are_refused() -> None:
    with pytest.raises(ForbiddenAddressError, match="loopback"):
        Guard().check("http://localhost/")


@pytest.mark.parametrize("found", [[], ["nonsense"], ["fe80::1%nope%"]])
def test_a_name_that_leads_nowhere_may_do_so_later(found: list[str]) -> None:
    with pytest.raises(UnresolvedError, match=r"example\.com"):
        guard(example_com=found).check("http://example.com/")
    with pytest.raises(UnresolvedError, match="gaierror"):
        guard().check("http://example.com/")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://[::1]:9/", "http://127.0.0.1/", "http://localhost:1/"]
)
def test_the_loopback_setting_reaches_this_machine_on_any_port(url: str) -> None:
    assert guard(loopback=True, localhost=["127.0.0.1"]).check(url).address in ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    "url",
    [f"http://{PUBLIC}/", "http://example.com/", "http://169.254.169.254/", "http://127.0.0.2/", "http://u@127.0.0.1/"],
)
def test_the_loopback_setting_reaches_nothing_else(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        guard(loopback=True, example_com=[PUBLIC]).check(url)


def test_an_error_shows_no_user_no_query_and_no_line_of_its_own() -> None:
    url = "http://me:hunter2@10.0.0.1/a\nb?token=hunter2#hunter2"
    with pytest.raises(ForbiddenAddressError) as caught:
        guard().check(url)
    assert "hunter2" not in str(caught.value) + repr(caught.value)
    assert "\n" not in str(caught.value)
    assert len(shown("http://example.com/" + "a" * 9_999)) == 200


def test_the_errors_survive_pickling() -> None:
    for error in (ForbiddenAddressError("http://x", "why"), UnresolvedError("x", "why")):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.com/", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("http://[2606:4700::1111]/", "[2606:4700::1111]"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_is_another(url: str, header: str) -> None:
    place = guard().place(url)
    assert place.host_header == header
    assert place.origin == f"{place.scheme}://{header}"


def test_the_systems_resolver_gives_each_address_once() -> None:
    assert list(system_resolve("127.0.0.1", 80)) == ["127.0.0.1"]
