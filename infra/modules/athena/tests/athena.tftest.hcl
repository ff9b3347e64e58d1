mock_provider "aws" {}

variables {
  name           = "tapehouse-dev"
  results_bucket = "tapehouse-dev-results-123456789012"
  account_id     = "123456789012"
}

run "limits_and_encryption_hold_for_every_client" {
  command = plan

  assert {
    condition     = aws_athena_workgroup.this.configuration[0].enforce_workgroup_configuration
    error_message = "A client's own settings must not replace the workgroup's."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].bytes_scanned_cutoff_per_query == 10 * 1024 * 1024 * 1024
    error_message = "A question is stopped after 10 GiB."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].engine_version[0].selected_engine_version == "Athena engine version 3"
    error_message = "Delta needs engine version 3."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].encryption_configuration[0].encryption_option == "SSE_S3"
    error_message = "Results are encrypted."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].output_location == "s3://tapehouse-dev-results-123456789012/athena/" && aws_athena_workgroup.this.configuration[0].result_configuration[0].expected_bucket_owner == "123456789012"
    error_message = "Results go to the bucket of this account, and to no one else's of that name."
  }
}

run "results_go_below_the_prefix" {
  command = plan

  variables {
    results_prefix = "athena/reader"
  }

  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].output_location == "s3://tapehouse-dev-results-123456789012/athena/reader/" && output.results_uri == "s3://tapehouse-dev-results-123456789012/athena/reader/"
    error_message = "Each workgroup has a place of its own."
  }
}

run "an_own_key_encrypts_the_results" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
  }

  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].encryption_configuration[0].encryption_option == "SSE_KMS" && aws_athena_workgroup.this.configuration[0].result_configuration[0].encryption_configuration[0].kms_key_arn == "arn:aws:kms:us-east-1:123456789012:key/0a1b"
    error_message = "The given key encrypts the results."
  }
}

run "refuses_what_aws_would_refuse" {
  command = plan

  variables {
    name             = "a b"
    results_bucket   = "Results"
    results_prefix   = "/athena/"
    account_id       = "12"
    scan_limit_bytes = 10485759
    kms_key_arn      = "alias/mine"
  }

  expect_failures = [var.name, var.results_bucket, var.results_prefix, var.account_id, var.scan_limit_bytes, var.kms_key_arn]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
