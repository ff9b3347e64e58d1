variable "prefix" {
  description = "Beginning of every name, and the name of the cluster (3-32 of a-z 0-9 -): the deployment's name."
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
  description = "The account's number (12 digits): only its own tasks get the roles."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "emulator" {
  description = "Whether this is applied to an emulator, which cannot take back a file system's policy: it then gets none."
  type        = bool
  default     = false
  nullable    = false
}

# -- which producers ---------------------------------------------------------------------------------------------------

variable "producers" {
  description = "The producers by name (1-20 of a-z 0-9 -), a service of one task each; of a feed with more markets than one connection carries, several with symbols of their own. feed: coinbase, kraken, synthetic, …; the name if left out. symbols: markets, as BTC-USD. arguments: more words of `tapehouse produce`, as --rate 20. settings: more TAPEHOUSE_… variables. cpu (1024 is one vCPU) and memory_mb, as Fargate pairs them. shard_share (0.01-1): its part of each shard's limits; an equal part if left out."
  type = map(object({
    feed        = optional(string)
    symbols     = optional(list(string), [])
    arguments   = optional(list(string), [])
    settings    = optional(map(string), {})
    cpu         = optional(number, 256)
    memory_mb   = optional(number, 512)
    shard_share = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.producers) : can(regex("^[a-z0-9][a-z0-9-]{0,19}$", name))])
    error_message = "producers: '${join("', '", [for name in keys(var.producers) : name if !can(regex("^[a-z0-9][a-z0-9-]{0,19}$", name))])}' is no producer's name; use 1-20 of a-z 0-9 -."
  }

  validation {
    condition     = alltrue([for each in values(var.producers) : can(regex("^[a-z0-9][a-z0-9._-]{0,31}$", coalesce(each.feed, "left-out")))])
    error_message = "producers: '${join("', '", [for each in values(var.producers) : each.feed if !can(regex("^[a-z0-9][a-z0-9._-]{0,31}$", coalesce(each.feed, "left-out")))])}' is no feed; one is kraken."
  }

  validation {
    condition     = alltrue(flatten([for each in values(var.producers) : [for symbol in each.symbols : can(regex("^([a-z0-9][a-z0-9._-]{0,31}:)?[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}$", symbol))]]))
    error_message = "producers: '${join("', '", flatten([for each in values(var.producers) : [for symbol in each.symbols : symbol if !can(regex("^([a-z0-9][a-z0-9._-]{0,31}:)?[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}$", symbol))]]))}' is no market; one is BTC-USD, or a vendor's binance:BTC-USDT."
  }

  validation {
    condition = alltrue([for each in values(var.producers) : contains(lookup({
      "256"  = [512, 1024, 2048]
      "512"  = range(1024, 4097, 1024)
      "1024" = range(2048, 8193, 1024)
      "2048" = range(4096, 16385, 1024)
      "4096" = range(8192, 30721, 1024)
    }, tostring(each.cpu), []), each.memory_mb)])
    error_message = "producers: Fargate has no task of ${join(", ", [for name, each in var.producers : "cpu ${each.cpu} with memory_mb ${each.memory_mb} (${name})"])}; 256 goes with 512, 1024 or 2048, and 512 with 1024 to 4096."
  }

  validation {
    condition     = alltrue([for each in values(var.producers) : coalesce(each.shard_share, 1) >= 0.01 && coalesce(each.shard_share, 1) <= 1])
    error_message = "producers: shard_share of ${join(", ", [for name, each in var.producers : "${coalesce(each.shard_share, 1)} (${name})" if coalesce(each.shard_share, 1) < 0.01 || coalesce(each.shard_share, 1) > 1])} is not of 0.01-1."
  }

  validation {
    condition     = alltrue(flatten([for each in values(var.producers) : [for variable in keys(each.settings) : can(regex("^TAPEHOUSE_[A-Z_]+$", variable)) && !can(regex("_(TOKEN|KEY)$", variable))]]))
    error_message = "producers: '${join("', '", flatten([for each in values(var.producers) : [for variable in keys(each.settings) : variable if !can(regex("^TAPEHOUSE_[A-Z_]+$", variable)) || can(regex("_(TOKEN|KEY)$", variable))]]))}' cannot be among the settings: they are TAPEHOUSE_… variables, and a key belongs into secrets, where no plan shows it."
  }

  # The same market twice would be the same trades twice in the stream: silver would drop them, and two would be paid.
  validation {
    condition = alltrue([for feed, markets in { for name, each in var.producers : coalesce(each.feed, name) => each.symbols... } :
    length(markets) == 1 || (alltrue([for symbols in markets : length(symbols) > 0]) && length(distinct(flatten(markets))) == length(flatten(markets)))])
    error_message = "producers: two of ${join(", ", [for feed, markets in { for name, each in var.producers : coalesce(each.feed, name) => each.symbols... } : feed if length(markets) > 1])} would read the same market; give each symbols of its own."
  }
}

