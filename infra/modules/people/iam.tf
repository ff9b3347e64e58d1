locals {
  lake_bucket = split("/", var.lake_uri)[2]
  lake_prefix = join("/", slice(split("/", var.lake_uri), 3, length(split("/", var.lake_uri))))
  lake_arn    = "arn:${var.partition}:s3:::${local.lake_bucket}"
  results = { for who, each in var.workgroups : who => {
    bucket_arn = "arn:${var.partition}:s3:::${split("/", each.results_uri)[2]}"
    prefix     = join("/", slice(split("/", each.results_uri), 3, length(split("/", each.results_uri))))
  } }
  glue_arn     = "arn:${var.partition}:glue:${var.region}:${var.account_id}"
  ecs_arn      = "arn:${var.partition}:ecs:${var.region}:${var.account_id}"
  logs_arn     = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/tapehouse/${var.prefix}"
  cluster_name = coalesce(var.cluster_name, "none")

  layers    = { reader = keys(var.databases), operator = concat(["bronze"], keys(var.databases)) }
  databases = { reader = values(var.databases), operator = concat([var.bronze_database], values(var.databases)) }

  read = { for who in ["reader", "operator"] : who => concat(
    [
      {
        Sid    = "Ask"
        Effect = "Allow"
        Action = [
          "athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution", "athena:BatchGetQueryExecution",
          "athena:ListQueryExecutions", "athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:GetWorkGroup",
          "athena:GetPreparedStatement", "athena:ListPreparedStatements",
        ]
        Resource = ["arn:${var.partition}:athena:${var.region}:${var.account_id}:workgroup/${var.workgroups[who].name}"]
      },
      {
        Sid      = "BrowseCatalog"
        Effect   = "Allow"
        Action   = ["athena:GetDataCatalog", "athena:GetDatabase", "athena:ListDatabases", "athena:GetTableMetadata", "athena:ListTableMetadata"]
        Resource = ["arn:${var.partition}:athena:${var.region}:${var.account_id}:datacatalog/AwsDataCatalog"]
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
          [for database in local.databases[who] : "${local.glue_arn}:database/${database}"],
          [for database in local.databases[who] : "${local.glue_arn}:table/${database}/*"],
        )
      },
      {
        Sid      = "ReadTables"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [for layer in local.layers[who] : "${local.lake_arn}/${local.lake_prefix}/${layer}/*"]
      },
      {
        Sid       = "ListTables"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [local.lake_arn]
        Condition = { StringLike = { "s3:prefix" = [for layer in local.layers[who] : "${local.lake_prefix}/${layer}/*"] } }
      },
      {
        Sid      = "FindBuckets"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation"]
        Resource = [local.lake_arn, local.results[who].bucket_arn]
      },
      {
        Sid      = "KeepResults"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = ["${local.results[who].bucket_arn}/${local.results[who].prefix}*"]
      },
      {
        Sid       = "ListResults"
        Effect    = "Allow"
        Action    = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource  = [local.results[who].bucket_arn]
        Condition = { StringLikeIfExists = { "s3:prefix" = ["${local.results[who].prefix}*"] } }
      },
    ],
    var.kms_key_arn == null ? [] : [{ Sid = "UseKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] }],
  ) }

  operate = concat(
    [
      {
        Sid      = "RunJobs"
        Effect   = "Allow"
        Action   = ["glue:GetJob", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun", "glue:BatchStopJobRun"]
        Resource = var.job_arns
      },
      {
        Sid      = "FillStream"
        Effect   = "Allow"
        Action   = ["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:ListShards", "kinesis:DescribeStreamSummary"]
        Resource = [var.stream_arn]
      },
      {
        Sid      = "FindLake"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.lake_arn}/${local.lake_prefix}/_tapehouse.json"]
      },
      {
        Sid      = "ReadLogs"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"]
        Resource = ["${local.logs_arn}/*"]
      },
      {
        Sid    = "Watch" # these know no resources
        Effect = "Allow"
        Action = [
          "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics",
          "logs:DescribeLogGroups", "logs:GetQueryResults",
        ]
        Resource = ["*"]
      },
      {
        Sid      = "SeeDashboard"
        Effect   = "Allow"
        Action   = ["cloudwatch:GetDashboard"]
        Resource = ["arn:${var.partition}:cloudwatch::${var.account_id}:dashboard/${var.prefix}"]
      },
    ],
    [for statement in [
      {
        Sid      = "RunProducers"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
        Resource = ["${local.ecs_arn}:service/${local.cluster_name}/${var.prefix}-producer-*"]
      },
      {
        Sid      = "SeeTasks"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource = ["${local.ecs_arn}:task/${local.cluster_name}/*"]
      },
      {
        Sid       = "ListTasks" # asked of an instance; of Fargate there is none, and the cluster is a condition
        Effect    = "Allow"
        Action    = ["ecs:ListTasks", "ecs:ListServices"]
        Resource  = ["*"]
        Condition = { ArnEquals = { "ecs:cluster" = "${local.ecs_arn}:cluster/${local.cluster_name}" } }
      },
      {
        Sid      = "SeeCluster"
        Effect   = "Allow"
        Action   = ["ecs:DescribeClusters"]
        Resource = ["${local.ecs_arn}:cluster/${local.cluster_name}"]
      },
      {
        Sid      = "SeeRevisions" # knows no resources
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition"]
        Resource = ["*"]
      },
      {
        Sid       = "RunBackfill"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["${local.ecs_arn}:task-definition/${var.prefix}-backfill:*"]
        Condition = { ArnEquals = { "ecs:cluster" = "${local.ecs_arn}:cluster/${local.cluster_name}" } }
      },
    ] : statement if var.cluster_name != null],
    length(var.function_arns) == 0 ? [] : [{
      Sid      = "FetchByHand"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = sort(var.function_arns)
    }],
    length(var.function_arns) == 0 ? [] : [{
      Sid      = "SeeFunctions"
      Effect   = "Allow"
      Action   = ["lambda:GetFunctionConfiguration"]
      Resource = ["arn:${var.partition}:lambda:${var.region}:${var.account_id}:function:${var.prefix}-*"]
    }],
    var.metabase_service == null ? [] : [
      {
        Sid      = "RestartMetabase" # as after another password of its database
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
        Resource = ["${local.ecs_arn}:service/${var.metabase_service.cluster}/${var.metabase_service.name}"]
      },
      {
        Sid      = "SeeMetabasesRevisions" # knows no resources
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition"]
        Resource = ["*"]
      },
    ],
    length(var.dead_letter_queue_arns) == 0 ? [] : [{
      Sid    = "WorkOffDeadLetters" # to move one, SQS takes it and deletes it as whoever asks for that
      Effect = "Allow"
      Action = [
        "sqs:CancelMessageMoveTask", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage", "sqs:StartMessageMoveTask",
      ]
      Resource = sort(var.dead_letter_queue_arns)
    }],
    length(var.queue_arns) == 0 ? [] : [{
      Sid      = "SendBack"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = sort(var.queue_arns)
    }],
    length(var.task_role_arns) == 0 ? [] : [{
      Sid       = "PassBackfillsRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = sort(var.task_role_arns)
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    }],
  )
}
