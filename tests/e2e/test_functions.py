"""The Lambdas as Terraform deployed them: what their schedules and queues call them for lands, and is scored."""

import json

import pytest

from lambdas.enrich.objects import SCORED_KINDS
from tests.e2e.deployment import METABASE_SECRETS, Deployment
from tests.e2e.functions import HIDDEN, Functions
from tests.lambdas.crawler.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1_800)]


def test_a_schedule_fetches_the_day_before_from_every_source(functions: Functions) -> None:
    news, social = functions.answers["news"][0], functions.answers["social"][0]
    assert news["date"] == social["date"] < functions.began[:10]
    assert {name: each["outcome"] for name, each in news["sources"].items()} == dict.fromkeys(
        ("alphavantage", "coindesk", "cointelegraph", "finnhub"), "landed"
    )
    assert {name: each["outcome"] for name, each in social["sources"].items()} == dict.fromkeys(
        ("fear-greed", "reddit"), "landed"
    )


def test_a_day_by_hand_again_lands_nothing_twice(functions: Functions) -> None:
    again = {**functions.answers["news"][1]["sources"], **functions.answers["social"][1]["sources"]}
    assert {each["outcome"] for each in again.values()} == {"nothing new"}


def test_what_s3_tells_is_scored_and_nothing_else_is_told(functions: Functions) -> None:
    kinds = [key.partition("/")[0] for key in functions.landed]
    assert set(kinds) == {*SCORED_KINDS, "price", "index", "score"}
    told = [json.loads(message["body"]) for message in functions.messages["enrich"]]
    records = [record for body in told for record in body.get("Records", ())]
    assert len(records) == kinds.count("score") == sum(kind in SCORED_KINDS for kind in kinds)
    assert all(answer == {"batchItemFailures": []} for answer in functions.answers["enrich"])


def test_each_task_of_a_schedule_is_a_message_that_lands_or_goes_to_its_webhook(
    functions: Functions, site: Site
) -> None:
    assert functions.answers["crawler-schedule"][0]["tasks"] == ["story", "price", "told"]
    assert functions.answers["crawler"] == [{"batchItemFailures": []}] * 3
    assert {key.rpartition("/")[0].rpartition("/")[0] for key in functions.landed if key.startswith("p")} == {
        "page/story",
        "price/price",
    }
    (hook,) = [each for each in site.asked if each.method == "POST"]
    assert hook.headers["authorization"] == "Bearer no-token-of-a-hook"


def test_no_secret_is_in_a_variable_a_log_the_landing_or_the_state(
    functions: Functions, deployment: Deployment
) -> None:
    state = json.dumps(deployment.state, default=str)
    seen = {"state": state, "log": functions.log, "landing": str(functions.landed), "answers": str(functions.answers)}
    assert "event=source_asked" in functions.log
    assert [
        (name, secret)
        for name, text in seen.items()
        for secret in (*HIDDEN, *METABASE_SECRETS.values())
        if secret in text
    ] == []
