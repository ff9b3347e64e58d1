provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]
  max_retries         = var.max_retries
  s3_use_path_style   = var.endpoints != null

  default_tags {
    tags = merge(var.tags, {
      Project     = "tapehouse"
      Environment = var.environment
    })
  }

  # null is AWS' own address. What is not listed here is not used.
  endpoints {
    applicationautoscaling = local.endpoint
    athena                 = local.endpoint
    budgets                = local.endpoint
    cloudwatch             = local.endpoint
    ec2                    = local.endpoint
    ecs                    = local.endpoint
    events                 = local.endpoint
    glue                   = local.endpoint
    iam                    = local.endpoint
    kinesis                = try(var.endpoints.kinesis, null)
    kms                    = local.endpoint
    lambda                 = local.endpoint
    logs                   = local.endpoint
    s3                     = local.endpoint
    scheduler              = local.endpoint
    secretsmanager         = local.endpoint
    sns                    = local.endpoint
    sqs                    = local.endpoint
    sts                    = local.endpoint
  }
}
