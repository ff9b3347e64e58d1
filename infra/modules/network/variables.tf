variable "prefix" {
  description = "Beginning of every name (3-32 of a-z 0-9 -): the deployment's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,31}$", var.prefix))
    error_message = "prefix: '${var.prefix}' cannot begin a name; use 3-32 of a-z 0-9 -."
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

variable "zones" {
  description = "Availability zones (1-3), as us-east-1a: a subnet in each. One that is down takes its subnet along, so two."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 1 && length(var.zones) <= 3 && length(distinct(var.zones)) == length(var.zones)
    error_message = "zones: '${join(", ", var.zones)}' are not 1-3 different zones."
  }

  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "zones: '${join(", ", [for zone in var.zones : zone if !startswith(zone, var.region)])}' is not in ${var.region}."
  }
}

variable "cidr" {
  description = "The VPC's IPv4 addresses (/16 to /24). Only peering with another network makes it matter."
  type        = string
  default     = "10.61.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]), 0) >= 16 && try(tonumber(split("/", var.cidr)[1]), 99) <= 24 && try(cidrhost(var.cidr, 0) == split("/", var.cidr)[0], false)
    error_message = "cidr: '${var.cidr}' is no IPv4 network of /16 to /24, as 10.61.0.0/20."
  }
}

variable "nat" {
  description = "Whether tasks sit in private subnets and reach venues through a NAT gateway (33 USD a month and 0.045 USD a GB). Without one they have a public address each (3.65 USD a month) that takes nothing in."
  type        = bool
  default     = false
  nullable    = false
}

variable "private" {
  description = "Whether there are private subnets where nat is false, too: without a way out, for a database or a load balancer that is seen from inside alone. They cost nothing."
  type        = bool
  default     = false
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services that are reached by an address in the VPC (kinesis-streams, secretsmanager, logs, ecr.api, ecr.dkr, …), at 7.30 USD a month each and zone. None are needed; S3 has its own, which is free."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.interface_endpoints : can(regex("^[a-z0-9.-]{2,64}$", name)) && name != "s3"])
    error_message = "interface_endpoints: '${join("', '", [for name in var.interface_endpoints : name if !can(regex("^[a-z0-9.-]{2,64}$", name)) || name == "s3"])}' cannot be one; a service is named as kinesis-streams, and S3 has a free endpoint already."
  }
}
