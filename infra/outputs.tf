output "settings" {
  description = "Tapehouse's settings by the names of their fields: what the command reads where TARGET is aws."
  value = merge({
    lake              = module.lake.lake_uri
    stream_name       = module.stream.name
    region            = var.region
    athena_workgroup  = module.athena["operator"].name # the command asks of bronze too
    database_prefix   = var.database_prefix
    deployment        = local.prefix
    gold_sources      = var.gold_sources
    gold_seconds_days = var.gold_seconds_days
    retention         = var.retention
    bar_sizes         = var.bar_sizes
    refresh_every_s   = var.refresh_every_s
    }, { for name, value in var.forecast : "forecast_${name}" => value if value != null },
    [for each in local.metabase : {
      metabase_url       = each.address
      metabase_email     = each.admin.email
      metabase_secret    = each.admin.name
      metabase_workgroup = module.athena["reader"].name
  }]...)
}

output "addresses" {
  description = "Where to look, by what there is to see; nothing on the emulator."
  value = var.emulator ? {} : merge({
    alarms    = module.monitoring.dashboard_url
    athena    = "https://${var.region}.console.aws.amazon.com/athena/home?region=${var.region}#/query-editor"
    functions = "https://${var.region}.console.aws.amazon.com/lambda/home?region=${var.region}#/functions?fo=and&o0=%3A&v0=${local.prefix}-"
    jobs      = "https://${var.region}.console.aws.amazon.com/gluestudio/home?region=${var.region}#/monitoring"
    lake      = "https://${var.region}.console.aws.amazon.com/s3/buckets/${module.lake.buckets["lake"]}?region=${var.region}"
    logs      = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#logsV2:log-groups$3FlogGroupNameFilter$3D${local.prefix}"
    stream    = "https://${var.region}.console.aws.amazon.com/kinesis/home?region=${var.region}#/streams/details/${module.stream.name}/monitoring"
  }, [for each in local.metabase : { dashboards = each.address }]...)
}

output "owner" {
  description = "The job that writes the tables: stream or refresh."
  value       = module.glue.owner
}

output "jobs" {
  description = "Names of the Glue jobs, by job."
  value       = module.glue.job_names
}

output "buckets" {
  description = "Names of the buckets, by use: lake, code, results."
  value       = module.lake.buckets
}

output "workgroups" {
  description = "Names of the Athena workgroups, by who asks: reader, operator. The command's own is the operators'."
  value       = { for who, workgroup in module.athena : who => workgroup.name }
}

output "databases" {
  description = "Names of the Glue databases, by layer."
  value       = module.catalog.databases
}

output "producers" {
  description = "The producers: the ECS cluster, the services, the revision that each is to run (compare it after an apply), and what RunTask takes for a backfill. null where there are none."
  value = one([for each in module.producers : {
    cluster          = each.cluster_name
    services         = each.service_names
    task_definitions = each.task_definition_arns
    backfill         = each.backfill
  }])
}

output "news" {
  description = "Names of the functions that fetch and score news, by what they do, of their queues, the queues of dead letters and the schedules; and where what they fetch lands. null where news are not enabled."
  value = one([for each in module.lambdas : {
    functions    = each.function_names
    queues       = each.queue_names
    dead_letters = each.dead_letter_queue_names
    schedules    = each.schedule_names
    landing      = each.landing_uri
  }])
}

output "alarms" {
  description = "The topic that alarms go to, and the names of the alarms and of the rules on events."
  value = {
    topic  = module.monitoring.topic_arn
    alarms = sort(concat(module.monitoring.alarm_names, flatten(module.metabase[*].alarm_names)))
    rules  = sort(concat(module.monitoring.rule_names, flatten(module.metabase[*].rule_names)))
  }
}

output "metabase" {
  description = "Metabase: its address, what a record of its host has to lead to, the oldest version that may run, its ECS cluster and service, the revision that it is to run (compare it after an apply). null where there is none, and on the emulator, which starts no task."
  value = one([for each in local.metabase : {
    address         = each.address
    load_balancer   = each.load_balancer
    least_version   = each.least_version
    cluster         = each.cluster_name
    service         = each.service_name
    task_definition = each.task_definition_arn
  }])
}

output "people" {
  description = "ARNs of the roles that people assume, by reader and operator, where there are any."
  value       = module.people.role_arns
}
