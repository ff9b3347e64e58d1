"""The servers that stand in for AWS, and for the news: how each is started, and asked whether it answers."""

import http
import http.client
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embedded import port as ports


@dataclass(frozen=True, slots=True)
class Server:
    """One kind of server of the stack."""

    name: str
    purpose: str
    """What it is, inside a sentence."""
    health: str
    """The path that answers 200 once it serves."""
    command: Callable[[int, Path], list[str]]
    """Python's arguments, by its port and the stack's folder."""
    options: tuple[str, ...] = ()
    """More arguments: how it is to behave."""

    @property
    def title(self) -> str:
        """What it is, at the beginning of a sentence."""
        return self.purpose[0].upper() + self.purpose[1:]

    def answers(self, port: int) -> bool:
        """Whether the one on this port serves."""
        connection = http.client.HTTPConnection(ports.HOST, port, timeout=2)
        try:
            connection.request("GET", self.health)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def kinesis(timing: str) -> Server:
    """The embedded Kinesis with a timing (``embedded/kinesis/timing.py``)."""
    return Server(
        "kinesis",
        "the embedded Kinesis",
        "/_tapehouse/health",
        lambda port, folder: ["-m", "embedded.kinesis", "--port", str(port), "--journal", str(folder / "kinesis")],
        () if timing == "immediate" else ("--timing", timing),
    )


MOTO: Final = Server(
    "aws",
    "the other embedded services",
    "/moto-api/",  # not data.json, which tells of all that there is: minutes, once a lake is in there
    lambda port, _: ["-W", "ignore", "-m", "moto.server", "-H", ports.HOST, "-p", str(port)],
)
NEWSROOM: Final = Server(
    "newsroom",
    "the newsroom",
    "/health",
    lambda port, _: ["-m", "embedded.newsroom", "--port", str(port)],
)
"""No server of AWS': a lake's stack is up without it."""
