"""gold.candles and a file of holdings to gold.portfolio: what is held, and what it is worth, hour by hour."""

from glue_jobs.gold.portfolio.holdings import HoldingsError, holdings_of
from glue_jobs.gold.portfolio.job import MAKES, PortfolioJob
from glue_jobs.gold.portfolio.said import FOLDER, NAME

__all__ = ["FOLDER", "MAKES", "NAME", "HoldingsError", "PortfolioJob", "holdings_of"]
