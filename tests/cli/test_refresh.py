"""What ``tapehouse refresh`` and ``make run-app`` say to the pipeline."""

from cli.refresh import IN_DEMO
from tapehouse import settings
from tapehouse.intervals import BY_NAME, SECOND_US


def test_a_demo_is_forecast_of_its_first_minute_and_a_half() -> None:
    found = settings.load(environ={}, arguments=dict(IN_DEMO))
    seconds = BY_NAME[found.forecast_interval].length_us / SECOND_US
    assert (found.forecast_least_returns + 1) * seconds + found.forecast_every_s <= 100
