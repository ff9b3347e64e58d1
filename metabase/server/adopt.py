"""Live questions and dashboards as files: what people drew by hand, or changed, becomes code.

What a file cannot say (a question built by clicks, a display that files do not know, a filter on a field) is not
adopted, and told with its reason: what is written down is what can be read again. Of what is, settings that the file
does not say are told as well, since the next apply takes them away.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from metabase import dashboard_reader, question_reader
from metabase.faults import FileFaults
from metabase.question import DISPLAYS, Question
from metabase.server import forms, headers
from metabase.server.live import Live, Raw
from metabase.server.names import Kind, marked, unmarked
from metabase.server.plan import different
from metabase.server.wanted import Wanted

_TYPES: Final = {"string/=": "text", "category": "text", "number/=": "number", "date/single": "date"}
_NAME: Final = "[a-z][a-z0-9_]{0,62}"
"""Of a file that a dashboard can name."""
_SAID_OF_CARDS: Final = ("card.title", "table.columns", "virtual_card", "text")


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file, by its path in the folder, or why there is none."""

    path: str
    what: str
    """The thing in words."""
    content: str = ""
    reason: str = ""
    lost: tuple[str, ...] = ()
    """What the file does not say, and the next apply would take away."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where it is written, and of which Metabase."""

    folder: Path
    major: int
    prefix: str
    database_id: int | None


def adopt(
    live: Live, *, questions: Mapping[str, Raw], dashboards: Mapping[str, Raw], wanted: Wanted, folder: Path, major: int
) -> Iterator[Adopted]:
    """Every question and dashboard of the collection. Those of ``questions`` and ``dashboards`` have a file already.

    ``wanted``: the files, of which none takes another's name, also where Metabase lacks it. ``folder``: where they
    are, and are written; ``major``: Metabase's version.
    """
    here = Here(folder, major, wanted.athena.prefix, live.database_id)
    names = {int(card["id"]): name for name, card in questions.items()}
    used = {*questions, *wanted.questions}
    for card in live.cards:
        is_ours = card["id"] in names
        name = names.get(card["id"]) or _name("question", card, used)
        made = _question(card, name, here, is_ours=is_ours)
        if not made.reason:
            names[card["id"]] = name
        yield made
    boards = {int(board["id"]): name for name, board in dashboards.items()}
    used = {*dashboards, *wanted.dashboards}
    params = {names[card["id"]]: _params(card) for card in live.cards if card["id"] in names}
    for board in live.dashboards:
        yield _dashboard(board, boards.get(board["id"]) or _name("dashboard", board, used), names, params)


def _params(card: Raw) -> tuple[str, ...]:
    return tuple(forms.native(card["dataset_query"])[1])


def _name(kind: Kind, thing: Raw, used: set[str]) -> str:
    """The name of the file that it says, or its title in small letters; with a number where there is one like it."""
    said = marked(kind, thing.get("description")) or ""
    base = re.sub(r"[^a-z0-9]+", "_", thing["name"].lower()).strip("_")[:50] or kind
    base = base if base[0].isalpha() else f"{kind}_{base}"
    base = said if re.fullmatch(_NAME, said) else base
    name = next(each for n in range(1, 10_000) if (each := base if n == 1 else f"{base}_{n}") not in used)
    used.add(name)
    return name


# -- questions --------------------------------------------------------------------------------------------------------


def _question(card: Raw, name: str, here: Here, *, is_ours: bool) -> Adopted:
    path, what = f"questions/{name}.sql", f"question {card['name']}"
    form = forms.of_live_card(card, here.database_id)
    if form["sql"] is None:
        return Adopted(path, what, reason="it is not written in SQL")
    if not form["database"]:
        return Adopted(path, what, reason="it asks another database")
    file, file_form = _file(path, name, here) if is_ours else ("", None)
    content = headers.text_of(form, prefix=here.prefix, file=file, file_form=file_form)
    if (display := form["display"]) not in DISPLAYS and f"-- display: {display}\n" in content:
        return Adopted(path, what, reason=f"no file can say its display, {display}")
    question, reasons = _read(content, path, name)
    if reasons:
        return Adopted(path, what, reason="; ".join(reasons))
    brought = forms.of_question(question, major=here.major, prefix=here.prefix)
    if otherwise := headers.told_otherwise(form, brought, prefix=here.prefix):
        return Adopted(path, what, reason=f"a file would say otherwise: {', '.join(otherwise)}")
    lost = ["that it is kept in a dashboard"] if card.get("dashboard_id") else []
    lost += [
        f"visualization_settings.{each.path}"
        for each in different(form["visualization_settings"], brought["visualization_settings"])
        if each.live is not None
    ]
    return Adopted(path, what, content, lost=tuple(lost))


