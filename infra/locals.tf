locals {
  # Every name follows from it, and the command's setting "deployment" is the same. Never longer than 30 characters, since
  # environment is validated: a prefix that were cut off could be another deployment's.
  prefix = "tapehouse-${var.environment}"

  account_id = data.aws_caller_identity.this.account_id
  partition  = data.aws_partition.this.partition

  stream_name = "${local.prefix}-trades"

  # In an order that does not change: AWS tells them in any.
  found = sort(data.aws_availability_zones.this.names)
  zones = var.zones != null ? var.zones : slice(local.found, 0, min(2, length(local.found)))

  network = var.network != null ? var.network : one([for each in module.network : {
    vpc_id             = each.vpc_id
    subnet_ids         = each.subnet_ids
    assign_public_ip   = each.assign_public_ip
    private_subnet_ids = each.private_subnet_ids
    public_subnet_ids  = each.public_subnet_ids
  }])

  # Whom there is to ask: the emulator takes Metabase, and starts none.
  metabase = [for each in module.metabase : each if !var.emulator]

  # A source that wants a key is asked where there is one: who gives it to the deployment wants it used.
  news_sources   = var.news.sources != null ? var.news.sources : setunion(["coindesk", "cointelegraph"], setintersection(["alphavantage", "finnhub"], keys(var.secret_versions)))
  social_sources = var.news.social_sources != null ? var.news.social_sources : setunion(["fear-greed"], setintersection(["reddit"], keys(var.secret_versions)))

  # scripts/package.py makes it before the plan, so that a plan knows every key.
  packages = {
    for name, package in jsondecode(file(var.packages_file)) : name => {
      file   = "${dirname(var.packages_file)}/${package.file}"
      sha256 = package.sha256
      # A task's revision of before may be started again, by ECS; a job has no revisions.
      versioned = name == "producers_bundle"
    }
  }
}
