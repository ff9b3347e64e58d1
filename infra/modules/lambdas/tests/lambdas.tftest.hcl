mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/made" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:made" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:made", url = "https://sqs.us-east-1.amazonaws.com/123456789012/made" }
  }
}

variables {
  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"
  lake_uri   = "s3://tapehouse-dev-lake/lake"
  package = {
    bucket  = "code"
    key     = "packages/0123456789abcdef/lambdas.zip"
    version = "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH"
  }
}

run "a_plain_deployment_asks_sources_that_want_no_key_once_a_day" {
  command = plan

  assert {
    condition     = join(" ", sort(keys(aws_lambda_function.this))) == "enrich news social" && output.function_names.news == "tapehouse-dev-news"
    error_message = "There is no crawler that nobody asked for."
  }
  assert {
    condition     = aws_lambda_function.this["news"].environment[0].variables == tomap({ TAPEHOUSE_LANDING = "s3://tapehouse-dev-lake/lake/_landing", TAPEHOUSE_NEWS_SOURCES = "coindesk,cointelegraph", TAPEHOUSE_NEWS_SYMBOLS = "BTC,ETH,SOL,XRP,DOGE", TAPEHOUSE_ALPHAVANTAGE_EVERY_H = "6" })
    error_message = "What the news are told."
  }
  assert {
    condition     = aws_lambda_function.this["social"].environment[0].variables == tomap({ TAPEHOUSE_LANDING = "s3://tapehouse-dev-lake/lake/_landing", TAPEHOUSE_SOCIAL_SOURCES = "fear-greed", TAPEHOUSE_SUBREDDITS = "CryptoCurrency" })
    error_message = "What the moods are told."
  }
  assert {
    condition     = aws_lambda_function.this["enrich"].environment[0].variables == tomap({ TAPEHOUSE_LANDING = "s3://tapehouse-dev-lake/lake/_landing", TAPEHOUSE_SCORER_EDITION = "0" })
    error_message = "No model is asked unless it is named."
  }
  assert {
    condition     = { for name, schedule in aws_scheduler_schedule.this : name => "${schedule.schedule_expression} ${schedule.schedule_expression_timezone} ${one(schedule.flexible_time_window).mode}" } == { news = "cron(0 2 * * ? *) UTC OFF", social = "cron(0 2 * * ? *) UTC OFF" }
    error_message = "Daily at two, to the minute."
  }
}

run "a_function_runs_the_package_that_was_built_for_it" {
  command = plan

  variables {
    crawl = { hourly = "cron(0 * * * ? *)" }
  }

  assert {
    condition = { for name, function in aws_lambda_function.this : name => "${function.handler} ${function.memory_size} ${function.timeout}" } == {
      news             = "lambdas.news.handler.handler 512 600"
      social           = "lambdas.social.handler.handler 512 600"
      enrich           = "lambdas.enrich.handler.handler 1024 300"
      crawler          = "lambdas.crawler.handler.handler 1024 300"
      crawler-schedule = "lambdas.crawler.handler.schedule 256 60"
    }
    error_message = "Handlers, MB and seconds."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.runtime == "python3.13" && function.architectures == tolist(["x86_64"])])
    error_message = "What the package is compiled for."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.s3_bucket == "code" && function.s3_key == "packages/0123456789abcdef/lambdas.zip" && function.s3_object_version == "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH"])
    error_message = "The package by key and version."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : length(function.vpc_config) == 0 && length(function.tracing_config) == 0])
    error_message = "Neither in a VPC nor traced."
  }
  assert {
    condition     = alltrue([for name, function in aws_lambda_function.this : one(function.logging_config).log_group == "/tapehouse/tapehouse-dev/${name}" && one(function.logging_config).application_log_level == "INFO" && aws_cloudwatch_log_group.this[name].retention_in_days == 30])
    error_message = "A log of its own, which shows more than warnings and does not stay for ever."
  }
}

