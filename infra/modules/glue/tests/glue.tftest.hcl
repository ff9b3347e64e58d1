mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
}

variables {
  prefix         = "tapehouse-dev"
  lake_uri       = "s3://tapehouse-dev-lake-123456789012/lake"
  results_bucket = "tapehouse-dev-results-123456789012"
  stream_name    = "tapehouse-dev-trades"
  stream_arn     = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades"
  region         = "us-east-1"
  account_id     = "123456789012"
  packages = {
    wheel                = "s3://code/packages/01/tapehouse-0.1.0-py3-none-any.whl"
    glue_bundle          = "s3://code/packages/02/tapehouse.gluewheels.zip"
    glue_script_stream   = "s3://code/packages/03/stream.py"
    glue_script_refresh  = "s3://code/packages/04/refresh.py"
    glue_script_maintain = "s3://code/packages/05/maintain.py"
    glue_script_rebuild  = "s3://code/packages/06/rebuild.py"
    glue_script_requeue  = "s3://code/packages/09/requeue.py"
    glue_script_audit    = "s3://code/packages/07/audit.py"
    glue_script_smoke    = "s3://code/packages/08/smoke.py"
  }
}

# -- jobs --------------------------------------------------------------------------------------------------------------

run "jobs_are_named_by_the_deployment" {
  command = plan

  assert {
    condition     = output.job_names == { for name in ["stream", "refresh", "maintain", "rebuild", "requeue", "audit", "smoke"] : name => "tapehouse-dev-${name}" }
    error_message = "A job is <prefix>-<job>: the command finds it by that."
  }
  assert {
    condition     = alltrue([for name, job in aws_glue_job.this : job.command[0].script_location == var.packages["glue_script_${name}"]])
    error_message = "A job runs its own script."
  }
}

run "the_stream_job_streams_on_small_workers_and_never_times_out" {
  command = plan

  assert {
    condition     = aws_glue_job.this["stream"].command[0].name == "gluestreaming" && aws_glue_job.this["stream"].worker_type == "G.025X" && aws_glue_job.this["stream"].number_of_workers == 2
    error_message = "The stream job is a streaming one, on two G.025X."
  }
  assert {
    condition     = local.jobs.stream.timeout_min == null
    error_message = "A timeout ends a stream for good, and cannot be unset."
  }
  assert {
    condition     = aws_glue_job.this["stream"].maintenance_window == "Sun:3" && aws_glue_job.this["stream"].max_retries == 10
    error_message = "The stream job restarts on a Sunday, and when it fails."
  }
}

run "every_other_job_is_a_batch_that_ends" {
  command = plan

  assert {
    condition     = alltrue([for name, job in aws_glue_job.this : job.command[0].name == "glueetl" && job.worker_type == "G.1X" && job.timeout >= 30 && job.maintenance_window == null if name != "stream"])
    error_message = "Batches run on G.1X (streams alone may have G.025X) and time out."
  }
}

run "a_table_has_one_writer" {
  command = plan

  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.execution_property[0].max_concurrent_runs == 1])
    error_message = "Two runs of a job would be two writers."
  }
  assert {
    condition     = { for name, job in aws_glue_job.this : name => job.job_run_queuing_enabled } == { stream = false, refresh = true, maintain = true, rebuild = true, requeue = true, audit = true, smoke = false }
    error_message = "A second start of a batch waits for its turn, one of a stream is refused."
  }
  assert {
    condition     = length(aws_glue_trigger.this) == 0 && output.owner == "stream"
    error_message = "Where the stream job writes, no schedule does."
  }
}

run "a_schedule_takes_the_streams_place" {
  command = plan

  variables {
    mode         = "schedule"
    refresh_cron = "cron(0/15 * * * ? *)"
  }

  assert {
    condition     = keys(aws_glue_trigger.this) == ["refresh"] && aws_glue_trigger.this["refresh"].type == "SCHEDULED" && aws_glue_trigger.this["refresh"].schedule == "cron(0/15 * * * ? *)"
    error_message = "The refresh job runs by its schedule, and nothing else does."
  }
  assert {
    condition     = aws_glue_trigger.this["refresh"].actions[0].job_name == "tapehouse-dev-refresh" && output.owner == "refresh"
    error_message = "The schedule starts the refresh job, which owns the tables."
  }
}

run "the_audit_may_have_a_schedule_beside_either" {
  command = plan

  variables {
    audit_cron = "cron(0 3 ? * SUN *)"
  }

  assert {
    condition     = keys(aws_glue_trigger.this) == ["audit"]
    error_message = "The audit only reads, so it may run beside the stream job."
  }
}

# -- arguments ---------------------------------------------------------------------------------------------------------

