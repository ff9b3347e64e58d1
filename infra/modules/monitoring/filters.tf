# Numbers out of the log. Producers and jobs write JSON lines of numbers on stdout, and events as event=… on stderr.
locals {
  namespace = "Tapehouse/${var.prefix}"

  # By producer: what its line says (docs/operations.md, "A producer"). Not by feed: of two of one feed, one would hide the
  # other's silence.
  producer_numbers = var.producers_log_group_name == null ? {} : {
    ConfirmedPerSecond = { field = "confirmed_per_s", unit = "Count/Second" }
    OldestSeconds      = { field = "oldest_s", unit = "Seconds" }
    OpenGaps           = { field = "open_gaps", unit = "Count" }
  }

  producer_events = var.producers_log_group_name == null ? {} : {
    GapsLeftOpen = "\"event=gap_left_open\""
  }

  job_numbers = {
    Accepted    = "accepted"
    Duplicate   = "duplicate"
    Quarantined = "quarantined"
  }

  job_events = {
    StreamGaps  = "\"event=stream_gap\""
    TriesAgain  = "\"event=query_again_later\""
    GoldCommits = "\"event=step name=gold.candles\""
  }

  # Each job's lines may hold any of them.
  of_jobs = merge([for job, group in var.job_log_group_names : merge(
    { for metric, field in local.job_numbers : "${job}-${metric}" => { group = group, metric = metric, pattern = "{ $.numbers = \"lake\" && $.${field} = * }", value = "$.${field}" } },
    { for metric, pattern in local.job_events : "${job}-${metric}" => { group = group, metric = metric, pattern = pattern, value = "1" } },
  )]...)
}

resource "aws_cloudwatch_log_metric_filter" "producer" {
  for_each = local.producer_numbers

  name           = "${var.prefix}-${each.key}"
  log_group_name = var.producers_log_group_name
  pattern        = "{ $.producer = * && $.${each.value.field} = * }"

  metric_transformation {
    namespace  = local.namespace
    name       = each.key
    value      = "$.${each.value.field}"
    unit       = each.value.unit
    dimensions = { producer = "$.producer" }
  }
}

resource "aws_cloudwatch_log_metric_filter" "producer_event" {
  for_each = local.producer_events

  name           = "${var.prefix}-${each.key}"
  log_group_name = var.producers_log_group_name
  pattern        = each.value

  metric_transformation {
    namespace     = local.namespace
    name          = each.key
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "job" {
  for_each = local.of_jobs

  name           = "${var.prefix}-${each.key}"
  log_group_name = each.value.group
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = local.namespace
    name          = each.value.metric
    value         = each.value.value
    default_value = 0
    unit          = "Count"
  }
}
