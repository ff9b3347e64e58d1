data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_availability_zones" "this" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

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
  retention          = var.retention
  bar_sizes          = var.bar_sizes
  forecast           = var.forecast
  refresh_every_s    = var.refresh_every_s
  refresh_cron       = var.refresh_cron
  audit_cron         = var.audit_cron
  maintenance_window = var.maintenance_window
  stream_workers     = var.stream_workers
  batch_workers      = var.batch_workers
  log_days           = var.log_days
}

# Operators see bronze, so what they are answered lies where readers do not read.
module "athena" {
  source   = "./modules/athena"
  for_each = { reader = local.prefix, operator = "${local.prefix}-operators" }

  name             = each.value
  results_bucket   = module.lake.buckets["results"]
  results_prefix   = "athena/${each.key}"
  account_id       = local.account_id
  scan_limit_bytes = var.scan_limit_bytes
  kms_key_arn      = var.kms_key_arn
}

# Only the producers and Metabase need a network: everything else is reached without one.
module "network" {
  source = "./modules/network"
  count  = (length(var.producers) > 0 || var.metabase != null) && var.network == null ? 1 : 0

  prefix  = local.prefix
  region  = var.region
  zones   = local.zones
  cidr    = var.cidr
  nat     = var.nat
  private = var.metabase != null
}

module "secrets" {
  source = "./modules/secrets"

  prefix        = local.prefix
  versions      = var.secret_versions
  values        = var.keys
  recovery_days = var.secret_recovery_days
  kms_key_arn   = var.kms_key_arn
}

module "producers" {
  source = "./modules/producers"
  count  = length(var.producers) > 0 ? 1 : 0

  prefix                  = local.prefix
  partition               = local.partition
  region                  = var.region
  account_id              = local.account_id
  emulator                = var.emulator
  producers               = var.producers
  package                 = module.lake.packages["producers_bundle"]
  producer_image          = var.producer_image
  producer_repository_arn = var.producer_repository_arn
  spot                    = var.producers_spot
  vpc_id                  = local.network.vpc_id
  subnet_ids              = local.network.subnet_ids
  assign_public_ip        = local.network.assign_public_ip
  stream_name             = module.stream.name
  stream_arn              = module.stream.arn
  lake_uri                = module.lake.lake_uri
  secrets                 = module.secrets.secrets
  kms_key_arn             = var.kms_key_arn
  log_days                = var.log_days
}

module "lambdas" {
  source = "./modules/lambdas"
  count  = var.news.enabled ? 1 : 0

  prefix               = local.prefix
  partition            = local.partition
  region               = var.region
  account_id           = local.account_id
  emulator             = var.emulator
  lake_uri             = module.lake.lake_uri
  package              = module.lake.packages["lambdas_bundle"]
  secrets              = module.secrets.secrets
  sources              = local.news_sources
  symbols              = var.news.symbols
  social_sources       = local.social_sources
  subreddits           = var.news.subreddits
  cron                 = var.news.cron
  alphavantage_every_h = var.news.alphavantage_every_h
  crawl                = var.news.crawl.schedules
  crawl_tasks_file     = var.news.crawl.tasks_file
  crawl_tasks_uri      = var.news.crawl.tasks_uri
  crawl_user_agent     = var.news.crawl.user_agent
  crawl_secrets        = { for name, secret in module.secrets.secrets : name => secret if contains(var.news.crawl.secrets, name) }
  sentiment_endpoint   = var.news.sentiment_endpoint
  emotion_endpoint     = var.news.emotion_endpoint
  scorer_edition       = var.news.scorer_edition
  reserved_concurrency = var.news.reserved_concurrency
  kms_key_arn          = var.kms_key_arn
  log_days             = var.log_days
}

module "monitoring" {
  source = "./modules/monitoring"

