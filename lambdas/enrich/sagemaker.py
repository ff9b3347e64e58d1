"""Mood and emotions by models behind SageMaker endpoints: FinBERT, and a classifier of seven emotions.

Both are Hugging Face containers: ``{"inputs": […], "parameters": {"top_k": null, "truncation": true}}`` is answered by
a list of ``[{"label": …, "score": …}, …]`` for each text. Labels are read by name: models of one kind order them
differently.
Where no endpoint is named the word lists stand in.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from lambdas.enrich import text
from lambdas.enrich.backend import Backend
from lambdas.enrich.scorer import Feeling, label_of
from tapehouse.errors import TerminalError, TransientError
from tapehouse.score import EMOTIONS

MOST_TEXTS: Final = 32
"""Of one request."""
MOST_TOKENS: Final = 480
"""Of one part: the models read 512, and this counts them roughly."""
MOST_PARTS: Final = 16
"""Of one text: what a story is about is said before."""
SENTIMENTS: Final[Mapping[str, str]] = {"positive": "positive", "negative": "negative", "neutral": "neutral"}
FEELINGS: Final[Mapping[str, str]] = {name: name for name in EMOTIONS}
AGAIN: Final = frozenset((
    "ThrottlingException", "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure",
    "InternalServerException", "ModelNotReadyException", "InternalDependencyException", "RequestTimeout",
    "RequestTimeoutException",
))  # fmt: skip
"""Codes that pass. Source: the API's list of InvokeEndpoint's errors."""


class Runtime(Protocol):
    """boto3's client of sagemaker-runtime, as far as it is used."""

    exceptions: Any

    def invoke_endpoint(self, **words: Any) -> Any: ...


