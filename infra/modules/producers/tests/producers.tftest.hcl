mock_provider "aws" {
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/tapehouse-dev" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/made" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/made:7" }
  }
  mock_resource "aws_efs_file_system" {
    defaults = { arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1" }
  }
  mock_resource "aws_efs_access_point" {
    defaults = { arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-1" }
  }
}

variables {
  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"
  producers = {
    kraken  = { symbols = ["BTC-USD", "ETH-USD"] }
    finnhub = { symbols = ["us:AAPL-USD"] }
  }
  secrets = {
    finnhub  = { name = "tapehouse-dev/finnhub", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf", version = 4 }
    metabase = { name = "tapehouse-dev/metabase", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/metabase-AbCdEf", version = 1 }
  }
  package = {
    bucket  = "code"
    key     = "packages/producers.tar.gz"
    version = "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH"
    sha256  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1", "subnet-2"]
  stream_name = "tapehouse-dev-trades"
  stream_arn  = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades"
  lake_uri    = "s3://tapehouse-dev-lake/lake"
}

run "never_two_tasks_of_one_service" {
  command = plan

  assert {
    condition     = alltrue([for service in aws_ecs_service.this : service.deployment_maximum_percent == 100 && service.deployment_minimum_healthy_percent == 0])
    error_message = "The old task ends before the new one starts."
  }
  assert {
    condition     = alltrue([for service in aws_ecs_service.this : service.desired_count == 0])
    error_message = "Nothing runs, and nothing is billed, until it is started."
  }
  assert {
    condition     = [for name in ["finnhub", "kraken"] : aws_ecs_service.this[name].name] == ["tapehouse-dev-producer-finnhub", "tapehouse-dev-producer-kraken"]
    error_message = "A service is named <prefix>-producer-<name>."
  }
}

run "a_revision_that_fails_is_rolled_back" {
  command = plan

  assert {
    condition     = alltrue([for service in aws_ecs_service.this : service.deployment_circuit_breaker[0].enable && service.deployment_circuit_breaker[0].rollback && service.wait_for_steady_state])
    error_message = "The circuit breaker rolls back, and apply waits for it."
  }
}

run "spot_is_a_choice" {
  command = plan

  variables {
    spot = true
  }

  assert {
    condition     = alltrue([for service in aws_ecs_service.this : one(service.capacity_provider_strategy).capacity_provider == "FARGATE_SPOT"])
    error_message = "Spot is asked of the capacity provider."
  }
}

run "a_stop_leaves_time_to_confirm" {
  command = plan

  assert {
    condition     = alltrue([for definition in aws_ecs_task_definition.producer : jsondecode(definition.container_definitions)[1].stopTimeout > 30])
    error_message = "A producer confirms within 30 s of SIGTERM what it has read; it is given more."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].linuxParameters.initProcessEnabled
    error_message = "Something passes SIGTERM on."
  }
}

run "the_package_is_fetched_before_the_producer_starts" {
  command = plan

  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[0].command == ["aws s3api get-object --bucket code --key packages/producers.tar.gz --version-id 3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH /work/package.tar.gz > /dev/null && chmod 1777 /work"]
    error_message = "The first container brings the package, and lets the second write beside it."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].dependsOn == [{ condition = "SUCCESS", containerName = "fetch" }] && !jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[0].essential
    error_message = "The producer starts once that one has succeeded, and its end does not end the task."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].command == ["producers"]
    error_message = "The producer's module is what runs."
  }
}

run "an_own_image_runs_without_a_package" {
  command = plan

  variables {
    producer_image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapehouse-producer:1"
    producer_repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/tapehouse-producer"
    architecture            = "ARM64"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].image == "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapehouse-producer:1" && jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].entryPoint == ["python", "-m"]
    error_message = "The image runs the module itself."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[0].command == ["chmod 1777 /work"]
    error_message = "Nothing is fetched."
  }
  assert {
    condition     = aws_ecs_task_definition.producer["kraken"].runtime_platform[0].cpu_architecture == "ARM64"
    error_message = "The image's processor is the task's."
  }
  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement if statement.Sid == "PullImage" && statement.Resource == ["arn:aws:ecr:us-east-1:123456789012:repository/tapehouse-producer"]]) == 1
    error_message = "ECS may pull that image, and no other."
  }
}

run "settings_are_the_producers_own" {
  command = plan

  assert {
    condition = { for pair in jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].environment : pair.name => pair.value } == {
      AWS_REGION                = "us-east-1"
      FEED                      = "kraken"
      HOME                      = "/work"
      LAKE                      = "s3://tapehouse-dev-lake/lake"
      PACKAGE                   = "/work/package.tar.gz"
      PACKAGE_SHA256            = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      PYTHONDONTWRITEBYTECODE   = "1"
      PYTHONPATH                = "/work/app"
      PYTHONUNBUFFERED          = "1"
      SYMBOLS                   = "BTC-USD,ETH-USD"
      TAPEHOUSE_HEARTBEAT       = "/work/heartbeat.json"
      TAPEHOUSE_PRODUCER        = "kraken"
      TAPEHOUSE_METRICS_EVERY_S = "60"
      TAPEHOUSE_REGION          = "us-east-1"
      TAPEHOUSE_SHARD_SHARE     = "0.5"
      TAPEHOUSE_STATE_FOLDER    = "/state"
      TAPEHOUSE_STREAM_NAME     = "tapehouse-dev-trades"
      TARGET                    = "aws"
      TMPDIR                    = "/work"
    }
    error_message = "The task's environment is what a producer is told by."
  }
}

