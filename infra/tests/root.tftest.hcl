mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1b", "us-east-1a", "us-east-1c"] }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:mocked" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mocked-AbCdEf" }
  }
  mock_resource "aws_kinesis_stream" {
    defaults = { arn = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades" }
  }
}

variables {
  packages_file = "tests/packages/packages.json"
}

run "settings_are_what_the_command_reads" {
  command = plan

  assert {
    condition = jsonencode(output.settings) == jsonencode({
      lake              = "s3://tapehouse-dev-lake-123456789012/lake"
      stream_name       = "tapehouse-dev-trades"
      region            = "us-east-1"
      athena_workgroup  = "tapehouse-dev-operators"
      database_prefix   = ""
      deployment        = "tapehouse-dev"
      gold_sources      = {}
      gold_seconds_days = 0
      retention         = {}
      bar_sizes         = {}
      refresh_every_s   = 60
    })
    error_message = "The settings' fields and values."
  }
  assert {
    condition     = output.jobs == { for name in ["audit", "maintain", "rebuild", "refresh", "requeue", "smoke", "stream"] : name => "tapehouse-dev-${name}" }
    error_message = "Jobs are named by the deployment."
  }
  assert {
    condition     = output.workgroups == { operator = "tapehouse-dev-operators", reader = "tapehouse-dev" }
    error_message = "Readers and operators ask workgroups of their own."
  }
  assert {
    condition     = output.databases == { bronze = "bronze", gold = "gold", silver = "silver" } && output.owner == "stream"
    error_message = "Databases are the layers; the stream job writes."
  }
  assert {
    condition     = join(" ", sort(keys(output.addresses))) == "alarms athena functions jobs lake logs stream"
    error_message = "Addresses say where to look."
  }
}

run "settings_follow_the_variables" {
  command = plan

  variables {
    mode              = "schedule"
    gold_sources      = { binance = "binance-agg" }
    gold_seconds_days = 30
    retention         = { "bronze.trades" = 30 }
    bar_sizes         = { tick = "500" }
    forecast          = { every_s = 60, horizons_s = [300, 900] }
    refresh_every_s   = 10
  }

  assert {
    condition     = output.settings.gold_sources == tomap({ binance = "binance-agg" }) && output.settings.gold_seconds_days == 30 && output.settings.retention == tomap({ "bronze.trades" = 30 }) && output.settings.bar_sizes == tomap({ tick = "500" }) && output.settings.forecast_every_s == 60 && output.settings.forecast_horizons_s == tolist([300, 900]) && !can(output.settings.forecast_band) && output.settings.refresh_every_s == 10 && output.owner == "refresh"
    error_message = "The command reads what the jobs are told."
  }
}

run "the_network_is_there_for_the_producers_alone" {
  command = plan

  variables {
    producers = {}
  }

  assert {
    condition     = length(module.network) == 0 && length(module.producers) == 0 && output.producers == null
    error_message = "Without producers nothing needs a VPC."
  }
}

run "producers_take_a_network_that_is_there" {
  command = plan

  variables {
    network = { vpc_id = "vpc-0a1b2c3d", subnet_ids = ["subnet-0a1b2c3d"], assign_public_ip = false }
  }

  assert {
    condition     = length(module.network) == 0 && length(module.producers) == 1
    error_message = "A given network is used, and none is made."
  }
}

run "producers_are_spread_over_the_first_two_zones" {
  command = plan

  assert {
    condition     = join(" ", local.zones) == "us-east-1a us-east-1b" && length(module.network) == 1
    error_message = "Zones are the region's first two, in an order that does not change."
  }
  assert {
    condition     = output.producers.cluster == "tapehouse-dev" && join(" ", values(output.producers.services)) == "tapehouse-dev-producer-coinbase tapehouse-dev-producer-kraken"
    error_message = "Cluster and services are named by the deployment."
  }
}

