variable "lake_uri" {
  description = "Where the tables are: s3://<bucket>/<prefix>, without a slash at the end."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)*$", var.lake_uri))
    error_message = "lake_uri: '${var.lake_uri}' is no place of a lake; take s3://<bucket>/<prefix>, without a slash at the end."
  }
}

variable "database_prefix" {
  description = "What stands before the databases' names bronze, silver and gold (0-32 of a-z 0-9 _). Questions of ours name gold.candles as it is, so set one only where another deployment of the account and region has those names."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9_]{0,31})?$", var.database_prefix))
    error_message = "database_prefix: '${var.database_prefix}' cannot begin a database's name; use up to 32 of a-z 0-9 _, beginning with a letter."
  }
}
