mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:tapehouse-dev-alarms" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b" }
  }
}

variables {
  prefix                   = "tapehouse-dev"
  region                   = "us-east-1"
  account_id               = "123456789012"
  emails                   = ["desk@example.com"]
  stream_name              = "tapehouse-dev-trades"
  producers                = ["kraken"]
  producers_log_group_name = "/tapehouse/tapehouse-dev/producers"
  job_names                = ["tapehouse-dev-refresh", "tapehouse-dev-stream"]
  job_log_group_names      = { stream = "/tapehouse/tapehouse-dev/stream", refresh = "/tapehouse/tapehouse-dev/refresh" }
  cluster_name             = "tapehouse-dev"
  workgroup_names          = ["tapehouse-dev", "tapehouse-dev-operators"]
  function_names           = { news = "tapehouse-dev-news", enrich = "tapehouse-dev-enrich" }
  daily_functions          = ["news"]
  queue_names              = { enrich = "tapehouse-dev-enrich" }
  dead_letter_queue_names  = { batches = "tapehouse-dev-batches-dead" }
  budget                   = { usd = 200 }
}

run "what_an_operator_of_market_data_wants_to_hear" {
  command = plan

  assert {
    condition = sort(output.alarm_names) == sort([for name in [
      "athena-scanned", "day-missed-news", "dead-letters-batches", "function-failing-enrich", "function-failing-news",
      "function-throttled-enrich", "function-throttled-news", "gap-left-open", "gold-stale", "producer-behind-kraken",
      "producer-silent-kraken", "quarantined", "query-stuck", "queue-waits-enrich", "stream-behind", "stream-gap", "stream-reads-throttled",
      "stream-silent", "stream-writes-throttled",
    ] : "tapehouse-dev-${name}"])
    error_message = "An alarm is missing, or is one too many."
  }
  assert {
    condition     = sort(output.rule_names) == sort([for name in ["deployment-failed", "job-failed", "producer-stopped"] : "tapehouse-dev-${name}"])
    error_message = "A rule is missing, or is one too many."
  }
}

run "every_alarm_says_what_it_means_and_is_told" {
  command = apply

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.math)) : length(alarm.alarm_description) > 80 && length(alarm.alarm_description) <= 1024])
    error_message = "CloudWatch takes descriptions of up to 1,024 characters."
  }
  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.math)) : toset(alarm.alarm_actions) == toset([aws_sns_topic.this.arn]) && toset(alarm.ok_actions) == toset([aws_sns_topic.this.arn])])
    error_message = "The topic hears of the alarm and of its end."
  }
  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.math)) : (alarm.treat_missing_data == "missing") == (length(alarm.insufficient_data_actions) == 1)])
    error_message = "Where no data is news, it is told."
  }
  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.this : target.arn == aws_sns_topic.this.arn && length(target.input_transformer[0].input_template) <= 8192])
    error_message = "Each event becomes a sentence on the topic."
  }
  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.description) <= 512])
    error_message = "EventBridge takes descriptions of up to 512 characters."
  }
}

run "silence_is_news_and_a_throttle_is_not" {
  command = plan

  assert {
    condition     = [for name in ["stream-behind", "stream-silent", "producer-silent-kraken"] : aws_cloudwatch_metric_alarm.this[name].treat_missing_data] == ["missing", "missing", "missing"]
    error_message = "Who stopped talking is heard once; who never ran is not."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["stream-writes-throttled"].treat_missing_data == "notBreaching" && aws_cloudwatch_metric_alarm.this["stream-writes-throttled"].evaluation_periods == 3 && aws_cloudwatch_metric_alarm.this["stream-writes-throttled"].threshold == 99
    error_message = "A hundred throttles in five minutes, three times in a row."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["producer-silent-kraken"].dimensions == tomap({ producer = "kraken" }) && aws_cloudwatch_metric_alarm.this["producer-silent-kraken"].comparison_operator == "LessThanThreshold"
    error_message = "A feed that confirms nothing is silent."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["stream-gap"].threshold == 0 && aws_cloudwatch_metric_alarm.this["stream-gap"].evaluation_periods == 1
    error_message = "One record that was lost is an alarm at once."
  }
}

run "what_lies_between_two_looks_is_no_lag" {
  command = plan

  variables {
    read_every_s = 3600
    behind_s     = 600
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["stream-behind"].period == 7200 && aws_cloudwatch_metric_alarm.this["stream-behind"].threshold == 4200000
    error_message = "An hourly refresh finds records of an hour, and is seen every two."
  }
  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.math["gold-stale"].metric_query : query.metric[0].period if query.id == "incoming"]) == 7200
    error_message = "Candles come no oftener than the refresh."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.period * alarm.evaluation_periods <= (alarm.period < 3600 ? 86400 : 604800)])
    error_message = "CloudWatch looks back a day, or a week where a period is an hour or more."
  }
}

