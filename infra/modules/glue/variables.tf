variable "prefix" {
  description = "Beginning of every job's, role's and log group's name (3-32 of a-z 0-9 -): the deployment's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,31}$", var.prefix))
    error_message = "prefix: '${var.prefix}' cannot begin a name; use 3-32 of a-z 0-9 -."
  }
}

variable "mode" {
  description = "Who writes the tables: stream, a job that runs all the time, or schedule, a job that runs by refresh_cron. One of them, since a table has one writer."
  type        = string
  default     = "stream"
  nullable    = false

  validation {
    condition     = contains(["stream", "schedule"], var.mode)
    error_message = "mode: '${var.mode}' is neither stream nor schedule."
  }
}

# -- where things are --------------------------------------------------------------------------------------------------

variable "lake_uri" {
  description = "Where the tables are: s3://<bucket>/<prefix>, without a slash at the end."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)+$", var.lake_uri))
    error_message = "lake_uri: '${var.lake_uri}' is no place of a lake; take s3://<bucket>/<prefix>, without a slash at the end."
  }
}

variable "results_bucket" {
  description = "Name of the bucket that takes the jobs' temporary files, under glue/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.results_bucket))
    error_message = "results_bucket: '${var.results_bucket}' is no bucket's name."
  }
}

variable "packages" {
  description = "s3:// addresses of what the jobs run, by name: wheel, glue_bundle, and glue_script_<job> of each job."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract([for name in ["wheel", "glue_bundle", "glue_script_stream", "glue_script_refresh", "glue_script_maintain", "glue_script_rebuild", "glue_script_requeue", "glue_script_audit", "glue_script_smoke"] : name], keys(var.packages))) == 0
    error_message = "packages: there is no ${join(", ", setsubtract(["wheel", "glue_bundle", "glue_script_stream", "glue_script_refresh", "glue_script_maintain", "glue_script_rebuild", "glue_script_requeue", "glue_script_audit", "glue_script_smoke"], keys(var.packages)))}; build the packages with scripts/package.py."
  }

  validation {
    condition     = alltrue([for uri in values(var.packages) : can(regex("^s3://[^/]+/.+$", uri))])
    error_message = "packages: ${join(", ", [for name, uri in var.packages : "${name} ('${uri}')" if !can(regex("^s3://[^/]+/.+$", uri))])} is no s3:// address."
  }
}

variable "stream_name" {
  description = "Name of the Kinesis stream that bronze reads."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.stream_name))
    error_message = "stream_name: '${var.stream_name}' is no stream's name; use 1-128 of a-z A-Z 0-9 _ . -."
  }
}

variable "stream_arn" {
  description = "ARN of that stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]+$", var.stream_arn))
    error_message = "stream_arn: '${var.stream_arn}' is no stream's ARN."
  }
}

variable "kms_key_arn" {
  description = "ARN of the own KMS key of the buckets, the stream and the log groups. null where they have none."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}

variable "region" {
  description = "The region, as us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is no region; one is us-east-1."
  }
}

variable "account_id" {
  description = "The account's number (12 digits): only its own jobs get the roles."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "partition" {
  description = "The partition of ARNs: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition: '${var.partition}' is no partition; take aws, aws-cn or aws-us-gov."
  }
}

# -- what the jobs are told --------------------------------------------------------------------------------------------

variable "gold_sources" {
  description = "Which source gold counts an exchange from, by exchange; the exchange's own feed where there is none."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for exchange, source in var.gold_sources : can(regex("^[a-z0-9][a-z0-9._-]{0,31}$", exchange)) && can(regex("^[a-z0-9][a-z0-9._-]{0,31}$", source))])
    error_message = "gold_sources: '${join(",", [for exchange, source in var.gold_sources : "${exchange}=${source}"])}' has a name that is not 1-32 of a-z 0-9 . _ -; a pair is binance = \"binance-agg\"."
  }
}

