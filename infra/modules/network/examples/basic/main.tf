# Two zones, public addresses, no NAT gateway: what tasks need to reach the venues, and nothing that costs by the hour.
module "network" {
  source = "../.."

  prefix = "tapehouse-dev"
  region = "us-east-1"
  zones  = ["us-east-1a", "us-east-1b"]
}

output "subnet_ids" {
  description = "Subnets for tasks."
  value       = module.network.subnet_ids
}