run "jobs_get_delta_and_the_packages_without_a_package_index" {
  command = plan

  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.glue_version == "6.0" && job.non_overridable_arguments["--datalake-formats"] == "delta"])
    error_message = "Glue 6.0 brings Delta by --datalake-formats."
  }
  assert {
    condition     = alltrue([for job in aws_glue_job.this : alltrue([for setting in split(" --conf ", job.non_overridable_arguments["--conf"]) : can(regex("^spark\\.[A-Za-z._]+=\\S+$", setting))]) && length(split(" --conf ", job.non_overridable_arguments["--conf"])) == length(local.spark)])
    error_message = "--conf is a chain of every one of our Spark settings."
  }
  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.non_overridable_arguments["--additional-python-modules"] == "s3://code/packages/02/tapehouse.gluewheels.zip,s3://code/packages/01/tapehouse-0.1.0-py3-none-any.whl" && job.non_overridable_arguments["--python-modules-installer-option"] == "--no-index"])
    error_message = "What a job imports comes from the code bucket alone."
  }
  assert {
    condition     = alltrue([for name, job in aws_glue_job.this : job.non_overridable_arguments["--TempDir"] == "s3://tapehouse-dev-results-123456789012/glue/${name}/" && job.non_overridable_arguments["--custom-logGroup-prefix"] == "/tapehouse/tapehouse-dev/${name}"])
    error_message = "Temporary files and logs go where they expire."
  }
}

run "jobs_are_told_where_the_lake_and_the_stream_are" {
  command = plan

  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.non_overridable_arguments["--lake"] == var.lake_uri && job.non_overridable_arguments["--stream_name"] == var.stream_name && job.non_overridable_arguments["--region"] == "us-east-1" && job.non_overridable_arguments["--gold_seconds_days"] == "0"])
    error_message = "Every job is told the lake, the stream and the region."
  }
  assert {
    condition     = [for name, job in aws_glue_job.this : name if contains(keys(job.default_arguments), "--refresh_every_s")] == ["stream"] && aws_glue_job.this["stream"].default_arguments["--refresh_every_s"] == "60"
    error_message = "The stream job alone looks every minute."
  }
  assert {
    condition     = alltrue([for job in aws_glue_job.this : length(setintersection(["--gold_sources", "--retention", "--bar_sizes", "--forecast_every_s", "--forecast_horizons_s", "--JOB_NAME", "--enable-glue-datacatalog"], concat(keys(job.default_arguments), keys(job.non_overridable_arguments)))) == 0])
    error_message = "What is not set is not said, nor what Glue says itself; tables are found by path, so no catalog is asked."
  }
}

run "whoever_starts_a_job_says_neither_its_code_nor_its_place" {
  command = plan

  assert {
    condition     = alltrue([for name, job in aws_glue_job.this : join(" ", keys(job.default_arguments)) == (name == "stream" ? "--enable-metrics --enable-observability-metrics --refresh_every_s" : "--enable-metrics --enable-observability-metrics")])
    error_message = "A run may say otherwise only what is measured, and how often the stream job looks."
  }
  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.non_overridable_arguments["--scriptLocation"] == job.command[0].script_location])
    error_message = "No run brings a script of its own."
  }
  assert {
    condition = alltrue(flatten([for name, each in data.aws_iam_policy_document.job : [for statement in each.statement : [for resource in statement.resources : anytrue([
      startswith(resource, "arn:aws:s3:::code/packages/"), startswith(resource, "arn:aws:s3:::tapehouse-dev-lake-123456789012/lake/"), startswith(resource, "arn:aws:s3:::tapehouse-dev-results-123456789012/glue/${name}/"),
    ])] if contains(statement.actions, "s3:GetObject")]]))
    error_message = "Files that a run names as its own (--extra-py-files, --extra-jars) are read as the job's role: from nowhere that people write to."
  }
}

run "bars_and_forecasts_are_said_as_the_settings_are" {
  command = plan

  variables {
    bar_sizes = { tick = "500", "volume.BTC" = "0.000001", "dollar.kraken:BTC-USD" = "50000" }
    forecast  = { every_s = 60, interval = "5m", horizons_s = [300, 900.5], band = 0.95, paths = 1000 }
  }

  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.non_overridable_arguments["--bar_sizes"] == "dollar.kraken:BTC-USD=50000,tick=500,volume.BTC=0.000001"])
    error_message = "Pairs with commas, as the setting reads them."
  }
  assert {
    condition = alltrue([for job in aws_glue_job.this : { for name, value in job.non_overridable_arguments : name => value if startswith(name, "--forecast_") } == {
      "--forecast_every_s" = "60", "--forecast_interval" = "5m", "--forecast_horizons_s" = "300,900.5", "--forecast_band" = "0.95", "--forecast_paths" = "1000"
    }])
    error_message = "Each word of a forecast that is set, and no other."
  }
}

run "refuses_a_forecast_of_no_horizon" {
  command = plan

  variables {
    forecast = { horizons_s = [] }
  }

  expect_failures = [var.forecast]
}

run "refuses_ticks_of_a_part" {
  command = plan

  variables {
    bar_sizes = { tick = "0.5" }
  }

  expect_failures = [var.bar_sizes]
}

run "gold_sources_and_retention_are_said_as_the_settings_are" {
  command = plan

  variables {
    retention    = { "bronze.trades" = 30, "silver.trades" = 365 }
    gold_sources = { binance = "binance-agg", coinbase = "coinbase-advanced" }
  }

  assert {
    condition     = alltrue([for job in aws_glue_job.this : job.non_overridable_arguments["--gold_sources"] == "binance=binance-agg,coinbase=coinbase-advanced" && job.non_overridable_arguments["--retention"] == "bronze.trades=30,silver.trades=365"])
    error_message = "Pairs with commas, as the setting reads them."
  }
}

