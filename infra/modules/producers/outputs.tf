output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the ECS cluster."
  value       = aws_ecs_cluster.this.arn
}

output "service_names" {
  description = "Names of the ECS services by producer."
  value       = { for name, service in aws_ecs_service.this : name => service.name }
}

output "service_arns" {
  description = "ARNs of the ECS services."
  value       = [for service in values(aws_ecs_service.this) : service.id]
}

output "task_definition_arns" {
  description = "ARN, with its revision, of the task definition that each producer is to run. After apply, compare it with DescribeServices: where they differ, the deployment was rolled back."
  value       = { for name, definition in aws_ecs_task_definition.producer : name => definition.arn }
}

output "backfill" {
  description = "What RunTask takes to run the backfill once: task definition, container to give the command to (a module and its words), subnets, security groups, whether it needs a public address."
  value = {
    task_definition  = aws_ecs_task_definition.backfill.arn
    container        = local.program.name
    subnet_ids       = var.subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = var.assign_public_ip
  }
}

output "role_arns" {
  description = "ARNs of the roles that tasks run with, and of the one that starts them: who runs the backfill passes the last two on."
  value = {
    producers = { for name, role in aws_iam_role.producer : name => role.arn }
    backfill  = aws_iam_role.backfill.arn
    execution = aws_iam_role.execution.arn
  }
}

output "log_group_name" {
  description = "Name of the log group of all tasks; a stream's name begins with the producer's."
  value       = aws_cloudwatch_log_group.this.name
}

output "security_group_id" {
  description = "Id of the tasks' security group."
  value       = aws_security_group.tasks.id
}