def _file(path: str, name: str, here: Here) -> tuple[str, forms.Form | None]:
    """The file that is there already, and what Metabase would have of it; of one with faults nothing is kept."""
    try:
        text = (here.folder / path).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return "", None
    question, faults = _read(text, path, name)
    return text, None if faults else forms.of_question(question, major=here.major, prefix=here.prefix)


def _read(text: str, path: str, name: str) -> tuple[Question, list[str]]:
    """A question, and what is wrong with it."""
    faults = FileFaults(path)
    question = question_reader.read(text, name=name, faults=faults)
    return question, [fault.removeprefix(f"{path}:") for fault in faults.found]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _first(value: Any) -> Any:
    """Metabase has a filter's value alone, or as a list of one."""
    return value[0] if isinstance(value, list) and value else value


# -- dashboards -------------------------------------------------------------------------------------------------------


def _dashboard(board: Raw, name: str, names: Mapping[int, str], params: Mapping[str, tuple[str, ...]]) -> Adopted:
    """``names``: of questions with a file, by their numbers; ``params``: theirs, by name."""
    path, what = f"dashboards/{name}.yaml", f"dashboard {board['name']}"
    form = forms.of_live_dashboard(board, names)
    filters = {each["id"]: each for each in form["parameters"] if each["type"] in _TYPES}
    said: dict[str, Any] = {
        "title": form["name"],
        "description": _one_line(unmarked(form["description"])) or form["name"],
        "width": form["width"],
    }
    if filters:
        said["filters"] = [_filter(each) for each in filters.values()]
    slugs = {number: each["slug"] for number, each in filters.items()}
    pages = {
        tab: [
            _card(each, slugs, params.get(each["question"] or "", ()))
            for each in form["cards"].values()
            if each["tab"] == tab
        ]
        for tab in form["tabs"] or [""]
    }
    if form["tabs"]:
        said["tabs"] = [{"title": tab, "cards": cards} for tab, cards in pages.items()]
    else:
        said["cards"] = pages[""]
    content = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=110)
    faults = FileFaults(path)
    dashboard_reader.read(content.encode("utf-8"), name=name, faults=faults)
    lacking = [each["question"] for each in form["cards"].values() if each["question"] and " " in each["question"]]
    reasons = [f"it shows {each}, which is in no file" for each in lacking] or list(faults.found)
    return Adopted(path, what, content, "; ".join(reasons), tuple(_lost_of_dashboard(form)))


def _lost_of_dashboard(form: forms.Form) -> Iterator[str]:
    for each in form["parameters"]:
        if each["type"] not in _TYPES:
            yield f"filter {each['name']} ({each['type']})"
    for label, card in form["cards"].items():
        yield from (f"{label}.{key}" for key in ("series", "inline_parameters") if card.get(key))
        yield from (f"{label}.{key}" for key in card["visualization_settings"] if key not in _SAID_OF_CARDS)


def _filter(each: Mapping[str, Any]) -> dict[str, Any]:
    default = _first(each.get("default"))
    made = {"name": each["slug"], "title": each["name"], "type": _TYPES[each["type"]]}
    if default not in (None, "", []):
        made["default"] = str(default)
    values = (each.get("values_source_config") or {}).get("values")
    if values:
        made["values"] = [str(_first(value)) for value in values]
    return made


def _card(card: Mapping[str, Any], slugs: Mapping[str, str], params: tuple[str, ...]) -> dict[str, Any]:
    """``slugs``: the filters' names, by their numbers; ``params``: its question's."""
    place = {"x": card["col"], "y": card["row"], "w": card["size_x"], "h": card["size_y"]}
    drawn = card["visualization_settings"]
    if card["question"] is None:
        kind = "heading" if drawn.get("virtual_card", {}).get("display") == "heading" else "text"
        return {kind: drawn.get("text") or "", **place}
    made: dict[str, Any] = {"question": card["question"], **place}
    if drawn.get("card.title"):
        made["title"] = drawn["card.title"]
    if columns := [each["name"] for each in drawn.get("table.columns") or [] if each.get("enabled")]:
        made["columns"] = columns
    tags = {target[1][1]: slugs[number] for number, target in card["mappings"].items() if number in slugs}
    mapped: dict[str, str | None] = {tag: slug for tag, slug in tags.items() if tag != slug}
    mapped |= dict.fromkeys(name for name in params if name not in tags and name in slugs.values())
    if mapped:
        made["filters"] = mapped
    return made
