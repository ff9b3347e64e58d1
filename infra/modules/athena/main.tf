locals {
  results_uri = "s3://${var.results_bucket}/${var.results_prefix}/"
}

resource "aws_athena_workgroup" "this" {
  name        = var.name
  description = "Questions to Tapehouse's tables, each up to ${var.scan_limit_bytes} bytes"

  # History of questions is no reason for destroy to stop.
  force_destroy = true

  configuration {
    # Whatever a client asks for, this holds: no question without a limit, no result elsewhere or unencrypted.
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.scan_limit_bytes

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = local.results_uri
      expected_bucket_owner = var.account_id

      encryption_configuration {
        encryption_option = var.kms_key_arn == null ? "SSE_S3" : "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
