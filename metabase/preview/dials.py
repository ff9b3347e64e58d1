"""Pies and gauges."""

from metabase.preview import axes, numbers
from metabase.preview.axes import Options
from metabase.preview.drawn import column
from metabase.preview.look import Look
from metabase.question import Question, Segment
from tapehouse.query import Result


def pie(question: Question, result: Result, look: Look) -> Options:
    """A ring. Raises DrawingError."""
    y = question.y[0]
    form = question.format_of(question.x or "")
    names = [numbers.text(each, form) for each in column(result, question.x or "")]
    values = [numbers.number(each) for each in column(result, y)]
    places = {name: at for at, name in enumerate(sorted(set(names)))}  # as lines come: one name, one colour on a page
    data = [
        {"name": name, "value": value, "itemStyle": {"color": look.color(name, places[name])}}
        for name, value in zip(names, values, strict=True)
        if value is not None and value > 0
    ]
    written = numbers.script(question.format_of(y), question.unit_of(y))
    return {
        **axes.base(look),
        "tooltip": axes.tooltip(look, "item"),
        "legend": {**axes.legend(look, names), "show": True},
        "series": [
            {
                "type": "pie",
                "radius": ["40%", "76%"],
                "center": ["50%", "55%"],
                "data": data,
                "label": {"position": "inside", "color": look.surface, "fontWeight": 600, "formatter": "{d}%"},
                "minShowLabelAngle": 24,
                "percentPrecision": 1,
                "itemStyle": {"borderColor": look.surface, "borderWidth": 2},
                "tooltip": {":valueFormatter": written},
            }
        ],
    }


def gauge(question: Question, result: Result, look: Look) -> Options:
    """A half circle in the segments' colours. Raises DrawingError."""
    y, segments = question.y[0], question.segments
    value = numbers.number(column(result, y)[0])
    least, most = segments[0].least, segments[-1].most
    written = numbers.text(value, question.format_of(y), question.unit_of(y))
    shown = least if value is None else min(max(value, least), most)
    here = _segment(segments, shown)
    color = look.named(here.color)
    bounds = {each.least for each in segments} | {most}
    return {
        **axes.base(look),
        "tooltip": {"show": False},
        "series": [
            {
                "type": "gauge",
                "min": least,
                "max": most,
                "startAngle": 200,
                "endAngle": -20,
                "center": ["50%", "62%"],
                "radius": "92%",
                "progress": {"show": False},
                "axisLine": {"lineStyle": {"width": 14, "color": _scale(segments, look)}},
                "pointer": {"width": 4, "length": "62%", "itemStyle": {"color": color}},
                "anchor": {"show": True, "size": 8, "itemStyle": {"color": color}},
                "axisTick": {"show": False},
                "splitLine": {"show": False},
                "axisLabel": {"show": False},
                "title": {"offsetCenter": [0, "58%"], "color": look.muted, "fontSize": 12},
                "detail": {"offsetCenter": [0, "34%"], "fontSize": 22, "color": look.text, "formatter": written},
                "data": [{"value": shown, "name": here.label or f"{min(bounds):g} to {most:g}"}],
            }
        ],
    }


def _segment(segments: tuple[Segment, ...], value: float) -> Segment:
    return next((each for each in segments if value < each.most), segments[-1])


def _scale(segments: tuple[Segment, ...], look: Look) -> list[list[object]]:
    least, most = segments[0].least, segments[-1].most
    return [[(each.most - least) / (most - least), look.named(each.color)] for each in segments]