class Endpoint:
    """One endpoint that labels texts."""

    def __init__(self, name: str, labels: Mapping[str, str], *, runtime: Callable[[], Runtime]) -> None:
        self.name: Final = name
        self._labels: Final = labels
        self._runtime: Final = runtime

    @property
    def label_hash(self) -> str:
        """Of what its labels are taken for."""
        return hashlib.sha256(json.dumps(sorted(self._labels.items())).encode()).hexdigest()[:8]

    def label(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """For each text the mean of its parts, weighed by their length: label → probability.

        Raises TransientError (throttled, not ready) and TerminalError (no such endpoint, another model's answer).
        """
        parts = [(owner, part) for owner, each in enumerate(texts) for part in split(each)]
        answers: list[dict[str, float]] = []
        for start in range(0, len(parts), MOST_TEXTS):
            answers += self._ask([part for _, part in parts[start : start + MOST_TEXTS]])
        found = [dict.fromkeys(self._labels.values(), 0.0) for _ in texts]
        lengths = [0] * len(texts)
        for (owner, part), answer in zip(parts, answers, strict=True):
            length = tokens_of(part)
            lengths[owner] += length
            for label, score in answer.items():
                found[owner][label] += score * length
        return [
            {label: score / length for label, score in each.items()} if length else each
            for each, length in zip(found, lengths, strict=True)
        ]

    def _ask(self, texts: Sequence[str]) -> list[dict[str, float]]:
        runtime = self._runtime()
        asked = {"inputs": list(texts), "parameters": {"top_k": None, "truncation": True}}
        try:
            answer = runtime.invoke_endpoint(
                EndpointName=self.name,
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps(asked).encode(),
            )
        except runtime.exceptions.ClientError as error:
            raise self._failed(error.response) from error
        try:
            said = json.loads(answer["Body"].read())
        except ValueError as error:
            raise TerminalError(f"{self.name}: its answer is no JSON. Is it a Hugging Face container?") from error
        return self._labelled(said, len(texts))

    def _failed(self, response: Mapping[str, Any]) -> TransientError | TerminalError:
        code = str(response["Error"]["Code"])
        status = response.get("OriginalStatusCode")
        said = f"{self.name}: {code}" + (f" (the model answered {status})" if status else "")
        if code in AGAIN or (code == "ModelError" and isinstance(status, int) and (status >= 500 or status == 429)):
            return TransientError(f"{said}. It is asked again.")
        return TerminalError(f"{said}. Does the endpoint exist, and may this role invoke it?")

    def _labelled(self, said: Any, count: int) -> list[dict[str, float]]:
        if count == 1 and isinstance(said, list) and said and isinstance(said[0], dict):
            said = [said]  # one text may come back without its list around
        if not isinstance(said, list) or len(said) != count:
            raise TerminalError(f"{self.name}: {count} texts were asked for, and the answer is no list of as many.")
        return [self._one(each) for each in said]

    def _one(self, said: Any) -> dict[str, float]:
        try:
            found = {self._labels[str(each["label"]).lower()]: float(each["score"]) for each in said}
        except KeyError as error:
            raise TerminalError(
                f"{self.name}: its label {str(error)[:40]} is none of {', '.join(self._labels)}. "
                "Deploy the model with its id2label, or name an endpoint of another model."
            ) from error
        except (TypeError, ValueError) as error:
            raise TerminalError(f"{self.name}: its answer has no labels with scores.") from error
        if set(found) != set(self._labels.values()) or not all(
            math.isfinite(s) and 0 <= s <= 1 for s in found.values()
        ):
            raise TerminalError(f"{self.name}: its answer has not a probability for each label. Does it read top_k?")
        return found


class SageMakerBackend:
    """Endpoints for mood, emotions or both; ``beside`` tells what no endpoint is named for."""

    def __init__(
        self, *, sentiment: str | None, emotion: str | None, beside: Backend, runtime: Callable[[], Runtime]
    ) -> None:
        self._sentiment = Endpoint(sentiment, SENTIMENTS, runtime=runtime) if sentiment else None
        self._emotion = Endpoint(emotion, FEELINGS, runtime=runtime) if emotion else None
        self._beside: Final = beside

    @property
    def name(self) -> str:
        """``sagemaker:finbert-1a2b3c4d+words:0f3a…``: an endpoint's name and the hash of its labels, for each half."""
        halves = [
            f"sagemaker:{each.name}-{each.label_hash}" if each else "" for each in (self._sentiment, self._emotion)
        ]
        return "+".join(half or self._beside.name for half in halves)

    def scores(self, texts: Sequence[str]) -> list[Feeling]:
        """As ``Backend``; each number rounded to four digits, since a model's last ones differ from run to run."""
        whole = self._sentiment is not None and self._emotion is not None
        plain: Sequence[Feeling | None] = [None] * len(texts) if whole else self._beside.scores(texts)
        moods = self._sentiment.label(texts) if self._sentiment else None
        feelings = self._emotion.label(texts) if self._emotion else None
        found = []
        for place, beside in enumerate(plain):
            sentiment = beside.sentiment if moods is None and beside else 0.0
            if moods is not None:
                sentiment = round(moods[place]["positive"] - moods[place]["negative"], 4) + 0.0
            emotions = dict(beside.emotions) if feelings is None and beside else {}
            if feelings is not None:
                emotions = _shares(feelings[place])
            found.append(Feeling(sentiment, label_of(sentiment), emotions))
        return found


def _shares(labelled: Mapping[str, float]) -> dict[str, float]:
    """Of 1 exactly, but for the last digit: neutral takes what rounding leaves; all of it where nothing was asked."""
    total = sum(labelled.values())
    shares = {name: round(labelled[name] / total, 4) if total else 0.0 for name in EMOTIONS}
    shares["neutral"] = max(0.0, round(1.0 - sum(share for name, share in shares.items() if name != "neutral"), 4))
    return shares


def tokens_of(part: str) -> int:
    """Roughly: a word of up to five letters is a token, a longer one more of them, and so is each mark."""
    return sum(1 + (len(token) - 1) // 5 for _, token in text.tokens(part))


def split(whole: str) -> list[str]:
    """Sentences of a text together in parts of no more than MOST_TOKENS, MOST_PARTS of them; an empty text has none."""
    parts: list[str] = []
    held = 0
    for sentence in text.sentences(text.clean(whole)):
        length = tokens_of(sentence)
        if parts and held + length <= MOST_TOKENS:
            parts[-1] += f" {sentence}"
            held += length
        elif len(parts) == MOST_PARTS:
            break
        else:
            parts.append(sentence)
            held = length
    return parts
