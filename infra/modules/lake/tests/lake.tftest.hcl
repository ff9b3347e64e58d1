mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  prefix     = "tapehouse-dev"
  account_id = "123456789012"
  packages = {
    wheel = {
      file   = "dist/tapehouse-0.1.0-py3-none-any.whl"
      sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    }
  }
}

run "buckets_are_private_encrypted_and_owned" {
  command = plan

  assert {
    condition     = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket } == { code = "tapehouse-dev-code-123456789012", lake = "tapehouse-dev-lake-123456789012", results = "tapehouse-dev-results-123456789012" }
    error_message = "Three buckets, named by the prefix, their use and the account."
  }
  assert {
    condition     = length(aws_s3_bucket_public_access_block.this) == 3 && alltrue([for each in aws_s3_bucket_public_access_block.this : each.block_public_acls && each.block_public_policy && each.ignore_public_acls && each.restrict_public_buckets])
    error_message = "Every bucket shuts the public out in all four ways."
  }
  assert {
    condition     = length(aws_s3_bucket_server_side_encryption_configuration.this) == 3 && alltrue([for each in aws_s3_bucket_server_side_encryption_configuration.this : one(each.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"])
    error_message = "Every bucket is encrypted."
  }
  assert {
    condition     = length(aws_s3_bucket_ownership_controls.this) == 3 && alltrue([for each in aws_s3_bucket_ownership_controls.this : one(each.rule).object_ownership == "BucketOwnerEnforced"])
    error_message = "No bucket has access lists."
  }
}

run "plain_http_and_old_tls_are_refused" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_policy.this) == 3
    error_message = "Every bucket has the policy."
  }
  assert {
    condition = alltrue([for each in data.aws_iam_policy_document.tls_only : [for statement in each.statement :
      "${statement.effect} ${one(statement.condition).variable} ${one(one(statement.condition).values)}"] == ["Deny aws:SecureTransport false", "Deny s3:TlsVersion 1.2"]
    ])
    error_message = "The policy denies plain HTTP and TLS before 1.2."
  }
}

run "the_emulator_gets_no_policy_that_it_reads_wrongly" {
  command = plan

  variables {
    emulator = true
  }

  assert {
    condition     = length(aws_s3_bucket_policy.this) == 0
    error_message = "The emulator ignores conditions: a policy would lock everybody out."
  }
}

run "only_the_lakes_data_outlives_destroy" {
  command = plan

  assert {
    condition     = { for name, bucket in aws_s3_bucket.this : name => bucket.force_destroy } == { code = true, lake = false, results = true }
    error_message = "Destroy stops at the lake's data, and takes what can be made again."
  }
}

run "the_lakes_data_goes_when_told" {
  command = plan

  variables {
    force_destroy = true
  }

  assert {
    condition     = aws_s3_bucket.this["lake"].force_destroy
    error_message = "force_destroy takes the data along."
  }
}

run "what_is_left_over_expires" {
  command = plan

  assert {
    condition     = alltrue([for each in aws_s3_bucket_lifecycle_configuration.this : contains([for rule in each.rule : try(rule.abort_incomplete_multipart_upload[0].days_after_initiation, 0)], 2)])
    error_message = "Every bucket drops uploads that nobody ended."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this["results"].rule : rule.expiration[0].days if rule.id == "results"] == [7]
    error_message = "Results go after a week."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this["lake"].rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "old-versions"] == [7]
    error_message = "Old versions of the lake's files go after a week."
  }
  assert {
    # S3 fills in what a rule leaves out, so the plan knows the days only of rules that say them.
    condition     = { for name, each in aws_s3_bucket_lifecycle_configuration.this : name => [for rule in each.rule : rule.id] } == { code = ["unfinished-uploads", "old-versions"], lake = ["unfinished-uploads", "old-versions"], results = ["unfinished-uploads", "results"] }
    error_message = "Nothing of the lake or the packages expires by age."
  }
}

run "versioning_is_switched_off_without_leaving_versions" {
  command = plan

  variables {
    versioning_days = 0
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.lake.versioning_configuration).status == "Suspended"
    error_message = "0 days suspend versioning."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this["lake"].rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "old-versions"] == [1]
    error_message = "The versions of before go all the same."
  }
}

run "packages_of_before_stay_by_number_and_not_by_age" {
  command = plan

  assert {
    condition     = one(aws_s3_bucket_versioning.code.versioning_configuration).status == "Enabled"
    error_message = "What is overwritten stays as a version."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this["code"].rule : rule.noncurrent_version_expiration[0].newer_noncurrent_versions if rule.id == "old-versions"] == [20]
    error_message = "Twenty stay for ever, so what ECS went back to never expires before it; the others go."
  }
}

run "a_package_that_ecs_may_go_back_to_has_one_key" {
  command = plan

  variables {
    packages = {
      producers_bundle = {
        file      = "dist/0123456789abcdef/producers.tar.gz"
        sha256    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        versioned = true
      }
    }
  }

  assert {
    condition     = aws_s3_object.package["producers_bundle"].key == "packages/producers.tar.gz"
    error_message = "Another key would remove the package of before."
  }
}

run "a_packages_key_holds_its_hash" {
  command = plan

  assert {
    condition     = aws_s3_object.package["wheel"].key == "packages/0123456789abcdef/tapehouse-0.1.0-py3-none-any.whl"
    error_message = "The key holds the hash, and the file keeps its name: pip reads it."
  }
  assert {
    condition     = aws_s3_object.package["wheel"].source_hash == var.packages["wheel"].sha256
    error_message = "Another content is uploaded again."
  }
}

run "an_own_key_encrypts_every_bucket" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
  }

  assert {
    condition     = alltrue([for each in aws_s3_bucket_server_side_encryption_configuration.this : one(each.rule).bucket_key_enabled && one(each.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/0a1b"])
    error_message = "The given key encrypts every bucket, with a bucket key."
  }
}

run "refuses_what_aws_would_refuse" {
  command = plan

  variables {
    prefix          = "Tapehouse_dev"
    account_id      = "12345"
    versioning_days = 366
    results_days    = 0
    kms_key_arn     = "alias/mine"
    packages        = { wheel = { file = "a.whl", sha256 = "not a hash" } }
  }

  expect_failures = [var.prefix, var.account_id, var.versioning_days, var.results_days, var.kms_key_arn, var.packages]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
