output "lake_uri" {
  description = "Where the tables are: s3://<bucket>/lake."
  value       = "s3://${aws_s3_bucket.this["lake"].bucket}/lake"
}

output "buckets" {
  description = "Names of the buckets lake, code and results."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket }
}

output "bucket_arns" {
  description = "ARNs of the buckets lake, code and results."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "package_uris" {
  description = "s3:// address of each package, by name."
  value       = { for name, object in aws_s3_object.package : name => "s3://${object.bucket}/${object.key}" }
}

output "packages" {
  description = "Bucket, key, version and SHA-256 of each package, by name."
  value = { for name, object in aws_s3_object.package : name => {
    bucket  = object.bucket
    key     = object.key
    version = object.version_id
    sha256  = var.packages[name].sha256
  } }
}
