"""Every network that is not the public internet is refused, in every wrapping."""

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.crawler.addresses import refusal

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::200e"]
FORBIDDEN = {
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "link-local": ["169.254.169.254", "169.254.170.2", "fe80::1"],
    "NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.0.170", "2001:1::1"],
    "this network": ["0.0.0.0", "0.1.2.3"],
    "unspecified": ["::"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255"],
    "IPv4 address in IPv6": ["::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "2002:7f00:1::", "2001:0:4136:e378::1"],
    "NAT64": ["64:ff9b::8.8.8.8", "64:ff9b::169.254.169.254", "64:ff9b:1::1"],
    "6to4": ["192.88.99.1", "2002:a9fe:a9fe::"],
    "no global unicast": ["4000::1", "100::1", "5f00::1"],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address: str) -> None:
    assert refusal(ip_address(address)) is None


@pytest.mark.parametrize(("why", "address"), [(why, each) for why, all_ in FORBIDDEN.items() for each in all_])
def test_any_other_is_not(why: str, address: str) -> None:
    assert why in (refusal(ip_address(address)) or "")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_loopback_setting_allows_the_two_loopback_addresses(address: str) -> None:
    assert refusal(ip_address(address), loopback=True) is None


@pytest.mark.parametrize("address", ["127.0.0.2", "::ffff:127.0.0.1", "8.8.8.8", "10.0.0.1", "169.254.169.254"])
def test_the_loopback_setting_allows_nothing_else(address: str) -> None:
    assert refusal(ip_address(address), loopback=True)


def test_an_address_of_one_interface_is_refused() -> None:
    assert refusal(ip_address("2606:4700::1%eth0"))


@settings(deadline=None)
@given(st.ip_addresses())
def test_what_python_holds_for_local_is_never_reached(address: object) -> None:
    at = ip_address(str(address))
    if at.is_private or at.is_loopback or at.is_link_local or at.is_multicast or at.is_reserved or at.is_unspecified:
        assert refusal(at)
