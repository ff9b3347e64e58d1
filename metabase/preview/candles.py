"""Real candlesticks, with the volume below them and the volume-weighted price among them where the answer has these."""

from collections.abc import Sequence
from typing import Any, Final

from metabase.preview import axes, numbers
from metabase.preview.axes import Options
from metabase.preview.drawn import column
from metabase.preview.look import Look
from metabase.question import Format, Question
from tapehouse.query import Result

VOLUME: Final = "volume"
VWAP: Final = "vwap"
COMPLETE: Final = "complete"
_TOOLTIP: Final = """told => {
  const safe = text => String(text).replace(/[^ \\w.,:%+-]/g, letter => '&#' + letter.codePointAt(0) + ';');
  const rows = [];
  for (const each of [...told].sort((one, other) => one.seriesIndex - other.seriesIndex)) {
    const value = [].concat(each.value);
    if (each.seriesType === 'candlestick') {
      const places = [['open', 1], ['high', 4], ['low', 3], ['close', 2]];
      if (value.length > 4) rows.push(...places.map(([name, at]) => [name, PRICE(value[at])]));
    } else rows.push([each.seriesName, (each.seriesType === 'bar' ? VOLUME : PRICE)(value[value.length - 1])]);
  }
  return '<b>' + safe(told[0].axisValueLabel) + '</b>' + rows.map(([name, value]) =>
    '<div style="display:flex;justify-content:space-between;gap:20px"><span>' + safe(name) + '</span><b>' +
    safe(value) + '</b></div>').join('');
}"""
_ABSENT: Final = "-"
"""ECharts leaves such a place empty: a window that lies in a gap."""


def options(question: Question, result: Result, look: Look) -> Options:
    """Everything that ECharts is told. Raises DrawingError. ``y`` of the question is open, high, low, close."""
    xs = column(result, question.x or "")
    opened, high, low, close = ([numbers.number(each) for each in column(result, name)] for name in question.y)
    prices = list(zip(opened, close, low, high, strict=True))
    form = question.formats.get(question.y[3], numbers.PLAIN)
    unit = question.units.get(question.y[3], "")
    names = axes.labels(xs, question.formats.get(question.x or "", numbers.PLAIN))
    has_volume = VOLUME in result.columns
    made: Options = {
        **axes.base(look),
        "legend": {"show": False},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "grid": _grids(has_volume),
        "xAxis": [_x(look, names, xs, at, is_last=at == has_volume) for at in range(1 + has_volume)],
        "yAxis": [{**axes.value_axis(look, form, unit, from_zero=False, right=True), "splitLine": _split(look)}],
        "dataZoom": _zooms(look, len(xs), has_volume),
        "series": [_candlesticks(prices, _complete(result), look, form=form, unit=unit)],
    }
    made["tooltip"] |= {":formatter": _told(form, unit, question)}
    made["tooltip"]["axisPointer"] = {"type": "cross", "label": {"backgroundColor": look.muted}}
    if VWAP in result.columns:
        made["series"].append(_vwap(column(result, VWAP), form, unit, look))
    if has_volume:
        volume_form, volume_unit = question.formats.get(VOLUME, numbers.PLAIN), question.units.get(VOLUME, "")
        made["yAxis"].append(_volume_axis(look, volume_form, volume_unit))
        volumes = column(result, VOLUME)
        made["series"].append(_volume(volumes, prices, look, form=volume_form, unit=volume_unit))
    return made


def _told(form: Format, unit: str, question: Question) -> str:
    """A tooltip in the order in which people read a candle; ECharts' own begins with the volume and a price of 0."""
    volume = numbers.script(question.formats.get(VOLUME, numbers.PLAIN), question.units.get(VOLUME, ""))
    return _TOOLTIP.replace("PRICE", f"({numbers.script(form, unit)})").replace("VOLUME", f"({volume})")


