locals {
  # The settings of every Spark session of ours. Made by scripts/terraform_data.py; a test fails where it drifts.
  spark = jsondecode(file("${path.module}/spark.json"))

  # What a job may do beside reading the lake, how long it may take, and whether a second start waits for its turn. A
  # refresh that waits finds nothing left to do; a stream that waits would come up when somebody stops the first.
  jobs = {
    stream   = { about = "All layers, on and on", reads_stream = true, writes = true, timeout_min = null, queues = false }
    refresh  = { about = "All layers, once", reads_stream = true, writes = true, timeout_min = 120, queues = true }
    maintain = { about = "Merge small files and remove what nobody needs", reads_stream = false, writes = true, timeout_min = 480, queues = true }
    rebuild  = { about = "A table and what hangs on it, anew from its inputs", reads_stream = false, writes = true, timeout_min = 2880, queues = true }
    requeue  = { about = "What is quarantined judged again, after a rule was mended", reads_stream = false, writes = true, timeout_min = 480, queues = true }
    audit    = { about = "Prove that nothing is missing and nothing is twice", reads_stream = false, writes = false, timeout_min = 480, queues = true }
    smoke    = { about = "Look whether Glue and S3 are as this was built for", reads_stream = true, writes = true, timeout_min = 30, queues = false }
  }

  # Which code runs and on what: no run may say otherwise, or whoever may start a job could run anything as its role.
  fixed = {
    "--datalake-formats"                = "delta"
    "--conf"                            = join(" --conf ", [for key, value in local.spark : "${key}=${value}"])
    "--additional-python-modules"       = "${var.packages["glue_bundle"]},${var.packages["wheel"]}"
    "--python-modules-installer-option" = "--no-index"
    "--lake"                            = var.lake_uri
    "--region"                          = var.region
    "--stream_name"                     = var.stream_name
    "--gold_seconds_days"               = tostring(var.gold_seconds_days)
  }

  # Glue has no word for an empty value, so what is not set is not said.
  optional = merge(
    length(var.gold_sources) == 0 ? {} : {
      "--gold_sources" = join(",", [for exchange, source in var.gold_sources : "${exchange}=${source}"])
    },
    length(var.retention) == 0 ? {} : {
      "--retention" = join(",", [for table, days in var.retention : "${table}=${days}"])
    },
    length(var.bar_sizes) == 0 ? {} : {
      "--bar_sizes" = join(",", [for what, size in var.bar_sizes : "${what}=${size}"])
    },
    { for name, value in var.forecast : "--forecast_${name}" => try(join(",", value), tostring(value)) if value != null },
  )

  # What a run may say otherwise.
  own = {
    stream = { "--refresh_every_s" = tostring(var.refresh_every_s) }
  }
}

# Before the job, or Glue would make groups of its own, which keep logs for ever. What a script says is in /output; in
# /error is what Spark and Glue say. *Source*: Glue developer guide, "Logging for AWS Glue jobs": since 5.0 all logs come
# at once, and only --custom-logGroup-prefix names their groups.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group; an own key costs, and kms_key_arn takes one.
  #checkov:skip=CKV_AWS_338:A job's log tells of its last weeks; what the lake holds is told by the tables for ever. log_days keeps more.
  for_each = toset(flatten([for job in keys(local.jobs) : ["${job}/output", "${job}/error"]]))

  name              = "/tapehouse/${var.prefix}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_glue_job" "this" {
  #checkov:skip=CKV_AWS_195:What a security configuration would encrypt is encrypted without one: the buckets and the log group; bookmarks are not used.
  for_each = local.jobs

  name         = "${var.prefix}-${each.key}"
  description  = each.value.about
  role_arn     = aws_iam_role.this[each.key].arn
  glue_version = "6.0"

  worker_type       = each.key == "stream" ? var.stream_workers.type : var.batch_workers.type
  number_of_workers = each.key == "stream" ? var.stream_workers.count : var.batch_workers.count
  execution_class   = "STANDARD"

  # None on a stream: it would end there and not come back, and once set it cannot be unset.
  timeout            = each.value.timeout_min
  max_retries        = each.key == "stream" ? var.stream_retries : 0
  maintenance_window = each.key == "stream" ? var.maintenance_window : null

  job_run_queuing_enabled = each.value.queues

  command {
    name            = each.key == "stream" ? "gluestreaming" : "glueetl"
    python_version  = "3"
    script_location = var.packages["glue_script_${each.key}"]
  }

  # A table has one writer: two runs of a job would be two.
  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = merge(lookup(local.own, each.key, {}), {
    "--enable-metrics"               = ""
    "--enable-observability-metrics" = "true"
  })

  non_overridable_arguments = merge(local.fixed, local.optional, {
    "--scriptLocation"         = var.packages["glue_script_${each.key}"] # would replace the command's own
    "--TempDir"                = "s3://${var.results_bucket}/glue/${each.key}/"
    "--custom-logGroup-prefix" = trimsuffix(aws_cloudwatch_log_group.this["${each.key}/output"].name, "/output")
  })

  # The first run must find what it may do.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_glue_trigger" "this" {
  for_each = merge(
    var.mode == "schedule" ? { refresh = var.refresh_cron } : {},
    var.audit_cron == null ? {} : { audit = var.audit_cron },
  )

  name     = "${var.prefix}-${each.key}"
  type     = "SCHEDULED"
  schedule = each.value

  actions {
    job_name = aws_glue_job.this[each.key].name
  }
}
