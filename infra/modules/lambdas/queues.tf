locals {
  # What is worked on: by which function, how many messages at once. A batch of five objects shares the start of a
  # function; a crawler's task takes its time for itself.
  queues = { for name, each in {
    enrich = { function = "enrich", batch_size = 5 }
    crawl  = { function = "crawler", batch_size = 1 }
  } : name => each if contains(keys(local.functions), each.function) }

  # Where what failed three times waits: of each queue, and of the batches that a schedule starts.
  dead = toset(concat(["batches"], keys(local.queues)))

  lake_bucket    = split("/", var.lake_uri)[2]
  lake_arn       = "arn:${var.partition}:s3:::${local.lake_bucket}"
  landing_prefix = trimprefix(local.landing_uri, "s3://${local.lake_bucket}/")

  # What is scored of what lands. Scores land too: of them there must be no notification, or they would be scored again.
  scored = ["news", "social", "page"]
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                    = "${var.prefix}-${each.key}"
  sqs_managed_sse_enabled = true
  # Six times what its function may take: AWS' advice, since Lambda tries again by itself while it is throttled.
  visibility_timeout_seconds = 6 * local.functions[each.value.function].timeout_s
  message_retention_seconds  = 345600

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn, maxReceiveCount = 3 })
}

resource "aws_sqs_queue" "dead" {
  for_each = local.dead

  name                      = "${var.prefix}-${each.key}-dead"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600 # as long as SQS can: two weeks to mend the cause
}

# From its own queue alone; what a role sends is no redrive. An emulator keeps it not, and forgets the queue's policy over it.
resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  for_each = toset(var.emulator ? [] : local.dead)

  queue_url = aws_sqs_queue.dead[each.key].id
  redrive_allow_policy = each.key == "batches" ? jsonencode({ redrivePermission = "denyAll" }) : jsonencode({
    redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.this[each.key].arn]
  })
}

# Roles of the account say themselves what they may; S3 is no role.
resource "aws_sqs_queue_policy" "this" {
  for_each = merge({ for name, queue in aws_sqs_queue.this : name => queue }, { for name, queue in aws_sqs_queue.dead : "${name}-dead" => queue })

  queue_url = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      each.key == "enrich" ? [{
        Sid       = "ToldByLake"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnEquals    = { "aws:SourceArn" = local.lake_arn }
        }
      }] : [],
    )
  })
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.queues

  event_source_arn = aws_sqs_queue.this[each.key].arn
  function_name    = aws_lambda_function.this[each.value.function].arn
  batch_size       = each.value.batch_size
  enabled          = !var.emulator

  # What went well of a batch is not done again.
  function_response_types = ["ReportBatchItemFailures"]

  # The least there is: a site is not asked by many at once, and the account's executions are left to others.
  scaling_config {
    maximum_concurrency = 2
  }
}

# A bucket has one such configuration: whoever else wants to hear of the lake's objects has to be told here.
resource "aws_s3_bucket_notification" "lake" {
  bucket = local.lake_bucket

  dynamic "queue" {
    for_each = local.scored

    content {
      id            = "${var.prefix}-${queue.value}"
      queue_arn     = aws_sqs_queue.this["enrich"].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = "${local.landing_prefix}/${queue.value}/"
      filter_suffix = ".jsonl.gz"
    }
  }

  # S3 tries whether it may send.
  depends_on = [aws_sqs_queue_policy.this]
}
