variable "prefix" {
  description = "Beginning of every name (3-32 of a-z 0-9 -): the deployment's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,31}$", var.prefix))
    error_message = "prefix: '${var.prefix}' cannot begin a name; use 3-32 of a-z 0-9 -."
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
  description = "The account's number (12 digits): only its own schedules and its own bucket may call."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "emulator" {
  description = "Whether this is applied to an emulator, which would start a container a message, so queues then call no function; nor does it keep who may redrive."
  type        = bool
  default     = false
  nullable    = false
}

# -- where things are --------------------------------------------------------------------------------------------------

variable "lake_uri" {
  description = "Where the tables are: s3://<bucket>/<prefix>, without a slash at the end. What is fetched lands below it, in _landing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)+$", var.lake_uri))
    error_message = "lake_uri: '${var.lake_uri}' is no place of a lake; take s3://<bucket>/<prefix>, without a slash at the end."
  }
}

variable "package" {
  description = "What the functions run, a .zip for Python 3.13 on x86_64: its bucket, its key, and the version of that."
  type = object({
    bucket  = string
    key     = string
    version = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.package.bucket)) && can(regex("^[A-Za-z0-9._/-]{1,512}\\.zip$", var.package.key))
    error_message = "package: s3://${var.package.bucket}/${var.package.key} is no place of a .zip; build it with scripts/package.py."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._+/=-]+$", var.package.version)) && var.package.version != "null"
    error_message = "package: '${var.package.version}' is no version of ${var.package.key}; its bucket wants versioning, which has to be on before the package is put there."
  }
}

variable "secrets" {
  description = "Vendors' keys in Secrets Manager, by source (alphavantage, finnhub, reddit): name, ARN, and the number of the value. Another number makes functions read the key anew. Those of sources that are not asked are passed over."
  type = map(object({
    name    = string
    arn     = string
    version = number
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(setintersection(setunion(var.sources, var.social_sources), ["alphavantage", "finnhub", "reddit"]), keys(var.secrets))) == 0
    error_message = "secrets: there is none of ${join(", ", setsubtract(setintersection(setunion(var.sources, var.social_sources), ["alphavantage", "finnhub", "reddit"]), keys(var.secrets)))}, only of ${jsonencode(keys(var.secrets))}; give it by secret_versions and TF_VAR_keys, or leave that source out."
  }
}

variable "kms_key_arn" {
  description = "ARN of the own KMS key of the buckets, the secrets and the log groups. null where they have none. The queues, which hold the names of objects and addresses alone, have SQS' own encryption in any case."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}

# -- what is fetched ---------------------------------------------------------------------------------------------------

variable "sources" {
  description = "Where news come from: coindesk and cointelegraph, which want no key; alphavantage and finnhub, which do."
  type        = set(string)
  default     = ["coindesk", "cointelegraph"]
  nullable    = false

  validation {
    condition     = length(var.sources) > 0 && length(setsubtract(var.sources, ["alphavantage", "coindesk", "cointelegraph", "finnhub"])) == 0
    error_message = "sources: ${jsonencode(var.sources)} is not one or more of alphavantage, coindesk, cointelegraph, finnhub."
  }
}

variable "symbols" {
  description = "Assets whose news a source is asked for that wants to be told (1-50 of A-Z 0-9)."
  type        = list(string)
  default     = ["BTC", "ETH", "SOL", "XRP", "DOGE"]
  nullable    = false

  validation {
    condition     = length(var.symbols) >= 1 && length(var.symbols) <= 50 && alltrue([for symbol in var.symbols : can(regex("^[A-Z0-9]{1,12}$", symbol))])
    error_message = "symbols: ${jsonencode(var.symbols)} is not 1-50 assets, each 1-12 of A-Z 0-9."
  }
}

variable "social_sources" {
  description = "Where moods come from: fear-greed, which wants no key; reddit, which wants a secret (JSON: client_id, client_secret, user_agent) and the vendor's leave."
  type        = set(string)
  default     = ["fear-greed"]
  nullable    = false

  validation {
    condition     = length(var.social_sources) > 0 && length(setsubtract(var.social_sources, ["fear-greed", "reddit"])) == 0
    error_message = "social_sources: ${jsonencode(var.social_sources)} is not one or both of fear-greed, reddit."
  }
}

variable "subreddits" {
  description = "Which subreddits are read, where reddit is (1-20)."
  type        = list(string)
  default     = ["CryptoCurrency"]
  nullable    = false

  validation {
    condition     = length(var.subreddits) >= 1 && length(var.subreddits) <= 20 && alltrue([for name in var.subreddits : can(regex("^[A-Za-z0-9_]{2,21}$", name))])
    error_message = "subreddits: ${jsonencode(var.subreddits)} is not 1-20 names, each 2-21 of A-Z a-z 0-9 _."
  }
}

variable "alphavantage_every_h" {
  description = "Hours (0-24) between two rounds of Alpha Vantage's calls for a day that is not over, however often cron asks: a free key has 25 calls a day. 0 with a key of more."
  type        = number
  default     = 6
  nullable    = false

  validation {
    condition     = var.alphavantage_every_h >= 0 && var.alphavantage_every_h <= 24 && floor(var.alphavantage_every_h) == var.alphavantage_every_h
    error_message = "alphavantage_every_h: ${var.alphavantage_every_h} is not a whole number of 0-24 hours."
  }
}

variable "scorer_edition" {
  description = "Number (0-9999) of the scorer's edition: one more wherever an endpoint's model, or its going, is to outdo what scored before."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.scorer_edition >= 0 && var.scorer_edition <= 9999 && floor(var.scorer_edition) == var.scorer_edition
    error_message = "scorer_edition: ${var.scorer_edition} is not a whole number of 0-9999."
  }
}

