data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

module "stream" {
  source = "./modules/stream"

  name            = local.stream_name
  shard_count     = var.shard_count
  retention_hours = var.retention_hours
  kms_key_arn     = var.kms_key_arn
}

module "lake" {
  source = "./modules/lake"

  prefix          = local.prefix
  account_id      = local.account_id
  force_destroy   = var.force_destroy
  versioning_days = var.versioning_days
  results_days    = var.results_days
  packages        = local.packages
  kms_key_arn     = var.kms_key_arn
  emulator        = var.emulator
}

module "catalog" {
  source = "./modules/catalog"

  lake_uri        = module.lake.lake_uri
  database_prefix = var.database_prefix
}

module "glue" {
  source = "./modules/glue"

  prefix             = local.prefix
  mode               = var.mode
  lake_uri           = module.lake.lake_uri
  results_bucket     = module.lake.buckets["results"]
  packages           = module.lake.package_uris
  stream_name        = module.stream.name
  stream_arn         = module.stream.arn
  kms_key_arn        = var.kms_key_arn
  region             = var.region
  account_id         = local.account_id
  partition          = local.partition
  gold_sources       = var.gold_sources
  gold_seconds_days  = var.gold_seconds_days
  refresh_every_s    = var.refresh_every_s
  refresh_cron       = var.refresh_cron
  audit_cron         = var.audit_cron
  maintenance_window = var.maintenance_window
  stream_workers     = var.stream_workers
  batch_workers      = var.batch_workers
  log_days           = var.log_days
}

module "athena" {
  source = "./modules/athena"

  name             = local.prefix
  results_bucket   = module.lake.buckets["results"]
  account_id       = local.account_id
  scan_limit_bytes = var.scan_limit_bytes
  kms_key_arn      = var.kms_key_arn
}
