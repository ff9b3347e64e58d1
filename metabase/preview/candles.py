"""Real candlesticks, with a read-out above them, and volume and averages where the answer has these.

The read-out says the candle under the crosshair, and the newest one while there is none: it is the chart's tooltip,
which stands still above the candles, over a title that says the same of the newest candle.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from metabase.preview import axes, numbers
from metabase.preview.axes import Options
from metabase.preview.drawn import Chart, column
from metabase.preview.look import Look
from metabase.question import PLAIN, Format, Question
from tapehouse.query import Result

VOLUME: Final = "volume"
COMPLETE: Final = "complete"
LINES: Final[Mapping[str, int]] = {"vwap": 1, "ma_7": 3, "ma_25": 4, "ma_99": 2}
"""Columns that are drawn as lines among the candles, and the place of their colours."""
OPENS_WITH: Final = 120
"""Windows that are seen before anybody zooms; on a phone half of them."""
_READ_OUT: Final = """told => {
  const said = SAID;
  const safe = text => String(text).replace(/[^ \\w.,:%+-]/g, letter => '&#' + letter.codePointAt(0) + ';');
  const span = (color, words) => '<span style="color:' + color + '">' + safe(words) + '</span>';
  const part = (name, value, color) => span(color ?? said.muted, name) + ' ' + span(color ?? said.text, value);
  const above = [], lines = [];
  let volume = '';
  for (const each of [...told].sort((one, other) => one.seriesIndex - other.seriesIndex)) {
    const value = [].concat(each.value), last = value[value.length - 1];
    if (each.seriesType === 'candlestick') {
      if (value.length < 5) continue;
      const [open, close, low, high] = value.slice(-4), color = close >= open ? said.up : said.down;
      for (const [name, price] of [['O', open], ['H', high], ['L', low], ['C', close]])
        above.push(part(name, (PRICE)(price), color));
      const change = (close / open - 1) * 100;
      above.push(span(color, (change >= 0.005 ? '+' : '') + change.toFixed(2).replace('-0.00', '0.00') + '%'));
    } else if (each.seriesType === 'bar') volume = part(each.seriesName, (VOLUME)(last));
    else if (last !== undefined && last !== null) lines.push(part(each.seriesName, (PRICE)(last), each.color));
  }
  const time = span(said.muted, told[0].axisValueLabel);
  const rows = said.narrow
    ? [above.slice(0, 4), [time, ...above.slice(4), volume], lines.slice(0, 2), lines.slice(2)]
    : [[time, ...above], [...lines, volume]];
  return rows.map(row => '<div style="line-height:17px">' + row.join(' &nbsp;') + '</div>').join('');
}"""
_ABSENT: Final = "-"
"""ECharts leaves such a place empty: a window that lies in a gap."""
_CHANGE: Final = Format(decimals=2, signed=True)
_READ_OUT_PX: Final = 17
_FONT_PX: Final = 12


def chart(question: Question, result: Result, look: Look) -> Chart:
    """Raises DrawingError. ``y`` of the question is open, high, low, close."""
    seen = OPENS_WITH // 2 if look.is_narrow else OPENS_WITH
    count = len(result.rows)
    return Chart(options(question, result, look), begins_at=100.0 * max(count - seen, 0) / count if count else 0.0)


def options(question: Question, result: Result, look: Look) -> Options:
    """Everything that ECharts is told. Raises DrawingError."""
    xs = column(result, question.x or "")
    opened, high, low, close = ([numbers.number(each) for each in column(result, name)] for name in question.y)
    prices = list(zip(opened, close, low, high, strict=True))
    form = question.format_of(question.y[3])
    names = axes.labels(xs, question.format_of(question.x or ""))
    has_volume = VOLUME in result.columns
    lines = [name for name in LINES if name in result.columns]
    axis = axes.value_axis(look, form, question.unit_of(question.y[3]), from_zero=False, right=True)
    made: Options = {
        **axes.base(look),
        "legend": {"show": False},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "grid": _grids(look, has_volume),
        "xAxis": [_x(look, names, xs, at, is_last=at == has_volume) for at in range(1 + has_volume)],
        "yAxis": [{**axis, "splitLine": {"show": True, "lineStyle": {"color": look.line}}}],
        "dataZoom": _zooms(look, len(xs), has_volume),
        "series": [
            _candlesticks(prices, _complete(result), look, form=form),
            *(_line(question.title_of(name), column(result, name), look.series[LINES[name]]) for name in lines),
        ],
    }
    if has_volume:
        made["yAxis"].append(_volume_axis(look, question.format_of(VOLUME), question.unit_of(VOLUME)))
        made["series"].append(_volume(question.title_of(VOLUME), column(result, VOLUME), prices, look))
    made["tooltip"] |= _read_out(question, look)
    made["title"] = _newest(question, result, look, names=names, prices=prices, lines=lines)
    return made


# -- the read-out -----------------------------------------------------------------------------------------------------


def _read_out(question: Question, look: Look) -> Options:
    """ECharts' own tooltip would begin with the volume, and lie over the candles."""
    said = {"up": look.up, "down": look.down, "text": look.text, "muted": look.muted, "narrow": look.is_narrow}
    price, volume = (
        numbers.script(question.format_of(name), "" if name != VOLUME else question.unit_of(name))
        for name in (question.y[3], VOLUME)
    )
    script = _READ_OUT.replace("SAID", json.dumps(said)).replace("PRICE", price).replace("VOLUME", volume)
    return {
        ":formatter": script,
        "position": [0, 0],
        "borderWidth": 0,
        "padding": 0,
        "backgroundColor": look.surface,
        "textStyle": {"color": look.text, "fontSize": _FONT_PX},
        "extraCssText": "box-shadow: none; width: 100%; pointer-events: none; white-space: nowrap",
        "axisPointer": {"type": "cross", "label": {"backgroundColor": look.muted}},
    }


