"""What Terraform made, from a checkout to nothing again: deployed, written to, refreshed, judged, destroyed.

Every name is one that Terraform told, every argument of a job one that its state holds.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from glue_jobs.jobs.arguments import JOBS
from tapehouse.settings import Settings
from tests.e2e.deployment import Deployment, Runs

pytestmark = [pytest.mark.e2e, pytest.mark.spark, pytest.mark.timeout(1_800)]

EMULATORS: Mapping[tuple[str, str], str] = {
    ("aws_glue_job", "job_run_queuing_enabled"): "moto does not keep it",
    ("aws_glue_job", "maintenance_window"): "moto does not keep it",
    ("aws_db_parameter_group", "parameter"): "moto does not keep it",
    ("aws_ecs_service", "availability_zone_rebalancing"): "moto does not tell it",
    ("aws_ecs_service", "health_check_grace_period_seconds"): "moto does not keep it",
    ("aws_lambda_function", "logging_config"): "moto does not keep it",
    ("aws_sqs_queue", "redrive_policy"): "moto tells it with other spaces",
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

HOLDS_DATA = (
    *("aws_s3_bucket", "aws_kinesis_stream", "aws_efs_file_system", "aws_secretsmanager_secret", "aws_kms_key"),
    *("aws_cloudwatch_log_group", "aws_glue_catalog_database", "aws_glue_catalog_table", "aws_athena_workgroup"),
    "aws_db_instance",
)
"""What holds what cannot be had again, or what people's questions name."""
CHANGED: Mapping[str, Any] = {
    "tags": {"Desk": "crypto"},
    "shard_count": None,
    "retention_hours": 48,
    "force_destroy": False,
    "versioning_days": 30,
    "results_days": 30,
    "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
    "mode": "schedule",
    "refresh_every_s": 5,
    "refresh_cron": "cron(30 * * * ? *)",
    "audit_cron": "cron(0 3 ? * SUN *)",
    "maintenance_window": "Mon:4",
    "stream_workers": {"type": "G.1X", "count": 3},
    "batch_workers": {"type": "G.2X", "count": 4},
    "gold_sources": {"binance": "binance-agg"},
    "gold_seconds_days": 30,
    "retention": {"bronze.trades": 30},
    "bar_sizes": {"volume.BTC": "0.5"},
    "forecast": {"every_s": 60, "horizons_s": [300, 900]},
    "scan_limit_bytes": 20_000_000_000,
    "log_days": 90,
    "producers": {"kraken": {"symbols": ["SOL-USD"]}, "finnhub": {"symbols": ["us:AAPL-USD"]}},
    "producer_image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapehouse:1",
    "producer_repository_arn": "arn:aws:ecr:us-east-1:123456789012:repository/tapehouse",
    "producers_spot": True,
    "zones": ["us-east-1b", "us-east-1c"],
    "cidr": "10.62.0.0/20",
    "nat": True,
    "secret_versions": {"alphavantage": 2, "finnhub": 2, "reddit": 2, "hook": 2, "polygon": 1},
    "keys": {"polygon": "not-a-key"},
    "secret_recovery_days": 7,
    "news": {
        "sources": ["coindesk"],
        "symbols": ["ETH"],
        "social_sources": ["fear-greed"],
        "subreddits": ["Bitcoin"],
        "cron": "cron(0 3 * * ? *)",
        "crawl": {
            "schedules": {"daily": "cron(0 5 * * ? *)"},
            "tasks_uri": "s3://desk/tasks.yaml",
            "user_agent": "tapehouse (desk@example.com)",
            "secrets": ["hook", "polygon"],
        },
        "sentiment_endpoint": "finbert",
        "emotion_endpoint": "emotions",
        "reserved_concurrency": 2,
    },
    "emails": ["desk@example.com"],
    "budget": {"usd": 200},
    "read_every_s": 100,
    "behind_s": 600,
    "throttled": 10,
    "quarantined_percent": 5,
    "scanned_gb": 100,
    "readers": ["arn:aws:iam::123456789012:role/analyst"],
    "operators": ["arn:aws:iam::123456789012:role/data-engineer"],
    "require_mfa": False,
    "session_s": 3_600,
    "database_prefix": "desk_",
    "metabase": {
        "host": "dashboards.example.com",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
        "allowed_cidrs": ["203.0.113.0/24"],
        "image": f"metabase/metabase:v0.64.7.1@sha256:{'1' * 64}",
        "admin_email": "desk@example.com",
        "zone_id": "Z0123456789ABC",
        "internal": False,
        "machine_cidrs": ["203.0.113.7/32"],
        "oidc": {
            name: f"https://login.example.com/{name}"
            for name in ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint", "client_id")
        },
        "session_s": 3_600,
        "access_log_bucket": "desk-access-logs",
        "image_repository_arn": "arn:aws:ecr:us-east-1:123456789012:repository/metabase",
        "architecture": "ARM64",
        "cpu": 2_048,
        "memory_mb": 8_192,
        "start_s": 1_200,
        "database_class": "db.t4g.small",
        "postgres_version": 18,
        "multi_az": True,
        "backup_days": 30,
        "deletion_protection": True,
        "secret_versions": {"encryption-key": 2, "admin-password": 2},
        "secret_recovery_days": 7,
    },
    "metabase_secrets": {
        "encryption-key": "another-key-of-metabase",
        "admin-password": "another-password-of-metabase-2",
    },
    "metabase_oidc_secret": "not-a-secret",
}
"""Another value of each variable."""
INSTEAD: Mapping[str, Any] = {
    "network": {
        **{"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "assign_public_ip": True},
        "private_subnet_ids": ["subnet-2", "subnet-3"],
    }
}
"""In place of the zones, addresses and gateway of ``CHANGED``."""
NAMES_ANOTHER_PLACE = {
    *("environment", "region", "account_id", "packages_file"),
    *("emulator", "emulator_endpoint", "emulator_kinesis_endpoint", "max_retries"),
}
"""Where it is deployed and from what; the command gives these."""


def test_the_outputs_are_settings(deployment: Deployment) -> None:
    settings = Settings.model_validate(deployment.settings)
    assert settings.lake.startswith("s3://tapehouse-local-lake-")
    others = json.loads((deployment.checkout / "infra/.settings/local.outputs.json").read_text())
    assert {"container", "task_definition", "subnet_ids", "security_groups"} <= set(others["producers"]["backfill"])
    names = {each["name"] for each in deployment.of_type("aws_glue_job")}
    assert names == {f"{settings.deployment}-{job}" for job in JOBS}


def test_records_go_the_whole_way_by_the_jobs_as_they_are_declared(deployment: Deployment, runs: Runs) -> None:
    for said in runs.said:
        assert said["ok"] is True, said["printed"]
    first, streamed, nothing_new, _, _, _, judged, _ = runs.said
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


def test_another_value_of_a_variable_replaces_no_data(deployment: Deployment) -> None:
    declared = re.findall(r'^variable "(\w+)"', (deployment.checkout / "infra/variables.tf").read_text(), re.MULTILINE)
    assert {*CHANGED, *INSTEAD, *NAMES_ANOTHER_PLACE} == set(declared)
    assert _data(deployment.removed_by(INSTEAD)) == set()
    # Only the catalog's entries get other names, while their tables' files stay; and RDS takes another key for another
    # database, which the deployment does not do unless it may lose data.
    assert {each.partition(".this[")[0] for each in _data(deployment.removed_by(CHANGED))} == {
        "module.catalog.aws_glue_catalog_database",
        "module.catalog.aws_glue_catalog_table",
        "module.metabase[0].aws_db_instance.this",
    }


def _data(addresses: Iterable[str]) -> set[str]:
    return {each for each in addresses if any(f"{kind}." in each for kind in HOLDS_DATA)}


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
        *named("lambda", "list_functions", "Functions", "FunctionName"),
        *named("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
        *named("scheduler", "list_schedules", "Schedules", "Name"),
        *named("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        *named("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
        *named("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
        *named("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
        *named("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
        *(f"sqs {url}" for url in deployment.client("sqs").list_queues().get("QueueUrls", ())),
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
    """Those that somebody made; what its alias calls AWS' own is made by whatever encrypts with it first."""
    kms = deployment.client("kms")
    aliases = kms.list_aliases()["Aliases"]
    own = {each.get("TargetKeyId") for each in aliases if each["AliasName"].startswith("alias/aws/")}
    made = {each["KeyId"] for each in kms.list_keys()["Keys"]} - own
    return [kms.describe_key(KeyId=each)["KeyMetadata"] for each in sorted(made)]


def clusters(deployment: Deployment) -> list[dict[str, Any]]:
    ecs = deployment.client("ecs")
    found: list[dict[str, Any]] = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    return found
