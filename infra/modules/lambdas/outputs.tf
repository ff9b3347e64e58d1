output "landing_uri" {
  description = "Where what is fetched lands: s3://<bucket>/<prefix>/_landing."
  value       = local.landing_uri
}

output "function_names" {
  description = "Names of the functions, by what they do: news, social, enrich; with a crawler, crawler-schedule and crawler."
  value       = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "batch_arns" {
  description = "ARNs of the functions that a schedule starts, or somebody by hand: news, social; with a crawler, crawler-schedule."
  value       = { for name in keys(local.batches) : name => aws_lambda_function.this[name].arn }
}

output "daily" {
  description = "Which of the functions run once a day or more often."
  value       = ["news", "social"]

  depends_on = [aws_scheduler_schedule.this]
}

output "queue_names" {
  description = "Names of the queues that functions work on: enrich; with a crawler, crawl."
  value       = { for name, queue in aws_sqs_queue.this : name => queue.name }
}

output "queue_arns" {
  description = "ARNs of the queues that functions work on, to which dead letters are sent back."
  value       = { for name, queue in aws_sqs_queue.this : name => queue.arn }
}

output "dead_letter_queue_arns" {
  description = "ARNs of the queues of dead letters."
  value       = { for name, queue in aws_sqs_queue.dead : name => queue.arn }
}

output "dead_letter_queue_names" {
  description = "Names of the queues that take what failed three times: of each queue, and of the batches that a schedule or somebody starts."
  value       = { for name, queue in aws_sqs_queue.dead : name => queue.name }
}

output "schedule_names" {
  description = "Names of the schedules: news, social, and crawl-<name> of each of the crawler's."
  value       = { for name, schedule in aws_scheduler_schedule.this : name => schedule.name }
}

output "log_group_names" {
  description = "Names of the log groups, by function."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.name }
}
