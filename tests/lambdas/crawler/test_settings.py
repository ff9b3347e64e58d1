"""The crawler's settings: all faults at once, and nothing on AWS that is for home."""

import pytest

from lambdas.crawler.settings import LANDING, QUEUE, TASKS, CrawlSettings
from tapehouse.errors import SettingsError

HOME = {"TAPEHOUSE_CRAWL_TASKS": "tasks.yaml", "TAPEHOUSE_LANDING": "/landing"}


def test_what_is_not_said_has_its_default() -> None:
    settings = CrawlSettings.of(HOME, needs=(TASKS, LANDING))
    assert settings.user_agent.startswith("tapehouse/")
    assert (settings.tasks, settings.landing, settings.loopback, settings.browser) == (
        "tasks.yaml",
        "/landing",
        False,
        (),
    )


def test_what_is_said_is_taken() -> None:
    said = {
        "TAPEHOUSE_CRAWL_LOOPBACK": "1",
        "TAPEHOUSE_CRAWL_BROWSER": "chromium --no-sandbox",
        "TAPEHOUSE_CRAWL_USER_AGENT": "me/1",
    }
    settings = CrawlSettings.of({**HOME, **said}, needs=())
    assert (settings.loopback, settings.browser, settings.user_agent) == (True, ("chromium", "--no-sandbox"), "me/1")


def test_all_faults_are_told_at_once() -> None:
    said = {"TAPEHOUSE_CRAWL_LOOPBACK": "yes", "TAPEHOUSE_CRAWL_BROWSER": "'", "TAPEHOUSE_CRAWL_USER_AGENT": "a\nb"}
    with pytest.raises(SettingsError) as caught:
        CrawlSettings.of(said, needs=(TASKS, QUEUE))
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize(("name", "value"), [("LOOPBACK", "1"), ("BROWSER", "chromium")])
def test_what_is_for_home_is_refused_on_aws(name: str, value: str) -> None:
    """Lambda's own runtime listens on loopback."""
    said = {**HOME, f"TAPEHOUSE_CRAWL_{name}": value, "AWS_LAMBDA_FUNCTION_NAME": "crawler"}
    with pytest.raises(SettingsError, match=f"TAPEHOUSE_CRAWL_{name} is for home"):
        CrawlSettings.of(said, needs=())
    CrawlSettings.of({**said, f"TAPEHOUSE_CRAWL_{name}": ""}, needs=())
