# What Metabase knows of itself: people, groups, and what they drew. Dashboards of files can be made again, these cannot.
locals {
  database_secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn

  # The first of a quarter, at three and a quarter past four, UTC. RDS would change the password every seven days at an
  # hour of its own, and a task reads it only when it starts: it would be found out by a connection that is refused.
  password_cron = "cron(0 3 1 1,4,7,10 ? *)"
  restart_cron  = "cron(15 4 1 1,4,7,10 ? *)"
}

resource "aws_db_subnet_group" "this" {
  name        = local.name
  description = "Metabase's database (${var.prefix})"
  subnet_ids  = var.database_subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name        = "${local.name}-postgres${var.postgres_version}"
  description = "Metabase's database (${var.prefix}): nothing unencrypted"
  family      = "postgres${var.postgres_version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true # of another version: the database lets go of the old one last
  }
}

# Before the database, or RDS would make groups of its own, which keep logs for ever.
resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group; an own key costs, and kms_key_arn takes one.
  #checkov:skip=CKV_AWS_338:It tells of the last weeks, which is what somebody looks for who mends it; log_days keeps more.
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${local.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_118:Enhanced monitoring looks into the machine every few seconds; of a database that some twenty people's clicks reach, the free metrics and their two alarms say enough.
  #checkov:skip=CKV_AWS_353:Performance Insights are for questions to tune; these are Metabase's own, which nobody here can change.
  #checkov:skip=CKV_AWS_157:A second machine doubles the price; multi_az takes one. Without it the dashboards are away for as long as a zone is, and the lake does not notice.
  #checkov:skip=CKV_AWS_161:Metabase signs in by a password; RDS makes it and changes it, and no state holds it.
  identifier = local.name

  engine                      = "postgres"
  engine_version              = var.postgres_version
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = true # postgres_version says when
  instance_class              = var.database_class
  parameter_group_name        = aws_db_parameter_group.this.name

  db_name  = "metabase"
  username = "metabase"
  port     = 5432

  # RDS makes the password, and keeps it in Secrets Manager: no plan and no state ever holds it.
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  storage_type          = "gp3"
  allocated_storage     = 20
  max_allocated_storage = 100
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false

  enabled_cloudwatch_logs_exports = keys(aws_cloudwatch_log_group.database)

  backup_retention_period   = var.backup_days
  backup_window             = "01:00-02:00"
  maintenance_window        = "sun:05:00-sun:06:00"
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${local.name}-last"
}

# The emulator knows no rotation without a function, which a secret that RDS keeps has none of.
resource "aws_secretsmanager_secret_rotation" "database" {
  count = var.emulator ? 0 : 1

  secret_id          = local.database_secret_arn
  rotate_immediately = false

  rotation_rules {
    schedule_expression = local.password_cron
    duration            = "1h"
  }
}

# A new deployment of what runs: the only way in which a task reads another password.
resource "aws_scheduler_schedule" "restart" {
  #checkov:skip=CKV_AWS_297:What it holds is a name and a time; Scheduler encrypts that by a key of its own.
  name                         = "${local.name}-restart"
  description                  = "Start Metabase anew once its database's password has changed"
  schedule_expression          = local.restart_cron
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${var.partition}:scheduler:::aws-sdk:ecs:updateService"
    role_arn = aws_iam_role.restart.arn
    input    = jsonencode({ Cluster = aws_ecs_cluster.this.arn, Service = local.name, ForceNewDeployment = true })

    retry_policy {
      maximum_retry_attempts       = 5
      maximum_event_age_in_seconds = 3600
    }
  }

  depends_on = [aws_iam_role_policy.restart]
}
