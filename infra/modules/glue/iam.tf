locals {
  lake_bucket_arn  = "arn:${var.partition}:s3:::${split("/", var.lake_uri)[2]}"
  lake_objects_arn = "arn:${var.partition}:s3:::${trimprefix(var.lake_uri, "s3://")}/*"
  landing_key      = "${trimprefix(var.lake_uri, "s3://${split("/", var.lake_uri)[2]}/")}/_landing"
  package_arns     = { for name, uri in var.packages : name => "arn:${var.partition}:s3:::${trimprefix(uri, "s3://")}" }
  logs_arn         = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }

    # Glue of another account cannot be talked into it.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "job" {
  for_each = local.jobs

  statement {
    sid       = "ReadPackages"
    actions   = ["s3:GetObject"]
    resources = [local.package_arns["wheel"], local.package_arns["glue_bundle"], local.package_arns["glue_script_${each.key}"]]
  }

  statement {
    sid       = "FindLake"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [local.lake_bucket_arn]
  }

  statement {
    sid       = "ReadLake"
    actions   = ["s3:GetObject"]
    resources = [local.lake_objects_arn]
  }

  dynamic "statement" {
    for_each = each.value.writes ? [local.lake_objects_arn] : []

    content {
      sid       = "WriteLake"
      actions   = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
      resources = [statement.value]
    }
  }

  # Who is to be forgotten is so in every version of what the Lambdas landed.
  dynamic "statement" {
    for_each = each.key == "maintain" ? [local.lake_bucket_arn] : []

    content {
      sid       = "FindLandedVersions"
      actions   = ["s3:ListBucketVersions"]
      resources = [statement.value]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = ["${local.landing_key}/*"]
      }
    }
  }

  dynamic "statement" {
    for_each = each.key == "maintain" ? ["${local.lake_bucket_arn}/${local.landing_key}/*"] : []

    content {
      sid       = "EraseLandedVersions"
      actions   = ["s3:DeleteObjectVersion"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "KeepForAWhile"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["arn:${var.partition}:s3:::${var.results_bucket}/glue/${each.key}/*"]
  }

  dynamic "statement" {
    for_each = each.value.reads_stream ? [var.stream_arn] : []

    content {
      sid       = "ReadStream"
      actions   = ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]
      resources = [statement.value]
    }
  }

  # Whether Glue keeps the stream job as it was declared.
  dynamic "statement" {
    for_each = each.key == "smoke" ? ["stream"] : []

    content {
      sid       = "AskOfStreamJob"
      actions   = ["glue:GetJob"]
      resources = ["arn:${var.partition}:glue:${var.region}:${var.account_id}:job/${var.prefix}-${statement.value}"]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseKey"
      actions   = each.value.writes ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:Decrypt"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for each_group in ["output", "error"] : "${local.logs_arn}:/tapehouse/${var.prefix}/${each.key}/${each_group}:*"]
  }

  # Glue itself writes here, as the job's role, before and beside our own groups.
  statement {
    sid       = "LogAsGlueDoes"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.logs_arn}:/aws-glue/jobs/*"]
  }

  statement {
    sid       = "Measure"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["Glue"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.jobs

  name               = "${var.prefix}-glue-${each.key}"
  description        = "Tapehouse's Glue job ${var.prefix}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  for_each = local.jobs

  name   = "job"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.job[each.key].json
}
