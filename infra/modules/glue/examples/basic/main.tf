# The jobs of one deployment, refreshing every quarter of an hour instead of all the time.
module "glue" {
  source = "../.."

  prefix         = "tapehouse-dev"
  mode           = "schedule"
  refresh_cron   = "cron(0/15 * * * ? *)"
  lake_uri       = "s3://tapehouse-dev-lake-123456789012/lake"
  results_bucket = "tapehouse-dev-results-123456789012"
  stream_name    = "tapehouse-dev-trades"
  stream_arn     = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades"
  region         = "us-east-1"
  account_id     = "123456789012"
  packages = {
    for name in ["wheel", "glue_bundle", "glue_script_stream", "glue_script_refresh", "glue_script_maintain",
    "glue_script_rebuild", "glue_script_requeue", "glue_script_audit", "glue_script_smoke"] :
    name => "s3://tapehouse-dev-code-123456789012/packages/0123456789abcdef/${name}"
  }
}

output "owner" {
  description = "The job that writes the tables."
  value       = module.glue.owner
}
