"""What a fake Metabase keeps, and how it is to misbehave."""

import copy
import random
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]
EMAIL: Final = "admin@example.com"
PASSWORD: Final = "correct-horse-1"
KEY: Final = "mb_0123456789abcdef"
EVERYBODY, ADMINISTRATORS = 1, 2


@dataclass
class State:
    """What a Metabase keeps, and how it is to misbehave."""

    version: str = "v0.64.6"
    starting: int = 0
    """Requests that are turned away before it has started."""
    token: str | None = field(default_factory=lambda: str(uuid.uuid4()))
    users: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, bool] = field(default_factory=dict)
    """Session → whether it is an administrator's."""
    databases: dict[int, Json] = field(default_factory=dict)
    collections: dict[int, Json] = field(default_factory=dict)
    cards: dict[int, Json] = field(default_factory=dict)
    dashboards: dict[int, Json] = field(default_factory=dict)
    others: dict[int, Json] = field(default_factory=dict)
    """What else lies in collections: documents, timelines and the like, each with its model."""
    groups: dict[int, Json] = field(
        default_factory=lambda: {
            EVERYBODY: {"id": EVERYBODY, "name": "All Users", "magic_group_type": "all-internal-users"},
            ADMINISTRATORS: {"id": ADMINISTRATORS, "name": "Administrators", "magic_group_type": "admin"},
        }
    )
    members: dict[int, list[Json]] = field(default_factory=dict)
    """Group → who is in it."""
    data_graph: dict[str, dict[str, Json]] = field(default_factory=dict)
    collection_graph: dict[str, dict[str, str]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=lambda: {"data": 0, "collection": 0})
    last_id: int = 10
    knows_legacy: bool = True
    drops: frozenset[str] = frozenset()
    """Keys of filters that its schema does not know: it takes them out and says nothing."""
    counts_pages: bool = True
    """Whether a page says how many there are in all."""
    counts_trash: bool = True
    """Whether what asks a database from the trash is counted."""
    wants_second: bool = False
    """A second factor behind the password: there is no session without it."""
    wrong: int = 0
    """Wrong passwords so far: behind ten of them it lets nobody try."""
    forgets_at: int = -1
    """The number of the request, from 0, before which all sessions end."""
    unreachable: bool = False
    """Athena refuses the connection."""
    aborts_sync: bool = False
    lost_at: int = -1
    """The number of the request, from 0, whose answer is lost: what it asked is done."""
    answers: dict[int, tuple[int, str, str]] = field(default_factory=dict)
    """Request → status, content type and text that a proxy in between answers."""
    requests: list[str] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    """The headers of each request."""
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    @property
    def writes(self) -> list[str]:
        """What was asked and is no question."""
        harmless = re.compile(r"GET |POST /api/session$|POST /api/card/\d+/query$|POST .*sync_schema$")
        return [each for each in self.requests if not harmless.match(each)]

    def things(self) -> Json:
        """All that it keeps, for comparing."""
        kept = ("databases", "collections", "cards", "dashboards", "groups", "data_graph", "collection_graph")
        return copy.deepcopy({name: getattr(self, name) for name in kept})
