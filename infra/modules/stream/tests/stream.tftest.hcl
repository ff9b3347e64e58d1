mock_provider "aws" {}

variables {
  name = "tapehouse-dev-trades"
}

run "is_on_demand_encrypted_and_keeps_a_weekend_by_default" {
  command = plan

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND" && aws_kinesis_stream.this.shard_count == null
    error_message = "Without a shard count the stream is on-demand, and says nothing of shards."
  }
  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS" && aws_kinesis_stream.this.kms_key_id == "alias/aws/kinesis"
    error_message = "The stream is encrypted with Kinesis' own key."
  }
  assert {
    condition     = aws_kinesis_stream.this.retention_period == 72
    error_message = "Records stay for 72 hours."
  }
}

run "is_provisioned_with_a_shard_count" {
  variables {
    shard_count = 4
  }

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "PROVISIONED" && aws_kinesis_stream.this.shard_count == 4
    error_message = "With a shard count the stream is provisioned."
  }
}

# Both directions on one stream: its ARN is known in the plan only where it is changed in place.
run "becomes_on_demand_in_place" {
  assert {
    condition     = output.arn == run.is_provisioned_with_a_shard_count.arn
    error_message = "The switch to on-demand must not replace the stream: its records would be lost."
  }
  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND"
    error_message = "Without a shard count the stream becomes on-demand."
  }
}

run "becomes_provisioned_in_place" {
  command = plan

  variables {
    shard_count = 2
  }

  assert {
    condition     = output.arn == run.is_provisioned_with_a_shard_count.arn
    error_message = "The switch to provisioned must not replace the stream: its records would be lost."
  }
  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "PROVISIONED" && aws_kinesis_stream.this.shard_count == 2
    error_message = "With a shard count the stream becomes provisioned."
  }
}

run "takes_an_own_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
  }

  assert {
    condition     = aws_kinesis_stream.this.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/0a1b"
    error_message = "The given key encrypts the stream."
  }
}

run "refuses_what_aws_would_refuse" {
  command = plan

  variables {
    name            = "trades of today"
    shard_count     = 0
    retention_hours = 23
    kms_key_arn     = "alias/mine"
  }

  expect_failures = [var.name, var.shard_count, var.retention_hours, var.kms_key_arn]
}

run "refuses_half_a_shard" {
  command = plan

  variables {
    shard_count     = 1.5
    retention_hours = 24.5
  }

  expect_failures = [var.shard_count, var.retention_hours]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
