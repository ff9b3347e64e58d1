# An on-demand stream that keeps records for a weekend.
module "stream" {
  source = "../.."

  name = "tapehouse-dev-trades"
}

output "arn" {
  description = "ARN of the stream."
  value       = module.stream.arn
}
