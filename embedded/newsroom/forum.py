"""The posts and comments: thirty each a UTC day and subreddit, the same for the same seed, day and subreddit.

Points and comments grow with the hours. A few posts are taken away again after some hours: their text is ``[removed]``
from then on.
"""

import functools
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from embedded.newsroom.calendar import day_of, dice, moods
from embedded.newsroom.filling import filled
from embedded.newsroom.words import COMMENTS, POSTS, Template, templates
from tapehouse.intervals import DAY_US

Listing: TypeAlias = Literal["new", "comments"]
A_DAY: Final = 30
DAYS: Final = 40
"""How many days back a listing goes: more than its thousand entries."""
_BLOCKS: Final = {"new": POSTS, "comments": COMMENTS}
_GONE: Final = 0.05
_WRITERS: Final = ("hodl_heron", "mossy_ledger", "quietwhale", "node_runner_7", "teacup_trader", "saltmarsh", "ion_ada")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class Post:
    """A post, or a comment; which it is its listing says."""

    name: str
    """Without its kind (``t3_``): base 36."""
    at_us: int
    title: str
    text: str
    author: str
    topic: str
    points: int
    """At the end of its days."""
    replies: int
    gone_at_us: int | None
    """When a moderator takes it away."""
    under: str
    """Of a comment: the name of its post."""

    def share(self, now_us: int) -> float:
        """How much of its points it has by now: half after six hours."""
        hours = (now_us - self.at_us) / 3_600_000_000
        return hours / (hours + 6)


class Forum:
    """The subreddits of one seed. Every name is one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._of_day = functools.lru_cache(maxsize=_REMEMBERED)(self._written)

    def of_day(self, subreddit: str, listing: Listing, day: int) -> tuple[Post, ...]:
        """All of a day (days since 1970), oldest first: also those that at this hour are not written yet."""
        return self._of_day(subreddit.lower(), listing, day)

    def newest_first(self, subreddit: str, listing: Listing, now_us: int) -> Iterator[Post]:
        """What has been written by now."""
        today = day_of(now_us)
        for day in range(today, today - DAYS, -1):
            yield from (post for post in reversed(self.of_day(subreddit, listing, day)) if post.at_us <= now_us)

    def _written(self, subreddit: str, listing: Listing, day: int) -> tuple[Post, ...]:
        rolls = dice(self._seed, day, f"{listing} of {subreddit}")
        blocks = {mood: list(enumerate(templates(block))) for mood, block in _BLOCKS[listing].items()}
        wanted = moods(self._seed, day, A_DAY, dict.fromkeys(blocks, A_DAY))
        posts = self.of_day(subreddit, "new", day) if listing == "comments" else ()
        found = [self._post(blocks[mood], day, rolls, posts) for mood in wanted]
        return tuple(sorted(found, key=lambda post: (post.at_us, post.name)))

    @staticmethod
    def _post(block: list[tuple[int, Template]], day: int, rolls: random.Random, posts: tuple[Post, ...]) -> Post:
        number, template = rolls.choice(block)
        told = filled(template, number + rolls.randrange(5), day, rolls)
        under = rolls.choice(posts) if posts else None
        begins_us = under.at_us if under else day * DAY_US
        at_us = begins_us + rolls.randrange(max(1, ((day + 1) * DAY_US - begins_us) // 1_000_000)) * 1_000_000
        is_gone = rolls.random() < _GONE
        return Post(
            name=_base36(rolls.getrandbits(40)),
            at_us=at_us,
            title=told.title,
            text=told.text,
            author=rolls.choice(_WRITERS),
            topic=template.topic,
            points=int(rolls.paretovariate(0.9)),
            replies=rolls.randrange(120),
            gone_at_us=at_us + rolls.randrange(3_600, 21_600) * 1_000_000 if is_gone else None,
            under=under.name if under else "",
        )


def fullname(author: str) -> str:
    """An account's id."""
    return f"t2_{hashlib.sha256(author.encode()).hexdigest()[:8]}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
