"""The connection goes to the address that was checked, with the name in Host, SNI and the certificate's check."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lambdas.crawler.guard import ForbiddenAddressError, Guard
from lambdas.crawler.pinned import session
from tests.lambdas.crawler.site import Page, Resolver, Site, certificate, serving

HERE = "127.0.0.1"


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Site, str]]:
    """A site with TLS for site.test, and the file of its authority."""
    held = certificate(tmp_path, "site.test")
    with serving(held) as served:
        served.pages["/"] = Page("hello")
        yield served, str(held)


def test_a_name_that_leads_elsewhere_a_moment_later_is_connected_to_where_it_was_checked(site: Site) -> None:
    """DNS rebinding: were the name resolved again to connect, the second answer would be used."""
    names = Resolver(evil_test=[HERE, "127.0.0.2"])
    site.pages["/"] = Page("hello")
    with session(Guard(loopback=True, resolve=names)) as asking:
        assert asking.get(site.url(host="evil.test"), timeout=5).text == "hello"
        assert site.asked[0].host == f"evil.test:{site.port}"
        assert names.asked == ["evil.test"]
        with pytest.raises(ForbiddenAddressError, match=r"127\.0\.0\.2"):
            asking.get(site.url(host="evil.test"), timeout=5)
    assert len(site.asked) == 1


def test_the_first_answer_is_checked_as_well(site: Site) -> None:
    names = Resolver(evil_test=["169.254.169.254", HERE])
    with (
        session(Guard(loopback=True, resolve=names)) as asking,
        pytest.raises(ForbiddenAddressError, match=r"169\.254\.169\.254"),
    ):
        asking.get(site.url(host="evil.test"), timeout=5)
    assert not site.asked


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://metadata.test/",
        "http://user:pass@127.0.0.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://8.8.8.8/",
    ],
)
def test_no_redirect_leads_where_the_guard_does_not(site: Site, to: str) -> None:
    site.pages["/"] = Page(status=302, headers={"Location": to})
    names = Resolver(metadata_test=["169.254.169.254"])
    with session(Guard(loopback=True, resolve=names)) as asking, pytest.raises(ForbiddenAddressError):
        asking.get(site.url(), timeout=5)
    assert site.paths == ["/"]


def test_a_redirect_to_another_host_says_that_hosts_name(site: Site) -> None:
    site.pages["/"] = Page(status=302, headers={"Location": site.url("/there", host="two.test")})
    site.pages["/there"] = Page("hello")
    with session(Guard(loopback=True, resolve=Resolver(one_test=[HERE], two_test=[HERE]))) as asking:
        assert asking.get(site.url(host="one.test"), timeout=5).text == "hello"
    assert [each.host for each in site.asked] == [f"one.test:{site.port}", f"two.test:{site.port}"]


def test_tls_asks_for_the_name_and_checks_the_certificate_against_it(secure: tuple[Site, str]) -> None:
    site, authority = secure
    with session(Guard(loopback=True, resolve=Resolver(site_test=[HERE])), authority=authority) as asking:
        assert asking.get(site.url(host="site.test", scheme="https"), timeout=5).text == "hello"
    assert site.names == ["site.test"]


@pytest.mark.parametrize("host", ["other.test", HERE])
def test_a_certificate_for_another_name_is_refused(secure: tuple[Site, str], host: str) -> None:
    """Also where that name leads to the same address, and where the kept connection is to it."""
    site, authority = secure
    names = Resolver(site_test=[HERE], other_test=[HERE])
    with session(Guard(loopback=True, resolve=names), authority=authority) as asking:
        asking.get(site.url(host="site.test", scheme="https"), timeout=5)
        with pytest.raises(requests.exceptions.SSLError):
            asking.get(site.url(host=host, scheme="https"), timeout=5)
    assert len(site.asked) == 1


@pytest.mark.parametrize("verify", [True, False])
def test_an_unknown_authority_is_refused_whatever_the_caller_says(secure: tuple[Site, str], verify: bool) -> None:
    site, _ = secure
    names = Resolver(site_test=[HERE])
    with session(Guard(loopback=True, resolve=names)) as asking, pytest.raises(requests.exceptions.SSLError):
        asking.get(site.url(host="site.test", scheme="https"), timeout=5, verify=verify)
    assert not site.asked


def test_no_proxy_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.pages["/"] = Page("hello")
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    proxies = {"http": "http://127.0.0.1:9"}
    with session(Guard(loopback=True, resolve=Resolver(one_test=[HERE]))) as asking:
        assert asking.get(site.url(host="one.test"), timeout=5, proxies=proxies).text == "hello"


def test_another_scheme_has_no_way_out() -> None:
    with session(Guard()) as asking, pytest.raises(requests.exceptions.InvalidSchema):
        asking.get("ftp://example.com/", timeout=5)
