"""silver's stories and scores into gold: the news, the day's mood and words, and the mood beside the price."""

from glue_jobs.gold.news.against_price import MAKES as AGAINST_PRICE_MAKES
from glue_jobs.gold.news.against_price import AgainstPriceJob
from glue_jobs.gold.news.job import MAKES, NewsJob

__all__ = ["AGAINST_PRICE_MAKES", "MAKES", "AgainstPriceJob", "NewsJob"]
