variable "prefix" {
  description = "Beginning of every bucket's name (3-32 of a-z 0-9 -)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,31}$", var.prefix))
    error_message = "prefix: '${var.prefix}' cannot begin a bucket's name; use 3-32 of a-z 0-9 -."
  }
}

variable "account_id" {
  description = "The account's number (12 digits), which makes the buckets' names unique in the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "force_destroy" {
  description = "Whether destroying takes the lake's data along. While it is false, destroy stops at a lake that holds anything. Packages and results can be made again, and always go."
  type        = bool
  default     = false
  nullable    = false
}

variable "versioning_days" {
  description = "Days (0-365) for which what is deleted or overwritten in the lake can be brought back. 0 keeps nothing: versioning is off, or suspended where it was on."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.versioning_days >= 0 && var.versioning_days <= 365 && floor(var.versioning_days) == var.versioning_days
    error_message = "versioning_days: ${var.versioning_days} is not a whole number of 0-365."
  }
}

variable "results_days" {
  description = "Days (1-365) that results of questions and temporary files of jobs stay."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.results_days >= 1 && var.results_days <= 365 && floor(var.results_days) == var.results_days
    error_message = "results_days: ${var.results_days} is not a whole number of 1-365."
  }
}

variable "packages" {
  description = "What the jobs and producers run, by name: the file on this machine and its SHA-256 (64 hex digits). scripts/package.py makes them. versioned: whether those of before stay, as versions of one key; else the key holds the hash, and they go."
  type = map(object({
    file      = string
    sha256    = string
    versioned = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.packages) : can(regex("^[0-9a-f]{64}$", each.sha256))])
    error_message = "packages: no SHA-256 of 64 hex digits at ${join(", ", [for name, each in var.packages : "${name} ('${each.sha256}')" if !can(regex("^[0-9a-f]{64}$", each.sha256))])}; build them again with scripts/package.py."
  }
}

variable "kms_key_arn" {
  description = "ARN of an own KMS key that encrypts the buckets. null is S3's own encryption (SSE-S3), which costs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}

variable "emulator" {
  description = "Whether this is the emulator. It knows no Condition in a bucket's policy, so the one that refuses plain HTTP would lock everybody out; nor does it keep how many old versions stay."
  type        = bool
  default     = false
  nullable    = false
}
