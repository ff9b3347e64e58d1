locals {
  lake_bucket    = split("/", var.lake_uri)[2]
  lake_prefix    = join("/", slice(split("/", var.lake_uri), 3, length(split("/", var.lake_uri))))
  lake_arn       = "arn:${var.partition}:s3:::${local.lake_bucket}"
  results_arn    = "arn:${var.partition}:s3:::${split("/", var.workgroup.results_uri)[2]}"
  results_prefix = join("/", slice(split("/", var.workgroup.results_uri), 3, length(split("/", var.workgroup.results_uri))))
  athena_arn     = "arn:${var.partition}:athena:${var.region}:${var.account_id}"
  glue_arn       = "arn:${var.partition}:glue:${var.region}:${var.account_id}"

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      # ECS of another account cannot be talked into it.
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:*" }
      }
    }]
  })

  use_key = var.kms_key_arn == null ? [] : [{ Sid = "UseKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] }]
}

# -- what ECS does before the task runs --------------------------------------------------------------------------------

resource "aws_iam_role" "execution" {
  name               = "${local.name}-start"
  description        = "ECS starts Tapehouse's Metabase (${var.prefix}), gives it its secrets and takes its logs"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Sid = "Log", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/tapehouse/${var.prefix}/metabase:*"] },
        { Sid = "ReadSecrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [aws_secretsmanager_secret.this["encryption-key"].arn, local.database_secret_arn] },
      ],
      var.kms_key_arn == null ? [] : [{ Sid = "UseKey", Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] }],
      var.image_repository_arn == null ? [] : [
        { Sid = "PullImage", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = [var.image_repository_arn] },
        { Sid = "LogInToRegistry", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }, # knows no resources
      ],
    )
  })
}

# -- what Metabase asks: one workgroup, the layers it shows, as a reader does ------------------------------------------

resource "aws_iam_role" "task" {
  name               = local.name
  description        = "Tapehouse's Metabase (${var.prefix}) asks questions of ${join(" and ", sort(keys(var.databases)))}"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  name = "ask"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid    = "Ask"
          Effect = "Allow"
          Action = [
            "athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution", "athena:BatchGetQueryExecution",
            "athena:ListQueryExecutions", "athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:GetWorkGroup",
            "athena:CreatePreparedStatement", "athena:GetPreparedStatement", "athena:DeletePreparedStatement",
          ]
          Resource = ["${local.athena_arn}:workgroup/${var.workgroup.name}"]
        },
        {
          Sid      = "BrowseCatalog"
          Effect   = "Allow"
          Action   = ["athena:GetDataCatalog", "athena:GetDatabase", "athena:ListDatabases", "athena:GetTableMetadata", "athena:ListTableMetadata"]
          Resource = ["${local.athena_arn}:datacatalog/AwsDataCatalog"]
        },
        {
          Sid      = "FindWorkgroup" # these know no resources
          Effect   = "Allow"
          Action   = ["athena:ListWorkGroups", "athena:ListDataCatalogs", "athena:ListEngineVersions"]
          Resource = ["*"]
        },
        {
          Sid    = "SeeTables"
          Effect = "Allow"
          Action = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"]
          # Glue asks for a table's ancestors too, and Athena for the database that is called default.
          Resource = concat(
            ["${local.glue_arn}:catalog", "${local.glue_arn}:database/default"],
            [for database in values(var.databases) : "${local.glue_arn}:database/${database}"],
            [for database in values(var.databases) : "${local.glue_arn}:table/${database}/*"],
          )
        },
        {
          Sid      = "ReadTables"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = [for layer in keys(var.databases) : "${local.lake_arn}/${local.lake_prefix}/${layer}/*"]
        },
        {
          Sid       = "ListTables"
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = [local.lake_arn]
          Condition = { StringLike = { "s3:prefix" = [for layer in keys(var.databases) : "${local.lake_prefix}/${layer}/*"] } }
        },
        {
          Sid      = "FindBuckets"
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation"]
          Resource = [local.lake_arn, local.results_arn]
        },
        {
          Sid      = "KeepResults"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
          Resource = ["${local.results_arn}/${local.results_prefix}*"]
        },
        {
          Sid       = "ListResults"
          Effect    = "Allow"
          Action    = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
          Resource  = [local.results_arn]
          Condition = { StringLikeIfExists = { "s3:prefix" = ["${local.results_prefix}*"] } }
        },
      ],
      local.use_key,
    )
  })
}

# -- what starts it anew -----------------------------------------------------------------------------------------------

resource "aws_iam_role" "restart" {
  name        = "${local.name}-restart"
  description = "EventBridge Scheduler starts Tapehouse's Metabase anew (${var.prefix})"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      # Schedules of another account cannot talk it into that.
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "restart" {
  name = "restart"
  role = aws_iam_role.restart.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Restart"
      Effect   = "Allow"
      Action   = ["ecs:UpdateService"]
      Resource = ["arn:${var.partition}:ecs:${var.region}:${var.account_id}:service/${local.name}/${local.name}"]
    }]
  })
}
