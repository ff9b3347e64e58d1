"""Ports of the loopback interface."""

import socket

from tapehouse.errors import TerminalError

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now; one that was just closed counts as free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(wanted: int, *, before: int | None = None, purpose: str) -> int:
    """The port to listen on: the one that is wanted, else the one used before, else any free one.

    Raises TerminalError where a port was wanted (not 0) and is taken.
    """
    if wanted:
        if not is_free(wanted):
            raise TerminalError(
                f"Port {wanted}, wanted for {purpose}, is in use: stop the program there, or give another port."
            )
        return wanted
    if before and is_free(before):
        return before
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
