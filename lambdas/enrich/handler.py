"""The Lambda: SQS messages, each an S3 notification of landed objects, in; their scores into the same landing.

Variables: ``TAPEHOUSE_LANDING`` (s3://…; a folder at home), ``TAPEHOUSE_SENTIMENT_ENDPOINT`` and
``TAPEHOUSE_EMOTION_ENDPOINT`` (names of SageMaker endpoints; without them the word lists score),
``TAPEHOUSE_SCORER_EDITION`` (0; one more wherever an endpoint's model, or its going, is to outdo what scored before).

==================================================  ==================================================================
a message                                           what becomes of it
==================================================  ==================================================================
an object of news, social or page                   scored
an object of another kind; S3's test; a deletion    done: there is nothing to score
no notification; another bucket; a foreign key      failed, alone, with an error log: someone wired it wrongly
an object that is not there, or no gzip file        failed, alone
a line of an object that cannot be read             counted and logged; the object's other lines are scored
an endpoint that fails                              failed: SQS brings it again
==================================================  ==================================================================
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

from lambdas.enrich.backend import Backend, WordListBackend
from lambdas.enrich.objects import Objects, Parse
from lambdas.enrich.reader import Reader
from lambdas.enrich.sagemaker import Runtime, SageMakerBackend
from tapehouse import documents, logs
from tapehouse.errors import SettingsError, TerminalError
from tapehouse.landing import Landing

log = logs.of(__name__)
_EDITION_DIGITS: Final = 9


class NotificationError(TerminalError):
    """A message is no notification of an object of this landing."""


class Enrich:
    """Scores what messages name. One for all warm calls."""

    def __init__(self, *, objects: Objects, landing_uri: str) -> None:
        parts = urlsplit(landing_uri)
        self._objects: Final = objects
        self._bucket: Final = parts.netloc
        self._prefix: Final = parts.path.strip("/")

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A partial batch response: the ids of the messages that failed, each for itself.

        Raises NotificationError for an event that is no batch of SQS.
        """
        messages = event.get("Records") if isinstance(event, Mapping) else None
        if not isinstance(messages, list) or not all(
            isinstance(each, dict) and "messageId" in each for each in messages
        ):
            raise NotificationError('no batch of SQS: {"Records": [{"messageId": …, "body": …}, …]} is one.')
        failed = [str(message["messageId"]) for message in messages if not self._is_done(message)]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    def _is_done(self, message: Mapping[str, Any]) -> bool:
        try:
            for key in self._keys(message.get("body")):
                self._objects.score(key)
        except Exception as error:  # noqa: BLE001 - one message's fault, whatever it is, is not the others'
            # no traceback: it may quote a text
            log.error(  # noqa: TRY400
                "message_failed", message=message["messageId"], error=type(error).__name__, why=_shown(error)
            )
            return False
        return True

    def _keys(self, body: object) -> Iterator[str]:
        """The landing's keys that a message names. Raises NotificationError."""
        try:
            said = json.loads(body) if isinstance(body, str) else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise NotificationError("the message is no JSON object: only S3's notifications belong into this queue.")
        if said.get("Event") == "s3:TestEvent":
            return
        records = said.get("Records")
        if not isinstance(records, list):
            raise NotificationError("the message is no notification of S3: it has no Records.")
        yield from [key for record in records if (key := self._key(record)) is not None]

    def _key(self, record: Any) -> str | None:
        try:
            name, s3 = str(record["eventName"]), record["s3"]
            bucket, key = str(s3["bucket"]["name"]), unquote_plus(str(s3["object"]["key"]))
        except (KeyError, TypeError) as error:
            raise NotificationError("a record of the notification names no bucket and key.") from error
        if not name.removeprefix("s3:").startswith("ObjectCreated:"):
            return None
        if bucket != self._bucket:
            raise NotificationError(f"{bucket}: the landing is in the bucket {self._bucket}. Mend the notification.")
        if self._prefix and not key.startswith(f"{self._prefix}/"):
            raise NotificationError(f"{key}: the landing is {self._prefix}/ in its bucket. Mend the notification.")
        return key[len(self._prefix) :].lstrip("/") if self._prefix else key


def build(
    environment: Mapping[str, str],
    *,
    landing: Callable[[str], Landing] = Landing,
    runtime: Callable[[], Runtime] | None = None,
    parse: Parse = documents.parse,
) -> Enrich:
    """What the environment asks for. Raises SettingsError where it says no landing, or an edition that is no number.

    At home a landing is a folder; its notifications name no bucket, and its path before the key.
    """
    uri, edition = environment.get("TAPEHOUSE_LANDING", ""), environment.get("TAPEHOUSE_SCORER_EDITION", "") or "0"
    faults = [] if uri else ["TAPEHOUSE_LANDING is not set: s3://bucket/…, or a folder at home"]
    if not (edition.isascii() and edition.isdigit() and len(edition) <= _EDITION_DIGITS):
        faults.append(f"TAPEHOUSE_SCORER_EDITION is {edition[:20]!r}: a number of up to {_EDITION_DIGITS} digits")
    if faults:
        raise SettingsError(faults)
    made = landing(uri)
    reader = Reader(backend(environment, runtime=runtime), edition=int(edition))
    objects = Objects(landing=made, reader=reader, parse=parse)
    return Enrich(objects=objects, landing_uri=made.uri)


def backend(environment: Mapping[str, str], *, runtime: Callable[[], Runtime] | None = None) -> Backend:
    """The endpoints that the environment names; the word lists for the rest."""
    sentiment = environment.get("TAPEHOUSE_SENTIMENT_ENDPOINT") or None
    emotion = environment.get("TAPEHOUSE_EMOTION_ENDPOINT") or None
    words = WordListBackend()
    if sentiment is None and emotion is None:
        return words
    return SageMakerBackend(sentiment=sentiment, emotion=emotion, beside=words, runtime=runtime or _runtime)


@cache
def _runtime() -> Runtime:
    from tapehouse.aws import client  # noqa: PLC0415 - boto3 takes a while, and the word lists need none

    made: Runtime = client("sagemaker-runtime")
    return made


@cache
def _warm() -> Enrich:
    logs.set_up()
    return build(os.environ)


def handler(event: Any, context: object) -> dict[str, Any]:
    """As AWS calls it; what it needs is built at the first call and kept."""
    return _warm()(event)


def _shown(error: Exception) -> str:
    """An error of ours says what, where and what to do; another may quote a text: only its kind shows."""
    return str(error) if isinstance(error, TerminalError) else "see its kind"
