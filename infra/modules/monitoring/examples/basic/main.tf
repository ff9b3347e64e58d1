# A deployment with one feed, the stream job and news, watched, and told about by mail.
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
  function_names           = { news = "tapehouse-dev-news", enrich = "tapehouse-dev-enrich" }
  daily_functions          = ["news"]
  queue_names              = { enrich = "tapehouse-dev-enrich" }
  dead_letter_queue_names  = { batches = "tapehouse-dev-batches-dead", enrich = "tapehouse-dev-enrich-dead" }
  budget                   = { usd = 200 }
}

output "dashboard_url" {
  description = "Where to look."
  value       = module.monitoring.dashboard_url
}
