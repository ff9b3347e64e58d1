"""One fake Metabase a module, new for each test, and a provisioner for it that waits for nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from metabase import book
from metabase.server.apply import Waiting
from metabase.server.client import MetabaseClient
from metabase.server.names import Names
from metabase.server.provision import Provisioner
from metabase.server.sign_in import Administrator
from metabase.server.wanted import Athena
from tests.metabase.fake import FakeMetabase
from tests.metabase.fake_state import EMAIL, PASSWORD, State
from tests.metabase.samples import write

T = TypeVar("T")
ATHENA = Athena("eu-west-1", "tapehouse-dev-reader", "s3://results/metabase/", prefix="dev_")


@dataclass
class Desk:
    """A provisioner, the state of what it works on, and what it said."""

    server: FakeMetabase
    files: Path
    folder: Path
    who: Administrator = field(default_factory=lambda: Administrator(EMAIL, PASSWORD))
    athena: Athena = ATHENA
    names: Names = field(default_factory=Names)
    said: list[str] = field(default_factory=list)
    confirmed: bool = True
    asked: int = 0
    tries: int = 3

    @property
    def state(self) -> State:
        return self.server.state

    @property
    def work(self) -> Provisioner:
        """A process of its own each time: nothing is remembered."""
        self.said.clear()
        return Provisioner(
            client=MetabaseClient(self.server.url, tries=self.tries, sleep=lambda _: None),
            who=self.who,
            book=book.read(self.files),
            athena=self.athena,
            names=self.names,
            tell=self.said.append,
            waiting=Waiting(sync_s=5, sleep=lambda _: None),
            backups=self.folder / "backups",
        )

    def confirm(self) -> bool:
        self.asked += 1
        return self.confirmed

    def plan(self) -> bool:
        return self._closed(lambda work: work.plan())

    def apply(self) -> bool:
        return self._closed(lambda work: work.apply(confirm=self.confirm, wait_s=60))

    def destroy(self, *, with_database: bool = False) -> bool:
        return self._closed(lambda work: work.destroy(confirm=self.confirm, with_database=with_database))

    def export(self, folder: Path, *, overwrite: bool = False) -> int:
        return self._closed(lambda work: work.export(folder, overwrite=overwrite))

    def _closed(self, do: Callable[[Provisioner], T]) -> T:
        work = self.work
        try:
            return do(work)
        finally:
            work.client.close()

    @property
    def backups(self) -> list[Path]:
        return sorted((self.folder / "backups").glob("*.json"))


@pytest.fixture(scope="module")
def server() -> Iterator[FakeMetabase]:
    with FakeMetabase().running() as fake:
        yield fake


@pytest.fixture
def desk(server: FakeMetabase, tmp_path: Path) -> Desk:
    """A Metabase that somebody has set up, with nothing of ours in it."""
    server.reset()
    return Desk(server, write(tmp_path), tmp_path)
