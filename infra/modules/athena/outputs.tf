output "name" {
  description = "Name of the workgroup."
  value       = aws_athena_workgroup.this.name
}

output "arn" {
  description = "ARN of the workgroup."
  value       = aws_athena_workgroup.this.arn
}

output "results_uri" {
  description = "Where results go."
  value       = "s3://${var.results_bucket}/athena/"
}
