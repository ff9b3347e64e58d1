"""Functions of dates and times, one line each (see ``signatures``). Those with units and formats are in ``formats``."""

from collections.abc import Iterator
from typing import Final

_PARTS: Final = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "week_of_year": "week",
    "year_of_week": "isoyear",
    "yow": "isoyear",
    "day": "day",
    "day_of_month": "day",
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_year": "doy",
    "doy": "doy",
}
_CLOCK: Final = ("hour", "minute", "second", "millisecond")
_INSTANT: Final = "timestamp(p) with time zone"


def _parts() -> Iterator[str]:
    for name, part in _PARTS.items():
        yield f"{name}(date) -> bigint = date_part('{part}', {{0}})"
        yield f"{name}(timestamp(p)) -> bigint = date_part('{part}', {{0}})"
        yield f"{name}({_INSTANT}) -> bigint = date_part('{part}', athena_utc({{0}}))"
    for name in _CLOCK:
        part = "millisecond({0}) % 1000" if name == "millisecond" else f"date_part('{name}', {{0}})"
        yield f"{name}(timestamp(p)) -> bigint = {part}"
        yield f"{name}({_INSTANT}) -> bigint = {part.replace('{0}', 'athena_utc({0})')}"


TIMES: Final = f"""
date(date) -> date = {{0}}
date(varchar) -> date = athena_date(athena_odd({{0}}))
date(timestamp(p)) -> date = CAST({{0}} AS DATE)
date({_INSTANT}) -> date = CAST(athena_utc({{0}}) AS DATE)
last_day_of_month(date) -> date = last_day({{0}})
last_day_of_month(timestamp(p)) -> date = last_day(CAST({{0}} AS DATE))
last_day_of_month({_INSTANT}) -> date = last_day(CAST(athena_utc({{0}}) AS DATE))
from_unixtime(double) -> timestamp(3) with time zone = athena_unixtime({{0}})
to_unixtime(timestamp(p)) -> double = epoch_us({{0}}) / 1000000.0::DOUBLE
to_unixtime({_INSTANT}) -> double = epoch_us({{0}}) / 1000000.0::DOUBLE
from_iso8601_timestamp(varchar) -> timestamp(3) with time zone = athena_instant({{0}})
from_iso8601_date(varchar) -> date = athena_iso_date({{0}})
to_iso8601(date) -> varchar(16) = athena_time_text(CAST({{0}} AS TIMESTAMP), -10)
to_iso8601(timestamp(3)) -> varchar(26) = replace(athena_time_text({{0}}, 3), ' ', 'T')
to_iso8601(timestamp(3) with time zone) -> varchar(32) = (replace(athena_time_text(athena_utc({{0}}), 3), ' ', 'T') || 'Z')
to_milliseconds(interval day to second) -> bigint = {{0}}
now() -> timestamp(3) with time zone = athena_ms(now())
""" + "\n".join(_parts())
