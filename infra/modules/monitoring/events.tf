# What is an event, not a number: a job that failed, a task or deployment that did. Each becomes one sentence.
locals {
  cluster_name = coalesce(var.cluster_name, "none")
  ecs_arn      = "arn:${var.partition}:ecs:${var.region}:${var.account_id}"

  rules = { for name, rule in {
    job-failed = {
      when  = length(var.job_names) > 0
      means = "A Glue job failed or ran out of time."
      do    = "Read its log in CloudWatch. The stream job is started again by itself; of any other start it again with tapehouse, which goes on where it was. A failed audit names what is missing."
      pattern = jsonencode({
        source      = ["aws.glue"]
        detail-type = ["Glue Job State Change"]
        detail      = { jobName = var.job_names, state = ["FAILED", "TIMEOUT", "ERROR"] }
      })
      paths = { job = "$.detail.jobName", run = "$.detail.jobRunId", state = "$.detail.state", why = "$.detail.message" }
      says  = "Glue job <job>, run <run>: <state>. <why>"
    }
    producer-stopped = {
      when  = var.cluster_name != null
      means = "A task ended with an error, or could not begin. ECS starts it again."
      do    = "Once is nothing: it goes on at its marks. If it comes again and again, the last line of its log says what is wrong in one sentence."
      pattern = jsonencode({
        source      = ["aws.ecs"]
        detail-type = ["ECS Task State Change"]
        detail = { clusterArn = ["${local.ecs_arn}:cluster/${local.cluster_name}"], lastStatus = ["STOPPED"], "$or" = [
          { containers = { exitCode = [{ numeric = [">", 0] }] } },
          { stopCode = ["TaskFailedToStart"] }, # an image or a folder that cannot be had: no container has an exit code
        ] }
      })
      paths = { group = "$.detail.group", task = "$.detail.taskArn", why = "$.detail.stoppedReason" }
      says  = "Task <task> of <group> ended: <why>"
    }
    deployment-failed = {
      when  = var.cluster_name != null
      means = "A new revision of a producer did not come up, and ECS goes back to the last one that did; where that ran a package, not an image, its package is gone, and nothing runs. Terraform may have called it a success."
      do    = "Read the log of the tasks that ended, mend the cause, and apply again."
      pattern = jsonencode({
        source      = ["aws.ecs"]
        detail-type = ["ECS Deployment State Change"]
        resources   = [{ prefix = "${local.ecs_arn}:service/${local.cluster_name}/" }]
        detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
      })
      paths = { service = "$.resources[0]", why = "$.detail.reason" }
      says  = "Deployment of <service> failed: <why>"
    }
  } : name => rule if rule.when }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.prefix}-${each.key}"
  description   = each.value.means
  event_pattern = each.value.pattern
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "topic"
  arn       = aws_sns_topic.this.arn

  input_transformer {
    input_paths    = each.value.paths
    input_template = "\"${each.value.says} ${each.value.do}\""
  }
}
