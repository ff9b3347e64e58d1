"""A unit of a sentence: what the rules weigh."""

from dataclasses import dataclass, field

from lambdas.enrich.lexicon import Entry


@dataclass(slots=True)
class Unit:
    """A word, expression, number or mark of a sentence, and what the rules make of it."""

    word: str
    kind: str
    entry: Entry | None
    shout: bool = False
    valence: float = 0.0
    weight: float = 1.0
    emotions: list[tuple[int, float]] = field(default_factory=list)
    hidden: list[tuple[int, float]] = field(default_factory=list)
    """Emotions that a negation took away."""
    used: bool = False

    @property
    def role(self) -> str:
        """Of its entry; empty where it is not known."""
        return self.entry.role if self.entry is not None else ""
