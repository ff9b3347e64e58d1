"""All that a Metabase should hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from metabase.book import Book
from metabase.server import forms
from metabase.server.forms import Form
from metabase.server.names import Names

ENGINE: Final = "athena"
COLLECTION_SAYS: Final = "Tapehouse's questions and dashboards. Those kept as code are overwritten by the next apply."
_NIGHTLY: Final = {"schedule_type": "daily", "schedule_hour": 3}


@dataclass(frozen=True, slots=True)
class Athena:
    """Where Metabase asks. There are no keys in it: Metabase has its task's role."""

    region: str
    workgroup: str
    results_uri: str
    """Where Athena puts what Metabase asks for: s3://bucket/prefix/."""
    prefix: str = ""
    """Before the databases' names bronze, silver and gold."""

    def database(self, name: str) -> dict[str, Any]:
        """What Metabase is told. Its background work costs: fields are looked for once a night, values never.

        The comment with a user's number would make each question another to Athena, and no result would be reused.
        A catalog is not named: the driver would then ask for tables in another, slower way.
        """
        return {
            "name": name,
            "engine": ENGINE,
            "details": {
                "region": self.region,
                "workgroup": self.workgroup,
                "s3_staging_dir": self.results_uri,
                "dbname": f"{self.prefix}gold",
                "include-user-id-and-hash": False,
                "advanced-options": True,
                "let-user-control-scheduling": True,
            },
            "is_full_sync": False,
            "is_on_demand": False,
            "auto_run_queries": True,
            "schedules": {"metadata_sync": dict(_NIGHTLY)},
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files, for one Metabase."""

    names: Names
    athena: Athena
    questions: Mapping[str, Form]
    dashboards: Mapping[str, Form]

    @property
    def database(self) -> dict[str, Any]:
        return self.athena.database(self.names.database)


def of_book(book: Book, *, names: Names, athena: Athena, major: int) -> Wanted:
    """``major``: Metabase's version, which knows a box plot or does not."""
    return Wanted(
        names,
        athena,
        {
            name: forms.of_question(question, major=major, prefix=athena.prefix)
            for name, question in book.questions.items()
        },
        {name: forms.of_dashboard(dashboard, book.questions) for name, dashboard in book.dashboards.items()},
    )
