provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project = "tapehouse"
    }
  }
}

data "aws_caller_identity" "this" {}

# The states of all environments of the account and region. Its own state is a local file, and may be lost: README.md says
# how to go on then.
resource "aws_s3_bucket" "states" {
  #checkov:skip=CKV_AWS_18:An access log needs a bucket of its own; CloudTrail's data events tell who read a state, where an account wants that.
  #checkov:skip=CKV_AWS_144:A state describes one region's resources; versions are the way back.
  #checkov:skip=CKV_AWS_145:S3's own encryption is on, and a state of ours holds no secret: they are written through write-only arguments.
  #checkov:skip=CKV2_AWS_62:Nothing waits for a state to change.
  bucket = coalesce(var.bucket, "tapehouse-state-${data.aws_caller_identity.this.account_id}-${var.region}")

  # Whatever it says, that a lakehouse stands somewhere is known from here alone.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.states.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.states.bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.states.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.states.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.states.bucket

  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.versions_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

data "aws_iam_policy_document" "tls_only" {
  statement {
    sid       = "PlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.states.arn, "${aws_s3_bucket.states.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.states.bucket
  policy = data.aws_iam_policy_document.tls_only.json

  # Beside each other, S3 answers one of the two with a conflict.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
