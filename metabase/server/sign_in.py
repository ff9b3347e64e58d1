"""From an address to an administrator: waits until Metabase is up, sets it up where nobody did, and signs in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from metabase.server.client import MetabaseClient
from metabase.server.errors import RefusedError, SignInError, StrangeAnswerError, UnavailableError

SITE_NAME: Final = "Tapehouse"
_LOOK_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who we are: a key, or an address of mail with a password."""

    email: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Instance:
    """What Metabase says of itself to anybody."""

    version: str
    """As ``v0.64.6``; empty where it is not told."""
    is_set_up: bool
    setup_token: str = field(default="", repr=False)

    @property
    def major(self) -> int:
        """64 of v0.64.6; 0 where it is not known."""
        parts = self.version.lstrip("v").split(".")
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def wait_until_up(
    client: MetabaseClient,
    *,
    wait_s: float,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Until its own database answers: the first start makes that, for minutes. Raises UnavailableError."""
    ends = now() + wait_s
    while True:
        try:
            if client.get("/api/health").get("status") == "ok":
                return
            error = UnavailableError("GET /api/health", "it has not started yet")
        except UnavailableError as caught:
            error = caught
        if now() >= ends:
            raise error
        sleep(_LOOK_EVERY_S)


def instance(client: MetabaseClient) -> Instance:
    """What it says of itself; the token of a set-up is there only until one was done."""
    told = client.get("/api/session/properties")
    version = told.get("version")
    token = told.get("setup-token") or ""
    client.hide(token)
    tag = version.get("tag") if isinstance(version, dict) else None
    return Instance(str(tag or ""), bool(told.get("has-user-setup")), token)


def set_up(client: MetabaseClient, found: Instance, who: Administrator) -> None:
    """Makes the first administrator, and goes on as that one. Raises SignInError."""
    if not who.email or not who.password:
        raise SignInError(
            "Nobody has set this Metabase up: give its administrator's address of mail and password "
            "(TAPEHOUSE_METABASE_EMAIL, TAPEHOUSE_METABASE_PASSWORD or TAPEHOUSE_METABASE_SECRET)."
        )
    client.hide(who.password)
    if not found.setup_token:
        raise SignInError("Nobody has set this Metabase up, and it gives no token to do so: start it anew.")
    body: dict[str, Any] = {
        "token": found.setup_token,
        "user": {"email": who.email, "password": who.password, "first_name": "Tapehouse", "site_name": SITE_NAME},
        "prefs": {"site_name": SITE_NAME, "site_locale": "en", "allow_tracking": False},
    }
    try:
        client.use_session(client.post("/api/setup", body)["id"], renew=lambda: _session(client, who))
    except RefusedError as error:
        if error.status != 403:
            raise
        sign_in(client, who)  # another did meanwhile, perhaps an earlier try of ours whose answer was lost


def sign_in(client: MetabaseClient, who: Administrator) -> None:
    """Goes on as the administrator. Raises SignInError."""
    if who.api_key:
        client.use_key(who.api_key)
    elif who.email and who.password:
        client.use_session(_session(client, who), renew=lambda: _session(client, who))
    else:
        raise SignInError(
            "Who administers Metabase is not said: TAPEHOUSE_METABASE_API_KEY (or _API_SECRET), or "
            "TAPEHOUSE_METABASE_EMAIL with TAPEHOUSE_METABASE_PASSWORD (or _SECRET)."
        )
    try:
        user = client.get("/api/user/current")
    except RefusedError as error:
        if error.status != 401:
            raise
        raise SignInError(f"The key is not known to {client.url}: {error.detail}") from None
    if not user.get("is_superuser"):
        raise SignInError(f"{user.get('email')} is no administrator of {client.url}.")


def _session(client: MetabaseClient, who: Administrator) -> str:
    """Raises SignInError, also where Metabase lets nobody try for a while: it counts wrong attempts."""
    client.hide(who.password)
    body = {"username": who.email, "password": who.password}
    try:
        answer = client.post("/api/session", body, harmless=True, as_nobody=True)
    except RefusedError as error:
        if error.status not in (400, 401):
            raise
        raise SignInError(f"{who.email} is not let in: {error.detail}") from None
    if answer.get("mfa_required"):
        raise SignInError(
            f"{who.email} is asked for a second factor: give a key instead, TAPEHOUSE_METABASE_API_KEY or _API_SECRET."
        )
    if not answer.get("id"):
        raise StrangeAnswerError("POST /api/session", "id")
    return str(answer["id"])
