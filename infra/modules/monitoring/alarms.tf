# Each alarm says what it means and what to do; docs/alarms.md says the same in order, and a test holds the two together.
#
# missing: what no data means. "missing" ends in INSUFFICIENT_DATA, which is told as well: that somebody went silent is
# heard once, and what has never run, or was stopped on purpose, does not stay red.
locals {
  kinesis = { StreamName = var.stream_name }

  # Between two looks at the stream there is nothing to see.
  look_s = max(300, ceil(2 * var.read_every_s / 60) * 60)

  stream_alarms = {
    stream-behind = {
      means     = "The oldest record that a job has read waited longer in the stream than it may; with no data, nobody reads the stream."
      do        = "See whether the stream or refresh job runs (tapehouse doctor), start it, or give it more workers. Records are lost only once the stream's retention is over."
      namespace = "AWS/Kinesis", metric = "GetRecords.IteratorAgeMilliseconds", dimensions = local.kinesis
      statistic = "Maximum", period_s = local.look_s, of = 3, over = (var.behind_s + var.read_every_s) * 1000, missing = "missing"
    }
    stream-silent = {
      means     = "Nothing came into the stream for ten minutes; with no data, nobody even tries."
      do        = "See which producers run, and their alarms. A stop on purpose is told once, too."
      namespace = "AWS/Kinesis", metric = "IncomingRecords", dimensions = local.kinesis
      statistic = "Sum", period_s = 300, of = 2, under = 1, missing = "missing"
    }
    stream-writes-throttled = {
      means     = "Kinesis refused writes for a quarter of an hour: the shards are full. Nothing is lost, producers wait and their lag grows."
      do        = "Of a provisioned stream raise shard_count and apply. An on-demand stream splits by itself; if this stays, one producer outruns the others: see shard_share."
      namespace = "AWS/Kinesis", metric = "WriteProvisionedThroughputExceeded", dimensions = local.kinesis
      statistic = "Sum", period_s = 300, of = 3, over = var.throttled - 1, missing = "notBreaching"
    }
    stream-reads-throttled = {
      means     = "Kinesis refused reads for a quarter of an hour: more than 2 MB or 5 calls a second of a shard."
      do        = "See who else reads the stream, and stop it or give it enhanced fan-out. Behind a long pause it ends by itself."
      namespace = "AWS/Kinesis", metric = "ReadProvisionedThroughputExceeded", dimensions = local.kinesis
      statistic = "Sum", period_s = 300, of = 3, over = var.throttled - 1, missing = "notBreaching"
    }
  }

  producer_alarms = merge([for producer in var.producers : {
    "producer-silent-${producer}" = {
      means     = "Kinesis confirmed nothing of the producer ${producer} for a quarter of an hour; with no data, it does not run. A quiet market is not silent: a connection is told every few seconds."
      do        = "Read its log. The venue may be down, or refuse the markets; the producer tries on, and fills what it missed where the venue has a past."
      namespace = local.namespace, metric = "ConfirmedPerSecond", dimensions = { producer = producer }
      statistic = "Maximum", period_s = 300, of = 3, under = 0.001, missing = "missing"
    }
    "producer-behind-${producer}" = {
      means     = "Records wait in the producer ${producer}, since Kinesis does not take them."
      do        = "See stream-writes-throttled. If it is calm, the producer's shard_share is too small, or its task has too little cpu."
      namespace = local.namespace, metric = "OldestSeconds", dimensions = { producer = producer }
      statistic = "Minimum", period_s = 300, of = 3, over = 60, missing = "notBreaching"
    }
  }]...)

  gap_alarms = var.producers_log_group_name == null ? {} : {
    gap-left-open = {
      means     = "A producer could not fill a hole: the venue refused the missing trades, or does not keep them. Candles there are not complete."
      do        = "Find it in silver.gaps, and try again with tapehouse backfill."
      namespace = local.namespace, metric = "GapsLeftOpen", dimensions = {}
      statistic = "Sum", period_s = 300, of = 1, over = 0, missing = "notBreaching"
    }
  }

  job_alarms = length(var.job_log_group_names) == 0 ? {} : {
    stream-gap = {
      means     = "Records passed unread: nobody read the stream for longer than its retention. They are gone from the stream, and the audit fails from now on."
      do        = "Read back from the venues what was traded then: tapehouse backfill, market by market. Then raise the stream's retention, or find out why nobody read."
      namespace = local.namespace, metric = "StreamGaps", dimensions = {}
      statistic = "Sum", period_s = 300, of = 1, over = 0, missing = "notBreaching"
    }
    query-stuck = {
      means     = "A query of the stream job fails again and again, for a quarter of an hour; the others go on."
      do        = "The cause stands behind event=query_again_later in the job's log. What was committed is safe, and it goes on by itself once the cause is gone; behind event=query_failed is an error that may want a mend of ours."
      namespace = local.namespace, metric = "TriesAgain", dimensions = {}
      statistic = "Sum", period_s = 900, of = 1, over = 20, missing = "notBreaching"
    }
  }

  function_alarms = merge([for function, name in var.function_names : {
    # A call that fails is tried twice more: one that then ends well is nothing to hear of.
    "function-failing-${function}" = {
      means     = "Three calls or more of the function ${function} ended with an error within an hour. What it was called for is tried again, and then waits among the dead letters."
      do        = "Its log says what is wrong: the error that ended the call, or event=source_asked outcome=failed of a source. A source that is down comes back by itself; a key that is refused wants a new number in secret_versions."
      namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = name }
      statistic = "Sum", period_s = 3600, of = 1, over = 2, missing = "notBreaching"
    }
    "function-throttled-${function}" = {
      means     = "AWS did not begin calls of the function ${function} for a quarter of an hour: the account runs as many functions at once as it may. Calls wait, and are dropped after six hours."
      do        = "See what else runs in the account; ask AWS for more concurrent executions, or keep some for these (reserved_concurrency of news)."
      namespace = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = name }
      statistic = "Sum", period_s = 300, of = 3, over = 0, missing = "notBreaching"
    }
  }]...)

  # Two hours: three tries of a message, with the half hour after each in which nobody else may have it, are less.
  waiting_alarms = { for queue, name in var.queue_names : "queue-waits-${queue}" => {
    means     = "A message has waited in the queue ${queue} for two hours: its function takes none, or fewer than come."
    do        = "See the function's own alarms and log. If it works and they are many, it ends by itself; nothing is lost before the queue's four days are over."
    namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = name }
    statistic = "Maximum", period_s = 300, of = 1, over = 7200, missing = "notBreaching"
  } }

  queue_alarms = { for queue, name in var.dead_letter_queue_names : "dead-letters-${queue}" => {
    means     = "Something could not be worked on, and waits among the dead letters of ${queue}."
    do        = "Read the message: it says which object, task or event it is of. Mend the cause and send it back (StartMessageMoveTask; an event of batches: call its function with it) before the queue's two weeks are over."
    namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = name }
    statistic = "Maximum", period_s = 300, of = 1, over = 0, missing = "notBreaching"
  } }

  alarms = { for name, alarm in merge(local.stream_alarms, local.producer_alarms, local.gap_alarms, local.job_alarms, local.function_alarms, local.waiting_alarms, local.queue_alarms) :
  name => merge({ over = null, under = null }, alarm) }

  # Of more than one metric. metrics: id => [namespace, name, dimensions].
  math_alarms = merge(local.flow_alarms, local.cost_alarms, local.daily_alarms)

  # Hour by hour, and two hours more than a day: a run that begins a minute later than the day before is none missed.
  daily_alarms = { for function in var.daily_functions : "day-missed-${function}" => {
    means   = "For more than a day the function ${function} has not once ended well: its schedule does not start it, or a source fails each time. With no data, nobody calls it."
    do      = "See function-failing and the dead letters of batches for the cause. What the other sources had has landed; once it is mended, fetch each day that is missing by hand: tapehouse lambda with --date."
    label   = "Missed", expression = "IF(FILL(calls, 0) - FILL(errors, 0) > 0, 0, 1)", period_s = 3600, of = 26, over = 0
    metrics = { for id, metric in { calls = "Invocations", errors = "Errors" } : id => ["AWS/Lambda", metric, { FunctionName = var.function_names[function] }] }
    missing = "missing"
  } }

  flow_alarms = length(var.job_log_group_names) == 0 ? {} : {
    gold-stale = {
      means   = "Records come into the stream, and no candle was written for a quarter of an hour."
      do      = "See whether the job runs and how long its steps take (event=step in its log). query-stuck and stream-behind say more."
      label   = "Stale", expression = "IF(FILL(incoming, 0) > 0 AND FILL(commits, 0) == 0, 1, 0)", period_s = max(900, local.look_s), of = 1, over = 0
      metrics = { incoming = ["AWS/Kinesis", "IncomingRecords", local.kinesis], commits = [local.namespace, "GoldCommits", {}] }
      missing = "missing"
    }
    quarantined = {
      means   = "Silver refuses more records as invalid than it may. They are kept, with their bytes and the reasons."
      do      = "Group silver.rejected by reason and source. Of one venue: its messages changed, mend its feed. A rule that is wrong: mend it; then tapehouse requeue judges them again."
      label   = "Quarantined, %", expression = "100 * FILL(quarantined, 0) / (FILL(accepted, 0) + FILL(quarantined, 0) + 0.000001)", period_s = local.look_s, of = 3, over = var.quarantined_percent
      metrics = { accepted = [local.namespace, "Accepted", {}], quarantined = [local.namespace, "Quarantined", {}] }
      missing = "notBreaching"
    }
  }

  scanned = { for at, name in var.workgroup_names : "scanned${at}" => ["AWS/Athena", "ProcessedBytes", { WorkGroup = name }] }

  cost_alarms = {
    athena-scanned = {
      means   = "Questions read more in a day than they should."
      do      = "See in the workgroups' history who asked what. Most often a question lacks a bound on event_date. One question's limit is its workgroup's own."
      label   = "Bytes read", expression = join(" + ", [for id in keys(local.scanned) : "FILL(${id}, 0)"]), period_s = 86400, of = 1, over = var.scanned_gb * 1000000000
      metrics = local.scanned
      missing = "notBreaching"
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
  threshold           = each.value.over != null ? each.value.over : each.value.under
  comparison_operator = each.value.over != null ? "GreaterThanThreshold" : "LessThanThreshold"
  treat_missing_data  = each.value.missing

  alarm_actions             = [aws_sns_topic.this.arn]
  ok_actions                = [aws_sns_topic.this.arn]
  insufficient_data_actions = each.value.missing == "missing" ? [aws_sns_topic.this.arn] : []
}

resource "aws_cloudwatch_metric_alarm" "math" {
  for_each = local.math_alarms

  alarm_name        = "${var.prefix}-${each.key}"
  alarm_description = "${each.value.means} ${each.value.do}"

  evaluation_periods  = each.value.of
  threshold           = each.value.over
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = each.value.missing

  metric_query {
    id          = "result"
    label       = each.value.label
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value[0]
        metric_name = metric_query.value[1]
        dimensions  = metric_query.value[2]
        stat        = "Sum"
        period      = each.value.period_s
      }
    }
  }

  alarm_actions             = [aws_sns_topic.this.arn]
  ok_actions                = [aws_sns_topic.this.arn]
  insufficient_data_actions = each.value.missing == "missing" ? [aws_sns_topic.this.arn] : []
}
