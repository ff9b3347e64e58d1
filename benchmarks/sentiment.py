"""Moods read from text: ours beside plain VADER and beside always saying neutral, in accuracy, macro-F1 and texts/s.

``python benchmarks/sentiment.py [--half tuning] [--tries 5] [--cases] [--wrong]``: over one half of the labelled corpus
in ``tests/lambdas/enrich/corpus``. Tune to *tuning*, as often as you like. *held_out* is for the final figure alone:
run it once when the scorer is done, and change nothing for what it says. ``--wrong`` therefore never shows its texts.

Not comparable: one hand wrote and labelled both halves, so a scorer tuned to one is helped on the other in a way that
VADER is not; moods are balanced there, which in a day of real news they are not; and VADER was made for social media
at large, not for markets. Its cuts are the ones its authors give: a compound of ±0.05 or beyond is a mood. It knows no
emotions.

*macro-F1* is the mean of the classes' F1, so that a class counts as much as any other however rare. *±* is the half
width of the 95% interval of the accuracy of so many texts (Wilson). Texts/s are of the process' own time on one core,
the best of the tries, and do not hold what building the scorer takes, which is the last column: a cold start pays it.
"""

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final, TypeAlias

CORPUS: Final = Path(__file__).resolve().parents[1] / "tests/lambdas/enrich/corpus"
HALVES: Final = ("tuning", "held_out")
SENTIMENTS: Final = ("negative", "neutral", "positive")
EMOTIONS: Final = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
VADER_CUT: Final = 0.05
"""https://github.com/cjhutto/vaderSentiment#about-the-scoring: positive from 0.05, negative to -0.05."""
Z: Final = 1.96
"""Standard deviations within which 95% lie."""

Read: TypeAlias = Callable[[str], Mapping[str, str]]
"""Text → a label for each of what it can tell: "sentiment", "emotion"."""


@dataclass(frozen=True)
class Labelled:
    """One line of the corpus."""

    id: str
    text: str
    kind: str
    sentiment: str
    emotion: str
    case: str


@dataclass(frozen=True)
class Outcome:
    """What one way said of every text, in the corpus' order, and what it took."""

    said: Sequence[Mapping[str, str]]
    texts_per_s: float
    built_s: float

    def tells(self, what: str) -> bool:
        return what in self.said[0]


def rows(half: str) -> list[Labelled]:
    lines = (CORPUS / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Labelled(**json.loads(line)) for line in lines]


def accuracy(right: Sequence[str], said: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(right, said, strict=True)) / len(right)


def f1(right: Sequence[str], said: Sequence[str], label: str) -> float:
    """2tp / (2tp + fp + fn); 0 of a label that is neither there nor said."""
    hits = sum(a == b == label for a, b in zip(right, said, strict=True))
    named = sum(each == label for each in (*right, *said))
    return 2 * hits / named if named else 0.0


def macro_f1(right: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> float:
    return sum(f1(right, said, label) for label in labels) / len(labels)


def half_width(share: float, count: int) -> float:
    """Of the Wilson interval."""
    return Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2)) / (1 + Z**2 / count)


def always_neutral() -> Read:
    return lambda _: {"sentiment": "neutral", "emotion": "neutral"}


def vader() -> Read:
    analyzer = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()

    def read(text: str) -> Mapping[str, str]:
        compound = analyzer.polarity_scores(text)["compound"]
        mood = "positive" if compound >= VADER_CUT else "negative" if compound <= -VADER_CUT else "neutral"
        return {"sentiment": mood}

    return read


def ours() -> Read:
    scorer = import_module("lambdas.enrich").Scorer()

    def read(text: str) -> Mapping[str, str]:
        feeling = scorer.score_text(text)
        emotions: Mapping[str, float] = feeling.emotions
        return {"sentiment": feeling.label, "emotion": max(emotions, key=lambda name: emotions[name])}

    return read


WAYS: Final[Mapping[str, Callable[[], Read]]] = {"always neutral": always_neutral, "VADER": vader, "ours": ours}


