# A workgroup whose questions may read 1 GiB each.
module "athena" {
  source = "../.."

  name             = "tapehouse-dev"
  results_bucket   = "tapehouse-dev-results-123456789012"
  account_id       = "123456789012"
  scan_limit_bytes = 1024 * 1024 * 1024
}

output "name" {
  description = "Name of the workgroup."
  value       = module.athena.name
}
