output "job_names" {
  description = "Names of the jobs, by job: stream, refresh, maintain, rebuild, requeue, audit, smoke."
  value       = { for name, job in aws_glue_job.this : name => job.name }
}

output "job_arns" {
  description = "ARNs of the jobs, by job."
  value       = { for name, job in aws_glue_job.this : name => job.arn }
}

output "role_arns" {
  description = "ARNs of the jobs' roles, by job."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}

output "log_groups" {
  description = "Names of the log groups of what the jobs say, by job."
  value       = { for job in keys(local.jobs) : job => aws_cloudwatch_log_group.this["${job}/output"].name }
}

output "owner" {
  description = "The job that writes the tables: stream or refresh."
  value       = var.mode == "stream" ? "stream" : "refresh"
}