variable "gold_seconds_days" {
  description = "Days (0-36500) that candles of less than a minute are kept. 0 is for ever."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.gold_seconds_days >= 0 && var.gold_seconds_days <= 36500 && floor(var.gold_seconds_days) == var.gold_seconds_days
    error_message = "gold_seconds_days: ${var.gold_seconds_days} is not a whole number of 0-36500."
  }
}

variable "retention" {
  description = "Days that rows of a table are kept, by table: of bronze.trades 2 or more, of silver.trades 14 or more. All others, and those not named, are kept for ever."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for table, days in var.retention : contains(["bronze.trades", "silver.trades"], table) && days >= (table == "bronze.trades" ? 2 : 14) && days <= 36500 && floor(days) == days])
    error_message = "retention: '${join(",", [for table, days in var.retention : "${table}=${days}"])}' is not made of bronze.trades with a whole number of 2-36500 days and silver.trades with one of 14-36500."
  }
}

variable "bar_sizes" {
  description = "What bars count to, in the place of the declared sizes: KIND.WHAT = size in plain decimals, as tick = \"500\", \"volume.BTC\" = \"0.5\", \"dollar.kraken:BTC-USD\" = \"50000\"; \"0\" makes none."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for what, size in var.bar_sizes : can(regex("^(tick|volume|dollar)(\\.([a-z0-9-]+:)?[A-Z0-9.]{1,24}(-[A-Z0-9.]{1,24})?)?$", what)) && can(regex("^[0-9]{1,16}(\\.[0-9]{1,12})?$", size)) && !(startswith(what, "tick") && strcontains(size, "."))])
    error_message = "bar_sizes: '${join(",", [for what, size in var.bar_sizes : "${what}=${size}"])}' is not made of tick, volume or dollar, alone or with .BTC, .BTC-USD or .kraken:BTC-USD, and plain decimals, of tick whole ones."
  }
}

variable "forecast" {
  description = "How forecasts are made, where not as by default: every_s (0.1-86400 seconds from one to the next), interval (of the candles that they are made of: 1s 5s 15s 1m 5m 15m 30m 1h), window_s (0.1-86400 seconds of candles), horizons_s (1-12 of 0.1-86400 seconds), band (0.01-0.99 of the paths), paths (100-1000000), least_returns (3-86399)."
  type = object({
    every_s       = optional(number)
    interval      = optional(string)
    window_s      = optional(number)
    horizons_s    = optional(list(number))
    band          = optional(number)
    paths         = optional(number)
    least_returns = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      alltrue([for span in concat([for s in [var.forecast.every_s, var.forecast.window_s] : s if s != null], coalesce(var.forecast.horizons_s, [])) : span >= 0.1 && span <= 86400]),
      var.forecast.horizons_s == null || try(length(var.forecast.horizons_s) >= 1 && length(var.forecast.horizons_s) <= 12, false),
      var.forecast.interval == null || contains(["1s", "5s", "15s", "1m", "5m", "15m", "30m", "1h"], coalesce(var.forecast.interval, "-")),
      coalesce(var.forecast.band, 0.5) >= 0.01 && coalesce(var.forecast.band, 0.5) <= 0.99,
      coalesce(var.forecast.paths, 100) >= 100 && coalesce(var.forecast.paths, 100) <= 1000000 && floor(coalesce(var.forecast.paths, 100)) == coalesce(var.forecast.paths, 100),
      coalesce(var.forecast.least_returns, 3) >= 3 && coalesce(var.forecast.least_returns, 3) <= 86399 && floor(coalesce(var.forecast.least_returns, 3)) == coalesce(var.forecast.least_returns, 3),
    ])
    error_message = "forecast: ${jsonencode(var.forecast)} has a value out of its range: every_s, window_s and each of 1-12 horizons_s 0.1-86400, interval 1s 5s 15s 1m 5m 15m 30m or 1h, band 0.01-0.99, paths 100-1000000, least_returns 3-86399."
  }
}

