"""A task's pages go to a webhook instead, with headers whose secrets nobody sees."""

import json
import logging
from typing import Any

import pytest

from lambdas.crawler.guard import ForbiddenAddressError
from lambdas.crawler.webhook import send
from lambdas.http import Answer, FetchError, FetchFailedError, FetchRefusedError, Request
from tapehouse.errors import TerminalError
from tapehouse.keys import SecretUnavailableError
from tests.lambdas.crawler.crawling import Home, Secrets
from tests.lambdas.crawler.site import Page

TOKEN = "hunter2-hunter2"


@pytest.fixture
def hooked(home: Home) -> Home:
    home.secrets = Secrets(hook=json.dumps({"token": TOKEN}), plain=TOKEN)
    home.site.pages |= {"/start": Page("<title>T</title><p>x</p>"), "/hook": Page("", 204)}
    return home


def output(home: Home, url: str = "", **headers: str) -> dict[str, Any]:
    return {
        "webhook": url or home.site.url("/hook"),
        "headers": {key.replace("_", "-"): headers[key] for key in headers},
    }


def test_the_pages_are_posted_with_the_headers_and_nothing_is_landed(hooked: Home) -> None:
    said = hooked.run(
        output=output(hooked, X_From="us", Authorization="Bearer secret:hook#token", X_Key="secret:plain")
    )
    assert said["webhook"] == 204
    asked = hooked.site.asked[-1]
    assert (asked.method, asked.path) == ("POST", "/hook")
    assert (asked.headers["authorization"], asked.headers["x-key"]) == (f"Bearer {TOKEN}", TOKEN)
    assert (asked.headers["x-from"], asked.headers["content-type"]) == ("us", "application/json")
    body = json.loads(asked.body)
    assert (body["task"], body["kind"], body["pages"][0]["title"]) == ("news", "page", "T")
    assert hooked.landed == []
    assert hooked.secrets.asked == ["hook", "plain"]


def test_a_webhook_in_trouble_is_tried_three_times_with_the_same_bytes(hooked: Home) -> None:
    hooked.site.pages["/hook"] = Page("", 503)
    with pytest.raises(FetchFailedError, match="webhook of news"):
        hooked.run(output=output(hooked))
    sent = [asked for asked in hooked.site.asked if asked.path == "/hook"]
    assert len(sent) == 3
    assert len({(asked.body, asked.headers["idempotency-key"]) for asked in sent}) == 1


def test_a_webhook_that_refuses_is_not_tried_again(hooked: Home) -> None:
    hooked.site.pages["/hook"] = Page(f"no: {TOKEN}", 401)
    with pytest.raises(FetchRefusedError, match="401"):
        hooked.run(output=output(hooked, Authorization="Bearer secret:hook#token"))
    assert hooked.site.paths.count("/hook") == 1


def test_a_redirect_is_not_followed(hooked: Home) -> None:
    hooked.site.pages["/hook"] = Page(status=307, headers={"Location": "/elsewhere"})
    with pytest.raises(FetchRefusedError, match="redirect"):
        hooked.run(output=output(hooked, Authorization="Bearer secret:hook#token"))
    assert "/elsewhere" not in hooked.site.paths


def test_the_guard_is_asked_about_the_webhook_too(hooked: Home) -> None:
    hooked.resolver.names["hook.test"] = ["169.254.169.254"]
    with pytest.raises(ForbiddenAddressError, match=r"hook\.test leads to 169\.254\.169\.254"):
        hooked.run(output=output(hooked, url=hooked.site.url("/hook", host="hook.test")))
    assert "/hook" not in hooked.site.paths


def test_a_secret_that_is_not_there_is_named_and_nothing_is_sent(hooked: Home) -> None:
    with pytest.raises(SecretUnavailableError, match="the header X-Key of task news names the secret hook#none"):
        hooked.run(output=output(hooked, X_Key="secret:hook#none"))
    assert "/hook" not in hooked.site.paths


@pytest.mark.parametrize(
    "page", [Page("", 204), Page(TOKEN, 500), Page(TOKEN, 403), Page(status=302, headers={"Location": f"/{TOKEN}"})]
)
def test_a_secret_is_nowhere(hooked: Home, page: Page, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the task, an error, its cause, a log line of any level, or what is landed."""
    hooked.site.pages["/hook"] = page
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG):
        task = hooked.task(output=output(hooked, Authorization="Bearer secret:hook#token", X_Odd="secret:plain"))
        try:
            shown.append(str(hooked.crawler().run(task)))
        except (FetchError, TerminalError) as error:
            shown += [str(error), repr(error), repr(error.__cause__), repr(error.__context__)]
    shown += [repr(task), repr(hooked.landed), *(record.getMessage() for record in caplog.records)]
    assert hooked.site.asked[-1].headers["x-odd"] == TOKEN
    assert [text for text in shown if TOKEN in text] == []


def test_the_client_is_told_which_of_its_headers_are_secret(hooked: Home) -> None:
    """It masks them wherever they turn up, in an answer too; a header's name alone does not say so."""
    asked: list[Request] = []

    class Http:
        def send(self, request: Request) -> Answer:
            asked.append(request)
            return Answer(status=204, headers={}, content_type="", body=b"", url=request.address, fetched_at_us=0)

    task = hooked.task(output=output(hooked, X_Odd="secret:plain"))
    assert task.webhook
    assert send(task, task.webhook, [], http=Http(), secrets=lambda: hooked.secrets) == 204
    assert TOKEN in asked[0].hidden
