variable "prefix" {
  description = "Beginning of every name, and of the jobs' names (3-32 of a-z 0-9 -): the deployment's name."
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
  description = "The account's number (12 digits): only its own alarms, rules and budgets may write to the topic."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "emulator" {
  description = "Whether this is applied to an emulator, which knows no budgets: it then gets none."
  type        = bool
  default     = false
  nullable    = false
}

variable "emails" {
  description = "Who is told. Each address gets one mail with a link that has to be followed first. None: alarms are on the dashboard alone."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", email))])
    error_message = "emails: '${join("', '", [for email in var.emails : email if !can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", email))])}' is no address."
  }
}

# -- what is watched ---------------------------------------------------------------------------------------------------

variable "stream_name" {
  description = "Name of the Kinesis stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.stream_name))
    error_message = "stream_name: '${var.stream_name}' is no stream's name; use 1-128 of a-z A-Z 0-9 _ . -."
  }
}

variable "producers" {
  description = "Names of the producers (kraken, kraken-eur, …): an alarm of each one's silence, and one of its waiting."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.producers : can(regex("^[a-z0-9][a-z0-9._-]{0,31}$", name))])
    error_message = "producers: '${join("', '", [for name in var.producers : name if !can(regex("^[a-z0-9][a-z0-9._-]{0,31}$", name))])}' is no producer's name; one is kraken."
  }
}

variable "producers_log_group_name" {
  description = "Name of the log group that the producers write to. null where there are none."
  type        = string
  default     = null

  validation {
    condition     = var.producers_log_group_name == null ? true : can(regex("^[a-zA-Z0-9_./#-]{1,512}$", var.producers_log_group_name))
    error_message = "producers_log_group_name: '${coalesce(var.producers_log_group_name, "null")}' is no log group's name."
  }

  validation {
    condition     = var.producers_log_group_name != null || length(var.producers) == 0
    error_message = "producers_log_group_name: null, and there are producers (${join(", ", var.producers)}); name the group that they write to, or leave the producers out."
  }
}

variable "job_names" {
  description = "Names of the Glue jobs whose failures are told: each, since another deployment's names may begin as these do. Empty: none is."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.job_names : can(regex("^[a-zA-Z0-9_-]{1,255}$", name))])
    error_message = "job_names: '${join("', '", [for name in var.job_names : name if !can(regex("^[a-zA-Z0-9_-]{1,255}$", name))])}' is no Glue job's name."
  }
}

variable "job_log_group_names" {
  description = "Names, by job, of the log groups that the jobs' own lines arrive in. Empty: nothing is read from them, and the alarms on them are left out."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in values(var.job_log_group_names) : can(regex("^[a-zA-Z0-9_./#-]{1,512}$", name))])
    error_message = "job_log_group_names: '${join("', '", [for name in values(var.job_log_group_names) : name if !can(regex("^[a-zA-Z0-9_./#-]{1,512}$", name))])}' is no log group's name."
  }
}

variable "cluster_name" {
  description = "Name of the ECS cluster whose failures are told. null where there is none."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_name == null ? true : can(regex("^[a-zA-Z0-9_-]{1,255}$", var.cluster_name))
    error_message = "cluster_name: '${coalesce(var.cluster_name, "null")}' is no cluster's name."
  }
}

variable "workgroup_names" {
  description = "Names of the Athena workgroups (1-9) whose questions are counted, all together."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.workgroup_names) >= 1 && length(var.workgroup_names) <= 9 && alltrue([for name in var.workgroup_names : can(regex("^[a-zA-Z0-9_.-]{1,128}$", name))])
    error_message = "workgroup_names: '${join(", ", var.workgroup_names)}' is not one to nine workgroups' names; use 1-128 of a-z A-Z 0-9 _ . -."
  }
}

variable "function_names" {
  description = "Names of the Lambdas whose calls are counted, by what they do. Empty: there are none."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in values(var.function_names) : can(regex("^[a-zA-Z0-9_-]{1,64}$", name))])
    error_message = "function_names: '${join("', '", [for name in values(var.function_names) : name if !can(regex("^[a-zA-Z0-9_-]{1,64}$", name))])}' is no function's name; use 1-64 of a-z A-Z 0-9 _ -."
  }
}

