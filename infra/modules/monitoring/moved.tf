# It was the alarm of one workgroup.
moved {
  from = aws_cloudwatch_metric_alarm.this["athena-scanned"]
  to   = aws_cloudwatch_metric_alarm.math["athena-scanned"]
}
