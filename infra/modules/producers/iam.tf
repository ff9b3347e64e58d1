locals {
  lake_bucket_arn = "arn:${var.partition}:s3:::${split("/", var.lake_uri)[2]}"
  marker_arn      = "arn:${var.partition}:s3:::${trimprefix(var.lake_uri, "s3://")}/_tapehouse.json"
  package_arn     = "arn:${var.partition}:s3:::${var.package.bucket}/${var.package.key}"

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      # ECS of another account cannot be talked into it.
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:*" }
      }
    }]
  })

  # What every task may do.
  send = concat(
    [
      { Sid = "Send", Effect = "Allow", Action = ["kinesis:PutRecords", "kinesis:ListShards", "kinesis:DescribeStreamSummary"], Resource = [var.stream_arn] },
      { Sid = "MarkLake", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = [local.marker_arn] },
      # Without it S3 says of a marker that is not there yet that it is forbidden, not that it is missing.
      { Sid = "FindLake", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.lake_bucket_arn] },
    ],
    local.packaged ? [{ Sid = "ReadPackage", Effect = "Allow", Action = ["s3:GetObjectVersion"], Resource = [local.package_arn] }] : [],
    var.kms_key_arn == null ? [] : [{ Sid = "UseKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] }],
  )
}

# -- what ECS does before a task runs ----------------------------------------------------------------------------------

resource "aws_iam_role" "execution" {
  name               = "${var.prefix}-producers-start"
  description        = "ECS starts Tapehouse's producers (${var.prefix}) and takes their logs"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  #checkov:skip=CKV_AWS_355:GetAuthorizationToken knows no resources.
  name = "start"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Sid = "Log", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/tapehouse/${var.prefix}/producers:*"] }],
      var.producer_repository_arn == null ? [] : [
        { Sid = "PullImage", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = [var.producer_repository_arn] },
        { Sid = "LogInToRegistry", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }, # knows no resources
      ],
    )
  })
}

# -- a producer: its own marks, its own key ----------------------------------------------------------------------------

resource "aws_iam_role" "producer" {
  for_each = local.producers

  name               = "${var.prefix}-producer-${each.key}"
  description        = "Tapehouse's producer ${each.key} (${var.prefix})"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "producer" {
  for_each = local.producers

  name = "produce"
  role = aws_iam_role.producer[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.send,
      [{
        Sid       = "KeepMarks"
        Effect    = "Allow"
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = [aws_efs_file_system.this.arn]
        Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = aws_efs_access_point.this[each.key].arn } }
      }],
      each.value.secret == null ? [] : [{ Sid = "ReadKey", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [each.value.secret.arn] }],
    )
  })
}

# -- the backfill: any feed's key, no marks ----------------------------------------------------------------------------

resource "aws_iam_role" "backfill" {
  name               = "${var.prefix}-backfill"
  description        = "Tapehouse's backfill (${var.prefix})"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "backfill" {
  name = "produce"
  role = aws_iam_role.backfill.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.send,
      length(local.keys) == 0 ? [] : [{ Sid = "ReadKeys", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [for secret in values(local.keys) : secret.arn] }],
    )
  })
}
