# A second deployment beside another one: its databases are eu_bronze, eu_silver and eu_gold.
module "catalog" {
  source = "../.."

  lake_uri        = "s3://tapehouse-eu-lake-123456789012/lake"
  database_prefix = "eu_"
}

output "databases" {
  description = "Names of the databases, by layer."
  value       = module.catalog.databases
}
