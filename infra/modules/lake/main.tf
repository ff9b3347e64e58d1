locals {
  # lake: the tables, their checkpoints and the producers' marks. code: packages. results: what Athena answers and what jobs
  # put down for a while. Of what was overwritten, `newest` versions stay for ever and the others for `old_days`.
  buckets = {
    lake = { force_destroy = var.force_destroy, expire_days = null, old_days = max(1, var.versioning_days), newest = null }
    # By number and not by age: what ECS went back to runs until a later revision comes up, however long that takes.
    code    = { force_destroy = true, expire_days = null, old_days = 1, newest = var.emulator ? null : 20 }
    results = { force_destroy = true, expire_days = var.results_days, old_days = null, newest = null }
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:An access log would be an object for each of hundreds of requests a second; CloudTrail's data events tell who, where an account wants that.
  #checkov:skip=CKV_AWS_21:The lake and the packages are versioned, which is not seen behind for_each. Results need none: they expire.
  #checkov:skip=CKV_AWS_144:The lake's records can be had from one region; a second copy doubles the bill, and Delta's log would be copied out of order.
  #checkov:skip=CKV_AWS_145:S3's own encryption is on; an own key costs a call a request, and kms_key_arn takes one.
  #checkov:skip=CKV2_AWS_62:Of the lake the module lambdas is told what lands; nothing waits for packages or results.
  for_each = local.buckets

  bucket        = "${var.prefix}-${each.key}-${var.account_id}"
  force_destroy = each.value.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    # One call to KMS a bucket and while, not one an object.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

# Delta keeps no way back from a deleted file, and Kinesis only days of what bronze holds for ever: a week in which a
# wrong `rm` can be undone is worth what merged and vacuumed files cost meanwhile.
resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.this["lake"].bucket

  versioning_configuration {
    # Suspended and not Disabled: a bucket that was versioned cannot go back to that.
    status = var.versioning_days > 0 ? "Enabled" : "Suspended"
  }
}

# A producer's revision names a version of its package, so ECS can go back to one of before.
resource "aws_s3_bucket_versioning" "code" {
  bucket = aws_s3_bucket.this["code"].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"
    filter {}

    # What a killed writer began and nobody will end.
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  dynamic "rule" {
    for_each = each.value.expire_days == null ? [] : [each.value.expire_days]

    content {
      id     = "results"
      status = "Enabled"
      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = each.value.old_days == null ? [] : [each.value]

    content {
      id     = "old-versions"
      status = "Enabled"
      filter {}

      # Also where versioning was switched off: the versions of before stay until a rule takes them.
      noncurrent_version_expiration {
        noncurrent_days           = rule.value.old_days
        newer_noncurrent_versions = rule.value.newest
      }

      expiration {
        expired_object_delete_marker = true
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.lake, aws_s3_bucket_versioning.code]
}
