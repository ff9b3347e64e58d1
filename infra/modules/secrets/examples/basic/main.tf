# Finnhub's key: TF_VAR_keys='{"finnhub":"…"}' terraform apply. Later plans need no key.
variable "keys" {
  description = "The vendors' keys by name. Needed once for each number in versions."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

module "secrets" {
  source = "../.."

  prefix   = "tapehouse-dev"
  versions = { finnhub = 1 }
  values   = var.keys
}

output "secrets" {
  description = "Names and ARNs by vendor."
  value       = module.secrets.secrets
}
