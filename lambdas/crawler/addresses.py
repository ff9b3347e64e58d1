"""Which IP addresses a crawler may reach: what is on the public internet, and nothing else.

The lists are IANA's special-purpose registries, spelled out: ``ipaddress.is_global`` says other things in other patch
releases of Python. Of IPv6 only global unicast (2000::/3) is reached at all, so that what wraps an IPv4 address
(::ffff:0:0/96, 64:ff9b::/96, 2002::/16, Teredo) or is local (fc00::/7 with AWS' metadata, fe80::/10) never is.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates).
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

LOOPBACK: Final = frozenset({ip_address("127.0.0.1"), ip_address("::1")})
"""The two that the loopback setting allows; 127.0.0.2 is a machine's own as well, and stays forbidden."""
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_FORBIDDEN: Final = tuple(
    (ip_network(network), why)
    for network, why in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "a carrier's NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, where clouds keep their metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.31.196.0/24", "reserved for AS112"),
        ("192.52.193.0/24", "reserved for multicast tunnels"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved for AS112"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "an IPv4 address in IPv6"),
        ("::/96", "an IPv4 address in IPv6"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("2001::/32", "Teredo, an IPv4 address in IPv6"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "6to4, an IPv4 address in IPv6"),
        ("2620:4f:8000::/48", "reserved for AS112"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)


def refusal(address: Address, *, loopback: bool = False) -> str | None:
    """Why nothing is fetched from this address; None where it may be.

    With ``loopback`` nothing is but 127.0.0.1 and ::1: what is tried at home reaches nobody else.
    """
    if loopback:
        return None if address in LOOPBACK else "not 127.0.0.1 or ::1, which alone the loopback setting allows"
    if isinstance(address, IPv6Address) and address.scope_id:
        return "of one interface alone"
    for network, why in _FORBIDDEN:
        if address in network:
            return why
    return None if isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST else "no global unicast address"