variable "cron" {
  description = "When news and moods are fetched, once a day or more often: Scheduler's cron(…) of six fields, UTC. The day before is asked for."
  type        = string
  default     = "cron(0 2 * * ? *)"
  nullable    = false

  validation {
    condition     = can(regex("^cron\\(\\S+( \\S+){5}\\)$", var.cron))
    error_message = "cron: '${var.cron}' is no cron(…) of six fields; daily at two is cron(0 2 * * ? *)."
  }
}

variable "crawl" {
  description = "When the crawler's tasks run, by name of the schedule (1-20 of a-z 0-9 -): Scheduler's cron(…) of six fields, UTC. None: there is no crawler."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, cron in var.crawl : can(regex("^[a-z0-9][a-z0-9-]{0,19}$", name)) && can(regex("^cron\\(\\S+( \\S+){5}\\)$", cron))])
    error_message = "crawl: ${jsonencode(var.crawl)} is not made of names of 1-20 of a-z 0-9 - and cron(…) of six fields, as hourly = \"cron(0 * * * ? *)\"."
  }
}

variable "crawl_tasks_file" {
  description = "Path of the crawler's tasks on this machine, a YAML file, which is put into the lake as _crawl/tasks.yaml. null: it is kept there, or at crawl_tasks_uri, by other means."
  type        = string
  default     = null

  validation {
    condition     = var.crawl_tasks_file == null ? true : fileexists(var.crawl_tasks_file) && var.crawl_tasks_uri == null
    error_message = "crawl_tasks_file: there is no '${coalesce(var.crawl_tasks_file, "null")}', or crawl_tasks_uri names another place; give one of the two."
  }

  validation {
    condition     = var.crawl_tasks_file == null ? true : try(toset([for task in yamldecode(file(var.crawl_tasks_file)).tasks : task.schedule]) == toset(keys(var.crawl)), false)
    error_message = "crawl_tasks_file: '${coalesce(var.crawl_tasks_file, "null")}' is no YAML whose tasks have exactly these schedules: ${jsonencode(keys(var.crawl))}. A task of another would never run, and a schedule without a task fails."
  }
}

variable "crawl_tasks_uri" {
  description = "The crawler's tasks where something else keeps them (s3://…, a YAML file). null is _crawl/tasks.yaml of the lake."
  type        = string
  default     = null

  validation {
    condition     = var.crawl_tasks_uri == null ? true : can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9._/-]+\\.ya?ml$", var.crawl_tasks_uri))
    error_message = "crawl_tasks_uri: '${coalesce(var.crawl_tasks_uri, "null")}' is no s3:// address of a .yaml file."
  }
}

variable "crawl_secrets" {
  description = "What the headers of the crawler's webhooks name by secret:…, in Secrets Manager, by any name: name and ARN. The crawler reads these and no others."
  type = map(object({
    name = string
    arn  = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for secret in values(var.crawl_secrets) : can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*?]+$", secret.arn))])
    error_message = "crawl_secrets: ${jsonencode(values(var.crawl_secrets)[*].arn)} are not all secrets' ARNs; one is arn:aws:secretsmanager:<region>:<account>:secret:<name>-<six letters>."
  }

  validation {
    condition     = length(var.crawl_secrets) == 0 || length(var.crawl) > 0
    error_message = "crawl_secrets: ${jsonencode(keys(var.crawl_secrets))} would be read by nobody: crawl has no schedule, so there is no crawler."
  }
}

variable "crawl_user_agent" {
  description = "What the crawler says it is (8-200 visible ASCII characters and spaces); an address to write to belongs in it. null is the crawler's own."
  type        = string
  default     = null

  validation {
    condition     = var.crawl_user_agent == null ? true : can(regex("^[!-~][ -~]{6,198}[!-~]$", var.crawl_user_agent))
    error_message = "crawl_user_agent: '${coalesce(var.crawl_user_agent, "null")}' is not 8-200 visible ASCII characters and spaces."
  }
}

# -- what is made of it ------------------------------------------------------------------------------------------------

variable "sentiment_endpoint" {
  description = "Name of a SageMaker endpoint of the account and region that reads moods beside the word lists. null is none: an endpoint is billed by the hour."
  type        = string
  default     = null

  validation {
    condition     = var.sentiment_endpoint == null ? true : can(regex("^[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}$", var.sentiment_endpoint))
    error_message = "sentiment_endpoint: '${coalesce(var.sentiment_endpoint, "null")}' is no endpoint's name; use 1-63 of a-z A-Z 0-9 -."
  }
}

variable "emotion_endpoint" {
  description = "The same for emotions."
  type        = string
  default     = null

  validation {
    condition     = var.emotion_endpoint == null ? true : can(regex("^[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}$", var.emotion_endpoint))
    error_message = "emotion_endpoint: '${coalesce(var.emotion_endpoint, "null")}' is no endpoint's name; use 1-63 of a-z A-Z 0-9 -."
  }
}

# -- how they run ------------------------------------------------------------------------------------------------------

variable "reserved_concurrency" {
  description = "Executions at once (2-1000) that each function has for itself, and never more than these. null reserves none: a young account has ten in all, and may reserve nothing."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 2 && var.reserved_concurrency <= 1000 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency: ${coalesce(var.reserved_concurrency, -1)} is not a whole number of 2-1000; a queue calls its function twice at once."
  }
}

variable "log_days" {
  description = "Days that the logs stay (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653)."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days: CloudWatch cannot keep logs for ${var.log_days} days; 30 or 365 are among what it can."
  }
}