  prefix                   = local.prefix
  partition                = local.partition
  region                   = var.region
  account_id               = local.account_id
  emulator                 = var.emulator
  emails                   = var.emails
  stream_name              = module.stream.name
  producers                = keys(var.producers)
  producers_log_group_name = one(module.producers[*].log_group_name)
  job_names                = values(module.glue.job_names)
  job_log_group_names      = module.glue.log_groups
  cluster_name             = one(module.producers[*].cluster_name)
  workgroup_names          = values(module.athena)[*].name
  function_names           = merge(module.lambdas[*].function_names...)
  daily_functions          = flatten(module.lambdas[*].daily)
  queue_names              = merge(module.lambdas[*].queue_names...)
  dead_letter_queue_names  = merge(module.lambdas[*].dead_letter_queue_names...)
  read_every_s             = coalesce(var.read_every_s, var.mode == "stream" ? var.refresh_every_s : 3600)
  behind_s                 = var.behind_s
  throttled                = var.throttled
  quarantined_percent      = var.quarantined_percent
  scanned_gb               = var.scanned_gb
  budget                   = var.budget
}

module "people" {
  source = "./modules/people"

  prefix          = local.prefix
  partition       = local.partition
  region          = var.region
  account_id      = local.account_id
  readers         = var.readers
  operators       = var.operators
  require_mfa     = var.require_mfa
  session_s       = var.session_s
  lake_uri        = module.lake.lake_uri
  workgroups      = module.athena
  databases       = { for layer, name in module.catalog.databases : layer => name if layer != "bronze" }
  bronze_database = module.catalog.databases["bronze"]
  job_arns        = values(module.glue.job_arns)
  kms_key_arn     = var.kms_key_arn
  stream_arn      = module.stream.arn
  cluster_name    = one(module.producers[*].cluster_name)
  task_role_arns  = flatten([for each in module.producers : [each.role_arns.backfill, each.role_arns.execution]])
  function_arns   = flatten([for each in module.lambdas : values(each.batch_arns)])
  queue_arns      = flatten([for each in module.lambdas : values(each.queue_arns)])

  dead_letter_queue_arns = flatten([for each in module.lambdas : values(each.dead_letter_queue_arns)])
  metabase_service       = one([for each in module.metabase : { cluster = each.cluster_name, name = each.service_name }])
}

# What nobody says is null here, which is the module's own default there.
module "metabase" {
  source = "./modules/metabase"
  count  = var.metabase != null ? 1 : 0

  prefix     = local.prefix
  partition  = local.partition
  region     = var.region
  account_id = local.account_id
  emulator   = var.emulator

  vpc_id                   = local.network.vpc_id
  task_subnet_ids          = local.network.subnet_ids
  assign_public_ip         = local.network.assign_public_ip
  database_subnet_ids      = local.network.private_subnet_ids
  load_balancer_subnet_ids = coalesce(var.metabase.internal, true) ? local.network.private_subnet_ids : local.network.public_subnet_ids

  host               = var.metabase.host
  certificate_arn    = var.metabase.certificate_arn
  zone_id            = var.metabase.zone_id
  internal           = var.metabase.internal
  allowed_cidrs      = var.metabase.allowed_cidrs
  open_to_everyone   = var.metabase.open_to_everyone
  machine_cidrs      = var.metabase.machine_cidrs
  cognito            = var.metabase.cognito
  oidc               = var.metabase.oidc
  oidc_client_secret = var.metabase_oidc_secret
  session_s          = var.metabase.session_s
  access_log_bucket  = var.metabase.access_log_bucket

  image                = var.metabase.image
  image_repository_arn = var.metabase.image_repository_arn
  architecture         = var.metabase.architecture
  cpu                  = var.metabase.cpu
  memory_mb            = var.metabase.memory_mb
  start_s              = var.metabase.start_s

  database_class      = var.metabase.database_class
  postgres_version    = var.metabase.postgres_version
  multi_az            = var.metabase.multi_az
  backup_days         = var.metabase.backup_days
  deletion_protection = var.force_destroy ? false : var.metabase.deletion_protection

  admin_email          = var.metabase.admin_email
  secret_versions      = var.metabase.secret_versions
  secret_values        = var.metabase_secrets
  secret_recovery_days = var.metabase.secret_recovery_days

  lake_uri        = module.lake.lake_uri
  workgroup       = { name = module.athena["reader"].name, results_uri = module.athena["reader"].results_uri }
  databases       = { for layer, name in module.catalog.databases : layer => name if layer != "bronze" }
  alarm_topic_arn = module.monitoring.topic_arn
  kms_key_arn     = var.kms_key_arn
  log_days        = var.log_days
}
