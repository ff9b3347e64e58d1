variable "name" {
  description = "Name of the workgroup (1-128 of a-z A-Z 0-9 _ . -)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.name))
    error_message = "name: '${var.name}' is no workgroup's name; use 1-128 of a-z A-Z 0-9 _ . -."
  }
}

variable "results_bucket" {
  description = "Name of the bucket that takes results."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.results_bucket))
    error_message = "results_bucket: '${var.results_bucket}' is no bucket's name."
  }
}

variable "results_prefix" {
  description = "What the results' keys begin with, without slashes around it. Who may read it reads what this workgroup was answered, so another's differs."
  type        = string
  default     = "athena"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$", var.results_prefix))
    error_message = "results_prefix: '${var.results_prefix}' is no beginning of keys; take athena/reader or the like, without slashes around it."
  }
}

variable "account_id" {
  description = "The account (12 digits) that must own the results' bucket."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "scan_limit_bytes" {
  description = "Bytes that one question may read before it is stopped (10485760, which is 10 MiB, or more). A terabyte costs 5 USD, so the default of 10 GiB is 5 cents."
  type        = number
  default     = 10737418240
  nullable    = false

  validation {
    condition     = var.scan_limit_bytes >= 10485760 && floor(var.scan_limit_bytes) == var.scan_limit_bytes
    error_message = "scan_limit_bytes: ${var.scan_limit_bytes} is not a whole number of 10485760 (10 MiB, Athena's least) or more."
  }
}

variable "kms_key_arn" {
  description = "ARN of an own KMS key that encrypts the results. null is S3's own encryption (SSE-S3), which costs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}
