output "role_arns" {
  description = "ARNs of the roles that there are, by reader and operator."
  value       = { for who, role in aws_iam_role.this : who => role.arn }
}
