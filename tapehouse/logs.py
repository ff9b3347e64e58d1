"""Log lines on stderr: one a line, key=value, UTC. On a terminal only warnings, since progress is drawn there."""

import contextlib
import datetime as dt
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

QUIET = ("botocore", "boto3", "urllib3", "py4j", "websockets", "sqlglot", "werkzeug", "asyncio", "awswrangler")
"""Libraries that are heard from their errors on."""


class KeyValueFormatter(logging.Formatter):
    """``time=… level=info logger=producers.sink.sink message…``; what the message holds stays one line."""

    def format(self, record: logging.LogRecord) -> str:
        when = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        text = f"time={when} level={record.levelname.lower()} logger={record.name} {record.getMessage()}"
        if record.exc_info:
            text += f" error={json.dumps(self.formatException(record.exc_info))}"
        return text.replace("\r", "\\r").replace("\n", "\\n")


def set_up(*, debug: bool, drawing: bool) -> None:
    """Configures the root logger of this process, once."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING if drawing else logging.INFO, handlers=[handler]
    )
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if debug else logging.ERROR)
    if not debug and not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' words to programmers, not to whoever runs a command


@contextlib.contextmanager
def log_above(stderr: Any) -> Iterator[None]:
    """While rich draws: it puts above its drawing what goes to its sys.stderr, and the log has the one before."""
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
    moved = [each for each in handlers if each.stream is stderr]
    for handler in moved:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler in moved:
            handler.setStream(stderr)