variable "refresh_every_s" {
  description = "Seconds (1-86400) from one look at the stream to the next, where mode is stream. Each look costs requests: less is fresher, more is cheaper."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.refresh_every_s >= 1 && var.refresh_every_s <= 86400
    error_message = "refresh_every_s: ${var.refresh_every_s} is not of 1-86400 seconds."
  }
}

# -- when they run, and on what ----------------------------------------------------------------------------------------

variable "refresh_cron" {
  description = "When the refresh job runs where mode is schedule: Glue's cron(minutes hours day-of-month month day-of-week year), UTC, no more often than every five minutes."
  type        = string
  default     = "cron(0 * * * ? *)"
  nullable    = false

  validation {
    condition     = can(regex("^cron\\(\\S+( \\S+){5}\\)$", var.refresh_cron))
    error_message = "refresh_cron: '${var.refresh_cron}' is no cron(…) of six fields; every quarter of an hour is cron(0/15 * * * ? *)."
  }
}

variable "audit_cron" {
  description = "When the audit runs by itself, as refresh_cron. null is never: it reads all of the lake."
  type        = string
  default     = null

  validation {
    condition     = var.audit_cron == null ? true : can(regex("^cron\\(\\S+( \\S+){5}\\)$", var.audit_cron))
    error_message = "audit_cron: '${coalesce(var.audit_cron, "null")}' is no cron(…) of six fields; Sundays at three are cron(0 3 ? * SUN *)."
  }
}

variable "maintenance_window" {
  description = "Day:Hour, GMT, as Sun:3: within three hours from then Glue may restart the stream job, which it does once in a while in any case."
  type        = string
  default     = "Sun:3"
  nullable    = false

  validation {
    condition     = can(regex("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun):([0-9]|1[0-9]|2[0-3])$", var.maintenance_window))
    error_message = "maintenance_window: '${var.maintenance_window}' is no Day:Hour; Sunday at three is Sun:3."
  }
}

variable "stream_workers" {
  description = "Workers of the stream job: their type (G.025X: 2 vCPU, 4 GB, 0.25 DPU; G.1X: 4 vCPU, 16 GB, 1 DPU; G.2X) and number (2-100, the driver among them). A DPU-hour is 0.308 USD, so the default is 112 USD a month."
  type = object({
    type  = string
    count = number
  })
  default  = { type = "G.025X", count = 2 }
  nullable = false

  validation {
    condition     = contains(["G.025X", "G.1X", "G.2X"], var.stream_workers.type) && var.stream_workers.count >= 2 && var.stream_workers.count <= 100 && floor(var.stream_workers.count) == var.stream_workers.count
    error_message = "stream_workers: ${var.stream_workers.count} of '${var.stream_workers.type}' cannot be; take 2-100 of G.025X, G.1X or G.2X."
  }
}

variable "batch_workers" {
  description = "Workers of every other job: their type (G.1X, G.2X, G.4X, G.8X; G.025X is for streams alone) and number (2-100, the driver among them)."
  type = object({
    type  = string
    count = number
  })
  default  = { type = "G.1X", count = 2 }
  nullable = false

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.batch_workers.type) && var.batch_workers.count >= 2 && var.batch_workers.count <= 100 && floor(var.batch_workers.count) == var.batch_workers.count
    error_message = "batch_workers: ${var.batch_workers.count} of '${var.batch_workers.type}' cannot be; take 2-100 of G.1X, G.2X, G.4X or G.8X."
  }
}

variable "stream_retries" {
  description = "How often (0-10) Glue starts the stream job again after it failed."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.stream_retries >= 0 && var.stream_retries <= 10 && floor(var.stream_retries) == var.stream_retries
    error_message = "stream_retries: ${var.stream_retries} is not a whole number of 0-10."
  }
}

variable "log_days" {
  description = "Days that the jobs' logs stay (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653)."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days: CloudWatch cannot keep logs for ${var.log_days} days; 30 or 365 are among what it can."
  }
}
