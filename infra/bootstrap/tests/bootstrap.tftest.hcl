mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

run "the_states_bucket_is_versioned_encrypted_private_and_over_tls" {
  command = plan

  assert {
    condition     = aws_s3_bucket.states.bucket == "tapehouse-state-123456789012-us-east-1" && output.backend.bucket == aws_s3_bucket.states.bucket
    error_message = "The bucket is named by account and region, and the output tells it."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "A state that was overwritten can be brought back."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "States are encrypted."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "The public is shut out in all four ways."
  }
  assert {
    condition     = one(data.aws_iam_policy_document.tls_only.statement).effect == "Deny" && one(one(data.aws_iam_policy_document.tls_only.statement).condition).variable == "aws:SecureTransport"
    error_message = "Plain HTTP is refused."
  }
}

run "another_name_may_be_given" {
  command = plan

  variables {
    bucket = "our-states"
  }

  assert {
    condition     = aws_s3_bucket.states.bucket == "our-states" && output.backend.bucket == "our-states"
    error_message = "The bucket has the name that was given."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    region        = "Virginia"
    bucket        = "States"
    versions_days = 0
  }

  expect_failures = [var.region, var.bucket, var.versions_days]
}
