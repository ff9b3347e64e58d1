variable "name" {
  description = "Name of the Kinesis stream (1-128 of a-z A-Z 0-9 _ . -)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.name))
    error_message = "name: '${var.name}' is no stream's name; use 1-128 of a-z A-Z 0-9 _ . -."
  }
}

variable "shard_count" {
  description = "Shards of a provisioned stream (1-500; each takes 1 MB and 1,000 records a second). null is on-demand: no shards to count, 0.04 USD an hour and by the gigabyte."
  type        = number
  default     = null

  validation {
    condition     = var.shard_count == null ? true : var.shard_count >= 1 && var.shard_count <= 500 && floor(var.shard_count) == var.shard_count
    error_message = "shard_count: ${coalesce(var.shard_count, 0)} is not a whole number of 1-500; leave it null for an on-demand stream."
  }
}

variable "retention_hours" {
  description = "Hours that a record stays readable (24-8760). A reader that pauses for longer loses records, and is told so; more than 24 costs extra."
  type        = number
  default     = 72
  nullable    = false

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760 && floor(var.retention_hours) == var.retention_hours
    error_message = "retention_hours: ${var.retention_hours} is not a whole number of 24-8760; 72 covers a weekend."
  }
}

variable "kms_key_arn" {
  description = "ARN of an own KMS key that encrypts the stream. null is Kinesis' own key (alias/aws/kinesis), which costs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}
