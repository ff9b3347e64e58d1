"""Plan, apply, destroy and export, each from the files and a Metabase to its end; what is said goes to ``tell``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from metabase.book import Book
from metabase.server import adopt, backup, live, plan, sign_in, wanted
from metabase.server.apply import Apply, Waiting
from metabase.server.client import MetabaseClient
from metabase.server.errors import MovedError, VersionError
from metabase.server.live import Live
from metabase.server.names import Names
from metabase.server.plan import Plan
from metabase.server.sign_in import Administrator, Instance
from metabase.server.wanted import Athena, Wanted
from tapehouse.write_once import write_over

Tell = Callable[[str], None]
OLDEST: Final = 50
"""The version in which rights were first told as they are here, and things first went into a trash."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was there at one moment, and what was to be."""

    instance: Instance
    live: Live
    wanted: Wanted

    def plan(self) -> Plan:
        return plan.make(self.wanted, self.live, is_set_up=self.instance.is_set_up)


@dataclass(frozen=True, slots=True)
class Provisioner:
    """One Metabase and the files for it."""

    client: MetabaseClient
    who: Administrator
    book: Book
    athena: Athena
    names: Names = field(default_factory=Names)
    tell: Tell = print
    waiting: Waiting = field(default_factory=Waiting)
    backups: Path = backup.FOLDER

    def look(self) -> Seen:
        """Reads and changes nothing; where nobody has set it up, nothing of ours can be there. Raises VersionError."""
        found = sign_in.instance(self.client)
        if 0 < found.major < OLDEST:
            raise VersionError(found.version, OLDEST)
        state = Live()
        if found.is_set_up:
            if not self.client.is_signed_in:  # Metabase counts attempts
                sign_in.sign_in(self.client, self.who)
            state = live.read(self.client, self.names)
        return Seen(found, state, wanted.of_book(self.book, names=self.names, athena=self.athena, major=found.major))

    def show(self, made: Plan, seen: Seen) -> None:
        self.tell(f"Metabase at {self.client.url} ({seen.instance.version or 'of no known version'}): {made.counts()}.")
        for line in made.lines():
            self.tell(line)

    def plan(self) -> bool:
        """Shows what apply would do; whether there is anything."""
        seen = self.look()
        made = seen.plan()
        self.show(made, seen)
        return bool(made.changes)

    def apply(self, *, confirm: Callable[[], bool], wait_s: float = 0.0) -> bool:
        """Brings the files about; whether it was confirmed. ``confirm`` is asked with the plan on the screen.

        Raises MovedError where something changed meanwhile, and QuestionsFailedError where all is there and something
        does not run.
        """
        sign_in.wait_until_up(self.client, wait_s=wait_s, sleep=self.waiting.sleep, now=self.waiting.now)
        seen = self.look()
        made = seen.plan()
        self.show(made, seen)
        if made.changes:
            if not confirm():
                return False
            if not seen.instance.is_set_up:
                sign_in.set_up(self.client, seen.instance, self.who)
                seen = self.look()
                made = seen.plan()
                if made.overwrites:  # another set it up meanwhile, and made something that was not shown
                    raise MovedError
            else:
                seen, made = self._unmoved(made)
        work = Apply(self.client, seen.wanted, seen.live, waiting=self.waiting, tell=self.tell)
        if made.changes:
            self._back_up(made, seen)
            work.carry_out(made)
            self._tell_what_was_not_kept()
        work.ask_all()
        self.tell(f"All {len(self.book.questions)} questions run.")
        return True

    def _tell_what_was_not_kept(self) -> None:
        """A Metabase takes out of a request what its schema does not know, and answers as if all were well."""
        made = self.look().plan()
        if made.changes:
            self.tell("Metabase did not keep what it was told, as if it did not know it:")
            for line in made.lines():
                self.tell(line)

    def destroy(self, *, confirm: Callable[[], bool], with_database: bool = False) -> bool:
        """Takes away what is ours; whether it was confirmed. Raises MovedError where something changed meanwhile."""
        seen, made = self._removal(with_database=with_database)
        self.show(made, seen)
        if not made.changes:
            return True
        if not confirm():
            return False
        shown = made
        seen, made = self._removal(with_database=with_database)
        _judge_unmoved(made, shown)
        self._back_up(made, seen)
        Apply(self.client, seen.wanted, seen.live, waiting=self.waiting, tell=self.tell).carry_out(made)
        return True

    def _removal(self, *, with_database: bool) -> tuple[Seen, Plan]:
        seen = self.look()
        number = seen.live.database_id
        asks = None if number is None else live.askers(self.client, number)
        return seen, plan.removal(seen.wanted, seen.live, asks, with_database=with_database)

    def export(self, folder: Path, *, overwrite: bool = False) -> int:
        """Writes what differs from the files, or is in none, into the folder; how many could not be written."""
        seen = self.look()
        changed = {(change.thing, change.live_id) for change in seen.plan().changes if change.what == "change"}
        questions = live.owned("question", seen.live.cards, {n: f["name"] for n, f in seen.wanted.questions.items()})
        boards = live.owned(
            "dashboard", seen.live.dashboards, {n: f["name"] for n, f in seen.wanted.dashboards.items()}
        )
        same = {
            f"questions/{name}.sql" for name, each in questions.ours.items() if ("question", each["id"]) not in changed
        }
        same |= {
            f"dashboards/{name}.yaml" for name, each in boards.ours.items() if ("dashboard", each["id"]) not in changed
        }
        left = 0
        found = adopt.adopt(
            seen.live,
            questions=questions.ours,
            dashboards=boards.ours,
            wanted=seen.wanted,
            folder=folder,
            major=seen.instance.major,
        )
        for each in found:
            if each.path not in same:
                left += not self._write(folder, each, overwrite=overwrite)
        return left

    def _write(self, folder: Path, each: adopt.Adopted, *, overwrite: bool) -> bool:
        path = folder / each.path
        if each.reason:
            self.tell(f"leave    {each.what}: {each.reason}")
            return False
        if path.exists() and not overwrite:
            self.tell(f"leave    {each.what}: {path} is there (--overwrite)")
            return False
        write_over(path, each.content.encode("utf-8"), new_mode=0o644)
        self.tell(f"write    {each.what}: {path}")
        if each.lost:
            self.tell(f"         which cannot say {', '.join(each.lost)}: apply will take that away")
        return True

    def _unmoved(self, shown: Plan) -> tuple[Seen, Plan]:
        """Looks again, since a confirmation may have taken an hour. What need not be done any more is left out.

        Raises MovedError where something would be done that was not shown.
        """
        again = self.look()
        made = again.plan()
        _judge_unmoved(made, shown)
        return again, made

    def _back_up(self, made: Plan, seen: Seen) -> None:
        if made.overwrites:
            self.tell(f"What is there now: {backup.write(seen.live, self.backups)}")


def _judge_unmoved(made: Plan, shown: Plan) -> None:
    """Raises MovedError where something would be done that was not shown."""
    if any(change not in shown.changes for change in made.changes):
        raise MovedError
