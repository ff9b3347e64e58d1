"""The sources' real answers, read where they lie beside the project."""

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from tapehouse.documents import Parsed, parse
from tapehouse.landing import Kind
from tests.tapehouse.documents.bodies import landed

pytestmark = pytest.mark.recorded
_RECORDINGS = os.environ.get("RECORDINGS")  # read here: the tests' environment is scrubbed
_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
_FOLDERS = [Path(_RECORDINGS), Path(_RECORDINGS).parent] if _RECORDINGS else [_DATA]
FETCHED_US = 1_780_000_000_000_000
"""2026-05-28: after all of them."""


def parsed(kind: Kind, source: str, name: str) -> Parsed:
    file = next((each / "news" / name for each in _FOLDERS if (each / "news" / name).is_file()), None)
    if file is None:
        reason = f"no recording news/{name}: set RECORDINGS to the folder of recordings"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    body = file.read_bytes()
    whole = gzip.decompress(body) if file.suffix == ".gz" else body
    return parse(landed(kind, source, whole, fetched_at_us=FETCHED_US))


def test_alpha_vantages_articles() -> None:
    found = parsed("news", "alphavantage", "alphavantage_news-sentiment_2024-05.json")
    assert (len(found.documents), found.faults) == (21, ())
    assert len({document.document_id for document in found.documents}) == 21
    tagged = Counter(symbol for document in found.documents for symbol in document.symbols)
    assert (tagged["BTC"], tagged["ETH"], tagged["DOGE"]) == (21, 14, 3)
    assert not {"COIN", "USD", "MSTR"} & set(tagged)
    first = found.documents[0]
    assert (first.author, first.published_at_us) == ("Khyathi Dalal", 1_715_027_534_000_000)
    assert (first.vendor_sentiment[0].symbol, first.vendor_sentiment[0].score) == (None, 0.153173)
    assert all(document.body and document.url for document in found.documents)


@pytest.mark.parametrize(
    ("name", "stories"), [("finnhub_news-general_2025-07-09.json", 7), ("finnhub_news-general_2024-11-27.json", 2)]
)
def test_finnhubs_headlines(name: str, stories: int) -> None:
    found = parsed("news", "finnhub", name)
    assert (len(found.documents), found.faults) == (stories, ())
    assert all(document.title and document.body and document.url for document in found.documents)


def test_reddits_posts() -> None:
    found = parsed("social", "reddit", "reddit_r-popular-hot_2026-04-13T204947Z.json.gz")
    assert (len(found.documents), found.faults) == (100, ())
    assert len({document.document_id for document in found.documents}) == 100
    assert found.documents[0].published_at_us == 1_776_105_848_000_000
    assert all((document.url or "").startswith("https://reddit.com/r/") for document in found.documents)
    assert sum(bool(document.body) for document in found.documents) == 35  # the others are links alone
    assert not any(document.removed for document in found.documents)
