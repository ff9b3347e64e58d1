# Each alarm says what it means and what to do; docs/alarms.md says the same, and a test holds the two together.
locals {
  balancer = { LoadBalancer = aws_lb.this.arn_suffix }
  targets  = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.this.arn_suffix }
  database = { DBInstanceIdentifier = aws_db_instance.this.identifier }

  alarms = {
    metabase-down = {
      means     = "No task of Metabase has answered for a quarter of an hour. A deployment takes some minutes of that."
      do        = "Read its log. A password that changed, and a database that cannot be reached, end here too: a new deployment of the service reads the password anew."
      namespace = "AWS/ApplicationELB", metric = "HealthyHostCount", dimensions = local.targets
      statistic = "Maximum", period_s = 300, of = 3, under = 1, missing = "breaching"
    }
    metabase-errors = {
      means     = "Metabase answers with errors of its own, again and again."
      do        = "Read its log for what it was asked. If it is out of memory, give it more memory_mb; if its database is slow, see its alarms."
      namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.targets
      statistic = "Sum", period_s = 300, of = 2, over = 10, missing = "notBreaching"
    }
    metabase-unanswered = {
      means     = "The load balancer had to answer with errors in Metabase's place: it was not there, or took too long."
      do        = "See whether a deployment is under way, and metabase-down. If questions take minutes, look in Athena's history for those without a bound on event_date."
      namespace = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer
      statistic = "Sum", period_s = 300, of = 3, over = 10, missing = "notBreaching"
    }
    metabase-reset-password = {
      means     = "Somebody asks for the path through which instances of Metabase were taken over in August 2026. It is refused; the doctor asks once, which is no alarm."
      do        = "Find who it is in the load balancer's access log, and take them off allowed_cidrs. See that the image is the newest of its line, and that no user is there whom nobody knows."
      namespace = "AWS/ApplicationELB", metric = "HTTP_Fixed_Response_Count", dimensions = local.balancer
      statistic = "Sum", period_s = 300, of = 1, over = 1, missing = "notBreaching"
    }
    metabase-database-full = {
      means     = "Metabase's database has less than 2 GB left, and has grown as far as it may."
      do        = "Old rows of its own history are the most of it: delete them, or raise max_allocated_storage."
      namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database
      statistic = "Minimum", period_s = 300, of = 3, under = 2000000000, missing = "missing"
    }
    metabase-database-busy = {
      means     = "Metabase's database was busy for half an hour."
      do        = "See in its log who asks. After an upgrade it may be a migration; if it stays, take a larger database_class."
      namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database
      statistic = "Average", period_s = 300, of = 6, over = 90, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${var.prefix}-${each.key}"
  alarm_description = "${each.value.means} ${each.value.do}"

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period_s
  evaluation_periods  = each.value.of
  threshold           = try(each.value.over, each.value.under)
  comparison_operator = can(each.value.over) ? "GreaterThanThreshold" : "LessThanThreshold"
  treat_missing_data  = each.value.missing

  alarm_actions             = [var.alarm_topic_arn]
  ok_actions                = [var.alarm_topic_arn]
  insufficient_data_actions = each.value.missing == "missing" ? [var.alarm_topic_arn] : []
}

# -- a task that ended: an event, not a number --------------------------------------------------------------------------

locals {
  rules = {
    metabase-stopped = {
      means = "A task of Metabase ended by itself, could not begin, or did not answer and was stopped. ECS starts it again."
      do    = "Once is nothing. If it comes again and again, the last lines of its log say why; an image or a secret that cannot be had leaves none, and the reason here names it."
    }
  }
}

resource "aws_cloudwatch_event_rule" "stopped" {
  name        = "${var.prefix}-metabase-stopped"
  description = local.rules.metabase-stopped.means
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = { clusterArn = [aws_ecs_cluster.this.arn], lastStatus = ["STOPPED"], "$or" = [
      { stopCode = ["EssentialContainerExited", "TaskFailedToStart"] },
      { stoppedReason = [{ prefix = "Task failed" }] }, # the load balancer's health check
    ] }
  })
}

resource "aws_cloudwatch_event_target" "stopped" {
  rule      = aws_cloudwatch_event_rule.stopped.name
  target_id = "topic"
  arn       = var.alarm_topic_arn

  input_transformer {
    input_paths    = { task = "$.detail.taskArn", why = "$.detail.stoppedReason" }
    input_template = "\"Metabase's task <task> ended: <why> ${local.rules.metabase-stopped.do}\""
  }
}
