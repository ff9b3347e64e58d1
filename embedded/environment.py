"""The environment of a process that must reach the embedded AWS, and nothing of the user's own."""

import os
from collections.abc import Mapping
from typing import Final

_LOOPBACK: Final = "127.0.0.1,localhost"


def scrubbed(base: Mapping[str, str], region: str) -> dict[str, str]:
    """``base`` without any AWS setting, profile or file of the user's, and with dummy credentials.

    Loopback is kept away from a proxy, which would send the requests elsewhere.
    """
    kept = {name: value for name, value in base.items() if not name.startswith("AWS_")}
    direct = ",".join(dict.fromkeys(filter(None, (kept.get("NO_PROXY") or kept.get("no_proxy"), _LOOPBACK))))
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "tapehouse",
        "AWS_SECRET_ACCESS_KEY": "tapehouse",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