run "news_come_from_sources_that_want_no_key" {
  command = plan

  assert {
    condition     = local.news_sources == toset(["coindesk", "cointelegraph"]) && local.social_sources == toset(["fear-greed"])
    error_message = "Whoever says nothing is asked for no key."
  }
  assert {
    condition     = output.news.functions == { for name in ["enrich", "news", "social"] : name => "tapehouse-dev-${name}" } && output.news.landing == "${output.settings.lake}/_landing"
    error_message = "The functions are named by the deployment; what they land is where the jobs and the command look."
  }
  assert {
    condition     = toset([for name in ["day-missed-news", "day-missed-social", "dead-letters-batches", "dead-letters-enrich", "queue-waits-enrich", "function-failing-enrich"] : "tapehouse-dev-${name}" if !contains(output.alarms.alarms, "tapehouse-dev-${name}")]) == toset([])
    error_message = "They are watched."
  }
}

run "a_key_that_is_given_is_used" {
  command = plan

  variables {
    secret_versions = { alphavantage = 1, finnhub = 2, reddit = 1, hook = 1 }
    news = {
      crawl = { schedules = { hourly = "cron(0 * * * ? *)" }, tasks_file = "modules/lambdas/examples/basic/tasks.yaml", secrets = ["hook"] }
    }
  }

  assert {
    condition     = local.news_sources == toset(["alphavantage", "coindesk", "cointelegraph", "finnhub"]) && local.social_sources == toset(["fear-greed", "reddit"])
    error_message = "A source is asked once its key is there."
  }
  assert {
    condition     = join(" ", sort(keys(output.news.functions))) == "crawler crawler-schedule enrich news social" && join(" ", sort(keys(output.news.schedules))) == "crawl-hourly news social"
    error_message = "A crawler is there once it has a schedule."
  }
}

run "sources_that_are_named_are_the_only_ones" {
  command = plan

  variables {
    secret_versions = { finnhub = 1 }
    news            = { sources = ["coindesk"] }
  }

  assert {
    condition     = local.news_sources == toset(["coindesk"])
    error_message = "A producer's key does not bring the vendor's news where they are not wanted."
  }
}

run "news_may_be_left_out" {
  command = plan

  variables {
    news      = { enabled = false }
    operators = ["arn:aws:iam::123456789012:role/data-engineer"]
  }

  assert {
    condition     = length(module.lambdas) == 0 && output.news == null && length([for name in output.alarms.alarms : name if strcontains(name, "function") || strcontains(name, "dead-letters")]) == 0
    error_message = "No function, nothing to watch."
  }
}

run "without_metabase_there_is_none_of_it" {
  command = plan

  assert {
    condition     = length(module.metabase) == 0 && output.metabase == null && length([for name in output.alarms.alarms : name if strcontains(name, "metabase")]) == 0
    error_message = "Nothing costs 75 USD a month that nobody asked for."
  }
}

run "metabase_is_seen_from_inside_alone_where_nobody_says_otherwise" {
  command = plan

  variables {
    producers       = {}
    database_prefix = "desk_"
    metabase = {
      host            = "metabase.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      allowed_cidrs   = ["10.8.0.0/24"]
      image           = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      admin_email     = "data@example.com"
    }
    metabase_secrets = { encryption-key = "not-a-real-key-at-all", admin-password = "not-a-real-password-1" }
  }

  assert {
    condition     = length(module.network) == 1 && length(module.producers) == 0
    error_message = "Metabase has a network where no producer needs one."
  }
  assert {
    condition = { for name, value in output.settings : name => value if startswith(name, "metabase_") } == {
      metabase_url       = "https://metabase.example.com"
      metabase_email     = "data@example.com"
      metabase_secret    = "tapehouse-dev/metabase-admin-password"
      metabase_workgroup = "tapehouse-dev"
    }
    error_message = "The provisioner finds Metabase, its administrator's password and the readers' workgroup."
  }
  assert {
    condition     = output.metabase.address == "https://metabase.example.com" && output.addresses.dashboards == output.metabase.address
    error_message = "The deployment ends with the address."
  }
  assert {
    condition     = contains(output.alarms.alarms, "tapehouse-dev-metabase-reset-password") && length(setsubtract(module.monitoring.alarm_names, output.alarms.alarms)) == 0
    error_message = "Its alarms are among the deployment's."
  }
}