run "the_day_that_is_asked_for_is_the_schedules" {
  command = plan

  variables {
    crawl = { hourly = "cron(0 * * * ? *)" }
  }

  assert {
    condition = { for name, schedule in aws_scheduler_schedule.this : name => one(schedule.target).input } == {
      news         = "{\"time\":\"<aws.scheduler.scheduled-time>\"}"
      social       = "{\"time\":\"<aws.scheduler.scheduled-time>\"}"
      crawl-hourly = "{\"time\":\"<aws.scheduler.scheduled-time>\",\"schedule\":\"hourly\"}"
    }
    error_message = "Scheduler knows its word only with < and > as they are."
  }
  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.this : one(one(schedule.target).retry_policy).maximum_retry_attempts == 5 && one(one(schedule.target).retry_policy).maximum_event_age_in_seconds == 3600])
    error_message = "A call that is not taken is tried again for an hour."
  }
}

run "what_fails_three_times_waits_where_somebody_is_told" {
  command = apply

  variables {
    crawl = { hourly = "cron(0 * * * ? *)" }
  }

  assert {
    condition     = join(" ", sort(keys(aws_lambda_function_event_invoke_config.this))) == "crawler-schedule news social" && alltrue([for config in aws_lambda_function_event_invoke_config.this : config.maximum_retry_attempts == 2 && config.destination_config[0].on_failure[0].destination == aws_sqs_queue.dead["batches"].arn])
    error_message = "What a schedule starts is tried twice more."
  }
  assert {
    condition     = { for name, queue in aws_sqs_queue.this : name => jsondecode(queue.redrive_policy).maxReceiveCount } == { crawl = 3, enrich = 3 }
    error_message = "What comes from a queue is tried three times."
  }
  assert {
    condition     = output.dead_letter_queue_names == { batches = "tapehouse-dev-batches-dead", crawl = "tapehouse-dev-crawl-dead", enrich = "tapehouse-dev-enrich-dead" }
    error_message = "Each has its dead letters."
  }
  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.this : schedule.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead["batches"].arn])
    error_message = "A call that could not be made is told as well."
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.dead : queue.message_retention_seconds == 1209600]) && jsondecode(aws_sqs_queue_redrive_allow_policy.dead["batches"].redrive_allow_policy).redrivePermission == "denyAll"
    error_message = "Two weeks, and from nobody else's queue."
  }
}

run "a_batch_of_messages_is_not_worked_on_twice" {
  command = plan

  variables {
    crawl = { hourly = "cron(0 * * * ? *)" }
  }

  assert {
    condition     = alltrue([for name, queue in aws_sqs_queue.this : queue.visibility_timeout_seconds >= 6 * aws_lambda_function.this[local.queues[name].function].timeout])
    error_message = "A message comes back only after its function must have ended, six times over."
  }
  assert {
    condition     = { for name, mapping in aws_lambda_event_source_mapping.this : name => "${mapping.batch_size} ${one(mapping.scaling_config).maximum_concurrency} ${one(mapping.function_response_types)} ${mapping.enabled}" } == { crawl = "1 2 ReportBatchItemFailures true", enrich = "5 2 ReportBatchItemFailures true" }
    error_message = "What failed is named, and two run at once."
  }
  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.this), values(aws_sqs_queue.dead)) : queue.sqs_managed_sse_enabled])
    error_message = "Every queue is encrypted."
  }
}

