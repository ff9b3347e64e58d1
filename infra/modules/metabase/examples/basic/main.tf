# Seen from the VPC and the office's VPN alone. Once, with the two secrets:
# TF_VAR_secrets='{"encryption-key":"…","admin-password":"…"}' terraform apply. Later plans need none.
variable "secrets" {
  description = "The values of encryption-key and admin-password. Needed once."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

module "metabase" {
  source = "../.."

  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"

  vpc_id                   = "vpc-0a1b2c3d"
  task_subnet_ids          = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  database_subnet_ids      = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  load_balancer_subnet_ids = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  allowed_cidrs            = ["10.61.0.0/20", "10.8.0.0/24"]

  host            = "metabase.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"

  # No digest of a real image: `docker buildx imagetools inspect metabase/metabase:v0.64.<point>.<fix>` tells one.
  image = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

  admin_email   = "data@example.com"
  secret_values = var.secrets

  lake_uri  = "s3://tapehouse-dev-lake-123456789012/lake"
  workgroup = { name = "tapehouse-dev", results_uri = "s3://tapehouse-dev-results-123456789012/athena/reader/" }

  alarm_topic_arn = "arn:aws:sns:us-east-1:123456789012:tapehouse-dev-alarms"
}

output "address" {
  description = "Where to look."
  value       = module.metabase.address
}
