locals {
  # The vendors that want a key; var.secrets may hold others' too.
  keys = { for feed, secret in var.secrets : feed => secret if contains(["finnhub", "polygon"], feed) }

  # Every producer with what it leaves out filled in. Together they are to stay within a shard's limits.
  producers = { for name, each in var.producers : name => merge(each, {
    feed        = coalesce(each.feed, name)
    shard_share = coalesce(each.shard_share, max(0.01, floor(100 / length(var.producers)) / 100))
    secret      = lookup(local.keys, coalesce(each.feed, name), null)
  }) }
}

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights is billed as custom metrics; the producers' own numbers say more. container_insights turns it on.
  name = var.prefix

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  count = var.spot ? 1 : 0

  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE_SPOT"]
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:A public address is the way out to the venues; the security group lets nothing in. nat of the network module is the other way.
  for_each = local.producers

  name            = "${var.prefix}-producer-${each.key}"
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.producer[each.key].arn

  # One task a service, and the old one ends before the new one starts: two would read the same market twice, and the
  # second would be refused the marks. What is traded in between is read back from the mark on.
  desired_count                      = var.start ? 1 : 0
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED" # wants room for a second task

  launch_type = var.spot ? null : "FARGATE"

  dynamic "capacity_provider_strategy" {
    for_each = var.spot ? ["FARGATE_SPOT"] : []

    content {
      capacity_provider = capacity_provider_strategy.value
      weight            = 1
    }
  }

  # A revision that does not come up is replaced by the last that did. Terraform then reports success all the same:
  # compare the output task_definition_arns with what runs.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  wait_for_steady_state = true

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = var.assign_public_ip
  }

  propagate_tags = "SERVICE" # what a task costs is counted by its tags

  lifecycle {
    ignore_changes = [desired_count] # started and stopped from outside
  }

  # A task that starts before these are there cannot mount its marks, log, or send.
  depends_on = [
    aws_efs_mount_target.this, aws_efs_file_system_policy.this, aws_iam_role_policy.producer,
    aws_iam_role_policy.execution, aws_ecs_cluster_capacity_providers.this,
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:What a producer said a month ago helps nobody; log_days keeps it longer.
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts it by a key of its own; kms_key_arn takes another.
  name              = "/tapehouse/${var.prefix}/producers"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}
