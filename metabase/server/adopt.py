"""Live questions and dashboards as files: what people drew by hand, or changed, becomes code.

What a file cannot say (a question built by clicks, a display that files do not know, a filter on a field) is not
adopted, and told with its reason: what is written down is what can be read again. Of what is, settings that the file
does not say are told as well, since the next apply takes them away.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from metabase import dashboard_reader, question_reader
from metabase.faults import FileFaults
from metabase.param import PARAM_TYPES
from metabase.question import DISPLAYS, in_words
from metabase.server import forms
from metabase.server.databases import unprefixed
from metabase.server.live import Live, Raw
from metabase.server.names import Kind, unmarked
from metabase.server.plan import different
from metabase.server.wanted import Wanted

_TYPES: Final = {"string/=": "text", "category": "text", "number/=": "number", "date/single": "date"}
_SAID_OF_CARDS: Final = ("card.title", "table.columns", "virtual_card", "text")
_NUMBER_STYLES: Final = {"percent": "percent", "currency": "currency"}


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


def adopt(
    live: Live, *, questions: Mapping[str, Raw], dashboards: Mapping[str, Raw], wanted: Wanted
) -> Iterator[Adopted]:
    """Every question and dashboard of the collection. Those of ``questions`` and ``dashboards`` have a file already.

    ``wanted``: the files, of which none takes another's name, also where Metabase lacks it.
    """
    names = {int(card["id"]): name for name, card in questions.items()}
    used = {*questions, *wanted.questions}
    for card in live.cards:
        name = names.get(card["id"]) or _name("question", card, used)
        made = _question(card, name, wanted.athena.prefix)
        if not made.reason:
            names[card["id"]] = name
        yield made
    boards = {int(board["id"]): name for name, board in dashboards.items()}
    used = {*dashboards, *wanted.dashboards}
    for board in live.dashboards:
        yield _dashboard(board, boards.get(board["id"]) or _name("dashboard", board, used), names)


def _name(kind: Kind, thing: Raw, used: set[str]) -> str:
    """The title in small letters, with a number where there is one like it."""
    base = re.sub(r"[^a-z0-9]+", "_", thing["name"].lower()).strip("_")[:50] or kind
    base = base if base[0].isalpha() else f"{kind}_{base}"
    name = next(each for n in range(1, 10_000) if (each := base if n == 1 else f"{base}_{n}") not in used)
    used.add(name)
    return name


# -- questions --------------------------------------------------------------------------------------------------------


def _question(card: Raw, name: str, prefix: str) -> Adopted:
    path, what = f"questions/{name}.sql", f"question {card['name']}"
    sql, tags = forms.native(card["dataset_query"])
    if sql is None:
        return Adopted(path, what, reason="it is not written in SQL")
    drawn = card.get("visualization_settings") or {}
    display = card["display"] if card["display"] in DISPLAYS else ""
    if not display:
        return Adopted(path, what, reason=f"no file can say its display, {card['display']}")
    lines = [f"-- title: {card['name']}", f"-- answers: {_one_line(unmarked(card.get('description'))) or card['name']}"]
    lines += [f"-- display: {display}", *_axes(display, drawn), *_columns(drawn), *_params(tags)]
    content = "\n".join([*lines, unprefixed(sql.strip().rstrip(";"), prefix), ""])
    faults = FileFaults(path)
    question = question_reader.read(content, name=name, faults=faults)
    lost = () if faults.found else _lost(drawn, forms.of_question(question, major=0, prefix=prefix))
    if card.get("dashboard_id"):
        lost = ("that it is kept in a dashboard", *lost)
    return Adopted(path, what, content, "; ".join(fault.removeprefix(f"{path}:") for fault in faults.found), lost)


def _lost(drawn: Raw, form: forms.Form) -> tuple[str, ...]:
    """Settings that the file does not bring back as they are."""
    said = forms.without_nothing({"visualization_settings": drawn})
    return tuple(each.path for each in different(said, form) if each.live is not None)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _axes(display: str, drawn: Mapping[str, Any]) -> Iterator[str]:
    x, *series = drawn.get("graph.dimensions") or [None]
    y = list(drawn.get("graph.metrics") or [])
    if display == "pie":
        x, y = _first(drawn.get("pie.dimension")), [drawn.get("pie.metric")]
    elif display in ("scalar", "smartscalar"):
        y = [drawn.get("scalar.field")]
    elif display == "progress":
        x, y = None, [drawn.get("progress.value")]
    if display == "table":
        return
    if x:
        yield f"-- x: {x}"
    if found := [str(each) for each in y if each]:
        yield f"-- y: {', '.join(found)}"
    if series:
        yield f"-- series: {series[0]}"
    if drawn.get("stackable.stack_type"):
        yield f"-- stack: {drawn['stackable.stack_type']}"
    if drawn.get("progress.goal") is not None:
        yield f"-- goal: {drawn['progress.goal']}"
    said = drawn.get("series_settings") or {}
    for key, wanted in (("bars", ("display", "bar")), ("right", ("axis", "right"))):
        if columns := [column for column, how in said.items() if how.get(wanted[0]) == wanted[1]]:
            yield f"-- {key}: {', '.join(columns)}"


def _columns(drawn: Mapping[str, Any]) -> Iterator[str]:
    titles: list[str] = []
    units: list[str] = []
    formats: list[str] = []
    for key, how in (drawn.get("column_settings") or {}).items():
        column = _column_of(key)
        if column is None:
            continue
        suffix = str(how.get("suffix") or "").strip()
        title = " ".join(str(how.get("column_title") or "").replace(",", " ").split())
        if title not in ("", in_words(column, suffix)):
            titles.append(f"{column}: {title}")
        if suffix:
            units.append(f"{column}: {suffix}")
        if words := " ".join(_format(how)):
            formats.append(f"{column}: {words}")
    if titles:
        yield f"-- titles: {', '.join(titles)}"
    if units:
        yield f"-- units: {', '.join(units)}"
    if formats:
        yield f"-- formats: {', '.join(formats)}"


def _column_of(key: str) -> str | None:
    try:
        said = json.loads(key)
    except ValueError:
        return None
    return said[1] if isinstance(said, list) and len(said) == 2 and said[0] == "name" else None


def _format(how: Mapping[str, Any]) -> Iterator[str]:
    style = _NUMBER_STYLES.get(str(how.get("number_style")))
    if style == "currency":
        yield f"currency {how.get('currency') or 'USD'}"
    elif style:
        yield style
    elif how.get("date_style"):
        yield "datetime" if how.get("time_enabled") else "date"
    elif how.get("view_as") == "link":
        yield "link"
    if isinstance(how.get("decimals"), int):
        yield f"decimals {how['decimals']}"
    if how.get("show_mini_bar"):
        yield "bar"


def _params(tags: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    found: list[str] = []
    for name, tag in tags.items():
        default = _first(tag.get("default"))
        words = [f"{name}: {tag['type'] if tag['type'] in PARAM_TYPES else tag['type'].replace(' ', '-')}"]
        words += ["required"] if tag.get("required") else []
        words += [f"default {default}"] if default not in (None, "", []) else []
        found.append(" ".join(words))
    if found:
        yield f"-- params: {', '.join(found)}"


def _first(value: Any) -> Any:
    """Metabase has a filter's value alone, or as a list of one."""
    return value[0] if isinstance(value, list) and value else value


# -- dashboards -------------------------------------------------------------------------------------------------------


def _dashboard(board: Raw, name: str, names: Mapping[int, str]) -> Adopted:
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
        tab: [_card(each, slugs) for each in form["cards"].values() if each["tab"] == tab]
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
        if card.get("series"):
            yield f"{label}.series"
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


def _card(card: Mapping[str, Any], slugs: Mapping[str, str]) -> dict[str, Any]:
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
    if mapped := {tag: slug for tag, slug in tags.items() if tag != slug}:
        made["filters"] = mapped
    return made
