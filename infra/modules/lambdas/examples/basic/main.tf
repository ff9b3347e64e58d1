# News and moods from sources that want no key, once a day, and a crawler that runs every hour.
module "lambdas" {
  source = "../.."

  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"

  lake_uri = "s3://tapehouse-dev-lake-123456789012/lake"
  package = {
    bucket  = "tapehouse-dev-code-123456789012"
    key     = "packages/0123456789abcdef/lambdas.zip"
    version = "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH"
  }

  crawl            = { hourly = "cron(0 * * * ? *)" }
  crawl_tasks_file = "${path.module}/tasks.yaml"
  crawl_user_agent = "tapehouse (desk@example.com)"
}

output "functions" {
  description = "The functions, to call by hand."
  value       = module.lambdas.function_names
}
