"""What comes of parsing a response, and the bounds that hold for every source."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tapehouse.document import Document, Value

MOST_BYTES: Final = 16 * 1024 * 1024
"""A response larger than this is not read at all: none of the sources sends a tenth of it."""
MOST_DOCUMENTS: Final = 5_000
"""Of one response. It bounds what one line of the landing can become in memory."""
MOST_VALUES: Final = 20_000
"""Of one response: the whole history of a daily index for fifty years."""
MOST_TITLE: Final = 1_000
MOST_BODY: Final = 200_000
MOST_NAME: Final = 200
"""Characters of an author, a label."""
MOST_URL: Final = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a response says. The same story may be in it twice: whoever stores documents asks for their ids."""

    documents: tuple[Document, ...] = ()
    """In the response's order."""
    values: tuple[Value, ...] = ()
    faults: tuple[str, ...] = ()
    """What was left out and why, an item or a field of it each: ``feed[3].url: no http or https address``.

    They name places and never repeat what stood there.
    """

    @classmethod
    def fault(cls, *faults: str) -> "Parsed":
        """Nothing was read."""
        return cls(faults=faults)

    @classmethod
    def all_of(cls, parts: Iterable["Parsed"]) -> "Parsed":
        each = list(parts)
        return cls(
            documents=tuple(document for part in each for document in part.documents),
            values=tuple(value for part in each for value in part.values),
            faults=tuple(fault for part in each for fault in part.faults),
        )
