output "backend" {
  description = "What terraform init of infra/ takes by -backend-config; beside them it wants key=<environment>.tfstate."
  value = {
    bucket = aws_s3_bucket.this.bucket
    region = var.region
  }
}