run "what_lands_is_scored_and_scores_are_not" {
  command = apply

  assert {
    condition     = aws_s3_bucket_notification.lake.bucket == "tapehouse-dev-lake" && toset([for queue in aws_s3_bucket_notification.lake.queue : "${queue.filter_prefix}*${queue.filter_suffix}"]) == toset(["lake/_landing/news/*.jsonl.gz", "lake/_landing/social/*.jsonl.gz", "lake/_landing/page/*.jsonl.gz"])
    error_message = "News, posts and pages; a score that were scored would never end."
  }
  assert {
    condition     = [for statement in jsondecode(aws_sqs_queue_policy.this["enrich"].policy).Statement : statement.Condition if statement.Effect == "Allow"] == [{ ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::tapehouse-dev-lake" }, StringEquals = { "aws:SourceAccount" = "123456789012" } }]
    error_message = "This bucket of this account, and no other, sends there."
  }
  assert {
    condition     = alltrue([for policy in aws_sqs_queue_policy.this : contains([for statement in jsondecode(policy.policy).Statement : statement.Sid], "OnlyEncrypted")]) && join(" ", sort(keys(aws_sqs_queue_policy.this))) == "batches-dead enrich enrich-dead"
    error_message = "Over TLS alone."
  }
}

run "a_function_may_do_what_it_does_and_nothing_else" {
  command = apply

  variables {
    crawl              = { hourly = "cron(0 * * * ? *)" }
    sources            = ["finnhub", "coindesk"]
    social_sources     = ["reddit"]
    sentiment_endpoint = "FinBERT"
    secrets = {
      finnhub = { name = "tapehouse-dev/finnhub", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf", version = 4 }
      reddit  = { name = "tapehouse-dev/reddit", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/reddit-AbCdEf", version = 1 }
      polygon = { name = "tapehouse-dev/polygon", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/polygon-AbCdEf", version = 1 }
    }
  }

  assert {
    condition = { for name, policy in aws_iam_role_policy.this : name => join(" ", sort(flatten([for statement in jsondecode(policy.policy).Statement : statement.Action]))) } == {
      news             = "logs:CreateLogStream logs:PutLogEvents s3:GetObject s3:ListBucket s3:PutObject secretsmanager:GetSecretValue sqs:SendMessage"
      social           = "logs:CreateLogStream logs:PutLogEvents s3:GetObject s3:ListBucket s3:PutObject secretsmanager:GetSecretValue sqs:SendMessage"
      enrich           = "logs:CreateLogStream logs:PutLogEvents s3:GetObject s3:ListBucket s3:PutObject sagemaker:InvokeEndpoint sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage"
      crawler          = "logs:CreateLogStream logs:PutLogEvents s3:GetObject s3:ListBucket s3:PutObject sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage"
      crawler-schedule = "logs:CreateLogStream logs:PutLogEvents s3:GetObject s3:ListBucket sqs:SendMessage sqs:SendMessage"
    }
    error_message = "A role a function, each for what it does."
  }
  assert {
    condition     = alltrue(flatten([for policy in concat(values(aws_iam_role_policy.this)[*].policy, [aws_iam_role_policy.schedules.policy]) : [for statement in jsondecode(policy).Statement : !strcontains(join(" ", statement.Action), "*") && !contains(statement.Resource, "*")]]))
    error_message = "No action and no resource is a star."
  }
  assert {
    condition     = { for name, policy in aws_iam_role_policy.this : name => [for statement in jsondecode(policy.policy).Statement : statement.Resource if statement.Sid == "ReadKeys"] if contains(["news", "social"], name) } == { news = [["arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf"]], social = [["arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/reddit-AbCdEf"]] }
    error_message = "Each reads the keys of its own sources."
  }
  assert {
    condition = { for name in ["news", "social", "enrich", "crawler"] : name => { for statement in jsondecode(aws_iam_role_policy.this[name].policy).Statement : statement.Sid => join(" ", [for arn in statement.Resource : trimprefix(arn, "arn:aws:s3:::tapehouse-dev-lake/lake/_landing/")]) if contains(["Land", "ReadLanded"], statement.Sid) } } == {
      news    = { Land = "news/*", ReadLanded = "news/*" }
      social  = { Land = "index/* social/*", ReadLanded = "index/* social/*" }
      enrich  = { Land = "score/*", ReadLanded = "news/* social/* page/*" }
      crawler = { Land = "page/* price/*" }
    }
    error_message = "Of the lake each has its part of the landing alone."
  }
  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_role_policy.this["news"].policy).Statement : statement.Condition.StringLikeIfExists["s3:prefix"] if statement.Sid == "FindLanded"]) == ["lake/_landing/news/*"]
    error_message = "Nor does it list any other."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["crawler"].policy).Statement : statement.Resource if statement.Sid == "ReadTasks"] == [["arn:aws:s3:::tapehouse-dev-lake/lake/_crawl/tasks.yaml"]]
    error_message = "And the crawler its tasks."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["enrich"].policy).Statement : statement.Resource if statement.Sid == "AskModels"] == [["arn:aws:sagemaker:us-east-1:123456789012:endpoint/finbert"]] && aws_lambda_function.this["enrich"].environment[0].variables["TAPEHOUSE_SENTIMENT_ENDPOINT"] == "FinBERT"
    error_message = "The endpoint that is named; its ARN is in small letters."
  }
  assert {
    condition     = sort([for statement in jsondecode(aws_iam_role_policy.schedules.policy).Statement : one(statement.Action)]) == sort(["lambda:InvokeFunction", "sqs:SendMessage"]) && jsondecode(aws_iam_role.schedules.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Another account's schedules cannot take the role."
  }
}

