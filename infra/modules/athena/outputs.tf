output "name" {
  description = "Name of the workgroup."
  value       = aws_athena_workgroup.this.name
}

output "arn" {
  description = "ARN of the workgroup."
  value       = aws_athena_workgroup.this.arn
}

output "results_uri" {
  description = "Where results go, with a slash at the end."
  value       = local.results_uri
}