run "several_producers_share_a_shards_limits" {
  command = plan

  variables {
    producers = {
      coinbase  = {}
      kraken    = {}
      synthetic = { arguments = ["--rate", "20"], shard_share = 0.2 }
    }
  }

  assert {
    condition = [for name in ["coinbase", "kraken", "synthetic"] :
    one([for pair in jsondecode(aws_ecs_task_definition.producer[name].container_definitions)[1].environment : pair.value if pair.name == "TAPEHOUSE_SHARD_SHARE"])] == ["0.33", "0.33", "0.2"]
    error_message = "Each has its part, and together no more than all."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["synthetic"].container_definitions)[1].command == ["producers", "--rate", "20"]
    error_message = "More words of the command come behind the module."
  }
}

run "a_key_is_named_and_its_change_is_a_new_revision" {
  command = plan

  assert {
    condition     = one([for pair in jsondecode(aws_ecs_task_definition.producer["finnhub"].container_definitions)[1].environment : pair.value if pair.name == "TAPEHOUSE_FINNHUB_SECRET"]) == "tapehouse-dev/finnhub"
    error_message = "The producer is told the secret's name."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.producer["finnhub"].container_definitions)[1].dockerLabels == { "tapehouse.secret-version" = "4" }
    error_message = "Another number makes another task definition."
  }
  assert {
    condition     = length([for pair in jsondecode(aws_ecs_task_definition.producer["kraken"].container_definitions)[1].environment : pair if strcontains(pair.name, "SECRET")]) == 0
    error_message = "Who needs no key is told of none."
  }
}

run "marks_outlive_the_task" {
  command = apply

  assert {
    condition     = length(aws_efs_mount_target.this) == 2 && aws_efs_file_system.this.encrypted && aws_efs_file_system.this.throughput_mode == "bursting"
    error_message = "The marks are on a file system that is encrypted and reached from each subnet."
  }
  assert {
    condition     = alltrue([for name, point in aws_efs_access_point.this : point.root_directory[0].path == "/${name}" && point.posix_user[0].uid == 10001])
    error_message = "Each producer has a folder of its own."
  }
  assert {
    condition     = alltrue([for definition in aws_ecs_task_definition.producer : one([for volume in definition.volume : volume.efs_volume_configuration[0].transit_encryption if volume.name == "state"]) == "ENABLED"])
    error_message = "The file system is mounted over TLS."
  }
  assert {
    condition     = jsondecode(aws_efs_file_system_policy.this[0].policy).Statement[0].Effect == "Deny"
    error_message = "Reaching the file system is not enough."
  }
}

run "a_producer_may_do_what_it_does_and_nothing_else" {
  command = apply

  assert {
    condition = sort(flatten([for statement in jsondecode(aws_iam_role_policy.producer["kraken"].policy).Statement : statement.Action])) == sort([
      "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite",
      "kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecords",
      "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject",
    ])
    error_message = "A venue's producer sends, keeps its marks, and marks the lake."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.producer["finnhub"].policy).Statement : statement.Resource if statement.Sid == "ReadKey"] == [["arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf"]]
    error_message = "A vendor's producer reads its own key."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.producer["kraken"].policy).Statement : one(statement.Resource) if contains(statement.Action, "s3:GetObjectVersion")] == ["arn:aws:s3:::code/packages/producers.tar.gz"]
    error_message = "Of the package it reads every version: with the newest alone, ECS could not go back."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.producer["kraken"].policy).Statement : statement.Resource if statement.Sid == "MarkLake"] == [["arn:aws:s3:::tapehouse-dev-lake/lake/_tapehouse.json"]]
    error_message = "Of the lake it has the marker alone."
  }
  assert {
    condition = alltrue(flatten([for policy in concat(values(aws_iam_role_policy.producer)[*].policy, [aws_iam_role_policy.backfill.policy, aws_iam_role_policy.execution.policy]) :
    [for statement in jsondecode(policy).Statement : !strcontains(join(" ", statement.Action), "*") && !contains(statement.Resource, "*")]]))
    error_message = "No action and no resource is a star."
  }
  assert {
    condition     = jsondecode(aws_iam_role.producer["kraken"].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Another account's ECS cannot take the role."
  }
}

