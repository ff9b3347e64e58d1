locals {
  landing_arn = "${local.lake_arn}/${local.landing_prefix}"

  # Of the landing, each writes what it makes and reads what it goes on from. What reads strangers' pages reads nothing here.
  kinds = {
    news    = { writes = ["news"], reads = ["news"] }
    social  = { writes = ["index", "social"], reads = ["index", "social"] }
    enrich  = { writes = ["score"], reads = local.scored }
    crawler = { writes = ["page", "price"], reads = [] }
  }

  tasks_bucket = split("/", local.tasks_uri)[2]
  tasks_arn    = "arn:${var.partition}:s3:::${trimprefix(local.tasks_uri, "s3://")}"

  reads_tasks = [
    { Sid = "ReadTasks", Effect = "Allow", Action = ["s3:GetObject"], Resource = [local.tasks_arn] },
    {
      # Without it S3 says of a file that is not there that it is forbidden, not that it is missing.
      Sid       = "FindTasks"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = ["arn:${var.partition}:s3:::${local.tasks_bucket}"]
      Condition = { StringLikeIfExists = { "s3:prefix" = [trimprefix(local.tasks_uri, "s3://${local.tasks_bucket}/")] } }
    },
  ]

  lands = { for function, kinds in local.kinds : function => concat(
    [{ Sid = "Land", Effect = "Allow", Action = ["s3:PutObject"], Resource = [for kind in kinds.writes : "${local.landing_arn}/${kind}/*"] }],
    [for statement in [
      { Sid = "ReadLanded", Effect = "Allow", Action = ["s3:GetObject"], Resource = [for kind in kinds.reads : "${local.landing_arn}/${kind}/*"] },
      {
        # IfExists: for an object that is not there S3 asks for this without a prefix, before it says that it is missing.
        Sid       = "FindLanded"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [local.lake_arn]
        Condition = { StringLikeIfExists = { "s3:prefix" = [for kind in kinds.reads : "${local.landing_prefix}/${kind}/*"] } }
      },
    ] : statement if length(kinds.reads) > 0],
  ) }

  # Beside its log and where its failures go.
  rights = {
    news   = concat(local.lands["news"], local.reads_keys["news"])
    social = concat(local.lands["social"], local.reads_keys["social"])
    enrich = concat(local.lands["enrich"], length(local.endpoints) == 0 ? [] : [{
      Sid      = "AskModels"
      Effect   = "Allow"
      Action   = ["sagemaker:InvokeEndpoint"]
      Resource = [for name in values(local.endpoints) : "arn:${var.partition}:sagemaker:${var.region}:${var.account_id}:endpoint/${lower(name)}"]
    }])
    crawler-schedule = concat(local.reads_tasks, [for queue in [for name, each in aws_sqs_queue.this : each.arn if name == "crawl"] :
      { Sid = "SendTasks", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [queue] }
    ])
    crawler = concat(local.reads_tasks, local.lands["crawler"], length(var.crawl_secrets) == 0 ? [] : [
      { Sid = "ReadHeaders", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [for secret in values(var.crawl_secrets) : secret.arn] },
    ])
  }

  reads_keys = { for function, secrets in local.secrets : function => length(secrets) == 0 ? [] : [
    { Sid = "ReadKeys", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [for secret in values(secrets) : secret.arn] },
  ] }

  queue_of = { for name, each in local.queues : each.function => aws_sqs_queue.this[name].arn }
}

resource "aws_iam_role" "this" {
  for_each = local.functions

  name        = "${var.prefix}-lambda-${each.key}"
  description = "Tapehouse's function ${var.prefix}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    # No condition on the account: a role is given to functions of its own account alone.
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.functions

  name = "run"
  role = aws_iam_role.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.rights[each.key],
      each.value.is_async ? [
        { Sid = "TellFailure", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead["batches"].arn] },
        ] : [
        { Sid = "TakeFromQueue", Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource = [local.queue_of[each.key]] },
      ],
      var.kms_key_arn == null ? [] : [{ Sid = "UseKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] }],
      [{ Sid = "Log", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/tapehouse/${var.prefix}/${each.key}:*"] }],
    )
  })
}

# -- what starts them --------------------------------------------------------------------------------------------------

resource "aws_iam_role" "schedules" {
  name        = "${var.prefix}-schedules"
  description = "EventBridge Scheduler starts Tapehouse's batches (${var.prefix})"
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

resource "aws_iam_role_policy" "schedules" {
  name = "start"
  role = aws_iam_role.schedules.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Start", Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [for name in keys(local.batches) : aws_lambda_function.this[name].arn] },
      { Sid = "TellFailure", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead["batches"].arn] },
    ]
  })
}
