"""The environment of a Lambda, read once; all its faults are told together, and no value that may be a secret."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from tapehouse import aws
from tapehouse.errors import LakehouseError, SettingsError
from tapehouse.keys import SecretsClient, key
from tapehouse.landing import Landing

ADDRESSES: Final = "TAPEHOUSE_SOURCE_URLS"


def secrets_manager() -> SecretsClient:
    client: SecretsClient = aws.client("secretsmanager")
    return client


class Variables:
    """What the variables say. Each method notes what is wrong with its own, and gives a stand-in; see ``check``."""

    def __init__(self, environ: Mapping[str, str], *, secrets: Callable[[], SecretsClient] = secrets_manager) -> None:
        self._environ, self._secrets = environ, secrets
        self._faults: list[str] = []

    def check(self) -> None:
        """Raises SettingsError with every fault that was noted."""
        if self._faults:
            raise SettingsError(self._faults)

    def landing(self) -> Landing:
        """``TAPEHOUSE_LANDING``."""
        uri = self._environ.get("TAPEHOUSE_LANDING", "").strip()
        try:
            if uri:
                return Landing(uri)
            self._faults.append("TAPEHOUSE_LANDING is not set: a folder, or s3://bucket/prefix")
        except LakehouseError as error:
            self._faults.append(f"TAPEHOUSE_LANDING: {error}")
        return Landing(".")

    def names(self, variable: str, default: Sequence[str], *, known: Sequence[str] = ()) -> tuple[str, ...]:
        """Names with commas between them, without repeats; only ``known`` ones, where some are given."""
        text = self._environ.get(variable, "").strip() or ",".join(default)
        found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        for name in found if known else ():
            if name not in known:
                self._faults.append(f"{variable} has {name[:40]!r}: it may have {', '.join(known)}")
        if not found:
            self._faults.append(f"{variable} has no name")
        return found

    def hours(self, variable: str, default: float) -> float:
        """A number of hours, 0 to 24."""
        text = self._environ.get(variable, "").strip()
        try:
            found = float(text) if text else default
        except ValueError:
            found = -1.0
        if not 0 <= found <= 24:
            self._faults.append(f"{variable} is {text[:20]!r}: a number of hours, 0 to 24")
        return found

    def addresses(self, defaults: Mapping[str, str]) -> dict[str, str]:
        """Each source's address: its own, or that of ``TAPEHOUSE_SOURCE_URLS`` (``name=address,…``).

        Sources that are not in ``defaults`` are another Lambda's.
        """
        found = dict(defaults)
        for pair in filter(None, (each.strip() for each in self._environ.get(ADDRESSES, "").split(","))):
            name, _, url = (part.strip() for part in pair.partition("="))
            if not _is_address(url):
                self._faults.append(f"{ADDRESSES} has no http or https address for {name[:40]!r}")
            elif name in defaults:
                found[name] = url
        return found

    def key(self, direct: str, stored: str, *, part: str = "") -> Callable[[], str]:
        """Reads a key when it is asked for: from the variable ``direct``, or the secret that ``stored`` names.

        It gives an empty text where neither is set, and raises as ``tapehouse.keys.key`` does. ``part`` is the JSON key
        of a secret that holds several.
        """
        value, secret = self._environ.get(direct, ""), self._environ.get(stored, "").strip()
        name = f"{secret.partition('#')[0]}#{part}" if secret and part else secret
        return lambda: key(value.strip(), name, direct_setting=direct, setting=stored, client=self._secrets)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