run "the_backfill_has_vendors_keys_and_no_marks" {
  command = apply

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.backfill.policy).Statement : statement.Resource if statement.Sid == "ReadKeys"] == [["arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf"]]
    error_message = "The feeds' keys, and no other secret."
  }
  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.backfill.policy).Statement : statement if statement.Sid == "KeepMarks"]) == 0 && [for volume in aws_ecs_task_definition.backfill.volume : volume.name] == ["work"]
    error_message = "It runs beside the producers, whose marks it leaves alone."
  }
  assert {
    condition     = output.backfill.container == jsondecode(aws_ecs_task_definition.backfill.container_definitions)[1].name
    error_message = "The output names the container that takes the command."
  }
}

run "nothing_comes_in" {
  command = apply

  assert {
    condition     = sort([for rule in aws_vpc_security_group_egress_rule.venues : tostring(rule.from_port)]) == sort(["443", "8443", "9443"]) && alltrue([for rule in aws_vpc_security_group_egress_rule.venues : rule.from_port == rule.to_port])
    error_message = "Out go the venues' ports."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.state.security_group_id == aws_security_group.state.id && aws_vpc_security_group_ingress_rule.state.referenced_security_group_id == aws_security_group.tasks.id
    error_message = "The one way in leads from the tasks to their marks."
  }
}

run "the_revision_can_be_compared" {
  command = apply

  assert {
    condition     = output.task_definition_arns == { finnhub = "arn:aws:ecs:us-east-1:123456789012:task-definition/made:7", kraken = "arn:aws:ecs:us-east-1:123456789012:task-definition/made:7" }
    error_message = "The output holds each revision."
  }
}

run "an_emulator_gets_no_policy_that_it_cannot_take_back" {
  command = plan

  variables {
    emulator = true
  }

  assert {
    condition     = length(aws_efs_file_system_policy.this) == 0
    error_message = "Destroy would fail on it."
  }
}

run "nothing_is_a_deployment_too" {
  command = plan

  variables {
    producers = {}
    secrets   = {}
  }

  assert {
    condition     = length(aws_ecs_service.this) == 0 && length(aws_ecs_task_definition.backfill.family) > 0
    error_message = "Without producers the backfill is still there."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    prefix                  = "T"
    partition               = "azure"
    region                  = "europe"
    account_id              = "12"
    package                 = { bucket = "code", key = "producers.tar.gz", version = "null", sha256 = "0123" }
    producer_repository_arn = "tapehouse-producer"
    public_images           = { python = "python" }
    architecture            = "ARM64"
    vpc_id                  = "default"
    subnet_ids              = []
    venue_ports             = [8443]
    stream_name             = "a b"
    stream_arn              = "tapehouse-dev-trades"
    lake_uri                = "s3://tapehouse-dev-lake/lake/"
    kms_key_arn             = "alias/mine"
    metrics_every_s         = 0
    stop_s                  = 30
    log_days                = 31
  }

  expect_failures = [
    var.prefix, var.partition, var.region, var.account_id, var.package, var.producer_repository_arn, var.public_images,
    var.architecture, var.vpc_id, var.subnet_ids, var.venue_ports, var.stream_name, var.stream_arn, var.lake_uri,
    var.kms_key_arn, var.metrics_every_s, var.stop_s, var.log_days,
  ]
}

run "refuses_an_image_without_a_tag" {
  command = plan

  variables {
    producer_image = "tapehouse-producer"
  }

  expect_failures = [var.producer_image]
}

run "refuses_a_vendor_without_its_key" {
  command = plan

  variables {
    producers = { polygon = {} }
  }

  expect_failures = [var.secrets]
}

run "refuses_a_market_in_two_producers" {
  command = plan

  variables {
    producers = {
      kraken   = { symbols = ["BTC-USD"] }
      kraken-2 = { feed = "kraken", symbols = ["ETH-USD", "BTC-USD"] }
    }
  }

  expect_failures = [var.producers]
}

run "takes_a_feed_in_two_producers_with_markets_apart" {
  command = plan

  variables {
    producers = {
      kraken   = { symbols = ["BTC-USD"] }
      kraken-2 = { feed = "kraken", symbols = ["ETH-USD"] }
    }
  }

  assert {
    condition     = one([for pair in jsondecode(aws_ecs_task_definition.producer["kraken-2"].container_definitions)[1].environment : pair.value if pair.name == "FEED"]) == "kraken"
    error_message = "The second producer reads the same feed."
  }
}

run "refuses_a_task_that_fargate_does_not_have" {
  command = plan

  variables {
    producers = { kraken = { cpu = 256, memory_mb = 4096 } }
  }

  expect_failures = [var.producers]
}

run "refuses_names_that_are_none" {
  command = plan

  variables {
    producers = { Kraken = { feed = "KRAKEN", symbols = ["btcusd"], shard_share = 2 } }
  }

  expect_failures = [var.producers]
}

run "refuses_a_key_among_the_settings" {
  command = plan

  variables {
    producers = { kraken = { settings = { TAPEHOUSE_POLYGON_KEY = "not-a-real-key" } } }
  }

  expect_failures = [var.producers]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
