"""Whom the lake has forgotten: a small file for each document, which no rebuild and no refetch takes back."""

import json
from collections.abc import Callable
from typing import Final

from glue_jobs.engine.places import place
from tapehouse.document import is_document_id

FOLDER: Final = "_forgotten"


class Forgotten:
    """The list, in the folder ``_forgotten/`` of a lake. It is asked anew each time: another process may add to it."""

    def __init__(self, lake_uri: str) -> None:
        self._place = place(lake_uri)

    def ids(self) -> frozenset[str]:
        names = (name.removesuffix(".json") for name in self._place.names(FOLDER))
        return frozenset(filter(is_document_id, names))

    def add(self, document_id: str, *, now_us: Callable[[], int]) -> None:
        """Whoever is there stays as it is. Raises ValueError for what is no id."""
        if not is_document_id(document_id):
            raise ValueError(f"{document_id[:40]!r} is no document_id: 32 hexadecimal digits in small letters")
        if document_id not in self.ids():
            said = {"v": 1, "document_id": document_id, "forgotten_at_us": now_us()}
            self._place.write(f"{FOLDER}/{document_id}.json", json.dumps(said).encode())
