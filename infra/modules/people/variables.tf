variable "prefix" {
  description = "Beginning of the roles' names, and of the jobs' that operators start (3-32 of a-z 0-9 -): the deployment's name."
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
  description = "The account's number (12 digits)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

# -- who ---------------------------------------------------------------------------------------------------------------

variable "readers" {
  description = "ARNs of the users, roles or accounts (arn:aws:iam::<account>:root) that may ask questions. None: there is no reader's role."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.readers : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[a-zA-Z0-9+=,.@_/-]+)$", arn))])
    error_message = "readers: '${join("', '", [for arn in var.readers : arn if !can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[a-zA-Z0-9+=,.@_/-]+)$", arn))])}' is no user's, role's or account's ARN; everybody cannot be let in."
  }
}

variable "operators" {
  description = "ARNs of those who may also run things: start and stop jobs and producers, start functions, send dead letters back, and put records into the stream. None: there is no operator's role."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.operators : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[a-zA-Z0-9+=,.@_/-]+)$", arn))])
    error_message = "operators: '${join("', '", [for arn in var.operators : arn if !can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[a-zA-Z0-9+=,.@_/-]+)$", arn))])}' is no user's, role's or account's ARN; everybody cannot be let in."
  }
}

variable "require_mfa" {
  description = "Whether a role is given only to who has signed in with a second factor. Sessions of an identity provider (SSO) do not carry that: the provider has to ask for it, and this has to be false."
  type        = bool
  default     = true
  nullable    = false
}

variable "session_s" {
  description = "Seconds (3600-43200) that a session of one of the roles lasts at most."
  type        = number
  default     = 28800
  nullable    = false

  validation {
    condition     = var.session_s >= 3600 && var.session_s <= 43200 && floor(var.session_s) == var.session_s
    error_message = "session_s: ${var.session_s} is not a whole number of 3600-43200 seconds."
  }
}

# -- what they read ----------------------------------------------------------------------------------------------------

variable "lake_uri" {
  description = "Where the tables are: s3://<bucket>/<prefix>, without a slash at the end."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)+$", var.lake_uri))
    error_message = "lake_uri: '${var.lake_uri}' is no place of a lake; take s3://<bucket>/<prefix>, without a slash at the end."
  }
}

variable "workgroups" {
  description = "The Athena workgroups that answer, by who asks (reader, operator): name, and where results go (s3://<bucket>/<prefix>/). Each of its own: what operators are answered of bronze is not for readers."
  type = object({
    reader   = object({ name = string, results_uri = string })
    operator = object({ name = string, results_uri = string })
  })
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.workgroups) : can(regex("^[a-zA-Z0-9_.-]{1,128}$", each.name)) && can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/*?]+)+/$", each.results_uri))])
    error_message = "workgroups: ${join(", ", [for who, each in var.workgroups : "${who} (${each.name}, ${each.results_uri})"])}: a name is 1-128 of a-z A-Z 0-9 _ . -, and results go to s3://<bucket>/<prefix>/."
  }

  validation {
    condition     = var.workgroups.reader.name != var.workgroups.operator.name && !startswith(var.workgroups.operator.results_uri, var.workgroups.reader.results_uri)
    error_message = "workgroups: readers would read what operators are answered in ${var.workgroups.operator.name}, below ${var.workgroups.operator.results_uri}; give each another name and place."
  }
}

variable "databases" {
  description = "Glue databases that readers see, by layer (silver, gold). Bronze is as it came, and for operators alone."
  type        = map(string)
  default     = { silver = "silver", gold = "gold" }
  nullable    = false

  validation {
    condition     = length(var.databases) > 0 && alltrue([for layer, name in var.databases : contains(["silver", "gold"], layer) && can(regex("^[a-z0-9_]{1,128}$", name))])
    error_message = "databases: '${join(", ", [for layer, name in var.databases : "${layer} = ${name}"])}' is not a database of silver, of gold, or one of each."
  }
}

variable "bronze_database" {
  description = "Glue database of bronze, which operators see too."
  type        = string
  default     = "bronze"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9_]{1,128}$", var.bronze_database))
    error_message = "bronze_database: '${var.bronze_database}' is no database's name; use 1-128 of a-z 0-9 _."
  }
}

variable "job_arns" {
  description = "ARNs of the Glue jobs that operators start and stop: each of its own, since another deployment's name may begin with this one's."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.job_arns) > 0 && alltrue([for arn in var.job_arns : can(regex("^arn:aws[a-z-]*:glue:[a-z0-9-]+:[0-9]{12}:job/[a-zA-Z0-9_-]+$", arn))])
    error_message = "job_arns: ${jsonencode(var.job_arns)} are no Glue jobs' ARNs; one is arn:aws:glue:<region>:<account>:job/<name>."
  }
}

variable "kms_key_arn" {
  description = "ARN of the own KMS key of the buckets and the stream. null where they have none."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}

# -- what operators run ------------------------------------------------------------------------------------------------

variable "stream_arn" {
  description = "ARN of the Kinesis stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]+$", var.stream_arn))
    error_message = "stream_arn: '${var.stream_arn}' is no stream's ARN."
  }
}

variable "cluster_name" {
  description = "Name of the ECS cluster whose producers operators start and stop. null where there is none."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_name == null ? true : can(regex("^[a-zA-Z0-9_-]{1,255}$", var.cluster_name))
    error_message = "cluster_name: '${coalesce(var.cluster_name, "null")}' is no cluster's name."
  }
}

variable "function_arns" {
  description = "ARNs of the Lambdas that operators start by hand, as for a day that is missing. None: there are none."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.function_arns : can(regex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[a-zA-Z0-9_-]+$", arn))])
    error_message = "function_arns: ${jsonencode(var.function_arns)} are not all functions' ARNs; one is arn:aws:lambda:<region>:<account>:function:<name>."
  }
}

variable "metabase_service" {
  description = "Metabase's ECS service and its cluster, by name: operators may look at it and start it anew. null where there is none."
  type        = object({ cluster = string, name = string })
  default     = null

  validation {
    condition     = var.metabase_service == null ? true : alltrue([for name in values(var.metabase_service) : can(regex("^[a-zA-Z0-9_-]{1,255}$", name))])
    error_message = "metabase_service: ${var.metabase_service == null ? "null" : jsonencode(var.metabase_service)} is not a cluster's and a service's name."
  }
}

variable "dead_letter_queue_arns" {
  description = "ARNs of the queues of dead letters, which operators read, work off and send back."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.dead_letter_queue_arns : can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$", arn))])
    error_message = "dead_letter_queue_arns: ${jsonencode(var.dead_letter_queue_arns)} are not all queues' ARNs; one is arn:aws:sqs:<region>:<account>:<name>."
  }
}

variable "queue_arns" {
  description = "ARNs of the queues that dead letters are sent back to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.queue_arns : can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$", arn))])
    error_message = "queue_arns: ${jsonencode(var.queue_arns)} are not all queues' ARNs; one is arn:aws:sqs:<region>:<account>:<name>."
  }
}

variable "task_role_arns" {
  description = "ARNs of the roles that the backfill's task runs and is started with: operators pass these on, and no others."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.task_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+$", arn))])
    error_message = "task_role_arns: '${join("', '", [for arn in var.task_role_arns : arn if !can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+$", arn))])}' is no role's ARN."
  }
}
