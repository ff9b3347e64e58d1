# A deployment with one feed and the stream job, watched, and told about by mail.
module "monitoring" {
  source = "../.."

  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"
  emails     = ["desk@example.com"]

  stream_name              = "tapehouse-dev-trades"
  producers                = ["kraken"]
  producers_log_group_name = "/tapehouse/tapehouse-dev/producers"
  job_log_group_names      = { stream = "/tapehouse/tapehouse-dev/stream" }
  cluster_name             = "tapehouse-dev"
  workgroup_names          = ["tapehouse-dev", "tapehouse-dev-operators"]
  budget                   = { usd = 200 }
}

output "dashboard_url" {
  description = "Where to look."
  value       = module.monitoring.dashboard_url
}
