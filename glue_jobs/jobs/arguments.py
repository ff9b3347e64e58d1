"""Every job's arguments, declared once: what Terraform gives, what ``tapehouse job`` takes, what a script reads.

Glue passes them as ``--NAME value`` and mixes in words of its own: ``--JOB_NAME``, ``--enable-metrics``, a lone
``true``. Ours are lower case with underscores, Glue's have hyphens or capitals, but for those in ``_PLAIN``. So a word
of our form that no job has is a mistake, and so is one of Glue's form that is nearly ours (``--stream-name``).

What is a setting is judged as the setting is, by ``tapehouse.settings``. Neither the environment nor a file counts
here: a run is what its arguments say.
"""

import argparse
import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from tapehouse import settings as configuration
from tapehouse.document import is_document_id
from tapehouse.errors import SettingsError, TerminalError
from tapehouse.lake import LAYERS
from tapehouse.settings import Settings
from tapehouse.tables import table

_OURS = re.compile(r"--([a-z][a-z0-9_]*)(=.*)?", re.DOTALL)
_PLAIN: Final = frozenset({"class", "conf", "continuation_option", "debug", "endpoint", "mode"})
"""Glue's own that look like ours."""
_NEARLY: Final = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a job."""

    name: str
    """As in ``--stream_name``; of a setting, the field's name."""
    about: str
    """One line of help."""
    default: str | None = None
    """What counts where nothing is given; None is the setting's own default, or none."""
    required: bool = False
    read: Callable[[str], Any] | None = None
    """How its text is read, where it is no setting. Raises ValueError or TerminalError, whose message goes on from
    "--NAME: "."""


def _setting(name: str, *, default: str | None = None, required: bool = False) -> Argument:
    return Argument(name=name, about=configuration.about(name), default=default, required=required)


def _layer(text: str) -> str:
    if text not in LAYERS:
        raise ValueError(f"there is no layer {text!r}; the layers are {', '.join(LAYERS)}")
    return text


def _table(text: str) -> str:
    return table(text).name


def _document(text: str) -> str:
    if not is_document_id(text):
        raise ValueError(f"{text[:40]!r} is no document_id: it has 32 hexadecimal digits in small letters")
    return text


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= 525_600:
        raise ValueError(f"{text!r} is no number of minutes above 0 and up to 525600")
    return minutes


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


_SHARED: Final = (
    _setting("lake", required=True),
    _setting("region"),
    _setting("stream_name"),
    _setting("gold_sources"),
    _setting("gold_seconds_days"),
    _setting("bar_sizes"),
    _setting("portfolio"),
    *(_setting(f"forecast_{name}") for name in ("every_s", "interval", "window_s", "horizons_s", "band", "paths")),
    _setting("forecast_least_returns"),
    _setting("retention"),
)
_TABLE: Final = Argument(name="table", about="only this table, as gold.candles", read=_table)
_MOST_MINUTES: Final = Argument(
    name="most_minutes", about="end by itself after so many minutes (default: never)", read=_minutes
)

JOBS: Final[Mapping[str, tuple[Argument, ...]]] = {
    # A commit a second is what a laptop can do for nothing; on S3 each commit is requests that are paid for.
    "stream": (*_SHARED, _setting("refresh_every_s", default="60"), _MOST_MINUTES),
    "refresh": (*_SHARED, Argument(name="layer", about="only this layer: bronze, silver or gold", read=_layer), _TABLE),
    "maintain": (
        *_SHARED,
        _MOST_MINUTES,
        Argument(name="forget", about="only take this document out of the landing and of all tables", read=_document),
    ),
    "rebuild": (
        *_SHARED,
        Argument(name="table", about="the table, as gold.candles; what hangs on it too", required=True, read=_table),
    ),
    "requeue": (
        *_SHARED,
        Argument(name="reason", about="only records with this reason, as price.scale (default: all)", read=str),
        Argument(name="dry_run", about="true: write nothing", default="false", read=_flag),
    ),
    "audit": (
        *_SHARED,
        Argument(name="full", about="true: judge all of a big lake, not a sample", default="false", read=_flag),
    ),
    "smoke": _SHARED,
}
"""Job → its arguments; its script is the module of its name beside this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one run of a job was told."""

    job: str
    settings: Settings
    """The arguments that are settings; the others are the settings' defaults."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """The arguments that are none, by name; None where nothing is given and there is no default."""
    names_region: bool = False
    """Whether ``--region`` was given; else AWS' own settings decide."""
    glue_name: str | None = None
    """What Glue calls the job; None at home."""
    glue_run: str | None = None
    """The id of Glue's run; None at home."""


