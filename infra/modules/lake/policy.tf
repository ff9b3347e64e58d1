data "aws_iam_policy_document" "tls_only" {
  for_each = local.buckets

  statement {
    sid       = "PlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]

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

  statement {
    sid       = "OldTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = { for name, bucket in local.buckets : name => bucket if !var.emulator }

  bucket = aws_s3_bucket.this[each.key].bucket
  policy = data.aws_iam_policy_document.tls_only[each.key].json

  # Beside each other, S3 answers one of the two with a conflict.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
