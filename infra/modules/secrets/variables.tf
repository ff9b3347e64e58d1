variable "prefix" {
  description = "Beginning of every secret's name, before a slash (3-32 of a-z 0-9 -): the deployment's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,31}$", var.prefix))
    error_message = "prefix: '${var.prefix}' cannot begin a name; use 3-32 of a-z 0-9 -."
  }
}

variable "versions" {
  description = "The secrets that there are (finnhub, polygon, …), and the number (1 or more) of each one's value. A value is sent when its number changes, and never else."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.versions) : can(regex("^[a-z0-9][a-z0-9-]{0,31}$", name))])
    error_message = "versions: '${join("', '", [for name in keys(var.versions) : name if !can(regex("^[a-z0-9][a-z0-9-]{0,31}$", name))])}' is no secret's name; use 1-32 of a-z 0-9 -."
  }

  validation {
    condition     = alltrue([for number in values(var.versions) : number >= 1 && floor(number) == number])
    error_message = "versions: ${join(", ", [for name, number in var.versions : "${name} = ${number}" if number < 1 || floor(number) != number])} is no whole number of 1 or more; begin with 1, and count up with each new value."
  }
}

variable "values" {
  description = "The secrets' values by name (1-512 visible ASCII characters, or a JSON object of such texts, in which spaces may be). Needed only where a number in versions is new; in no plan and no state."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true

  # No message here echoes anything: which names have values would tell of the values.
  validation {
    condition     = alltrue([for name in keys(var.values) : contains(keys(var.versions), name)])
    error_message = "values: one has a name that versions does not have; give it a number there, as versions = { finnhub = 1 }."
  }

  validation {
    condition     = alltrue(flatten([for value in values(var.values) : startswith(value, "{") ? [for part in try(values(jsondecode(value)), [[]]) : can(regex("^[ -~]{1,512}$", part))] : [can(regex("^[!-~]{1,512}$", value))]]))
    error_message = "values: one is neither 1-512 visible ASCII characters, as a vendor's key is, nor a JSON object of texts of 1-512 ASCII characters, as reddit's is."
  }
}

variable "recovery_days" {
  description = "Days (0, or 7-30) in which a deleted secret can be had back. Until they are over nothing of that name can be made; 0 deletes at once, and a vendor's key is had again from the vendor."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = contains(concat([0], range(7, 31)), var.recovery_days)
    error_message = "recovery_days: ${var.recovery_days} is neither 0 nor a whole number of 7-30."
  }
}

variable "kms_key_arn" {
  description = "ARN of an own KMS key that encrypts the secrets. null is Secrets Manager's own (aws/secretsmanager), which costs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}
