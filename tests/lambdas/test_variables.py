"""A Lambda's environment is read once: its faults are told together, its secrets when they are needed."""

from pathlib import Path
from typing import Any

import pytest

from lambdas.variables import Variables
from tapehouse.errors import SettingsError
from tapehouse.keys import SecretUnavailableError

SOURCES = {"coindesk": "https://coindesk/rss", "finnhub": "https://finnhub/news"}


class Secrets:
    """Secrets Manager with one secret of JSON."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        self.asked.append(SecretId)
        return {"SecretString": '{"client_id": "me", "token": "hunter2"}'}


def test_what_is_set_is_read_and_the_rest_is_as_it_is(tmp_path: Path) -> None:
    variables = Variables(
        {
            "TAPEHOUSE_LANDING": str(tmp_path),
            "TAPEHOUSE_NEWS_SOURCES": " finnhub, coindesk,,finnhub ",
            "TAPEHOUSE_SOURCE_URLS": "coindesk=http://127.0.0.1:1/rss?a=b, reddit=http://127.0.0.1:2",
            "EMPTY": "",
            "EVERY": "1.5",
        }
    )
    assert (variables.hours("EVERY", 6.0), variables.hours("EMPTY", 6.0)) == (1.5, 6.0)
    assert variables.landing().uri == str(tmp_path)
    assert variables.names("TAPEHOUSE_NEWS_SOURCES", ["coindesk"], known=list(SOURCES)) == ("finnhub", "coindesk")
    assert variables.names("EMPTY", ["BTC", "ETH"]) == ("BTC", "ETH")
    assert variables.addresses(SOURCES) == {**SOURCES, "coindesk": "http://127.0.0.1:1/rss?a=b"}
    variables.check()


def test_all_faults_are_told_at_once() -> None:
    variables = Variables(
        {
            "TAPEHOUSE_LANDING": "ftp://x/",
            "NEWS": "bloomberg",
            "TAPEHOUSE_SOURCE_URLS": "coindesk,finnhub=file:///x,a=http://[",
            "EVERY": "often",
            "OTHER": "24.1",
        }
    )
    variables.hours("EVERY", 6.0)
    variables.hours("OTHER", 6.0)
    variables.landing()
    variables.names("NEWS", [], known=list(SOURCES))
    variables.names("NONE", [])
    variables.addresses(SOURCES)
    Variables({}).check()
    with pytest.raises(SettingsError) as caught:
        variables.check()
    assert len(caught.value.faults) == 8
    unset = Variables({})
    unset.landing()
    with pytest.raises(SettingsError, match="TAPEHOUSE_LANDING is not set"):
        unset.check()


def test_a_key_is_read_when_it_is_asked_for_and_each_time() -> None:
    secrets = Secrets()
    variables = Variables({"DIRECT": " hunter3 ", "STORED": "mine#token", "WHOLE": "reddit"}, secrets=lambda: secrets)
    assert variables.key("DIRECT", "STORED")() == "hunter3"
    assert variables.key("NONE", "NONE_EITHER")() == ""
    read = variables.key("NONE", "STORED")
    assert secrets.asked == []
    assert (read(), read()) == ("hunter2", "hunter2")
    assert secrets.asked == ["mine", "mine"]
    assert variables.key("NONE", "WHOLE", part="client_id")() == "me"
    with pytest.raises(SecretUnavailableError):
        variables.key("NONE", "WHOLE", part="absent")()
