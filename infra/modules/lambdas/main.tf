locals {
  landing_uri = "${var.lake_uri}/_landing"
  tasks_uri   = coalesce(var.crawl_tasks_uri, "${var.lake_uri}/_crawl/tasks.yaml")

  # The variable of the function that names the secret of a source.
  secret_variables = { alphavantage = "ALPHAVANTAGE_SECRET", finnhub = "FINNHUB_SECRET", reddit = "REDDIT_SECRET" }

  # By function, the secrets of those sources that are asked.
  secrets = {
    news   = { for source, secret in var.secrets : source => secret if contains(var.sources, source) && contains(["alphavantage", "finnhub"], source) }
    social = { for source, secret in var.secrets : source => secret if contains(var.social_sources, source) && source == "reddit" }
  }

  endpoints = { for variable, name in {
    TAPEHOUSE_SENTIMENT_ENDPOINT = var.sentiment_endpoint
    TAPEHOUSE_EMOTION_ENDPOINT   = var.emotion_endpoint
  } : variable => name if name != null }

  functions = { for name, each in {
    news = {
      when        = true
      about       = "Land a day's news"
      handler     = "lambdas.news.handler.handler"
      memory_mb   = 512
      timeout_s   = 600
      is_async    = true
      environment = { TAPEHOUSE_NEWS_SOURCES = join(",", var.sources), TAPEHOUSE_NEWS_SYMBOLS = join(",", var.symbols), TAPEHOUSE_ALPHAVANTAGE_EVERY_H = tostring(var.alphavantage_every_h) }
    }
    social = {
      when        = true
      about       = "Land a day's moods"
      handler     = "lambdas.social.handler.handler"
      memory_mb   = 512
      timeout_s   = 600
      is_async    = true
      environment = { TAPEHOUSE_SOCIAL_SOURCES = join(",", var.social_sources), TAPEHOUSE_SUBREDDITS = join(",", var.subreddits) }
    }
    enrich = {
      when        = true
      about       = "Score what has landed"
      handler     = "lambdas.enrich.handler.handler"
      memory_mb   = 1024
      timeout_s   = 300
      is_async    = false
      environment = merge(local.endpoints, { TAPEHOUSE_SCORER_EDITION = tostring(var.scorer_edition) })
    }
    crawler-schedule = {
      when        = length(var.crawl) > 0
      about       = "Put the crawler's tasks into its queue"
      handler     = "lambdas.crawler.handler.schedule"
      memory_mb   = 256
      timeout_s   = 60
      is_async    = true
      environment = { TAPEHOUSE_CRAWL_TASKS = local.tasks_uri }
    }
    crawler = {
      when        = length(var.crawl) > 0
      about       = "Read the pages of one task"
      handler     = "lambdas.crawler.handler.handler"
      memory_mb   = 1024
      timeout_s   = 300
      is_async    = false
      environment = merge({ TAPEHOUSE_CRAWL_TASKS = local.tasks_uri }, var.crawl_user_agent == null ? {} : { TAPEHOUSE_CRAWL_USER_AGENT = var.crawl_user_agent })
    }
  } : name => each if each.when }

  # Whoever starts them: a schedule or somebody by hand, without waiting for the end.
  batches = { for name, each in local.functions : name => each if each.is_async }
}

# Before the function, or Lambda would make a group of its own, which keeps logs for ever.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group; an own key costs, and kms_key_arn takes one.
  #checkov:skip=CKV_AWS_338:A function's log tells of its last weeks; what it fetched is in the landing. log_days keeps more.
  for_each = local.functions

  name              = "/tapehouse/${var.prefix}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:A function is one step that says in its log what it did; there is no way through several to trace.
  #checkov:skip=CKV_AWS_116:What fails goes on to a queue by the event invoke config, with its error; what comes from a queue, by that queue's redrive.
  #checkov:skip=CKV_AWS_117:It calls the internet and S3; in a VPC that wants a NAT gateway, and its interfaces hold up a destroy for 45 minutes.
  #checkov:skip=CKV_AWS_272:The package is held against the lock's hashes where it is built, and its key names its own hash.
  for_each = local.functions

  function_name = "${var.prefix}-${each.key}"
  description   = each.value.about
  role          = aws_iam_role.this[each.key].arn

  # The package is compiled for these.
  runtime       = "python3.13"
  architectures = ["x86_64"]
  handler       = each.value.handler

  s3_bucket         = var.package.bucket
  s3_key            = var.package.key
  s3_object_version = var.package.version

  memory_size                    = each.value.memory_mb
  timeout                        = each.value.timeout_s
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = merge(
      { TAPEHOUSE_LANDING = local.landing_uri },
      each.value.environment,
      each.key == "crawler-schedule" ? { TAPEHOUSE_CRAWL_QUEUE_URL = aws_sqs_queue.this["crawl"].url } : {},
      { for source, secret in lookup(local.secrets, each.key, {}) : local.secret_variables[source] => secret.name },
      # Nobody reads it: another number is another function, and a warm one that knows the old key is gone.
      { for source, secret in lookup(local.secrets, each.key, {}) : "${local.secret_variables[source]}_VERSION" => tostring(secret.version) },
    )
  }

  # Only of JSON does Lambda take a level. Without one its runtime shows nothing below a warning, since the handler that it
  # gives Python's root logger keeps ours from being set up.
  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.this[each.key].name
  }

  # The first call must find what it may do.
  depends_on = [aws_iam_role_policy.this]
}

# A batch that fails is tried twice more; then its event goes, with the error, to where somebody is told.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = local.batches

  function_name                = aws_lambda_function.this[each.key].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead["batches"].arn
    }
  }
}
