resource "aws_kinesis_stream" "this" {
  name             = var.name
  retention_period = var.retention_hours

  # null, not a number that is ignored: with shard_count in ignore_changes no plan gets from provisioned to on-demand.
  shard_count = var.shard_count

  encryption_type = "KMS"
  kms_key_id      = coalesce(var.kms_key_arn, "alias/aws/kinesis")

  # Somebody's registered consumer is no reason to leave a stream behind that costs by the hour.
  enforce_consumer_deletion = true

  stream_mode_details {
    stream_mode = var.shard_count == null ? "ON_DEMAND" : "PROVISIONED"
  }
}