def _rows_of_read_out(look: Look) -> int:
    return 4 if look.is_narrow else 2


def _newest(
    question: Question,
    result: Result,
    look: Look,
    *,
    names: Sequence[str],
    prices: Sequence[tuple[float | None, ...]],
    lines: Sequence[str],
) -> Options:
    """The read-out of the newest window that has a price."""
    at = next((at for at in reversed(range(len(prices))) if None not in prices[at]), None)
    if at is None:
        return {"show": False}
    opened, close, low, high = (each or 0.0 for each in prices[at])
    price, tone = question.format_of(question.y[3]), "up" if close >= opened else "down"
    values = {name: column(result, name)[at] for name in [*lines, VOLUME] if name in result.columns}
    known = [name for name in lines if values[name] is not None]
    four = zip("OHLC", (opened, high, low, close), strict=True)
    above = [f"{{{tone}|{name} {numbers.text(value, price)}}}" for name, value in four]
    moved = numbers.text((close / opened - 1) * 100 if opened else None, _CHANGE, "%")
    change = f"{{{tone}|{moved}}}"
    time = f"{{muted|{names[at]}}}"
    below = [f"{{{name}|{question.title_of(name)} {numbers.text(values[name], price)}}}" for name in known]
    volume = []
    if VOLUME in values:
        said = numbers.text(values[VOLUME], question.format_of(VOLUME), question.unit_of(VOLUME))
        volume = [f"{{muted|{question.title_of(VOLUME)}}} {{text|{said}}}"]
    rows = [[time, *above, change], [*below, *volume]]
    if look.is_narrow:
        rows = [above, [time, change, *volume], below[:2], below[2:]]
    colors = {"up": look.up, "down": look.down, "muted": look.muted, "text": look.text}
    colors |= {name: look.series[LINES[name]] for name in lines}
    style = {"fontSize": _FONT_PX, "lineHeight": _READ_OUT_PX, "fontWeight": "normal", "color": look.text}
    return {
        "text": "\n".join("   ".join(row) for row in rows),
        "left": 0,
        "top": 0,
        "padding": 0,
        "textStyle": {**style, "rich": {name: {**style, "color": color} for name, color in colors.items()}},
    }


