locals {
  packaged = var.producer_image == null
  work     = "/work"
  package  = "${local.work}/package.tar.gz"

  # Makes ready what the producer may write to, as root, and ends: it shares only the folder with it.
  fetch = {
    name       = "fetch"
    image      = local.packaged ? var.public_images.aws_cli : var.producer_image
    essential  = false
    user       = "0"
    entryPoint = ["sh", "-c"]
    command = [join(" && ", concat(
      local.packaged ? ["aws s3api get-object --bucket ${var.package.bucket} --key ${var.package.key} --version-id ${var.package.version} ${local.package} > /dev/null"] : [],
      ["chmod 1777 ${local.work}"],
    ))]
    environment      = [{ name = "AWS_REGION", value = var.region }]
    mountPoints      = [{ sourceVolume = "work", containerPath = local.work, readOnly = false }]
    logConfiguration = local.logs["fetch"]
    portMappings     = []
    systemControls   = []
    volumesFrom      = []
  }

  # Of a producer and of the backfill. `command` is a module and its words: who runs a task once may give others.
  program = {
    name                   = "producer"
    image                  = local.packaged ? var.public_images.python : var.producer_image
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    entryPoint             = local.packaged ? ["sh", "-c", file("${path.module}/start.sh"), "producer"] : ["python", "-m"]
    dependsOn              = [{ containerName = "fetch", condition = "SUCCESS" }]
    stopTimeout            = var.stop_s
    linuxParameters        = { initProcessEnabled = true, capabilities = { add = [], drop = ["ALL"] } }
    portMappings           = []
    systemControls         = []
    volumesFrom            = []
  }

  environment = merge(
    {
      TARGET                    = "aws"
      LAKE                      = var.lake_uri
      AWS_REGION                = var.region
      TAPEHOUSE_REGION          = var.region
      TAPEHOUSE_STREAM_NAME     = var.stream_name
      TAPEHOUSE_METRICS_EVERY_S = tostring(var.metrics_every_s)
      TAPEHOUSE_HEARTBEAT       = "${local.work}/heartbeat.json"
      HOME                      = local.work
      TMPDIR                    = local.work
      PYTHONUNBUFFERED          = "1"
      PYTHONDONTWRITEBYTECODE   = "1"
    },
    local.packaged ? { PYTHONPATH = "${local.work}/app", PACKAGE = local.package, PACKAGE_SHA256 = var.package.sha256 } : {},
  )

  settings = { for name, each in local.producers : name => merge(
    local.environment,
    {
      FEED                   = each.feed
      TAPEHOUSE_PRODUCER     = name
      TAPEHOUSE_STATE_FOLDER = local.state
      TAPEHOUSE_SHARD_SHARE  = tostring(each.shard_share)
    },
    length(each.symbols) > 0 ? { SYMBOLS = join(",", each.symbols) } : {},
    each.secret == null ? {} : { "TAPEHOUSE_${upper(each.feed)}_SECRET" = each.secret.name },
    each.settings,
  ) }

  # All of the tasks' lines are in one group, so one metric filter serves every feed. A full buffer drops lines: logs that
  # cannot be delivered never hold up trades.
  logs = { for stream in concat(["fetch", "backfill"], keys(local.producers)) : stream => {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this.name
      awslogs-region        = var.region
      awslogs-stream-prefix = stream
      mode                  = "non-blocking"
      max-buffer-size       = "4m"
    }
  } }
}

resource "aws_ecs_task_definition" "producer" {
  #checkov:skip=CKV_AWS_336:The container that trades pass through has a root that cannot be written to; the other ends before it starts, and unpacks what the first one runs.
  for_each = local.producers

  family                   = "${var.prefix}-producer-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory_mb
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.producer[each.key].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  # Of the 20 GiB that every task has for nothing.
  volume {
    name = "work"
  }

  # What has to outlive the task.
  volume {
    name = "state"

    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.this.id
      transit_encryption = "ENABLED"

      authorization_config {
        access_point_id = aws_efs_access_point.this[each.key].id
        iam             = "ENABLED"
      }
    }
  }

  container_definitions = jsonencode([local.fetch, merge(local.program, {
    command     = concat(["producers"], each.value.arguments)
    environment = [for name, value in local.settings[each.key] : { name = name, value = value }]
    mountPoints = [
      { sourceVolume = "work", containerPath = local.work, readOnly = false },
      { sourceVolume = "state", containerPath = local.state, readOnly = false },
    ]
    logConfiguration = local.logs[each.key]
    healthCheck      = { command = ["CMD", "python", "-m", "producers.health"], interval = 30, timeout = 10, retries = 3, startPeriod = 60 }
    # A key is read once, at the start: another number is another revision, so a changed key is a new deployment.
    dockerLabels = each.value.secret == null ? {} : { "tapehouse.secret-version" = tostring(each.value.secret.version) }
  })])

  lifecycle {
    # The revision of before is active until the service has come up with this one: ECS may have to go back to it.
    create_before_destroy = true
  }
}

# What fills a market's holes by hand, once. It keeps no marks, so it runs beside the producers.
resource "aws_ecs_task_definition" "backfill" {
  #checkov:skip=CKV_AWS_336:See the producers.
  family                   = "${var.prefix}-backfill"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 1024
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.backfill.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  volume {
    name = "work"
  }

  container_definitions = jsonencode([local.fetch, merge(local.program, {
    command = ["producers", "--help"] # whoever starts it says what
    environment = [for name, value in merge(
      local.environment,
      { for feed, secret in local.keys : "TAPEHOUSE_${upper(feed)}_SECRET" => secret.name },
    ) : { name = name, value = value }]
    mountPoints      = [{ sourceVolume = "work", containerPath = local.work, readOnly = false }]
    logConfiguration = local.logs["backfill"]
  })])
}
