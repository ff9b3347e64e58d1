"""What is ours in a Metabase, and how it is known again.

A question or dashboard of ours says in its description which file it is kept in. That is how it is found, whatever it
is called by now; where somebody took the words away, its title is. What else lies in the collection is somebody's own.
"""

import re
import uuid
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["question", "dashboard"]
_SPACE: Final = uuid.UUID("5f8c9c36-3c0a-5d0e-9b52-7a6d2b1f4e11")
_MARK: Final = re.compile(
    r"\s*Kept as code: metabase/(?:questions/(?P<q>[\w-]+)\.sql|dashboards/(?P<d>[\w-]+)\.yaml)\s*\Z"
)


@dataclass(frozen=True, slots=True)
class Names:
    """How our things are called. Two deployments in one Metabase have different names."""

    collection: str = "Tapehouse"

    @property
    def database(self) -> str:
        return self.collection

    @property
    def viewers(self) -> str:
        """The group of those who may look."""
        return f"{self.collection} viewers"


def described(kind: Kind, name: str, words: str) -> str:
    """A description that says where it is kept."""
    path = f"questions/{name}.sql" if kind == "question" else f"dashboards/{name}.yaml"
    return f"{words}\n\nKept as code: metabase/{path}"


def marked(kind: Kind, description: str | None) -> str | None:
    """The name of the file that a description says, if it says one."""
    match = _MARK.search(description or "")
    return match["q" if kind == "question" else "d"] if match else None


def unmarked(description: str | None) -> str:
    """The description without these words."""
    return _MARK.sub("", description or "").strip()


def stable_id(*parts: str) -> str:
    """The same for the same names, in every Metabase and at every time."""
    return str(uuid.uuid5(_SPACE, "/".join(parts)))