variable "daily_functions" {
  description = "Which of the Lambdas, as function_names calls them, have to end well once a day."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.daily_functions, keys(var.function_names))) == 0
    error_message = "daily_functions: ${jsonencode(setsubtract(var.daily_functions, keys(var.function_names)))} is in no function_names, which has ${jsonencode(keys(var.function_names))}."
  }
}

variable "queue_names" {
  description = "Names of the SQS queues that Lambdas work on, by what waits there. A message that waits for two hours is an alarm."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in values(var.queue_names) : can(regex("^[a-zA-Z0-9_-]{1,80}$", name))])
    error_message = "queue_names: '${join("', '", [for name in values(var.queue_names) : name if !can(regex("^[a-zA-Z0-9_-]{1,80}$", name))])}' is no queue's name; use 1-80 of a-z A-Z 0-9 _ -."
  }
}

variable "dead_letter_queue_names" {
  description = "Names of the SQS queues that take what could not be worked on, by whose it was. One message in one of them is an alarm."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in values(var.dead_letter_queue_names) : can(regex("^[a-zA-Z0-9_-]{1,80}$", name))])
    error_message = "dead_letter_queue_names: '${join("', '", [for name in values(var.dead_letter_queue_names) : name if !can(regex("^[a-zA-Z0-9_-]{1,80}$", name))])}' is no queue's name; use 1-80 of a-z A-Z 0-9 _ -."
  }
}

# -- from when on it is an alarm ---------------------------------------------------------------------------------------

variable "read_every_s" {
  description = "Seconds (1-43200) from one look at the stream to the next: the stream job's refresh_every_s, or the time between two scheduled refreshes. What lies between two looks is no lag."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.read_every_s >= 1 && var.read_every_s <= 43200
    error_message = "read_every_s: ${var.read_every_s} is not of 1-43200 seconds."
  }
}

variable "behind_s" {
  description = "Seconds (60-86400) that the lake may be behind the stream, beside read_every_s, before it is an alarm."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.behind_s >= 60 && var.behind_s <= 86400
    error_message = "behind_s: ${var.behind_s} is not of 60-86400 seconds."
  }
}

variable "throttled" {
  description = "Throttled calls in five minutes (1 or more), three times in a row, that are an alarm. Producers and jobs wait and try again, so a few are nothing."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.throttled >= 1
    error_message = "throttled: ${var.throttled} is not 1 or more."
  }
}

variable "quarantined_percent" {
  description = "Part of the records, in % (0-100), that silver may refuse as invalid over a quarter of an hour before it is an alarm."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.quarantined_percent >= 0 && var.quarantined_percent <= 100
    error_message = "quarantined_percent: ${var.quarantined_percent} is not of 0-100 %."
  }
}

variable "scanned_gb" {
  description = "GB (0.01 or more) that questions may read in a day before it is an alarm. 200 GB cost 1 USD."
  type        = number
  default     = 200
  nullable    = false

  validation {
    condition     = var.scanned_gb >= 0.01
    error_message = "scanned_gb: ${var.scanned_gb} is not 0.01 GB or more."
  }
}

variable "budget" {
  description = "What may be spent: usd a month (1 or more), and the cost allocation tag, with its value, that is counted (it has to be activated in Billing first). Without a tag the whole account's costs are counted. null is no budget."
  type = object({
    usd       = number
    tag       = optional(string)
    tag_value = optional(string)
  })
  default = null

  validation {
    condition     = var.budget == null ? true : var.budget.usd >= 1
    error_message = "budget: ${try(var.budget.usd, 0)} USD is not 1 or more."
  }

  validation {
    condition     = var.budget == null ? true : (var.budget.tag == null) == (var.budget.tag_value == null)
    error_message = "budget: tag '${try(coalesce(var.budget.tag), "null")}' and tag_value '${try(coalesce(var.budget.tag_value), "null")}' go together; give both or none."
  }
}