variable "start" {
  description = "Whether a new service starts its producer at once. Later it is started and stopped from outside (`make run-app TARGET=aws`), and Terraform leaves that alone."
  type        = bool
  default     = false
  nullable    = false
}

# -- what they run -----------------------------------------------------------------------------------------------------

variable "package" {
  description = "The producers' package (a .tar.gz whose root can be imported from): its bucket, its key, the version of that which a revision goes on naming when there are newer ones, and its SHA-256 in hex."
  type = object({
    bucket  = string
    key     = string
    version = string
    sha256  = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.package.bucket)) && can(regex("^[A-Za-z0-9._/-]{1,512}$", var.package.key))
    error_message = "package: s3://${var.package.bucket}/${var.package.key} is no place of a package; build it with scripts/package.py."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._+/=-]+$", var.package.version)) && var.package.version != "null"
    error_message = "package: '${var.package.version}' is no version of ${var.package.key}; its bucket wants versioning, which has to be on before the package is put there."
  }

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "package: '${var.package.sha256}' is no SHA-256 of 64 hex digits; scripts/package.py writes it."
  }
}

variable "producer_image" {
  description = "An own image, built from the Dockerfile, that takes the place of the package. null: a public Python image runs the package, and no image has to be built."
  type        = string
  default     = null

  validation {
    condition     = var.producer_image == null ? true : can(regex("^[a-z0-9][a-z0-9./_-]*(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$", var.producer_image))
    error_message = "producer_image: '${coalesce(var.producer_image, "null")}' is no image with a tag or digest, as 123456789012.dkr.ecr.us-east-1.amazonaws.com/tapehouse-producer:1."
  }
}

variable "producer_repository_arn" {
  description = "ARN of the ECR repository of the account that the own image is in. null where it is in none: a public image needs no right."
  type        = string
  default     = null

  validation {
    condition     = var.producer_repository_arn == null ? true : can(regex("^arn:aws[a-z-]*:ecr:[a-z0-9-]+:[0-9]{12}:repository/.+$", var.producer_repository_arn))
    error_message = "producer_repository_arn: '${coalesce(var.producer_repository_arn, "null")}' is no repository's ARN."
  }
}

variable "public_images" {
  description = "The public images that fetch and run the package: the AWS CLI's, and a Python 3.13 with sh and sha256sum."
  type = object({
    aws_cli = optional(string, "public.ecr.aws/aws-cli/aws-cli:2.22.0")
    python  = optional(string, "public.ecr.aws/docker/library/python:3.13-slim")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for image in values(var.public_images) : can(regex("^[a-z0-9][a-z0-9./_-]*(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$", image))])
    error_message = "public_images: '${join("', '", values(var.public_images))}' has one without a tag or digest."
  }
}