run "numbers_are_read_from_the_lines_that_there_are" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_metric_filter.producer["ConfirmedPerSecond"].pattern == "{ $.producer = * && $.confirmed_per_s = * }" && aws_cloudwatch_log_metric_filter.producer["ConfirmedPerSecond"].metric_transformation[0].value == "$.confirmed_per_s" && aws_cloudwatch_log_metric_filter.producer["ConfirmedPerSecond"].metric_transformation[0].dimensions == tomap({ producer = "$.producer" })
    error_message = "Each feed's own number."
  }
  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.job) == 12 && aws_cloudwatch_log_metric_filter.job["refresh-Quarantined"].log_group_name == "/tapehouse/tapehouse-dev/refresh"
    error_message = "Every number and event of every job."
  }
  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.job : filter.metric_transformation[0].namespace == "Tapehouse/tapehouse-dev"])
    error_message = "Two deployments of one account do not mix."
  }
}

run "only_this_deployment_and_the_accounts_budgets_write_to_the_topic" {
  command = apply

  assert {
    condition = { for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Principal.Service => try(statement.Condition.ArnLike["aws:SourceArn"], "any") if statement.Effect == "Allow" } == {
      "budgets.amazonaws.com"    = "arn:aws:budgets::123456789012:*"
      "cloudwatch.amazonaws.com" = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:tapehouse-dev-*"
      "events.amazonaws.com"     = "any"
    }
    error_message = "Three services, each for what is of this deployment; EventBridge says neither account nor source."
  }
  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : try(statement.Condition, null) if try(statement.Principal.Service, "") == "events.amazonaws.com"] == [null]
    error_message = "With a condition on the key no event arrives."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Action == "sns:Publish" && statement.Resource == aws_sns_topic.this.arn])
    error_message = "They publish, and to this topic."
  }
  assert {
    condition     = sort([for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Principal.Service if try(statement.Principal.Service, null) != null]) == sort(["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"])
    error_message = "Who publishes may use the key, or nothing arrives."
  }
  assert {
    condition     = !strcontains(aws_kms_key.this.policy, "kms:*") && aws_kms_key.this.enable_key_rotation && aws_sns_topic.this.kms_master_key_id == aws_kms_key.this.arn
    error_message = "The topic is encrypted by a key that changes, and nobody may do everything with it."
  }
}

run "events_of_this_deployment_are_told" {
  command = plan

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["job-failed"].event_pattern).detail == { jobName = ["tapehouse-dev-refresh", "tapehouse-dev-stream"], state = ["FAILED", "TIMEOUT", "ERROR"] }
    error_message = "Its jobs' failures."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["producer-stopped"].event_pattern).detail.clusterArn == ["arn:aws:ecs:us-east-1:123456789012:cluster/tapehouse-dev"] && jsondecode(aws_cloudwatch_event_rule.this["deployment-failed"].event_pattern).resources == [{ prefix = "arn:aws:ecs:us-east-1:123456789012:service/tapehouse-dev/" }]
    error_message = "Its cluster's failures."
  }
  assert {
    condition     = contains([for either in jsondecode(aws_cloudwatch_event_rule.this["producer-stopped"].event_pattern).detail["$or"] : try(either.stopCode, null)], ["TaskFailedToStart"])
    error_message = "A task that cannot begin has no exit code."
  }
}

run "the_budget_tells_before_the_month_is_over" {
  command = apply

  assert {
    condition     = aws_budgets_budget.this[0].limit_amount == "200" && toset([for notification in aws_budgets_budget.this[0].notification : "${notification.notification_type} ${notification.threshold}"]) == toset(["ACTUAL 80", "FORECASTED 100"])
    error_message = "At 80 % of what was spent, and at 100 % of what is to be."
  }
  assert {
    condition     = length(aws_budgets_budget.this[0].cost_filter) == 0
    error_message = "Without a tag the account is counted."
  }
}

run "a_budget_counts_what_a_tag_says" {
  command = plan

  variables {
    budget = { usd = 50, tag = "project", tag_value = "tapehouse-dev" }
  }

  assert {
    condition     = toset(one(aws_budgets_budget.this[0].cost_filter).values) == toset(["user:project$tapehouse-dev"])
    error_message = "The tag and its value are the filter."
  }
}

run "an_emulator_knows_no_budgets" {
  command = plan

  variables {
    emulator = true
  }

  assert {
    condition     = length(aws_budgets_budget.this) == 0
    error_message = "Nothing else is left out, and no budget is made."
  }
}

