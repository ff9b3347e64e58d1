"""The constants of the rules (``neighbours.py``): weights, reaches, and the small words that they go by.

A scorer's version is made of all of them, and of the word lists.
"""

from typing import Final

REVISION: Final = 1
"""Goes up by one with whatever changes a score: words, weights, constants, code. Of two scores of one text that of the
greater revision counts."""
CUT: Final = 0.1
"""A sentiment of this much or more is a label."""
SQUEEZE: Final = 15.0
"""VADER's alpha."""
OFF_MARKET: Final = 0.1
"""What mood at large counts in a text that names nothing of markets or money."""
HOT: Final = 0.3
"""What anger and disgust count there at least: who voices them on these pages mostly means what is traded."""
EXCLAIMED: Final = 0.1
MOST_MARKS: Final = 3
ASKED: Final = 0.6
"""A question says less than it asks."""
EXPLAINED: Final = 0.15
"""What explains, defines or asks for a fact holds neither mood nor emotion, whatever it names."""
ASKED_LOUDLY: Final = 1.1
"""Surprise in ``?!`` and ``???``."""
SHOUTED: Final = 1.25
EMPTY_WEIGHT: Final = 0.3
NEUTRAL_EVIDENCE: Final = 0.9
NEUTRAL_GROWTH: Final = 0.75
NEGATED_GOOD: Final = -0.74
"""VADER's: "not good" is bad, though less than "good" is good."""
NEGATED_BAD: Final = -0.6
REACH: Final = 5
"""Units that a negation reaches."""
DEGREE: Final = 0.25
"""Of a degree word right before."""
AFTER_BUT: Final = 1.4
BEFORE_BUT: Final = 0.6
DESPITE: Final = 0.25
NUMBER_MOVE: Final = 1.5
"""Of "up 5%", "+5%"."""
ALONE: Final = 1.0
"""Of a thing that is good or bad to have, when a stop ends it."""
ENDED: Final = 1.6
SUBJECT_REACH: Final = 6
OBJECT_REACH: Final = 4
NOT_WORDS: Final = frozenset((
    "not", "no", "never", "neither", "nor", "without", "cannot", "nobody", "none", "nothing", "hardly",
    "barely", "ain't", "aren't", "can't", "couldn't", "didn't", "doesn't", "don't", "hadn't", "hasn't",
    "haven't", "isn't", "mustn't", "needn't", "shouldn't", "wasn't", "weren't", "won't", "wouldn't", "aint",
    "arent", "cant", "couldnt", "didnt", "doesnt", "dont", "hasnt", "havent", "isnt", "shouldnt", "wasnt",
    "werent", "wont", "wouldnt", "unlikely",
))  # fmt: skip
NO_NEGATION: Final = frozenset(
    ("only", "just", "stop", "help", "wait", "imagine", "sure", "matter", "wonder", "doubt", "yet", "least")
)
"""After a negation these take it back: "not only", "no matter", "no doubt"."""
MORE_WORDS: Final = frozenset((
    "very", "extremely", "highly", "hugely", "massive", "massively", "sharply", "steeply", "deeply", "strongly",
    "heavily", "absolutely", "completely", "totally", "utterly", "incredibly", "insanely", "really", "so",
    "super", "severely", "big", "huge", "major", "significantly", "substantially", "dramatically", "rapidly",
    "record", "fucking", "freaking", "badly", "truly", "seriously", "enormous", "biggest", "largest", "worst",
    "wildly", "too",
))  # fmt: skip
LESS_WORDS: Final = frozenset((
    "slightly", "somewhat", "marginally", "modestly", "kinda", "little", "minor", "partly", "mildly", "briefly",
    "barely", "small", "slight", "modest", "mostly", "relatively",
))  # fmt: skip
BUT_WORDS: Final = frozenset(("but", "however", "yet", "though"))
DESPITE_WORDS: Final = frozenset(("despite", "although", "notwithstanding", "defying", "defies", "defy"))
BARRIERS: Final = frozenset((
    "after", "amid", "as", "on", "following", "because", "since", "while", "when", "before", "over", "but",
    "and", "with", "despite", "although", "though", "or", "that", "which", "who", "until", "if", "for", "ahead",
    "against", "sends", "sent",
))  # fmt: skip
MARKS: Final = frozenset((".", ",", ";", ":", "!", "?", "(", ")", "—", "–", "…", "|", '"', "/"))
PASSING: Final = frozenset((
    "in", "of", "at", "to", "is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "will",
    "would", "may", "could", "might", "can", "further", "again", "now", "still", "also", "more", "even", "by",
    "finally", "officially", "it", "continue", "continues", "continued", "start", "starts", "begin", "begins",
    "began", "keep", "keeps", "kept", "get", "got", "from", "market", "markets", "crypto", "bitcoin", "us",
    "u.s", "price", "prices", "gets", "getting", "all", "-", "'",
))  # fmt: skip
"""Between a thing and what moves it: "fears of recession in the US are finally easing"."""
MOVERS: Final = frozenset(("up", "down", "stop"))
BEFORE_ALONE: Final = frozenset(
    ("more", "most", "less", "fewer", "greater", "heavy", "close", "closes", "closed", "closing")
)
"""These stand before what they move: "falls more than expected" raises nothing."""
THINGS: Final = frozenset(("good", "bad"))
CLAUSES: Final = frozenset(
    ("after", "amid", "as", "because", "since", "while", "when", "but", "despite", "although", "that", "which")
)
PREPOSITIONS: Final = frozenset(
    (
        "found",
        "discovered",
        "reported",
        "on",
        "of",
        "against",
        "in",
        "from",
        "over",
        "by",
        "for",
        "at",
        "to",
        "into",
        "between",
    )
)
"""What hangs on a thing: "sanctions on the mixing service are lifted"."""
UP_DOWN: Final = frozenset(("up", "down", "higher", "lower"))
AMOUNTS: Final = frozenset(("percent", "half", "third", "threefold", "tenfold", "double", "digits"))
MOVED: Final = frozenset((
    "is", "are", "was", "were", "price", "prices", "volume", "volumes", "shares", "stock", "market", "markets",
    "bitcoin", "btc", "ether", "eth", "it", "everything", "coins", "token", "tokens", "going", "goes", "go",
    "went", "trending", "way", "trading", "trades", "inu", "dogecoin", "solana", "sol", "xrp", "cardano",
    "revenue", "ends", "closes", "opens", "edges", "edge", "still",
))  # fmt: skip
"""Before "up" or "down" it says where these went."""
EXPLAINERS: Final = frozenset((
    "explained", "explainer", "glossary", "definition", "guide", "tutorial", "faq", "poll", "history", "how",
    "comparing", "how_to", "primer", "basics", "meaning", "eli5", "beginner's", "roundup", "reminder", "psa",
))  # fmt: skip
PROCEDURE: Final = frozenset(("hearing", "hearings", "scheduled", "schedules", "timetable", "agenda", "deadline"))
"""A date in a case says nothing of its end."""
PLAIN_ASKERS: Final = frozenset(("what", "where", "which", "who", "when", "how"))
