variable "region" {
  description = "The AWS region of the state's bucket, as us-east-1."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is no region; one is us-east-1."
  }
}

variable "versions_days" {
  description = "Days (1-3650) for which an older state can be brought back."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.versions_days >= 1 && var.versions_days <= 3650 && floor(var.versions_days) == var.versions_days
    error_message = "versions_days: ${var.versions_days} is not a whole number of 1-3650."
  }
}

variable "bucket" {
  description = "Another name of the bucket. null is tapehouse-state-<account>-<region>."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket: '${coalesce(var.bucket, "null")}' is no bucket's name."
  }
}
