output "topic_arn" {
  description = "ARN of the topic that alarms go to; whatever else is to hear of them subscribes there."
  value       = aws_sns_topic.this.arn
}

output "alarm_names" {
  description = "Names of all alarms on numbers."
  value       = sort(concat([for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name], [for alarm in values(aws_cloudwatch_metric_alarm.math) : alarm.alarm_name]))
}

output "rule_names" {
  description = "Names of the rules on events."
  value       = sort([for rule in values(aws_cloudwatch_event_rule.this) : rule.name])
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "dashboard_url" {
  description = "Where to look at the dashboard."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "namespace" {
  description = "CloudWatch namespace of the metrics that are read from the logs."
  value       = local.namespace
}
