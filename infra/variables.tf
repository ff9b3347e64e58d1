# What a module takes as it is, the module validates: its message names the variable and the value just the same.

# -- which deployment --------------------------------------------------------------------------------------------------

variable "environment" {
  description = "Which of an account's deployments this is (1-20 of a-z 0-9 -, beginning with a letter): every name holds it, so it must differ from any other of the account, whatever the region."
  type        = string
  default     = "dev"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.environment))
    error_message = "environment: '${var.environment}' cannot be part of the names; use 1-20 of a-z 0-9 -, beginning with a letter and not ending with -."
  }
}

variable "region" {
  description = "The AWS region, as us-east-1."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is no region; one is us-east-1."
  }
}

variable "account_id" {
  description = "The only account (12 digits) that this may be applied to. null takes the one of the credentials."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null ? true : can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${coalesce(var.account_id, "null")}' is no account's number of 12 digits."
  }
}

variable "tags" {
  description = "More tags of everything, beside Project and Environment."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.tags), ["Project", "Environment"])) == 0
    error_message = "tags: ${join(" and ", setintersection(keys(var.tags), ["Project", "Environment"]))} would replace what stands there; take another name."
  }
}

variable "packages_file" {
  description = "Path of the list of packages that scripts/package.py made; the packages lie beside it."
  type        = string
  default     = "../dist/packages.json"
  nullable    = false

  validation {
    condition     = fileexists(var.packages_file)
    error_message = "packages_file: there is no '${var.packages_file}'; build the packages with scripts/package.py."
  }
}

# -- the emulator ------------------------------------------------------------------------------------------------------

variable "emulator" {
  description = "Whether this is the emulator: what it lacks or reads wrongly is left out."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.emulator || (var.emulator_endpoint != null && var.emulator_kinesis_endpoint != null)
    error_message = "emulator: it is ${var.emulator}, and emulator_endpoint or emulator_kinesis_endpoint says no address; without both this would be applied to AWS."
  }
}

variable "emulator_endpoint" {
  description = "Address (http://host:port) of the emulator of all services but Kinesis. null is AWS."
  type        = string
  default     = null

  validation {
    condition     = var.emulator_endpoint == null ? true : can(regex("^https?://[^/ ]+$", var.emulator_endpoint))
    error_message = "emulator_endpoint: '${coalesce(var.emulator_endpoint, "null")}' is no address; one is http://127.0.0.1:5000."
  }
}

variable "emulator_kinesis_endpoint" {
  description = "Address (http://host:port) of the emulator of Kinesis. null is AWS."
  type        = string
  default     = null

  validation {
    condition     = var.emulator_kinesis_endpoint == null ? true : can(regex("^https?://[^/ ]+$", var.emulator_kinesis_endpoint))
    error_message = "emulator_kinesis_endpoint: '${coalesce(var.emulator_kinesis_endpoint, "null")}' is no address; one is http://127.0.0.1:4568."
  }
}

variable "max_retries" {
  description = "How often (0-100) a call to AWS is tried again. null is the provider's own 25; an emulator that lacks a call would answer after ten minutes with it."
  type        = number
  default     = null

  validation {
    condition     = var.max_retries == null ? true : var.max_retries >= 0 && var.max_retries <= 100 && floor(var.max_retries) == var.max_retries
    error_message = "max_retries: ${coalesce(var.max_retries, -1)} is not a whole number of 0-100."
  }
}

# -- stream and lake ---------------------------------------------------------------------------------------------------

variable "shard_count" {
  description = "Shards of a provisioned stream (1-500). null is on-demand."
  type        = number
  default     = null
}

variable "retention_hours" {
  description = "Hours (24-8760) that a record stays in the stream; more than 24 costs extra."
  type        = number
  default     = 72
  nullable    = false
}

variable "force_destroy" {
  description = "Whether destroy takes data along: the lake's, and Metabase's database, whatever its deletion_protection says. Apply with true first; while it is false, destroy stops before anything is done."
  type        = bool
  default     = false
  nullable    = false
}

variable "versioning_days" {
  description = "Days (0-365) for which what is deleted or overwritten in the lake can be brought back."
  type        = number
  default     = 7
  nullable    = false
}