run "a_day_that_nobody_fetched_is_told_and_a_late_run_is_none" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.math["day-missed-news"].evaluation_periods == 26 && alltrue([for query in aws_cloudwatch_metric_alarm.math["day-missed-news"].metric_query : query.metric[0].period == 3600 && query.metric[0].dimensions == tomap({ FunctionName = "tapehouse-dev-news" }) if query.id != "result"])
    error_message = "None of 26 hours had a run that ended well."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.math["day-missed-news"].treat_missing_data == "missing"
    error_message = "A function that nobody calls any more is silent, which is told; one that was never called is not."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["function-failing-news"].threshold == 2 && aws_cloudwatch_metric_alarm.this["function-failing-news"].comparison_operator == "GreaterThanThreshold"
    error_message = "A call that ends well at its second or third try is no alarm."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["queue-waits-enrich"].threshold == 7200 && aws_cloudwatch_metric_alarm.this["dead-letters-batches"].threshold == 0
    error_message = "A message may wait for its three tries; a dead letter is told at once."
  }
}

run "less_to_watch_is_less_to_alarm" {
  command = plan

  variables {
    producers                = []
    producers_log_group_name = null
    job_log_group_names      = {}
    cluster_name             = null
    function_names           = {}
    daily_functions          = []
    queue_names              = {}
    dead_letter_queue_names  = {}
    emails                   = []
    budget                   = null
  }

  assert {
    condition     = sort(output.alarm_names) == sort([for name in ["athena-scanned", "stream-behind", "stream-reads-throttled", "stream-silent", "stream-writes-throttled"] : "tapehouse-dev-${name}"])
    error_message = "The stream and the questions are watched in any case."
  }
  assert {
    condition     = output.rule_names == tolist(["tapehouse-dev-job-failed"]) && length(aws_budgets_budget.this) == 0 && length(aws_sns_topic_subscription.email) == 0
    error_message = "A job's failure is told in any case."
  }
}

run "the_dashboard_shows_each_feed" {
  command = apply

  variables {
    producers = ["kraken", "coinbase"]
  }

  assert {
    condition     = [for metric in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[1].properties.metrics : metric[3]] == ["coinbase", "kraken"]
    error_message = "A line a producer."
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms) == length(output.alarm_names)
    error_message = "All alarms are on it."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    prefix                  = "T"
    partition               = "azure"
    region                  = "europe"
    account_id              = "12"
    emails                  = ["desk"]
    stream_name             = "a b"
    producers               = ["KRAKEN"]
    job_names               = ["a b"]
    job_log_group_names     = { stream = "a b" }
    cluster_name            = "tape house"
    workgroup_names         = ["a b"]
    function_names          = { news = "a.b" }
    queue_names             = { enrich = "a.b" }
    dead_letter_queue_names = { enrich = "a.b" }
    read_every_s            = 0
    behind_s                = 1
    throttled               = 0
    quarantined_percent     = 101
    scanned_gb              = 0
    budget                  = { usd = 0 }
  }

  expect_failures = [
    var.prefix, var.partition, var.region, var.account_id, var.emails, var.stream_name, var.producers, var.job_names, var.job_log_group_names,
    var.cluster_name, var.workgroup_names, var.function_names, var.queue_names, var.dead_letter_queue_names, var.read_every_s, var.behind_s, var.throttled,
    var.quarantined_percent, var.scanned_gb, var.budget,
  ]
}

run "refuses_a_day_of_a_function_that_there_is_not" {
  command = plan

  variables {
    daily_functions = ["social"]
  }

  expect_failures = [var.daily_functions]
}

run "refuses_producers_without_their_log" {
  command = plan

  variables {
    producers_log_group_name = null
  }

  expect_failures = [var.producers_log_group_name]
}

run "all_questions_of_a_day_are_counted_together" {
  command = plan

  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.math["athena-scanned"].metric_query : query.expression if query.id == "result"]) == "FILL(scanned0, 0) + FILL(scanned1, 0)" && aws_cloudwatch_metric_alarm.math["athena-scanned"].threshold == 200000000000
    error_message = "What may be read in a day is a sum."
  }
  assert {
    condition     = join(" ", sort([for query in aws_cloudwatch_metric_alarm.math["athena-scanned"].metric_query : query.metric[0].dimensions["WorkGroup"] if query.id != "result"])) == "tapehouse-dev tapehouse-dev-operators"
    error_message = "Readers' questions and operators'."
  }
}

run "refuses_half_a_tag" {
  command = plan

  variables {
    budget = { usd = 50, tag = "project" }
  }

  expect_failures = [var.budget]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
