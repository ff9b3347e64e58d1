terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # docs/provider-6.md is the way to 6.
      version = "~> 5.100"
    }
  }

  # bucket, key and region come by -backend-config: infra/bootstrap makes the bucket and tells them. The lock is an object
  # beside the state. The emulator's state is a local file: see local.tfvars.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