# -- rights ------------------------------------------------------------------------------------------------------------

run "no_role_may_do_all_or_touch_all" {
  command = plan

  assert {
    condition     = length(data.aws_iam_policy_document.job) == 7 && alltrue(flatten([for each in data.aws_iam_policy_document.job : [for statement in each.statement : [for action in statement.actions : !strcontains(action, "*")]]]))
    error_message = "No action has a star."
  }
  assert {
    condition     = join(" ", distinct(flatten([for each in data.aws_iam_policy_document.job : [for statement in each.statement : tolist(statement.actions) if contains(statement.resources, "*")]]))) == "cloudwatch:PutMetricData"
    error_message = "Only PutMetricData, which knows no resources, is allowed on all."
  }
  assert {
    condition     = alltrue(flatten([for each in data.aws_iam_policy_document.job : [for statement in each.statement : one(one(statement.condition).values) == "Glue" if statement.sid == "Measure"]]))
    error_message = "Measurements go to Glue's namespace alone."
  }
  assert {
    condition     = one(data.aws_iam_policy_document.trust.statement).actions == toset(["sts:AssumeRole"]) && one(one(one(data.aws_iam_policy_document.trust.statement).condition).values) == "123456789012"
    error_message = "Only Glue of this account gets a role."
  }
}

run "the_audit_reads_and_cannot_write" {
  command = plan

  assert {
    condition     = [for name, each in data.aws_iam_policy_document.job : name if !contains([for statement in each.statement : statement.sid], "WriteLake")] == ["audit"]
    error_message = "All but the audit write the lake."
  }
  assert {
    condition     = [for name, each in data.aws_iam_policy_document.job : name if contains([for statement in each.statement : statement.sid], "ReadStream")] == ["refresh", "smoke", "stream"]
    error_message = "Only who makes bronze (and the smoke job) reads the stream."
  }
  assert {
    condition     = { for name, each in data.aws_iam_policy_document.job : name => one([for statement in each.statement : one(statement.resources) if statement.sid == "EraseLandedVersions"]) if contains([for statement in each.statement : statement.sid], "FindLandedVersions") } == { maintain = "arn:aws:s3:::tapehouse-dev-lake-123456789012/lake/_landing/*" }
    error_message = "One job erases versions, and only what was landed."
  }

  assert {
    condition     = alltrue([for name, each in data.aws_iam_policy_document.job : alltrue([for statement in each.statement : one(statement.resources) == "arn:aws:s3:::tapehouse-dev-lake-123456789012/lake/*" if contains(["ReadLake", "WriteLake"], statement.sid)])])
    error_message = "Of the lake's bucket, the lake's prefix alone."
  }
}

run "an_own_key_is_used_by_those_who_need_it" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
  }

  assert {
    condition     = alltrue([for name, each in data.aws_iam_policy_document.job : alltrue([for statement in each.statement : one(statement.resources) == "arn:aws:kms:us-east-1:123456789012:key/0a1b" && contains(statement.actions, "kms:Decrypt") if statement.sid == "UseKey"]) && contains([for statement in each.statement : statement.sid], "UseKey")])
    error_message = "Every job reads with the key."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/0a1b"])
    error_message = "Logs are encrypted with it."
  }
}

# -- faults ------------------------------------------------------------------------------------------------------------

run "refuses_what_aws_would_refuse" {
  command = plan

  variables {
    prefix             = "Tapehouse"
    mode               = "both"
    lake_uri           = "s3://bucket"
    results_bucket     = "Results"
    packages           = { wheel = "dist/tapehouse.whl" }
    stream_name        = "a b"
    stream_arn         = "tapehouse-dev-trades"
    kms_key_arn        = "alias/mine"
    region             = "Virginia"
    account_id         = "1"
    partition          = "AWS"
    gold_sources       = { binance = "" }
    gold_seconds_days  = -1
    retention          = { "silver.trades" = 7 }
    bar_sizes          = { volumes = "1" }
    forecast           = { paths = 99 }
    refresh_every_s    = 0
    refresh_cron       = "rate(5 minutes)"
    audit_cron         = "0 3 * * *"
    maintenance_window = "Sunday:3"
    stream_workers     = { type = "G.025X", count = 1 }
    batch_workers      = { type = "G.025X", count = 2 }
    stream_retries     = 11
    log_days           = 31
  }

  expect_failures = [
    var.prefix, var.mode, var.lake_uri, var.results_bucket, var.packages, var.stream_name, var.stream_arn,
    var.kms_key_arn, var.region, var.account_id, var.partition, var.gold_sources, var.gold_seconds_days,
    var.retention, var.bar_sizes, var.forecast, var.refresh_every_s, var.refresh_cron, var.audit_cron, var.maintenance_window, var.stream_workers,
    var.batch_workers, var.stream_retries, var.log_days,
  ]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
