"""What Terraform made, from a checkout to nothing again: deployed, written to, refreshed, judged, destroyed.

Every name is one that Terraform told, every argument of a job one that its state holds.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from glue_jobs.jobs.arguments import JOBS
from tapehouse.settings import Settings
from tests.e2e.deployment import Deployment, Runs

pytestmark = [pytest.mark.e2e, pytest.mark.spark, pytest.mark.timeout(1_800)]

EMULATORS: Mapping[tuple[str, str], str] = {
    ("aws_glue_job", "job_run_queuing_enabled"): "moto does not keep it",
    ("aws_glue_job", "maintenance_window"): "moto does not keep it",
    ("aws_ecs_service", "availability_zone_rebalancing"): "moto does not tell it",
    ("aws_vpc_security_group_egress_rule", "description"): "moto does not keep it",
    ("aws_vpc_security_group_ingress_rule", "description"): "moto does not keep it",
}
"""What a second plan on the emulator may differ in, by type and attribute, with the reason. On AWS it is nothing."""
LEFT: Mapping[str, str] = {
    "athena primary": "every account has it",
    "ec2 endpoint deleted": "told of for a while, as on AWS",
    "ecs cluster INACTIVE": "told of for a while, as on AWS",
    "kms alias/aws/": "AWS' own, in every account",
    "kms PendingDeletion": "a key is kept for days after it was deleted",
}
"""What the emulator still has after destroy, by service and what begins its name, with the reason."""


def test_the_outputs_are_settings(deployment: Deployment) -> None:
    settings = Settings.model_validate(deployment.settings)
    assert settings.lake.startswith("s3://tapehouse-local-lake-")
    names = {each["name"] for each in deployment.of_type("aws_glue_job")}
    assert names == {f"{settings.deployment}-{job}" for job in JOBS}


def test_records_go_the_whole_way_by_the_jobs_as_they_are_declared(deployment: Deployment, runs: Runs) -> None:
    for said in runs.said:
        assert said["ok"] is True, said["printed"]
    first, streamed, nothing_new, _, _, judged, _ = runs.said
    assert first["rows"] >= 400
    assert streamed["rows"] >= 100
    assert nothing_new["rows"] == 0
    assert judged["counts"]["silver.trades"] == 500


def test_a_second_plan_differs_only_where_the_emulator_does(deployment: Deployment) -> None:
    found = {
        (address.rpartition(".")[0].rpartition(".")[2], attribute): values
        for address, attributes in deployment.second_plan().items()
        for attribute, values in attributes.items()
    }
    assert {each: found[each] for each in found if each not in EMULATORS} == {}
    assert set(EMULATORS) - set(found) == set(), "remove the reasons for what does not differ any more"


def test_destroy_leaves_nothing_unnamed(deployment: Deployment) -> None:
    deployment.tapehouse("destroy", "--target", "local", "--yes", "--lose-data")
    left = {name for name in inventory(deployment) if not any(name.startswith(start) for start in LEFT)}
    assert left == set()
    assert json.loads((deployment.checkout / "infra/.state/local/terraform.tfstate").read_text())["resources"] == []
    assert not (deployment.checkout / "infra/.settings/local.json").exists()


def inventory(deployment: Deployment) -> set[str]:
    """What the emulator has, as "service name": of every service that the configuration uses."""

    def named(service: str, operation: str, told: str, name: str, **words: Any) -> set[str]:
        answer = getattr(deployment.client(service), operation)(**words)
        found = answer[told]
        return {f"{service} {each if isinstance(each, str) else each[name]}" for each in found}

    endpoints = deployment.client("ec2").describe_vpc_endpoints()
    return {
        *named("kinesis", "list_streams", "StreamNames", ""),
        *named("s3", "list_buckets", "Buckets", "Name"),
        *named("iam", "list_roles", "Roles", "RoleName"),
        *named("iam", "list_policies", "Policies", "PolicyName", Scope="Local"),
        *named("glue", "get_databases", "DatabaseList", "Name"),
        *named("glue", "list_jobs", "JobNames", ""),
        *named("glue", "list_triggers", "TriggerNames", ""),
        *named("athena", "list_work_groups", "WorkGroups", "Name"),
        *(f"ecs cluster {cluster['status']}" for cluster in clusters(deployment)),
        *named("ecs", "list_task_definitions", "taskDefinitionArns", ""),
        *named("efs", "describe_file_systems", "FileSystems", "FileSystemId"),
        *named("logs", "describe_log_groups", "logGroups", "logGroupName"),
        *named("sns", "list_topics", "Topics", "TopicArn"),
        *named("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        *named("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        *named("events", "list_rules", "Rules", "Name"),
        *(f"kms {key['KeyState']}" for key in keys(deployment)),
        *named("kms", "list_aliases", "Aliases", "AliasName"),
        *named("secretsmanager", "list_secrets", "SecretList", "Name"),
        *named("ec2", "describe_vpcs", "Vpcs", "VpcId", Filters=[{"Name": "is-default", "Values": ["false"]}]),
        *(f"ec2 endpoint {each['State']}" for each in endpoints["VpcEndpoints"]),
        *named("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
        *named("ec2", "describe_addresses", "Addresses", "AllocationId"),
        *named(
            *("application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId"),
            ServiceNamespace="ecs",
        ),
    }


def keys(deployment: Deployment) -> list[dict[str, Any]]:
    kms = deployment.client("kms")
    return [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]


def clusters(deployment: Deployment) -> list[dict[str, Any]]:
    ecs = deployment.client("ecs")
    found: list[dict[str, Any]] = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    return found
