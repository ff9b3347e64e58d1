"""A plan in words: what is counted, what is named, what is said to lose data."""

from typing import Any

from cli.terraform.plan import Plan


def change(address: str, *actions: str) -> dict[str, Any]:
    parts = address.partition("[")[0].split(".")
    return {"address": address, "type": parts[-2], "change": {"actions": list(actions)}}


def plan(*changes: dict[str, Any]) -> Plan:
    return Plan.of({"resource_changes": list(changes)})


def test_what_stays_and_what_is_only_read_is_no_change() -> None:
    assert plan(change("aws_s3_bucket.this", "no-op"), change("data.aws_x.this", "read")).changes == ()


def test_changes_are_counted_by_what_happens() -> None:
    found = plan(
        change("aws_glue_job.a", "create"),
        change("aws_glue_job.b", "create"),
        change("aws_glue_job.c", "delete", "create"),
        change("aws_glue_job.d", "create", "delete"),
        change("aws_glue_job.e", "update"),
    )
    assert found.counts() == "2 to make, 1 to change, 2 to replace"
    assert list(found.lines()) == [
        "  replace  aws_glue_job.c",
        "  replace  aws_glue_job.d",
        "  change   aws_glue_job.e",
    ]
    assert plan().counts() == "only outputs change"


def test_a_bucket_or_stream_that_goes_or_is_replaced_loses_data_and_is_told_first() -> None:
    stream = 'module.stream.aws_kinesis_stream.this["a.b"]'
    found = plan(
        change("aws_glue_job.a", "delete", "create"),
        {**change("module.stream.aws_kinesis_stream.this", "delete", "create"), "address": stream},
        change("module.lake.aws_s3_bucket.lake", "update"),
    )
    assert found.loses == (stream,)
    assert next(found.lines()) == f"  replace  {stream}   LOSES DATA"


def test_the_producers_marks_are_data_too() -> None:
    marks = "module.producers.aws_efs_file_system.this"
    found = plan(change(marks, "delete"), change("module.producers.aws_efs_access_point.this", "delete"))
    assert found.loses == (marks,)
    assert found.keeps == ()  # it goes with what is in it, so destroy has nothing to let go


def test_what_people_drew_in_metabase_is_data_too() -> None:
    drawn = "module.metabase.aws_db_instance.this"
    assert plan(change(drawn, "delete", "create")).loses == (drawn,)


def test_services_that_are_made_or_replaced_wait_and_changed_ones_do_not() -> None:
    found = plan(
        change("module.producers.aws_ecs_service.made", "create"),
        change("module.producers.aws_ecs_service.changed", "update"),
        change("module.producers.aws_ecs_service.replaced", "delete", "create"),
        change("module.metabase.aws_ecs_service.this", "create"),  # starts by itself
        change("aws_glue_job.a", "create"),
    )
    assert found.waits == ("module.producers.aws_ecs_service.made", "module.producers.aws_ecs_service.replaced")


def test_a_bucket_that_refuses_to_go_while_it_holds_something_is_named() -> None:
    kept = change("aws_s3_bucket.lake", "delete")
    kept["change"]["before"] = {"force_destroy": False}
    free = change("aws_s3_bucket.code", "delete")
    free["change"]["before"] = {"force_destroy": True}
    stays = change("aws_s3_bucket.results", "update")
    stays["change"]["before"] = {"force_destroy": False}
    single = change("aws_s3_object.package", "delete")
    single["change"]["before"] = {"force_destroy": False}
    assert plan(kept, free, stays, single, change("aws_glue_job.a", "create")).keeps == ("aws_s3_bucket.lake",)


def test_what_is_protected_from_being_removed_is_named() -> None:
    database, balancer = (f"module.metabase.{kind}.this" for kind in ("aws_db_instance", "aws_lb"))
    going, replaced = change(database, "delete"), change(balancer, "delete", "create")
    going["change"]["before"] = {"deletion_protection": True}
    replaced["change"]["before"] = {"enable_deletion_protection": True}
    assert plan(going, replaced).keeps == (database, balancer)
    going["change"]["before"] = {"deletion_protection": False}
    replaced["change"]["before"] = {"enable_deletion_protection": False}
    assert plan(going, replaced).keeps == ()


def test_many_changes_are_cut_and_counted() -> None:
    found = plan(*(change(f"aws_glue_job.j{n:02}", "update") for n in range(25)))
    assert len(list(found.lines())) == 21
    assert list(found.lines())[-1] == "  … and 5 more"
