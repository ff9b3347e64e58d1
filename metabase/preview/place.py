"""Where the server listens. Nothing of the server is imported with it: run-app only tells the address."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen."""

    host: str
    port: int

    @property
    def address(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
