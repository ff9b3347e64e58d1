provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]
  max_retries         = var.max_retries
  s3_use_path_style   = var.emulator_endpoint != null

  default_tags {
    tags = merge(var.tags, {
      Project     = "tapehouse"
      Environment = var.environment
    })
  }

  # null is AWS' own address. What is not listed here is not used.
  endpoints {
    applicationautoscaling = var.emulator_endpoint
    athena                 = var.emulator_endpoint
    budgets                = var.emulator_endpoint
    cloudwatch             = var.emulator_endpoint
    ec2                    = var.emulator_endpoint
    ecs                    = var.emulator_endpoint
    efs                    = var.emulator_endpoint
    elbv2                  = var.emulator_endpoint
    events                 = var.emulator_endpoint
    glue                   = var.emulator_endpoint
    iam                    = var.emulator_endpoint
    kinesis                = var.emulator_kinesis_endpoint
    kms                    = var.emulator_endpoint
    lambda                 = var.emulator_endpoint
    logs                   = var.emulator_endpoint
    rds                    = var.emulator_endpoint
    route53                = var.emulator_endpoint
    s3                     = var.emulator_endpoint
    scheduler              = var.emulator_endpoint
    secretsmanager         = var.emulator_endpoint
    sns                    = var.emulator_endpoint
    sqs                    = var.emulator_endpoint
    sts                    = var.emulator_endpoint
  }
}
