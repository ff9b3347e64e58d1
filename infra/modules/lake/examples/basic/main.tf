# The buckets of one deployment, with one package.
module "lake" {
  source = "../.."

  prefix     = "tapehouse-dev"
  account_id = "123456789012"

  packages = {
    glue_script_stream = {
      file   = "${path.module}/main.tf" # anything will do for an example
      sha256 = filesha256("${path.module}/main.tf")
    }
  }
}

output "lake_uri" {
  description = "Where the tables are."
  value       = module.lake.lake_uri
}

output "package_uris" {
  description = "Where the packages are."
  value       = module.lake.package_uris
}