variable "results_days" {
  description = "Days (1-365) that results of questions and temporary files of jobs stay."
  type        = number
  default     = 7
  nullable    = false
}

variable "database_prefix" {
  description = "What stands before the databases' names bronze, silver and gold; empty unless another deployment of the account and region has them."
  type        = string
  default     = ""
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of an own KMS key for buckets, stream, results and logs. null is AWS' own encryption, which costs nothing."
  type        = string
  default     = null
}

# -- jobs and questions ------------------------------------------------------------------------------------------------

variable "mode" {
  description = "Who writes the tables: stream (a job that runs all the time) or schedule (a job that runs by refresh_cron)."
  type        = string
  default     = "stream"
  nullable    = false
}

variable "refresh_every_s" {
  description = "Seconds (1-86400) from one look at the stream to the next, where mode is stream: less is fresher, more is cheaper."
  type        = number
  default     = 60
  nullable    = false
}

variable "refresh_cron" {
  description = "When the refresh job runs, where mode is schedule: Glue's cron(…) of six fields, UTC."
  type        = string
  default     = "cron(0 * * * ? *)"
  nullable    = false
}

variable "audit_cron" {
  description = "When the audit runs by itself, as refresh_cron. null is never."
  type        = string
  default     = null
}

variable "maintenance_window" {
  description = "Day:Hour, GMT, as Sun:3: when Glue may restart the stream job."
  type        = string
  default     = "Sun:3"
  nullable    = false
}

variable "stream_workers" {
  description = "Workers of the stream job: type (G.025X, G.1X, G.2X) and number (2-100)."
  type = object({
    type  = string
    count = number
  })
  default  = { type = "G.025X", count = 2 }
  nullable = false
}

variable "batch_workers" {
  description = "Workers of every other job: type (G.1X, G.2X, G.4X, G.8X) and number (2-100)."
  type = object({
    type  = string
    count = number
  })
  default  = { type = "G.1X", count = 2 }
  nullable = false
}

variable "gold_sources" {
  description = "Which source gold counts an exchange from, by exchange."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "gold_seconds_days" {
  description = "Days (0-36500) that candles of less than a minute are kept. 0 is for ever."
  type        = number
  default     = 0
  nullable    = false
}

variable "retention" {
  description = "Days that rows of a table are kept, by table: of bronze.trades 2 or more, of silver.trades 14 or more. All others, and those not named, are kept for ever."
  type        = map(number)
  default     = {}
  nullable    = false
}

variable "bar_sizes" {
  description = "What bars count to, in the place of the declared sizes: KIND.WHAT = size in plain decimals, as tick = \"500\", \"volume.BTC\" = \"0.5\", \"dollar.kraken:BTC-USD\" = \"50000\"; \"0\" makes none."
  type        = map(string)
  default     = {}
  nullable    = false
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
}

variable "scan_limit_bytes" {
  description = "Bytes (10485760 or more) that one question to Athena may read before it is stopped; a terabyte costs 5 USD."
  type        = number
  default     = 10737418240
  nullable    = false
}

variable "log_days" {
  description = "Days that logs stay; one of the numbers that CloudWatch knows, as 7, 30, 90, 365."
  type        = number
  default     = 30
  nullable    = false
}

# -- producers and the vendors' keys -----------------------------------------------------------------------------------

variable "producers" {
  description = "The producers by name, a service of one task each: feed (the name if left out), symbols (markets, as BTC-USD), arguments, settings, cpu, memory_mb, shard_share. They wait until they are started. None: no cluster, and no network but for Metabase."
  type = map(object({
    feed        = optional(string)
    symbols     = optional(list(string), [])
    arguments   = optional(list(string), [])
    settings    = optional(map(string), {})
    cpu         = optional(number, 256)
    memory_mb   = optional(number, 512)
    shard_share = optional(number)
  }))
  default = {
    coinbase = { symbols = ["BTC-USD", "ETH-USD"] }
    kraken   = { symbols = ["BTC-USD", "ETH-USD"] }
  }
  nullable = false
}

variable "producer_image" {
  description = "An own image of the producers, built from the Dockerfile. null runs the package in a public Python image."
  type        = string
  default     = null
}

variable "producer_repository_arn" {
  description = "ARN of the ECR repository of producer_image. null where it is in none."
  type        = string
  default     = null
}

variable "producers_spot" {
  description = "Whether producers run on Fargate Spot, about 70 % cheaper, which AWS may stop with two minutes' notice."
  type        = bool
  default     = false
  nullable    = false
}

variable "network" {
  description = "A network that is there already: its VPC, subnets (one a zone) with a way to the internet, and whether tasks need a public address; for Metabase private_subnet_ids (two zones or more), and public_subnet_ids where it is not internal. null makes one."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    assign_public_ip   = bool
    private_subnet_ids = optional(list(string), [])
    public_subnet_ids  = optional(list(string), [])
  })
  default = null
}

