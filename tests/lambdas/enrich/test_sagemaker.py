"""Endpoints are asked in batches, their labels read by name, and an answer of another model is refused."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.enrich import sagemaker
from lambdas.enrich.backend import WordListBackend
from lambdas.enrich.sagemaker import SageMakerBackend, split
from tapehouse.errors import TerminalError, TransientError
from tapehouse.score import EMOTIONS

WORDS = WordListBackend()
MOOD = [{"label": "positive", "score": 0.7}, {"label": "Negative", "score": 0.1}, {"label": "neutral", "score": 0.2}]
JOY = [{"label": name, "score": 0.94 if name == "joy" else 0.01} for name in EMOTIONS]


class Exceptions:
    ClientError = ClientError


class Runtime:
    """Answers as a container does: for each text what ``answer`` says of it."""

    exceptions = Exceptions

    def __init__(self, answer: Callable[[str, Sequence[str]], Any]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, list[str]]] = []

    def invoke_endpoint(self, **words: Any) -> Mapping[str, Any]:
        said = json.loads(words["Body"])
        assert said["parameters"] == {"top_k": None, "truncation": True}
        self.asked.append((words["EndpointName"], said["inputs"]))
        answer = self.answer(words["EndpointName"], said["inputs"])
        return {"Body": io.BytesIO(answer if isinstance(answer, bytes) else json.dumps(answer).encode())}


def backend(answer: Any, *, sentiment: str | None = "finbert", emotion: str | None = None) -> tuple[Any, Runtime]:
    runtime = Runtime(answer if callable(answer) else lambda name, texts: answer)
    return SageMakerBackend(sentiment=sentiment, emotion=emotion, beside=WORDS, runtime=lambda: runtime), runtime


def test_mood_is_positive_less_negative_whatever_the_order() -> None:
    made, _ = backend([MOOD, MOOD[::-1]])
    assert [each.sentiment for each in made.scores(["a b", "c d"])] == [0.6, 0.6]
    assert made.scores(["a", "b"])[0].label == "positive"


@pytest.mark.parametrize("answer", [[MOOD], MOOD], ids=["nested", "unnested"])
def test_one_text_may_come_back_without_its_list(answer: Any) -> None:
    made, _ = backend(answer)
    assert made.scores(["Bitcoin"])[0].sentiment == 0.6


def test_the_word_lists_tell_what_no_endpoint_is_named_for() -> None:
    text = "Traders panic"
    mood, _ = backend([MOOD])
    feelings, _ = backend([JOY], sentiment=None, emotion="emotions")
    plain = WORDS.scores([text])[0]
    assert mood.scores([text])[0].emotions == plain.emotions
    assert feelings.scores([text])[0].sentiment == plain.sentiment
    assert feelings.scores([text])[0].emotions["joy"] == 0.94
    assert sum(feelings.scores([text])[0].emotions.values()) == pytest.approx(1)


def test_the_name_tells_endpoints_and_labels() -> None:
    both, _ = backend([MOOD], emotion="emotions")
    mood, _ = backend([MOOD])
    assert both.name.startswith("sagemaker:finbert-")
    assert "+sagemaker:emotions-" in both.name
    assert mood.name.endswith(f"+{WORDS.name}")
    assert both.name != backend([MOOD], sentiment="finbert-2", emotion="emotions")[0].name


def test_texts_are_asked_in_batches() -> None:
    made, runtime = backend(lambda name, texts: [MOOD] * len(texts))
    assert len(made.scores([f"text {number}" for number in range(70)])) == 70
    assert [len(texts) for _, texts in runtime.asked] == [32, 32, 6]


def test_a_long_text_is_split_by_sentences_and_averaged() -> None:
    long = " ".join(["Bitcoin is up today again."] * 60 + ["Ether is down today again."] * 60)
    bad = [{"label": "positive", "score": 0.0}, {"label": "negative", "score": 1.0}, {"label": "neutral", "score": 0.0}]
    made, runtime = backend(lambda name, texts: [MOOD if "Bitcoin" in text else bad for text in texts])
    (found,) = made.scores([long])
    parts = runtime.asked[0][1]
    assert len(parts) == 2
    assert " ".join(parts) == long
    assert -1 < found.sentiment < 0.6


def test_a_megabyte_has_few_parts() -> None:
    assert len(split("A word and another one. " * 50_000)) == sagemaker.MOST_PARTS
    assert split("") == []


def test_a_text_without_anything_to_read_is_neutral() -> None:
    made, runtime = backend([], emotion="emotions")
    (found,) = made.scores([" "])
    assert (found.sentiment, found.emotions["neutral"], runtime.asked) == (0.0, 1.0, [])


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        {"error": "x"},
        [],
        [MOOD, MOOD],
        [[{"label": "LABEL_0", "score": 1.0}]],
        [MOOD[:2]],
        [[{"label": "positive"}]],
        [[1]],
        [[{**MOOD[0], "score": 1.5}, *MOOD[1:]]],
        b'[[{"label":"positive","score":NaN},{"label":"negative","score":0},{"label":"neutral","score":0}]]',
    ],
    ids=["html", "object", "none", "two", "unnamed", "top one", "no score", "number", "no probability", "nan"],
)
def test_an_answer_of_another_model_is_refused(answer: Any) -> None:
    made, _ = backend(answer)
    with pytest.raises(TerminalError, match="finbert"):
        made.scores(["Bitcoin"])


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", None, TransientError),
        ("ModelNotReadyException", None, TransientError),
        ("ModelError", 503, TransientError),
        ("ModelError", 400, TerminalError),
        ("ValidationError", None, TerminalError),
        ("AccessDeniedException", None, TerminalError),
    ],
)
def test_errors_are_told_apart(code: str, status: int | None, kind: type[Exception]) -> None:
    def fail(name: str, texts: Sequence[str]) -> Any:
        response: Any = {"Error": {"Code": code, "Message": "x"}, "OriginalStatusCode": status}
        raise ClientError(response, "InvokeEndpoint")

    made, _ = backend(fail)
    with pytest.raises(kind, match=code):
        made.scores(["Bitcoin"])
