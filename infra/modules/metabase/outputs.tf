output "address" {
  description = "Where Metabase is."
  value       = local.address

  # Before it answers nobody can provision it.
  depends_on = [aws_ecs_service.this, aws_route53_record.this]
}

output "least_version" {
  description = "The oldest Metabase that may run, as 0.64.1.0: the doctor holds what runs against it."
  value       = local.least_version
}

output "admin" {
  description = "Who provisions it: the administrator's address, and the name, the ARN and the number of the secret with the password."
  value = {
    email   = var.admin_email
    name    = aws_secretsmanager_secret.this["admin-password"].name
    arn     = aws_secretsmanager_secret.this["admin-password"].arn
    version = var.secret_versions["admin-password"]
  }

  # Who reads the secret starts after it has a value.
  depends_on = [aws_secretsmanager_secret_version.this]
}

output "load_balancer" {
  description = "What a record of var.host has to lead to: the load balancer's DNS name and zone."
  value       = { dns_name = aws_lb.this.dns_name, zone_id = aws_lb.this.zone_id }
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "ARN, with its revision, of the task definition that it is to run. After apply, compare it with DescribeServices: where they differ, the deployment was rolled back."
  value       = aws_ecs_task_definition.this.arn
}

output "task_role_arn" {
  description = "ARN of the role that Metabase asks Athena with: where Lake Formation rules, it wants grants."
  value       = aws_iam_role.task.arn
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "database" {
  description = "The RDS instance: its name, and the ARN of the secret that RDS keeps its password in."
  value       = { name = aws_db_instance.this.identifier, secret_arn = local.database_secret_arn }
}

output "alarm_names" {
  description = "Names of the alarms on numbers."
  value       = sort([for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_name])
}

output "rule_names" {
  description = "Names of the rules on events."
  value       = [aws_cloudwatch_event_rule.stopped.name]
}