run "metabase_in_a_network_that_is_there" {
  command = plan

  variables {
    network = {
      vpc_id             = "vpc-1"
      subnet_ids         = ["subnet-1"]
      assign_public_ip   = false
      private_subnet_ids = ["subnet-2", "subnet-3"]
      public_subnet_ids  = ["subnet-4", "subnet-5"]
    }
    metabase = {
      host            = "metabase.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      allowed_cidrs   = ["203.0.113.0/24"]
      image           = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      admin_email     = "data@example.com"
      internal        = false
    }
  }

  assert {
    condition     = length(module.network) == 0 && output.metabase.address == "https://metabase.example.com"
    error_message = "No other network is made."
  }
}

run "metabase_in_a_network_of_one_zone_is_refused" {
  command = plan

  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], assign_public_ip = false, private_subnet_ids = ["subnet-2", "subnet-3"] }
    metabase = {
      host            = "metabase.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      allowed_cidrs   = ["203.0.113.0/24"]
      image           = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      admin_email     = "data@example.com"
      internal        = false
    }
  }

  expect_failures = [var.metabase]
}

run "a_sign_in_that_an_internal_load_balancer_cannot_reach_is_refused" {
  command = plan

  variables {
    metabase = {
      host            = "metabase.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      allowed_cidrs   = ["10.8.0.0/24"]
      image           = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      admin_email     = "data@example.com"
      cognito         = { user_pool_arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc", client_id = "abc", domain = "desk" }
    }
  }

  expect_failures = [var.metabase]
}

run "behind_a_gateway_it_reaches_it" {
  command = plan

  variables {
    nat           = true
    force_destroy = true
    metabase = {
      host            = "metabase.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      allowed_cidrs   = ["10.8.0.0/24"]
      image           = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      admin_email     = "data@example.com"
      cognito         = { user_pool_arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc", client_id = "abc", domain = "desk" }
    }
  }

  assert {
    condition     = contains(output.alarms.rules, "tapehouse-dev-metabase-stopped") && contains(output.alarms.rules, "tapehouse-dev-job-failed")
    error_message = "Its rules are among the deployment's."
  }
}

run "metabase_in_one_zone_is_refused" {
  command = plan

  variables {
    zones = ["us-east-1a"]
    metabase = {
      host            = "metabase.example.com"
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
      allowed_cidrs   = ["10.8.0.0/24"]
      image           = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      admin_email     = "data@example.com"
    }
  }

  expect_failures = [var.metabase]
}

run "refuses_a_secret_of_the_crawlers_that_there_is_not" {
  command = plan

  variables {
    news = { crawl = { schedules = { hourly = "cron(0 * * * ? *)" }, secrets = ["hook"] } }
  }

  expect_failures = [var.news]
}

run "names_hold_the_environment" {
  command = plan

  variables {
    environment = "abcdefghijklmnopqrst"
  }

  assert {
    condition     = output.settings.deployment == "tapehouse-abcdefghijklmnopqrst" && length("${output.settings.deployment}-results-123456789012") <= 63 && length("${output.settings.deployment}-lambda-crawler-schedule") <= 64
    error_message = "The longest environment fits into the longest names of buckets (63) and roles (64)."
  }
}

run "the_emulator_has_no_addresses_on_aws" {
  command = plan

  variables {
    emulator                  = true
    emulator_endpoint         = "http://127.0.0.1:5000"
    emulator_kinesis_endpoint = "http://127.0.0.1:4568"
  }

  assert {
    condition     = length(output.addresses) == 0
    error_message = "There is no console to look at."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    environment               = "Production"
    region                    = "Virginia"
    account_id                = "123"
    tags                      = { Project = "mine" }
    packages_file             = "nowhere/packages.json"
    emulator_endpoint         = "127.0.0.1"
    emulator_kinesis_endpoint = "http://127.0.0.1:4568/"
    max_retries               = -1
  }

  expect_failures = [var.environment, var.region, var.account_id, var.tags, var.packages_file, var.emulator_endpoint, var.emulator_kinesis_endpoint, var.max_retries]
}

run "an_environment_that_does_not_fit_is_refused" {
  command = plan

  variables {
    environment = "abcdefghijklmnopqrstu"
  }

  expect_failures = [var.environment]
}

run "an_emulator_without_an_address_would_be_aws" {
  command = plan

  variables {
    emulator          = true
    emulator_endpoint = "http://127.0.0.1:5000"
  }

  expect_failures = [var.emulator]
}
