# One task, on a cluster of its own: what the producers' alarms say of their cluster stays theirs.
resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights is billed as custom metrics; of one task the load balancer's and the database's say enough, and alarms read those.
  name = local.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

resource "aws_ecs_service" "this" {
  name            = local.name
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = "FARGATE"
  desired_count   = 1

  # The old task ends before the new one starts: a new version changes its database when it starts, and the old one would
  # go on writing to what it no longer knows. That is some minutes without an answer at each deployment.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED" # wants room for a second task

  # A revision that does not come up is replaced by the last that did. Terraform then reports success all the same: compare
  # the output task_definition_arn with what runs. An older version refuses a database that a newer one has changed.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  wait_for_steady_state = !var.emulator

  # The first start and each new version change the database before they answer; ECS would kill them over it.
  health_check_grace_period_seconds = var.start_s

  network_configuration {
    subnets          = var.task_subnet_ids
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = var.assign_public_ip
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "metabase"
    container_port   = local.port
  }

  propagate_tags = "SERVICE" # what a task costs is counted by its tags

  # What a start may take, and what ECS takes to find out that it does not come up.
  timeouts {
    create = "${ceil(var.start_s / 60) + 20}m"
    update = "${ceil(var.start_s / 60) + 20}m"
  }

  # A task that starts before these are there can neither log, nor read its secrets, nor reach its database.
  depends_on = [
    aws_iam_role_policy.execution, aws_iam_role_policy.task, aws_lb_listener.https, aws_lb_listener_rule.reset_password,
    aws_secretsmanager_secret_version.this, aws_vpc_security_group_ingress_rule.database,
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group; an own key costs, and kms_key_arn takes one.
  #checkov:skip=CKV_AWS_338:It tells of the last weeks, which is what somebody looks for who mends it; log_days keeps more.
  name              = "/tapehouse/${var.prefix}/metabase"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}
