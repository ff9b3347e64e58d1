"""Which addresses are this machine's own: they are never reached through a proxy."""

from typing import Final
from urllib.parse import urlsplit

_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """Whether the address leads to this machine. Raises ValueError for one that cannot be split."""
    return urlsplit(url).hostname in _HOSTS
