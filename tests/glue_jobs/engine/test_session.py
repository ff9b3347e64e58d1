"""The sessions: what Glue is told and what the laptop, and which settings Spark has while it works on how many rows."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_jobs.engine import glue_session, session, sized
from glue_jobs.engine.session import FOR_FEW_ROWS, FOR_MANY_ROWS, LOCAL_SETTINGS, MANY_ROWS, SQL_SETTINGS


class Builder:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    def config(self, key: str, value: str) -> "Builder":
        self.told[key] = value
        return self

    def appName(self, name: str) -> "Builder":  # noqa: N802 - Spark's own
        return self.config("spark.app.name", name)

    def master(self, name: str) -> "Builder":
        return self.config("spark.master", name)

    def getOrCreate(self) -> dict[str, str]:  # noqa: N802
        return self.told


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    made = Builder()
    monkeypatch.setattr(session, "SparkSession", type("SparkSession", (), {"builder": made}))
    return made


def test_glue_is_told_what_sql_means_and_nothing_else(builder: Builder) -> None:
    glue_session(extra_conf={"spark.hadoop.x": "1"})
    assert builder.told == {**SQL_SETTINGS, "spark.app.name": "tapehouse", "spark.hadoop.x": "1"}
    laptop = {*LOCAL_SETTINGS, *FOR_FEW_ROWS, "spark.master", "spark.jars", "spark.driver.memory"}
    assert not laptop & set(builder.told)
    assert not [key for key in builder.told if "ivy" in key or "jars" in key or "parallelism" in key]


def test_the_same_sql_at_home(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "resolve_jars", lambda packages: [])
    for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        monkeypatch.setenv(name, "")
    session.build_session()
    assert SQL_SETTINGS.items() <= builder.told.items()
    assert FOR_FEW_ROWS.items() <= builder.told.items()
    assert builder.told["spark.master"] == "local[*]"


@pytest.mark.spark
def test_settings_follow_the_size_of_the_work_and_come_back(spark: SparkSession) -> None:
    def now(names: Any = FOR_FEW_ROWS) -> dict[str, str | None]:
        return {name: spark.conf.get(name) for name in names}

    before = now()
    with sized(spark, MANY_ROWS):
        assert now() == FOR_MANY_ROWS
        assert spark.range(10).selectExpr("sum(id)").collect()[0][0] == 45
        with sized(spark, 400):
            assert now() == FOR_FEW_ROWS
        assert now() == FOR_MANY_ROWS
    with pytest.raises(ZeroDivisionError), sized(spark, MANY_ROWS):
        _ = 1 / 0
    assert now() == before