run "a_key_is_named_and_its_change_makes_functions_anew" {
  command = plan

  variables {
    sources = ["alphavantage"]
    secrets = {
      alphavantage = { name = "tapehouse-dev/alphavantage", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/alphavantage-AbCdEf", version = 4 }
      finnhub      = { name = "tapehouse-dev/finnhub", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf", version = 1 }
    }
  }

  assert {
    condition     = aws_lambda_function.this["news"].environment[0].variables["ALPHAVANTAGE_SECRET"] == "tapehouse-dev/alphavantage" && aws_lambda_function.this["news"].environment[0].variables["ALPHAVANTAGE_SECRET_VERSION"] == "4"
    error_message = "The name, and the number of the value."
  }
  assert {
    condition     = length([for name in keys(aws_lambda_function.this["news"].environment[0].variables) : name if startswith(name, "FINNHUB")]) == 0 && length([for name in keys(aws_lambda_function.this["social"].environment[0].variables) : name if strcontains(name, "SECRET")]) == 0
    error_message = "Who does not ask a source is not told of its key."
  }
}

run "the_crawler_is_told_its_tasks_and_who_it_is" {
  command = apply

  variables {
    crawl            = { hourly = "cron(0 * * * ? *)", nightly = "cron(0 3 * * ? *)" }
    crawl_tasks_uri  = "s3://desk/crawl/ours.yaml"
    crawl_user_agent = "tapehouse (desk@example.com)"
  }

  assert {
    condition     = aws_lambda_function.this["crawler-schedule"].environment[0].variables == tomap({ TAPEHOUSE_LANDING = "s3://tapehouse-dev-lake/lake/_landing", TAPEHOUSE_CRAWL_TASKS = "s3://desk/crawl/ours.yaml", TAPEHOUSE_CRAWL_QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/made" })
    error_message = "What puts tasks into the queue knows it."
  }
  assert {
    condition     = aws_lambda_function.this["crawler"].environment[0].variables == tomap({ TAPEHOUSE_LANDING = "s3://tapehouse-dev-lake/lake/_landing", TAPEHOUSE_CRAWL_TASKS = "s3://desk/crawl/ours.yaml", TAPEHOUSE_CRAWL_USER_AGENT = "tapehouse (desk@example.com)" })
    error_message = "What reads the pages says who it is."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["crawler"].policy).Statement : "${one(statement.Resource)} ${try(statement.Condition.StringLikeIfExists["s3:prefix"][0], "")}" if contains(["ReadTasks", "FindTasks"], statement.Sid)] == ["arn:aws:s3:::desk/crawl/ours.yaml ", "arn:aws:s3:::desk crawl/ours.yaml"]
    error_message = "Of another bucket it has that file."
  }
  assert {
    condition     = output.schedule_names == { crawl-hourly = "tapehouse-dev-crawl-hourly", crawl-nightly = "tapehouse-dev-crawl-nightly", news = "tapehouse-dev-news", social = "tapehouse-dev-social" }
    error_message = "A schedule a name."
  }
}

run "tasks_are_put_where_the_crawler_looks" {
  command = apply

  variables {
    crawl            = { hourly = "cron(0 * * * ? *)" }
    crawl_tasks_file = "examples/basic/tasks.yaml"
  }

  assert {
    condition     = "s3://${aws_s3_object.tasks[0].bucket}/${aws_s3_object.tasks[0].key}" == aws_lambda_function.this["crawler"].environment[0].variables["TAPEHOUSE_CRAWL_TASKS"]
    error_message = "It reads what was put there."
  }
  assert {
    condition     = aws_s3_object.tasks[0].source_hash == filesha256("examples/basic/tasks.yaml")
    error_message = "Another content is put there anew."
  }
}

run "the_crawler_reads_its_webhooks_secrets_and_no_others" {
  command = apply

  variables {
    crawl         = { hourly = "cron(0 * * * ? *)" }
    crawl_secrets = { hook = { name = "tapehouse-dev/hook", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/hook-AbCdEf" } }
  }

  assert {
    condition     = { for name, policy in aws_iam_role_policy.this : name => flatten([for statement in jsondecode(policy.policy).Statement : statement.Resource if contains(statement.Action, "secretsmanager:GetSecretValue")]) } == { news = [], social = [], enrich = [], crawler-schedule = [], crawler = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/hook-AbCdEf"] }
    error_message = "What sends the pages knows what its headers hold."
  }
}

run "an_own_key_and_an_own_share_are_a_choice" {
  command = plan

  variables {
    kms_key_arn          = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
    reserved_concurrency = 2
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.reserved_concurrent_executions == 2]) && alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/0a1b"])
    error_message = "Each has what is said."
  }
  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.this), values(aws_sqs_queue.dead)) : queue.kms_master_key_id == null])
    error_message = "S3 could not write to a queue that a key encrypts whose policy does not name it."
  }
}