variable "zones" {
  description = "Availability zones (1-3) of the network that is made, as us-east-1a. null takes the region's first two."
  type        = list(string)
  default     = null
}

variable "cidr" {
  description = "IPv4 addresses (/16 to /24) of the network that is made."
  type        = string
  default     = "10.61.0.0/20"
  nullable    = false
}

variable "nat" {
  description = "Whether producers reach the venues through a NAT gateway (33 USD a month and 0.045 USD a GB) instead of a public address each (3.65 USD)."
  type        = bool
  default     = false
  nullable    = false
}

variable "secret_versions" {
  description = "The vendors' keys that there are (finnhub, polygon, alphavantage, reddit; or a name of your own, for a webhook of the crawler), and the number (1 or more) of each one's value: a value is sent when its number changes."
  type        = map(number)
  default     = {}
  nullable    = false
}

variable "keys" {
  description = "The vendors' keys by name, given through the environment (TF_VAR_keys) where a number in secret_versions is new; in no plan and no state."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

variable "secret_recovery_days" {
  description = "Days (0, or 7-30) in which a deleted key can be had back; until they are over none of its name can be made."
  type        = number
  default     = 0
  nullable    = false
}

# -- news --------------------------------------------------------------------------------------------------------------

variable "news" {
  description = "News, moods and pages, fetched by Lambdas and scored: enabled; sources (null is coindesk and cointelegraph, and alphavantage and finnhub where they have a key in secret_versions), symbols, social_sources (null is fear-greed, and reddit where it has a key), subreddits, cron, alphavantage_every_h; crawl: schedules by name, tasks_file (a path from infra/) or tasks_uri, user_agent, secrets (names in secret_versions that its webhooks' headers hold); sentiment_endpoint, emotion_endpoint, scorer_edition, reserved_concurrency."
  type = object({
    enabled              = optional(bool, true)
    sources              = optional(set(string))
    symbols              = optional(list(string))
    social_sources       = optional(set(string))
    subreddits           = optional(list(string))
    cron                 = optional(string)
    alphavantage_every_h = optional(number)
    crawl = optional(object({
      schedules  = optional(map(string), {})
      tasks_file = optional(string)
      tasks_uri  = optional(string)
      user_agent = optional(string)
      secrets    = optional(set(string), [])
    }), {})
    sentiment_endpoint   = optional(string)
    emotion_endpoint     = optional(string)
    scorer_edition       = optional(number)
    reserved_concurrency = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(var.news.crawl.secrets, keys(var.secret_versions))) == 0
    error_message = "news: crawl.secrets names ${jsonencode(setsubtract(var.news.crawl.secrets, keys(var.secret_versions)))}, of which secret_versions has none; give each a number there, and its value by TF_VAR_keys."
  }
}

# -- Metabase ----------------------------------------------------------------------------------------------------------

variable "metabase" {
  description = "Metabase, which shows the dashboards (75 USD a month): what it is asked by (host, certificate_arn, zone_id), who may come (allowed_cidrs, internal, open_to_everyone, cognito or oidc, machine_cidrs, session_s, access_log_bucket), what runs (image, by version and digest; image_repository_arn, architecture, cpu, memory_mb, start_s), its database (database_class, postgres_version, multi_az, backup_days, deletion_protection), its administrator (admin_email) and secrets (secret_versions, secret_recovery_days). Each as modules/metabase says. null deploys none."
  type = object({
    host                 = string
    certificate_arn      = string
    allowed_cidrs        = set(string)
    image                = string
    admin_email          = string
    zone_id              = optional(string)
    internal             = optional(bool)
    open_to_everyone     = optional(bool)
    machine_cidrs        = optional(list(string))
    cognito              = optional(object({ user_pool_arn = string, client_id = string, domain = string }))
    oidc                 = optional(object({ issuer = string, authorization_endpoint = string, token_endpoint = string, user_info_endpoint = string, client_id = string }))
    session_s            = optional(number)
    access_log_bucket    = optional(string)
    image_repository_arn = optional(string)
    architecture         = optional(string)
    cpu                  = optional(number)
    memory_mb            = optional(number)
    start_s              = optional(number)
    database_class       = optional(string)
    postgres_version     = optional(number)
    multi_az             = optional(bool)
    backup_days          = optional(number)
    deletion_protection  = optional(bool)
    secret_versions      = optional(object({ encryption-key = optional(number, 1), admin-password = optional(number, 1) }))
    secret_recovery_days = optional(number)
  })
  default = null

  validation {
    condition     = var.metabase == null || (var.network == null ? length(coalesce(var.zones, ["a", "b"])) >= 2 : length(var.network.private_subnet_ids) >= 2 && (try(coalesce(var.metabase.internal, true), true) || length(var.network.public_subnet_ids) >= 2))
    error_message = "metabase: ${try(var.metabase.host, "null")} has one zone; its database and load balancer want two zones; name two in zones, or two subnets in network.private_subnet_ids, and in public_subnet_ids where internal is false."
  }

  # Its load balancer asks the provider for a token itself, and private subnets without a gateway lead nowhere.
  validation {
    condition     = var.metabase == null || try(var.metabase.cognito == null && var.metabase.oidc == null, true) || var.network != null || var.nat || try(var.metabase.internal == false, false)
    error_message = "metabase: ${try(var.metabase.host, "null")} has a sign-in before it, whose provider an internal load balancer reaches through a NAT gateway alone; set nat = true, or internal = false."
  }
}

variable "metabase_secrets" {
  description = "Metabase's encryption-key and admin-password, given through the environment (TF_VAR_metabase_secrets) once, and where a number in its secret_versions is new; in no plan and no state."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

variable "metabase_oidc_secret" {
  description = "The client's secret at metabase's oidc, given through the environment (TF_VAR_metabase_oidc_secret). It lies in the state: cognito keeps it out."
  type        = string
  default     = null
  sensitive   = true
}

# -- alarms and people -------------------------------------------------------------------------------------------------

variable "emails" {
  description = "Who is told of alarms. Each address gets one mail with a link that has to be followed first."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "budget" {
  description = "What may be spent: usd a month, and the cost allocation tag, with its value, that is counted; without a tag the account's costs. null is no budget."
  type = object({
    usd       = number
    tag       = optional(string)
    tag_value = optional(string)
  })
  default = null
}

variable "read_every_s" {
  description = "Seconds (1-43200) from one look at the stream to the next, which are no lag. null is refresh_every_s, or an hour where mode is schedule."
  type        = number
  default     = null
}

variable "behind_s" {
  description = "Seconds (60-86400) that the lake may be behind the stream, beside read_every_s, before it is an alarm."
  type        = number
  default     = 900
  nullable    = false
}

variable "throttled" {
  description = "Throttled calls in five minutes (1 or more), three times in a row, that are an alarm."
  type        = number
  default     = 100
  nullable    = false
}

variable "quarantined_percent" {
  description = "Part of the records, in % (0-100), that silver may refuse as invalid over a quarter of an hour before it is an alarm."
  type        = number
  default     = 1
  nullable    = false
}

variable "scanned_gb" {
  description = "GB (0.01 or more) that questions may read in a day before it is an alarm. 200 GB cost 1 USD."
  type        = number
  default     = 200
  nullable    = false
}

variable "readers" {
  description = "ARNs of the users, roles or accounts that may ask questions. None: there is no reader's role."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "operators" {
  description = "ARNs of those who may also start and stop jobs and producers, start the daily functions, send dead letters back, and put records into the stream. None: there is no operator's role."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "require_mfa" {
  description = "Whether these roles are given only to who has signed in with a second factor; sessions of an identity provider (SSO) do not say, and want false."
  type        = bool
  default     = true
  nullable    = false
}

variable "session_s" {
  description = "Seconds (3600-43200) that a session of one of these roles lasts at most."
  type        = number
  default     = 28800
  nullable    = false
}
