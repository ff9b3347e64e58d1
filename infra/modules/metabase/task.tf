locals {
  name = "${var.prefix}-metabase"
  port = 3000

  environment = {
    MB_DB_TYPE   = "postgres"
    MB_DB_HOST   = aws_db_instance.this.address
    MB_DB_PORT   = tostring(aws_db_instance.this.port)
    MB_DB_DBNAME = aws_db_instance.this.db_name

    MB_SITE_URL                                = local.address
    MB_JETTY_HOST                              = "0.0.0.0"
    MB_JETTY_PORT                              = tostring(local.port)
    MB_LOAD_SAMPLE_CONTENT                     = "false"
    MB_ANON_TRACKING_ENABLED                   = "false"
    MB_ENABLE_PUBLIC_SHARING                   = "false" # a link that anybody may read
    MB_PASSWORD_LENGTH                         = "15"
    MB_APPLICATION_DB_MAX_CONNECTION_POOL_SIZE = "15"

    AWS_REGION    = var.region
    JAVA_TIMEZONE = "UTC"

    # A quarter is left to what the JVM needs beside its heap. With a heap that is full it would go on half dead, which no
    # health check sees: it ends instead, and ECS starts another.
    JAVA_TOOL_OPTIONS = "-Xmx${floor(var.memory_mb * 3 / 4)}m -XX:+ExitOnOutOfMemoryError"
  }

  secret_environment = {
    MB_DB_USER               = "${local.database_secret_arn}:username::"
    MB_DB_PASS               = "${local.database_secret_arn}:password::"
    MB_ENCRYPTION_SECRET_KEY = aws_secretsmanager_secret.this["encryption-key"].arn
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory_mb
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  # The image's own start gives up root by itself, and unpacks drivers beside the program.
  container_definitions = jsonencode([{
    name            = "metabase"
    image           = var.image
    essential       = true
    memory          = var.memory_mb
    stopTimeout     = 60
    linuxParameters = { initProcessEnabled = true }
    portMappings    = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment     = [for name, value in local.environment : { name = name, value = value }]
    secrets         = [for name, from in local.secret_environment : { name = name, valueFrom = from }]
    mountPoints     = []
    systemControls  = []
    volumesFrom     = []
    # A secret is read once, at the start: another number is another revision, so a changed one is a new deployment.
    dockerLabels = { "tapehouse.secret-version" = tostring(var.secret_versions["encryption-key"]) }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "metabase"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])

  lifecycle {
    # The revision of before is active until the service has come up with this one: ECS may have to go back to it.
    create_before_destroy = true
  }
}