def arguments_of(job: str) -> tuple[Argument, ...]:
    """The arguments of a job. Raises TerminalError for a job that there is none of, with those that there are."""
    if job not in JOBS:
        raise TerminalError(f"there is no job {job!r}; the jobs are {', '.join(JOBS)}")
    return JOBS[job]


def parse(job: str, words: Sequence[str]) -> Given:
    """What the words of ``sys.argv`` after the script's name say. An empty value is one that is not given.

    Raises:
        SettingsError: every fault at once: what is missing, misspelt, out of range.
        TerminalError: there is no such job, or a word without its value.
    """
    declared = {argument.name: argument for argument in arguments_of(job)}
    parser = _Parser(prog=f"job {job}", add_help=False, allow_abbrev=False)
    for name in (*declared, "JOB_NAME", "JOB_RUN_ID"):
        parser.add_argument(f"--{name}", dest=name)
    known, others = parser.parse_known_args(list(words))
    told = {name: value for name, value in vars(known).items() if value}
    given = {argument.name: told.get(argument.name, argument.default) for argument in declared.values()}
    faults = [
        f"--{each.name} is missing: {each.about}"
        for each in declared.values()
        if each.required and not given[each.name]
    ]
    faults += _misspelt(others, declared)
    own: dict[str, Any] = {}
    for argument in declared.values():
        text, read = given[argument.name], argument.read
        if read is None:
            continue
        try:
            own[argument.name] = None if text is None else read(text)
        except (ValueError, TerminalError) as error:
            faults.append(f"--{argument.name}: {error}.")
    settings, wrong = _settings({name: text for name, text in given.items() if declared[name].read is None})
    if faults or wrong:
        raise SettingsError([*faults, *wrong])
    return Given(
        job=job,
        settings=settings,
        own=own,
        names_region="region" in told,
        glue_name=told.get("JOB_NAME"),
        glue_run=told.get("JOB_RUN_ID"),
    )


def help_text(job: str) -> str:
    """The arguments of a job, one a line. Raises TerminalError for a job that there is none of."""
    lines = [f"  --{each.name} X{' (needed)' if each.required else ''}: {each.about}" for each in arguments_of(job)]
    return "\n".join((f"tapehouse job {job}", *lines))


class _Parser(argparse.ArgumentParser):
    """Argparse would end the process; Glue shows the error that a script raised."""

    def error(self, message: str) -> NoReturn:
        raise TerminalError(f"{self.prog}: {message}")


def _settings(given: Mapping[str, str | None]) -> tuple[Settings, Sequence[str]]:
    try:
        found = configuration.load(
            environ={"TAPEHOUSE_CONFIG": os.devnull}, arguments=given, word=lambda name: f"--{name}"
        )
    except SettingsError as error:
        return Settings(), error.faults
    return found, ()


def _misspelt(words: Sequence[str], declared: Mapping[str, Argument]) -> Iterator[str]:
    for word in words:
        if not word.startswith("--"):
            continue
        match, spelled = _OURS.fullmatch(word), word[2:].partition("=")[0]
        close = difflib.get_close_matches(spelled.lower().replace("-", "_"), declared, n=1, cutoff=_NEARLY)
        if match is not None and match[1] not in _PLAIN:
            mend = (
                f"did you mean --{close[0]}?" if close else f"there are {', '.join(f'--{name}' for name in declared)}."
            )
            yield f"--{spelled}: this job has no such argument; {mend}"
        elif close:
            yield f"--{spelled}: did you mean --{close[0]}?"
