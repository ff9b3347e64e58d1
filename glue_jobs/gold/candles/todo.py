"""What of gold.candles is known to be out of date: kept in the table's own commits, and done piece by piece."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from glue_jobs.gold.candles.spans import Span, Spans
from tapehouse.intervals import ORIGIN_US, SECOND_US, WEEK_US

MOST_SPANS: Final = 150
"""Of each kind: each commit repeats them. Past that, those close to each other are joined, and more is done."""
MOST_OF_ALL: Final = 1_500
"""The same where more symbols than that leave no room: 60 KB of a commit, and what is left of one is not another's."""
_LEAST_S: Final = 60
_FOREVER_S: Final = 1 << 35
_WEEK_S: Final = WEEK_US // SECOND_US
_ORIGIN_S: Final = ORIGIN_US // SECOND_US


@dataclass(frozen=True, slots=True)
class Work:
    """What to compute anew."""

    traded: Spans = field(default_factory=Spans)
    """Seconds that may have more trades than gold knows."""
    judged: Spans = field(default_factory=Spans)
    """Time in which what is known of gaps and coverage changed, or which markets ALL asks for."""
    anew: Spans = field(default_factory=Spans)
    """Whole weeks that are added up from silver alone: another source counts."""

    def __or__(self, other: "Work") -> "Work":
        return Work(self.traded | other.traded, self.judged | other.judged, self.anew | other.anew)

    def __bool__(self) -> bool:
        return bool(self.traded or self.judged or self.anew)

    @property
    def all(self) -> Spans:
        return self.traded | self.judged | self.anew

    @property
    def unsummed(self) -> Spans:
        """Time of which gold's sums are not silver's."""
        return self.traded | self.anew

    def since(self, instant_us: int | None) -> "Work":
        """Without what lies before; None: all of it."""
        if instant_us is None:
            return self
        from_s = -(-instant_us // SECOND_US)
        return Work(*(each.between(from_s, _FOREVER_S) for each in (self.traded, self.judged, self.anew)))

    def bounded(self) -> "Work":
        """The same or more, in few spans."""
        return Work(*(each.bounded(MOST_SPANS, MOST_OF_ALL) for each in (self.traded, self.judged, self.anew)))

    def newest(self, cost: Callable[[Spans], int], most: int) -> tuple["Work", "Work"]:
        """The newest part that costs at most ``most``, but for a least piece, and the rest.

        ``cost``: of spans, in rows. A source that changed is done by weeks, of as many symbols as there is room for.
        """
        ends = self.all.ends()
        if ends is None or (not self.anew and cost(self.all) <= most):
            return self, Work()
        if self.anew and (self.anew.ends() or ends)[1] >= ends[1] - _WEEK_S:
            return self._newest_week(cost, most)
        first, last = ends
        length_s = _LEAST_S
        while last - 2 * length_s > first and cost(self.all.between(last - 2 * length_s, last)) <= most:
            length_s *= 2
        cut = max(last - length_s, first)
        return (
            Work(self.traded.between(cut, last), self.judged.between(cut, last)),
            Work(self.traded.between(first, cut), self.judged.between(first, cut), self.anew),
        )

    def _newest_week(self, cost: Callable[[Spans], int], most: int) -> tuple["Work", "Work"]:
        last = (self.anew.ends() or (0, 0))[1]
        week = self.anew.between(last - _WEEK_S, last)
        taken: list[Span] = []
        for span in sorted(week):
            if taken and cost(Spans.of([*taken, span])) > most:
                break
            taken.append(span)
        return Work(anew=Spans.of(taken)), Work(self.traded, self.judged, self.anew - Spans.of(taken))

    def to_json(self) -> dict[str, list[list[Any]]]:
        """Seconds since the epoch."""
        kinds = {"traded": self.traded, "judged": self.judged, "anew": self.anew}
        return {name: [list(span) for span in sorted(spans)] for name, spans in kinds.items() if spans}

    @classmethod
    def of_json(cls, told: Mapping[str, Iterable[Iterable[Any]]] | None) -> "Work":
        """Raises TypeError, ValueError: it is none of ours."""
        kinds = {name: Spans.of(Span(*span) for span in spans) for name, spans in (told or {}).items()}
        return cls(**kinds)


def weeks(spans: Spans) -> Spans:
    """In whole weeks."""
    return spans.widened(_WEEK_S, _ORIGIN_S)