run "an_own_key_is_the_functions_to_use" {
  command = apply

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
  }

  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.this : [for statement in jsondecode(policy.policy).Statement : statement.Resource if statement.Sid == "UseKey"] == [["arn:aws:kms:us-east-1:123456789012:key/0a1b"]]])
    error_message = "What a key encrypts is read and written with it."
  }
}

run "an_emulators_queues_call_nobody" {
  command = plan

  variables {
    emulator = true
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.this : !mapping.enabled]) && length(aws_lambda_event_source_mapping.this) == 1 && length(aws_sqs_queue_redrive_allow_policy.dead) == 0
    error_message = "It is there, and starts no container."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    prefix               = "T"
    partition            = "azure"
    region               = "europe"
    account_id           = "12"
    lake_uri             = "s3://tapehouse-dev-lake/lake/"
    package              = { bucket = "code", key = "lambdas.tar.gz", version = "null" }
    kms_key_arn          = "alias/mine"
    sources              = ["bloomberg"]
    symbols              = ["btc"]
    social_sources       = []
    subreddits           = ["r/CryptoCurrency"]
    cron                 = "rate(1 day)"
    crawl                = { Hourly = "cron(0 * * * ? *)" }
    crawl_tasks_uri      = "tasks.yaml"
    crawl_user_agent     = "bot"
    alphavantage_every_h = 2.5
    scorer_edition       = -1
    sentiment_endpoint   = "fin bert"
    emotion_endpoint     = "-emotion"
    reserved_concurrency = 1
    log_days             = 31
  }

  expect_failures = [
    var.prefix, var.partition, var.region, var.account_id, var.lake_uri, var.package, var.kms_key_arn, var.sources, var.symbols,
    var.social_sources, var.subreddits, var.cron, var.crawl, var.crawl_tasks_uri, var.crawl_user_agent, var.sentiment_endpoint,
    var.alphavantage_every_h, var.scorer_edition,
    var.emotion_endpoint, var.reserved_concurrency, var.log_days,
  ]
}

run "refuses_tasks_and_secrets_of_no_schedule" {
  command = plan

  variables {
    crawl_tasks_file = "examples/basic/tasks.yaml"
    crawl_secrets    = { hook = { name = "hook", arn = "*" } }
  }

  expect_failures = [var.crawl_tasks_file, var.crawl_secrets]
}

run "refuses_a_file_that_is_not_there" {
  command = plan

  variables {
    crawl            = { hourly = "cron(0 * * * ? *)" }
    crawl_tasks_file = "nowhere/tasks.yaml"
  }

  expect_failures = [var.crawl_tasks_file]
}

run "refuses_a_source_without_its_key" {
  command = plan

  variables {
    sources        = ["coindesk", "alphavantage"]
    social_sources = ["reddit"]
  }

  expect_failures = [var.secrets]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
