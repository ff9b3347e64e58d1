"""Whether a market is seen now, and whether it is known what was missed before: the states of a continuity. Pure.

===============  =============  ==================================================
state            is seen        what was missed before
===============  =============  ==================================================
``Unseen``       no             nothing that it could be told by
``Covering``     yes            is known
``Interrupted``  no             not known yet
``Resumed``      yes            not known yet: coverage waits for the trade that tells
===============  =============  ==================================================
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """The time in which a market is wholly seen, up to now."""

    began_us: int
    from_us: int
    """Through here its coverage has been reported."""
    maybe_us: int
    """Trades from here on may have been seen, before those that surely were."""

    @classmethod
    def at(cls, from_us: int, maybe_us: int | None = None) -> "Span":
        """One of which nothing has been reported."""
        return cls(from_us, from_us, from_us if maybe_us is None else min(from_us, maybe_us))

    def reported(self, through_us: int) -> "Span":
        """The same, with its coverage reported through there."""
        return Span(self.began_us, through_us, through_us)

    @property
    def is_unreported(self) -> bool:
        """None of it has been reported."""
        return self.from_us == self.began_us


@dataclass(frozen=True, slots=True)
class Outage:
    """The time before a trade, of which it is not known yet whether others were missed in it."""

    reason: str
    """Why: as a gap would say it."""
    before: Span | None
    """What was seen before it, and reported as such; None where nothing was."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """No connection brings it, and none has."""


@dataclass(frozen=True, slots=True)
class Covering:
    """A connection brings it, and it is known what was missed before."""

    span: Span


@dataclass(frozen=True, slots=True)
class Interrupted:
    """No connection brings it any more."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class Resumed:
    """A connection brings it again, and no trade has told yet what the outage hid."""

    outage: Outage
    span: Span


State: TypeAlias = Unseen | Covering | Interrupted | Resumed


def outage_of(state: State) -> Outage | None:
    """What is not known yet, or None."""
    match state:
        case Interrupted(outage=outage) | Resumed(outage=outage):
            return outage
        case Unseen() | Covering():
            return None


def span_of(state: State) -> Span | None:
    """Since when it is seen; None where it is not."""
    match state:
        case Covering(span=span) | Resumed(span=span):
            return span
        case Unseen() | Interrupted():
            return None


def seen(state: State, span: Span) -> State:
    """It is seen in this span."""
    outage = outage_of(state)
    return Covering(span) if outage is None else Resumed(outage, span)


def lost(state: State, outage: Outage) -> State:
    """It is not seen any more; an outage that is not settled goes on."""
    return Interrupted(outage_of(state) or outage)


def doubted(state: State, outage: Outage) -> State:
    """Trades may have been missed, though it is seen as before."""
    span = span_of(state)
    outage = outage_of(state) or outage
    return Interrupted(outage) if span is None else Resumed(outage, span)


def settled(state: State) -> State:
    """Nothing was missed: the outage is covered too, where coverage before it is known to go on from."""
    match state:
        case Interrupted(outage=Outage(before=Span(from_us=from_us))):
            return Covering(Span.at(from_us))
        case Interrupted():
            return Unseen()
        case Resumed(span=span):
            return Covering(span)
        case Unseen() | Covering():
            return state
