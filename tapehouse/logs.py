"""Log lines, one a line, as logfmt on stderr: ``time=… level=info logger=producers.sink.sink event=sink_closed …``.

An event is a word in snake_case, subject first; what it is about are its fields. ``of`` gives a module its logger,
which structlog renders and the standard library carries: a library's own lines get the same form, and what never set
anything up (a Spark worker, a test) stays silent below warnings.
"""

import contextlib
import datetime as dt
import json
import logging
import sys
import warnings
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import structlog

QUIET: Final = (
    "botocore", "boto3", "urllib3", "py4j", "websockets", "sqlglot", "werkzeug", "asyncio", "awswrangler",
)  # fmt: skip
"""Libraries that are heard from their errors on."""

_render = structlog.processors.LogfmtRenderer(key_order=["event"], bool_as_flag=False)


def of(name: str) -> Any:
    """The logger of a module: ``log = logs.of(__name__)``, then ``log.info("shard_ended", stream=name, shard=id)``."""
    return structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, _as_record],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _as_record(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> tuple[tuple[str | bytes], MutableMapping[str, Any]]:
    """The event as the standard library's logger takes it: one line of text, and the error beside it."""
    error = event.pop("exc_info", None)
    values = {key: None if value is None else str(value) for key, value in event.items()}
    return (_render(logger, method, values),), {"exc_info": error} if error else {}


class LogfmtFormatter(logging.Formatter):
    """Time, level and logger in front of the record's own text, and the traceback behind it; one line in all."""

    def format(self, record: logging.LogRecord) -> str:
        when = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        text = f"time={when} level={record.levelname.lower()} logger={record.name} {record.getMessage()}"
        if record.exc_info:
            text += f" error={json.dumps(self.formatException(record.exc_info))}"
        return text.replace("\r", "\\r").replace("\n", "\\n")


def set_up(*, debug: bool = False, drawing: bool = False) -> None:
    """Configures the root logger of this process, once. While progress is drawn only warnings are shown."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogfmtFormatter())
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
