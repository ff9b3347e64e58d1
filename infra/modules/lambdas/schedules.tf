locals {
  # Scheduler puts the time in that a run is for: a run that comes late asks for the same day. Written out, since
  # jsonencode spells < and > in another way, which Scheduler does not know.
  time = "\"time\":\"<aws.scheduler.scheduled-time>\""

  schedules = merge(
    { for name in ["news", "social"] : name => { function = name, cron = var.cron, input = "{${local.time}}" } },
    { for name, cron in var.crawl : "crawl-${name}" => { function = "crawler-schedule", cron = cron, input = "{${local.time},\"schedule\":\"${name}\"}" } },
  )
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:What it holds is a name and a time; Scheduler encrypts that by a key of its own.
  for_each = local.schedules

  name                         = "${var.prefix}-${each.key}"
  description                  = local.functions[each.value.function].about
  schedule_expression          = each.value.cron
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this[each.value.function].arn
    role_arn = aws_iam_role.schedules.arn
    input    = each.value.input

    # Of the call alone; what the function does with it is retried by its event invoke config.
    retry_policy {
      maximum_retry_attempts       = 5
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead["batches"].arn
    }
  }

  depends_on = [aws_iam_role_policy.schedules]
}

# Read anew by each run: another content is one object more, and no function anew.
resource "aws_s3_object" "tasks" {
  count = var.crawl_tasks_file == null ? 0 : 1

  bucket       = local.tasks_bucket
  key          = trimprefix(local.tasks_uri, "s3://${local.tasks_bucket}/")
  source       = var.crawl_tasks_file
  source_hash  = filesha256(var.crawl_tasks_file)
  content_type = "application/yaml"
}
