"""What the charts with axes share: how an axis, a tooltip, a legend and a zoom look, and what lies along the x."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from metabase.preview import numbers
from metabase.preview.look import Look
from metabase.question import Format

Kind: TypeAlias = Literal["time", "value", "category"]
Options: TypeAlias = dict[str, Any]
_DAY_S: Final = 86_400
_FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
"""Spelled out: a canvas does not know ``inherit``, and draws all at 10 px with it."""
TIMES: Final = {
    "year": "{yyyy}",
    "month": "{MM}-{dd}",
    "day": "{MM}-{dd}",
    "hour": "{HH}:{mm}",
    "minute": "{HH}:{mm}",
    "second": "{HH}:{mm}:{ss}",
    "millisecond": "{HH}:{mm}:{ss}",
}
"""Labels along a time, as tables write it."""
FIRST_LABEL: Final = {"alignMinLabel": "left"}
"""Of points along the lower edge: centred under the first one, it would be cut."""
FEW: Final = 30
"""Points up to which nobody needs to zoom."""


def base(look: Look) -> Options:
    """What every chart has. No animation: it is drawn anew each second."""
    return {
        "useUTC": True,
        "animation": False,
        "backgroundColor": "transparent",
        "textStyle": {"color": look.text, "fontFamily": _FONT},
        "tooltip": tooltip(look),
    }


def tooltip(look: Look, trigger: str = "axis") -> Options:
    return {
        "trigger": trigger,
        "confine": True,
        "backgroundColor": look.surface,
        "borderColor": look.line,
        "textStyle": {"color": look.text, "fontSize": 12},
        "axisPointer": {"type": "cross" if trigger == "axis" else "none", "label": {"show": False}},
    }


def legend(look: Look, names: Sequence[str]) -> Options:
    return {
        "show": len(names) > 1,
        "type": "scroll",
        "icon": "roundRect",
        "top": 0,
        "left": "center",
        "data": list(names),
        "textStyle": {"color": look.muted},
        "pageTextStyle": {"color": look.muted},
        "pageIconColor": look.muted,
        "itemWidth": 14,
        "itemHeight": 10,
    }


def grid(look: Look, *, has_legend: bool, has_slider: bool = False, has_name: bool = False) -> Options:
    top = (30 if has_legend else 12) + (18 if has_name else 0)
    side = 8 if look.is_narrow else 16
    return {"left": side, "right": side + 16, "top": top, "bottom": 40 if has_slider else 8, "containLabel": True}


def zoom(look: Look, points: int, *, wheel: bool | str = "ctrl") -> list[Options]:
    """A finger has to scroll the page, so a phone has none of it; elsewhere Ctrl and the wheel zoom, dragging moves.

    Neither start nor end is told: the browser keeps what the reader chose when the next answer comes.
    """
    if look.is_narrow or points <= FEW:
        return []
    return [
        {"type": "inside", "id": "inside", "zoomOnMouseWheel": wheel, "moveOnMouseMove": True, "filterMode": "none"}
    ]


def slider(look: Look, axes: Sequence[int]) -> Options:
    return {
        "type": "slider",
        "id": "slider",
        "xAxisIndex": list(axes),
        "height": 18,
        "bottom": 6,
        "borderColor": look.line,
        "fillerColor": "rgba(120,140,170,0.2)",
        "textStyle": {"color": look.muted},
        "showDataShadow": False,
        "brushSelect": False,
        "labelFormatter": "",
    }


def value_axis(
    look: Look, form: Format, unit: str, *, from_zero: bool, is_log: bool = False, right: bool = False
) -> Options:
    """The axis of numbers."""
    return {
        "type": "log" if is_log else "value",
        "scale": not from_zero,
        "position": "right" if right else "left",
        "name": "" if unit.startswith("%") and len(unit) == 1 else unit,
        "nameTextStyle": {"color": look.muted, "align": "right" if right else "left"},
        "nameGap": 10,
        "axisLabel": {"color": look.muted, "hideOverlap": True, ":formatter": numbers.script(form, unit, axis=True)},
        "minInterval": 1 if form.decimals == 0 and form.style == "plain" else 0,
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "splitLine": {"show": not right, "lineStyle": {"color": look.line}},
    }


def plain_axis(look: Look, kind: Kind) -> Options:
    """What an x has, whatever lies along it."""
    return {
        "type": kind,
        "axisLabel": {"color": look.muted, "hideOverlap": True},
        "axisLine": {"show": True, "lineStyle": {"color": look.line}},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
    }


NAME_PX: Final = 18


def named(look: Look, unit: str) -> Options:
    """The unit of what lies along the lower edge, below its labels; it takes ``NAME_PX``."""
    return {"name": unit, "nameLocation": "middle", "nameGap": 26, "nameTextStyle": {"color": look.muted}}


def of_time(values: Sequence[Any]) -> Options:
    """Dates have no hours between them."""
    is_of_days = not any(isinstance(value, dt.datetime) for value in values)
    return {"minInterval": _DAY_S * 1_000} if is_of_days else {}


def kind_of(values: Sequence[Any]) -> Kind:
    """What lies along an axis with these values."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, dt.date) for value in known):
        return "time"
    return "value" if known and all(numbers.is_number(value) for value in known) else "category"


def labels(values: Sequence[Any], form: Format) -> list[str]:
    """The names of categories: in full, as a tooltip shows them."""
    return [numbers.text(value, form) for value in values]


def short_labels(values: Sequence[Any], form: Format) -> Mapping[str, str]:
    """How an axis shortens the names of instants: the day is left out within one, the year always."""
    known = [value for value in values if isinstance(value, dt.datetime)]
    if form.style == "date" or (not known and any(isinstance(value, dt.date) for value in values)):
        return {":formatter": "v => v.slice(5)"}
    if not known:
        return {}
    if (max(known) - min(known)).total_seconds() < _DAY_S:
        return {":formatter": "v => v.slice(11)"}
    return {":formatter": "v => v.slice(5, 16)"}


def point(value: Any) -> Any:
    """A place along an axis: an instant in ms, a number, a name."""
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return int(aware.timestamp() * 1_000)
    if isinstance(value, dt.date):
        return int(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC).timestamp() * 1_000)
    return numbers.number(value) if numbers.is_number(value) else numbers.text(value)


def reach(goal: float) -> Mapping[str, str]:
    """Limits of an axis that hold a goal, too."""
    told = json.dumps(goal)
    space = f"0.05 * (Math.max(v.max, {told}) - Math.min(v.min, {told}))"
    return {":min": f"v => Math.min(v.min, {told}) - {space}", ":max": f"v => Math.max(v.max, {told}) + {space}"}
