"""What a forecast is asked for: how far ahead, how often, and from which candles."""

from dataclasses import dataclass

from tapehouse.intervals import BY_NAME, DAY_US, HOUR_US, MINUTE_US, SECOND_US, Interval
from tapehouse.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The settings, in microseconds; ``tapehouse.settings`` judges them."""

    every_us: int = 15 * MINUTE_US
    """A market's forecasts are as of multiples of this."""
    interval: Interval = BY_NAME["1m"]
    """Whose candles are looked at; a step is as long."""
    window_us: int = DAY_US
    """So long before as_of are they."""
    horizons_us: tuple[int, ...] = (5 * MINUTE_US, 15 * MINUTE_US, 30 * MINUTE_US, HOUR_US)
    band: float = 0.9
    paths: int = 10_000
    least_returns: int = 30
    """A market with fewer is not forecast."""

    @classmethod
    def of(cls, settings: Settings) -> "Parameters":
        """As the settings say."""
        return cls(
            every_us=_micros(settings.forecast_every_s),
            interval=BY_NAME[settings.forecast_interval],
            window_us=_micros(settings.forecast_window_s),
            horizons_us=tuple(sorted({_micros(each) for each in settings.forecast_horizons_s})),
            band=settings.forecast_band,
            paths=settings.forecast_paths,
            least_returns=settings.forecast_least_returns,
        )

    @property
    def steps(self) -> list[int]:
        """Of each horizon, ascending."""
        return [each // self.interval.length_us for each in self.horizons_us]


def _micros(seconds: float) -> int:
    return round(seconds * SECOND_US)