def outcome_of(build: Callable[[], Read], texts: Sequence[str], tries: int) -> Outcome:
    began = time.process_time()
    read = build()
    built_s = time.process_time() - began
    said: Sequence[Mapping[str, str]] = ()
    taken: list[float] = []
    for _ in range(tries):
        began = time.process_time()
        said = [read(text) for text in texts]
        taken.append(time.process_time() - began)
    return Outcome(said, len(texts) / max(min(taken), 1e-9), built_s)


def table(what: str, labels: Sequence[str], corpus: Sequence[Labelled], outcomes: Mapping[str, Outcome]) -> None:
    """A line a way that tells it: both figures, then the F1 of each label, then speed."""
    right = [getattr(each, what) for each in corpus]
    heads = "".join(f"{label:>10}" for label in labels)
    print(f"\n{what:<16}{'accuracy':>10}{'±':>7}{'macro-F1':>10} |{heads} |{'texts/s':>10}{'built, s':>10}")
    for name, outcome in outcomes.items():
        if not outcome.tells(what):
            continue
        said = [each[what] for each in outcome.said]
        share = accuracy(right, said)
        figures = f"{share:>10.3f}{half_width(share, len(right)):>7.3f}{macro_f1(right, said, labels):>10.3f}"
        each_f1 = "".join(f"{f1(right, said, label):>10.2f}" for label in labels)
        speed = "" if name == "always neutral" else f"{outcome.texts_per_s:>10,.0f}{outcome.built_s:>10.2f}"
        print(f"{name:<16}{figures} |{each_f1} |{speed}")


def cases(corpus: Sequence[Labelled], outcomes: Mapping[str, Outcome]) -> None:
    """Accuracy of the sentiment, case by case: where it fails."""
    of_case: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(corpus):
        of_case[each.case].append(number)
    print(f"\n{'case':<16}{'texts':>10}" + "".join(f"{name:>16}" for name in outcomes))
    for case, numbers in sorted(of_case.items(), key=lambda item: (-len(item[1]), item[0])):
        right = [corpus[number].sentiment for number in numbers]
        shares = [accuracy(right, [each.said[at]["sentiment"] for at in numbers]) for each in outcomes.values()]
        print(f"{case:<16}{len(numbers):>10}" + "".join(f"{share:>16.2f}" for share in shares))


def wrong(corpus: Sequence[Labelled], outcome: Outcome) -> None:
    """Each text of which ours says another sentiment or emotion: label, what was said, text."""
    for what in ("sentiment", "emotion"):
        print(f"\n{what}: label, said, text")
        for each, said in zip(corpus, outcome.said, strict=True):
            if getattr(each, what) != said[what]:
                print(f"{each.id}  {getattr(each, what):<9}{said[what]:<9}{each.text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES, default="tuning", help="held_out: the final figure alone")
    parser.add_argument("--tries", type=int, default=5, help="(default 5)")
    parser.add_argument("--cases", action="store_true", help="also the sentiment's accuracy, case by case")
    parser.add_argument("--wrong", action="store_true", help="also the texts that ours misreads; of tuning alone")
    options = parser.parse_args()
    if options.wrong and options.half == "held_out":
        parser.error("--wrong would show the held-out texts to whoever tunes: use --half tuning")
    corpus = rows(options.half)
    outcomes: dict[str, Outcome] = {}
    for name, build in WAYS.items():
        try:
            outcomes[name] = outcome_of(build, [each.text for each in corpus], options.tries)
        except ImportError as error:  # a way that is not installed is left out, and said so
            print(f"{name} is left out: {error}")
    print(f"{options.half}: {len(corpus)} texts, {datetime.now(UTC):%Y-%m-%d}")
    table("sentiment", SENTIMENTS, corpus, outcomes)
    table("emotion", EMOTIONS, corpus, outcomes)
    if options.cases:
        cases(corpus, outcomes)
    if options.wrong and "ours" in outcomes:
        wrong(corpus, outcomes["ours"])


if __name__ == "__main__":
    main()