# -- axes -------------------------------------------------------------------------------------------------------------


def _grids(look: Look, has_volume: bool) -> list[Options]:
    """Pixels and not containLabel: the two have to begin and end at the same place."""
    sides = {"left": 10, "right": 84, "top": _rows_of_read_out(look) * _READ_OUT_PX + 24}
    if not has_volume:
        return [{**sides, "bottom": 56}]
    return [{**sides, "bottom": "30%"}, {**sides, "top": "73%", "bottom": 56}]


def _x(look: Look, names: Sequence[str], xs: Sequence[Any], at: int, *, is_last: bool) -> Options:
    axis = axes.plain_axis(look, "category")
    axis |= {"data": list(names), "gridIndex": at}
    axis["axisLabel"] |= {**axes.FIRST_LABEL, **axes.short_labels(xs, PLAIN), "show": is_last}
    axis["axisPointer"] = {"label": {"show": is_last}}
    return axis


def _zooms(look: Look, points: int, has_volume: bool) -> list[Options]:
    both = list(range(1 + has_volume))
    inside = [{**each, "xAxisIndex": both, "filterMode": "filter"} for each in axes.zoom(look, points, wheel=True)]
    return [*inside, {**axes.slider(look, both), "filterMode": "filter"}]


def _volume_axis(look: Look, form: Format, unit: str) -> Options:
    axis = axes.value_axis(look, form, unit, from_zero=True, right=True)
    return {**axis, "gridIndex": 1, "splitNumber": 2, "nameGap": 6}


# -- series -----------------------------------------------------------------------------------------------------------


def _complete(result: Result) -> list[Any]:
    return column(result, COMPLETE) if COMPLETE in result.columns else [True] * len(result.rows)


def _candlesticks(
    prices: Sequence[tuple[float | None, ...]], complete: Sequence[Any], look: Look, *, form: Format
) -> Options:
    """``prices`` are open, close, low, high, as ECharts has them. A window that may still change is fainter."""
    style = {"color": look.up, "color0": look.down, "borderColor": look.up, "borderColor0": look.down}
    made: Options = {
        "type": "candlestick",
        "name": "price",
        "data": list(_data(prices, complete)),
        "itemStyle": style,
        "barMaxWidth": 18,
    }
    last = next((each for each in reversed(prices) if None not in each), None)
    if last is not None:
        color = _color(last[0], last[1], look)
        made["markLine"] = {
            "symbol": "none",
            "silent": True,
            "lineStyle": {"color": color, "type": "dashed"},
            "label": {
                "color": look.surface,
                "backgroundColor": color,
                "padding": [3, 4],
                "fontSize": 11,
                "borderRadius": 3,
                "formatter": numbers.text(last[1], form),
            },
            "data": [{"yAxis": last[1]}],
        }
    return made


def _data(prices: Sequence[tuple[float | None, ...]], complete: Sequence[Any]) -> Iterator[Any]:
    for each, whole in zip(prices, complete, strict=True):
        if None in each:
            yield _ABSENT
        else:
            yield list(each) if whole else {"value": list(each), "itemStyle": {"opacity": 0.55}}


def _line(title: str, values: Sequence[Any], color: str) -> Options:
    return {
        "type": "line",
        "name": title,
        "data": [numbers.number(each) for each in values],
        "color": color,
        "showSymbol": False,
        "lineStyle": {"width": 1.2, "opacity": 0.9},
        "emphasis": {"disabled": True},
    }


def _volume(title: str, values: Sequence[Any], prices: Sequence[tuple[float | None, ...]], look: Look) -> Options:
    data = [
        {"value": numbers.number(value), "itemStyle": {"color": _color(opened, closed, look), "opacity": 0.6}}
        for value, (opened, closed, _, _) in zip(values, prices, strict=True)
    ]
    return {"type": "bar", "name": title, "xAxisIndex": 1, "yAxisIndex": 1, "data": data, "barMaxWidth": 18}


def _color(opened: float | None, closed: float | None, look: Look) -> str:
    return look.up if (closed or 0) >= (opened or 0) else look.down