variable "architecture" {
  description = "The tasks' processor: X86_64, or ARM64, which costs a fifth less and needs a producer_image of its own: the package holds what was compiled for X86_64."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = var.architecture == "X86_64" || (var.architecture == "ARM64" && var.producer_image != null)
    error_message = "architecture: '${var.architecture}' cannot be; take X86_64, or ARM64 together with a producer_image that was built for it."
  }
}

variable "spot" {
  description = "Whether the tasks run on Fargate Spot, about 70 % cheaper, which AWS may stop with two minutes' notice. A venue whose past can be read loses nothing by that; of one without, each stop is a gap. Another choice replaces the services; marks stay."
  type        = bool
  default     = false
  nullable    = false
}

# -- where they are, and what they write -------------------------------------------------------------------------------

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-z]+$", var.vpc_id))
    error_message = "vpc_id: '${var.vpc_id}' is no VPC's id."
  }
}

variable "subnet_ids" {
  description = "Subnets for the tasks (1 or more, one a zone), each with a way to the internet."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 1
    error_message = "subnet_ids: '${join(", ", var.subnet_ids)}' names none; a task needs one to be in."
  }
}

variable "assign_public_ip" {
  description = "Whether a task gets a public address (3.65 USD a month). Needed in subnets without a NAT gateway before them."
  type        = bool
  default     = true
  nullable    = false
}

variable "venue_ports" {
  description = "TCP ports (1-65535) that tasks may connect to: HTTPS and WebSockets, at okx 8443 and at binance 9443."
  type        = set(number)
  default     = [443, 8443, 9443]
  nullable    = false

  validation {
    condition     = contains(var.venue_ports, 443) && alltrue([for port in var.venue_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "venue_ports: ${join(", ", var.venue_ports)} are not ports of 1-65535 with 443 among them, which AWS itself is reached by."
  }
}

variable "stream_name" {
  description = "Name of the Kinesis stream that they fill."
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

variable "lake_uri" {
  description = "Where the tables are: s3://<bucket>/<prefix>, without a slash at the end. Producers read and write the lake's marker, and nothing else of it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)+$", var.lake_uri))
    error_message = "lake_uri: '${var.lake_uri}' is no place of a lake; take s3://<bucket>/<prefix>, without a slash at the end."
  }
}

variable "secrets" {
  description = "Vendors' keys in Secrets Manager, by feed (finnhub, polygon): name, ARN, and the number of the value. Another number starts that feed's producer anew."
  type = map(object({
    name    = string
    arn     = string
    version = number
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract([for name, each in var.producers : coalesce(each.feed, name) if contains(["finnhub", "polygon"], coalesce(each.feed, name))], keys(var.secrets))) == 0
    error_message = "secrets: there is none for ${join(", ", setsubtract([for name, each in var.producers : coalesce(each.feed, name) if contains(["finnhub", "polygon"], coalesce(each.feed, name))], keys(var.secrets)))}, which gives nothing without a key; add one to the secrets, or leave the producer out."
  }
}

variable "kms_key_arn" {
  description = "ARN of the own KMS key of the stream, the buckets, the secrets and the log group. null where they have none. The marks' file system has the account's own key for EFS: another one would replace it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}

# -- how they are looked after -----------------------------------------------------------------------------------------

variable "metrics_every_s" {
  description = "Seconds (1-300) between two lines of numbers that each producer logs, 1 KB each; the monitoring module makes metrics of them."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.metrics_every_s >= 1 && var.metrics_every_s <= 300
    error_message = "metrics_every_s: ${var.metrics_every_s} is not of 1-300 seconds."
  }
}

variable "stop_s" {
  description = "Seconds (35-120) from SIGTERM to the end of a task. A producer confirms what it has read within 30."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.stop_s >= 35 && var.stop_s <= 120 && floor(var.stop_s) == var.stop_s
    error_message = "stop_s: ${var.stop_s} is not a whole number of 35-120 seconds."
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

variable "container_insights" {
  description = "Whether ECS measures each task's processor and memory by itself too (Container Insights), which is billed as custom metrics."
  type        = bool
  default     = false
  nullable    = false
}
