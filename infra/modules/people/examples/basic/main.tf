# Everybody of the account who has signed in with a second factor may ask; one role may run things.
module "people" {
  source = "../.."

  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"

  readers   = ["arn:aws:iam::123456789012:root"]
  operators = ["arn:aws:iam::123456789012:role/data-engineer"]

  lake_uri = "s3://tapehouse-dev-lake-123456789012/lake"
  workgroups = {
    reader   = { name = "tapehouse-dev", results_uri = "s3://tapehouse-dev-results-123456789012/athena/reader/" }
    operator = { name = "tapehouse-dev-operators", results_uri = "s3://tapehouse-dev-results-123456789012/athena/operator/" }
  }
  stream_arn     = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades"
  job_arns       = ["arn:aws:glue:us-east-1:123456789012:job/tapehouse-dev-stream"]
  cluster_name   = "tapehouse-dev"
  task_role_arns = ["arn:aws:iam::123456789012:role/tapehouse-dev-backfill", "arn:aws:iam::123456789012:role/tapehouse-dev-producers-start"]
}

output "role_arns" {
  description = "What people assume."
  value       = module.people.role_arns
}
