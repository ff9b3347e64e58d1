# From left to right the way of a trade, from top to bottom what to look at first.
locals {
  graphs = concat(
    length(var.producers) == 0 ? [] : [
      { title = "Confirmed by Kinesis, records/s", stat = "Average", metrics = [for producer in sort(var.producers) : [local.namespace, "ConfirmedPerSecond", "producer", producer]] },
      { title = "Oldest record that waits, s", stat = "Maximum", metrics = [for producer in sort(var.producers) : [local.namespace, "OldestSeconds", "producer", producer]] },
      { title = "Holes that are open", stat = "Maximum", metrics = [for producer in sort(var.producers) : [local.namespace, "OpenGaps", "producer", producer]] },
    ],
    [
      { title = "Into the stream, records/min", stat = "Sum", metrics = [["AWS/Kinesis", "IncomingRecords", "StreamName", var.stream_name]] },
      { title = "Behind the stream, ms", stat = "Maximum", metrics = [["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", var.stream_name]] },
      { title = "Throttled, calls/min", stat = "Sum", metrics = [["AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", var.stream_name], ["AWS/Kinesis", "ReadProvisionedThroughputExceeded", "StreamName", var.stream_name]] },
    ],
    length(var.job_log_group_names) == 0 ? [] : [
      { title = "Silver's verdicts, records/min", stat = "Sum", metrics = [for metric in ["Accepted", "Duplicate", "Quarantined"] : [local.namespace, metric]] },
      { title = "Commits of candles, and tries again, /min", stat = "Sum", metrics = [[local.namespace, "GoldCommits"], [local.namespace, "TriesAgain"]] },
    ],
    length(var.function_names) == 0 ? [] : [
      { title = "Functions: calls/min", stat = "Sum", metrics = [for name in values(var.function_names) : ["AWS/Lambda", "Invocations", "FunctionName", name]] },
      { title = "Functions: calls that failed/min", stat = "Sum", metrics = [for name in values(var.function_names) : ["AWS/Lambda", "Errors", "FunctionName", name]] },
      { title = "Functions: the longest call, ms", stat = "Maximum", metrics = [for name in values(var.function_names) : ["AWS/Lambda", "Duration", "FunctionName", name]] },
    ],
    length(var.queue_names) == 0 ? [] : [{ title = "Oldest message that waits, s", stat = "Maximum", metrics = [for name in values(var.queue_names) : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name]] }],
    length(var.dead_letter_queue_names) == 0 ? [] : [{ title = "Dead letters", stat = "Maximum", metrics = [for name in values(var.dead_letter_queue_names) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]] }],
    [{ title = "Read by Athena, bytes/min", stat = "Sum", metrics = [for name in var.workgroup_names : ["AWS/Athena", "ProcessedBytes", "WorkGroup", name]] }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = {
          title  = "Alarms"
          alarms = concat([for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.arn], [for alarm in values(aws_cloudwatch_metric_alarm.math) : alarm.arn])
        }
      }],
      [for at, graph in local.graphs : {
        type       = "metric", x = (at % 3) * 8, y = 3 + floor(at / 3) * 6, width = 8, height = 6
        properties = { title = graph.title, region = var.region, stat = graph.stat, period = 60, view = "timeSeries", metrics = graph.metrics }
      }],
    )
  })
}
