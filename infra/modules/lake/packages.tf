resource "aws_s3_object" "package" {
  for_each = var.packages

  bucket = aws_s3_bucket.this["code"].bucket
  # Under a key of its own a package goes with the apply that brings the next one. Under one that stays, it is a version.
  key         = each.value.versioned ? "packages/${basename(each.value.file)}" : "packages/${substr(each.value.sha256, 0, 16)}/${basename(each.value.file)}"
  source      = each.value.file
  source_hash = each.value.sha256

  lifecycle {
    # Another content is another key: jobs are pointed to it before the old one goes.
    create_before_destroy = true
  }

  # What is put before versioning is on has no version that stays.
  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.code]
}
