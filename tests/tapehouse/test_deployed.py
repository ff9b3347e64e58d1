"""The files that a deployment leaves: written whole, read without what is null."""

from pathlib import Path

from tapehouse import deployed


def test_what_is_written_is_read_without_nulls_and_the_old_file_is_replaced(tmp_path: Path) -> None:
    path = deployed.path_of("aws", tmp_path)
    assert deployed.read(path) == {}
    deployed.write(path, {"lake": "s3://a/lake", "shards": 1})
    deployed.write(path, {"lake": "s3://b/lake", "finnhub_secret": None})
    assert deployed.read(path) == {"lake": "s3://b/lake"}
    assert [each.name for each in path.parent.iterdir()] == ["aws.json"]


def test_each_target_has_its_own_files() -> None:
    assert str(deployed.path_of("aws")) == "infra/.settings/aws.json"
    assert str(deployed.path_of("local")) == "infra/.settings/local.json"
    assert str(deployed.outputs_of("aws")) == "infra/.settings/aws.outputs.json"