def _grids(has_volume: bool) -> list[Options]:
    """Pixels and not containLabel: the two have to begin and end at the same place."""
    sides = {"left": 10, "right": 84}
    if not has_volume:
        return [{**sides, "top": 12, "bottom": 56}]
    return [{**sides, "top": 12, "bottom": "32%"}, {**sides, "top": "72%", "bottom": 56}]


def _x(look: Look, names: Sequence[str], xs: Sequence[Any], at: int, *, is_last: bool) -> Options:
    axis = axes.plain_axis(look, "category")
    axis |= {"data": list(names), "gridIndex": at}
    axis["axisLabel"] |= {**axes.short_labels(xs, numbers.PLAIN), "show": is_last}
    return axis


def _split(look: Look) -> Options:
    return {"show": True, "lineStyle": {"color": look.line}}


def _zooms(look: Look, points: int, has_volume: bool) -> list[Options]:
    both = list(range(1 + has_volume))
    inside = [{**each, "xAxisIndex": both, "filterMode": "filter"} for each in axes.zoom(look, points, wheel=True)]
    return [*inside, {**axes.slider(look, both), "filterMode": "filter"}]


def _complete(result: Result) -> list[Any]:
    return column(result, COMPLETE) if COMPLETE in result.columns else [True] * len(result.rows)


def _candlesticks(
    prices: Sequence[tuple[float | None, ...]], complete: Sequence[Any], look: Look, *, form: Format, unit: str
) -> Options:
    """``prices`` are open, close, low, high, as ECharts has them. A window that may still change is fainter."""
    data: list[Any] = []
    for each, whole in zip(prices, complete, strict=True):
        if None in each:
            data.append(_ABSENT)
        else:
            data.append(list(each) if whole else {"value": list(each), "itemStyle": {"opacity": 0.55}})
    last = next((close for _, close, _, _ in reversed(prices) if close is not None), None)
    style = {"color": look.up, "color0": look.down, "borderColor": look.up, "borderColor0": look.down}
    made: Options = {
        "type": "candlestick",
        "name": "price",
        "data": data,
        "itemStyle": style,
        "barMaxWidth": 18,
        "tooltip": {":valueFormatter": numbers.script(form, unit)},
    }
    if last is not None:
        made["markLine"] = {
            "symbol": "none",
            "silent": True,
            "lineStyle": {"color": look.series[0], "type": "dashed"},
            "label": {
                "color": look.surface,
                "backgroundColor": look.series[0],
                "padding": [3, 4],
                "fontSize": 11,
                "borderRadius": 3,
                "formatter": numbers.text(last, Format(decimals=form.decimals)),
            },
            "data": [{"yAxis": last}],
        }
    return made


def _vwap(values: Sequence[Any], form: Format, unit: str, look: Look) -> Options:
    return {
        "type": "line",
        "name": "VWAP",
        "data": [numbers.number(each) for each in values],
        "color": look.series[1],
        "showSymbol": False,
        "lineStyle": {"width": 1.2, "opacity": 0.9},
        "emphasis": {"disabled": True},
        "tooltip": {":valueFormatter": numbers.script(form, unit)},
    }


def _volume_axis(look: Look, form: Format, unit: str) -> Options:
    axis = axes.value_axis(look, form, unit, from_zero=True, right=True)
    return {**axis, "gridIndex": 1, "splitNumber": 2, "name": ""}


def _volume(
    values: Sequence[Any], prices: Sequence[tuple[float | None, ...]], look: Look, *, form: Format, unit: str
) -> Options:
    data = [
        {"value": numbers.number(value), "itemStyle": {"color": _color(opened, closed, look), "opacity": 0.6}}
        for value, (opened, closed, _, _) in zip(values, prices, strict=True)
    ]
    return {
        "type": "bar",
        "name": "volume",
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "data": data,
        "barMaxWidth": 18,
        "tooltip": {":valueFormatter": numbers.script(form, unit)},
    }


def _color(opened: float | None, closed: float | None, look: Look) -> str:
    return look.up if (closed or 0) >= (opened or 0) else look.down
