output "backend" {
  description = "What terraform init of infra/ takes by -backend-config; beside them it wants a key for each deployment, as dev.tfstate."
  value = {
    bucket = aws_s3_bucket.states.bucket
    region = var.region
  }
}
