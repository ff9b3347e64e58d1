mock_provider "aws" {}

variables {
  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"
  readers    = ["arn:aws:iam::123456789012:user/ada", "arn:aws:iam::210987654321:root"]
  operators  = ["arn:aws:iam::123456789012:role/data-engineer"]
  lake_uri   = "s3://tapehouse-dev-lake/teams/lake"
  workgroups = {
    reader   = { name = "tapehouse-dev", results_uri = "s3://tapehouse-dev-results/athena/reader/" }
    operator = { name = "tapehouse-dev-operators", results_uri = "s3://tapehouse-dev-results/athena/operator/" }
  }
  stream_arn     = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades"
  job_arns       = ["arn:aws:glue:us-east-1:123456789012:job/tapehouse-dev-stream"]
  cluster_name   = "tapehouse-dev"
  task_role_arns = ["arn:aws:iam::123456789012:role/tapehouse-dev-backfill"]
  function_arns  = ["arn:aws:lambda:us-east-1:123456789012:function:tapehouse-dev-news"]
  queue_arns     = ["arn:aws:sqs:us-east-1:123456789012:tapehouse-dev-enrich"]

  dead_letter_queue_arns = ["arn:aws:sqs:us-east-1:123456789012:tapehouse-dev-enrich-dead"]
}

run "a_role_is_given_to_whom_it_names_and_with_a_second_factor" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role.this["reader"].assume_role_policy).Statement[0].Principal.AWS == ["arn:aws:iam::123456789012:user/ada", "arn:aws:iam::210987654321:root"]
    error_message = "Readers are who is named."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : jsondecode(role.assume_role_policy).Statement[0].Condition == { Bool = { "aws:MultiFactorAuthPresent" = "true" } }])
    error_message = "Both roles want a second factor."
  }
}

run "an_identity_provider_asks_for_the_second_factor_itself" {
  command = plan

  variables {
    require_mfa = false
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.this : jsondecode(role.assume_role_policy).Statement[0].Condition == {}])
    error_message = "Without the condition the role can be given."
  }
}

run "nobody_named_is_no_role" {
  command = plan

  variables {
    readers   = []
    operators = []
  }

  assert {
    condition     = length(aws_iam_role.this) == 0 && length(aws_iam_role_policy.read) == 0 && length(aws_iam_role_policy.operate) == 0
    error_message = "There is no role that nobody may take."
  }
}

run "readers_read_silver_and_gold" {
  command = plan

  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.read["reader"].policy).Statement : statement.Resource if statement.Sid == "ReadTables"]) == ["arn:aws:s3:::tapehouse-dev-lake/teams/lake/gold/*", "arn:aws:s3:::tapehouse-dev-lake/teams/lake/silver/*"]
    error_message = "Of the lake a reader has silver and gold."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.read["reader"].policy, "bronze") && strcontains(aws_iam_role_policy.read["operator"].policy, "bronze")
    error_message = "Bronze, as it came, is for operators alone."
  }
  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.read["reader"].policy).Statement : statement.Condition.StringLike["s3:prefix"] if statement.Sid == "ListTables"]) == ["teams/lake/gold/*", "teams/lake/silver/*"]
    error_message = "Nor is anything else listed."
  }
  assert {
    condition     = !contains(keys(aws_iam_role_policy.operate), "reader")
    error_message = "A reader runs nothing."
  }
}

run "a_reader_writes_results_and_nothing_else" {
  command = plan

  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_role_policy.read["reader"].policy).Statement : statement.Resource if contains(statement.Action, "s3:PutObject")]) == ["arn:aws:s3:::tapehouse-dev-results/athena/reader/*"]
    error_message = "Athena keeps its results as who asked."
  }
}

run "readers_do_not_read_what_operators_are_answered" {
  command = plan

  assert {
    condition     = { for who in ["operator", "reader"] : who => one(one([for statement in jsondecode(aws_iam_role_policy.read[who].policy).Statement : statement.Resource if statement.Sid == "Ask"])) } == { operator = "arn:aws:athena:us-east-1:123456789012:workgroup/tapehouse-dev-operators", reader = "arn:aws:athena:us-east-1:123456789012:workgroup/tapehouse-dev" }
    error_message = "Each asks a workgroup of its own, and is told of no other's answers."
  }
  assert {
    condition     = { for who in ["operator", "reader"] : who => one(one([for statement in jsondecode(aws_iam_role_policy.read[who].policy).Statement : statement.Resource if statement.Sid == "KeepResults"])) } == { operator = "arn:aws:s3:::tapehouse-dev-results/athena/operator/*", reader = "arn:aws:s3:::tapehouse-dev-results/athena/reader/*" }
    error_message = "Nor is the file of an answer another's to read."
  }
  assert {
    condition     = { for who in ["operator", "reader"] : who => one(one([for statement in jsondecode(aws_iam_role_policy.read[who].policy).Statement : statement.Condition.StringLikeIfExists["s3:prefix"] if statement.Sid == "ListResults"])) } == { operator = "athena/operator/*", reader = "athena/reader/*" }
    error_message = "Nor to list."
  }
}

run "refuses_answers_in_common" {
  command = plan

  variables {
    workgroups = {
      reader   = { name = "tapehouse-dev", results_uri = "s3://tapehouse-dev-results/athena/" }
      operator = { name = "tapehouse-dev-operators", results_uri = "s3://tapehouse-dev-results/athena/operator/" }
    }
  }

  expect_failures = [var.workgroups]
}

run "nobody_deletes" {
  command = plan

  assert {
    condition = length([for action in flatten([for policy in concat(values(aws_iam_role_policy.read)[*].policy, values(aws_iam_role_policy.operate)[*].policy) :
    [for statement in jsondecode(policy).Statement : statement.Action if statement.Sid != "WorkOffDeadLetters"]]) : action if can(regex(":(Delete|Deregister|Terminate|Remove|Create|Attach)", action)) || strcontains(action, "*")]) == 0
    error_message = "No action deletes, makes or is a star."
  }
}

run "a_star_is_a_resource_only_where_there_is_no_other" {
  command = plan

  assert {
    condition = sort(distinct(flatten([for policy in concat(values(aws_iam_role_policy.read)[*].policy, values(aws_iam_role_policy.operate)[*].policy) :
      [for statement in jsondecode(policy).Statement : statement.Action if contains(statement.Resource, "*")]]))) == sort([
      "athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups",
      "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics",
      "ecs:DescribeTaskDefinition", "ecs:ListServices", "ecs:ListTasks",
      "logs:DescribeLogGroups", "logs:GetQueryResults",
    ])
    error_message = "AWS has no narrower form of these, and of everything else it has."
  }
}

run "an_operator_runs_this_deployment" {
  command = plan

  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.operate["operator"].policy).Statement : statement.Resource if statement.Sid == "RunJobs"]) == ["arn:aws:glue:us-east-1:123456789012:job/tapehouse-dev-stream"]
    error_message = "The deployment's jobs."
  }
  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.operate["operator"].policy).Statement : statement.Resource if statement.Sid == "RunProducers"]) == ["arn:aws:ecs:us-east-1:123456789012:service/tapehouse-dev/tapehouse-dev-producer-*"]
    error_message = "Its producers."
  }
  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.operate["operator"].policy).Statement : statement if statement.Sid == "PassBackfillsRoles"]) == { Sid = "PassBackfillsRoles", Effect = "Allow", Action = ["iam:PassRole"], Resource = ["arn:aws:iam::123456789012:role/tapehouse-dev-backfill"], Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } } }
    error_message = "The backfill's roles are passed on, to ECS alone."
  }
}

run "an_operator_fetches_a_day_and_sends_dead_letters_back" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.operate["operator"].policy).Statement : statement.Sid => statement.Resource if contains(["FetchByHand", "WorkOffDeadLetters", "SendBack"], statement.Sid) } == {
      FetchByHand        = ["arn:aws:lambda:us-east-1:123456789012:function:tapehouse-dev-news"]
      WorkOffDeadLetters = ["arn:aws:sqs:us-east-1:123456789012:tapehouse-dev-enrich-dead"]
      SendBack           = ["arn:aws:sqs:us-east-1:123456789012:tapehouse-dev-enrich"]
    }
    error_message = "The functions and queues that are named, and no others."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.operate["operator"].policy).Statement : statement.Sid if contains(statement.Action, "sqs:DeleteMessage")] == ["WorkOffDeadLetters"]
    error_message = "Of messages only dead letters are deleted."
  }
}

run "operators_see_functions_and_start_metabase_anew" {
  command = plan

  variables {
    metabase_service = { cluster = "tapehouse-dev-metabase", name = "tapehouse-dev-metabase" }
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.operate["operator"].policy).Statement : statement.Sid => statement.Resource if contains(["SeeFunctions", "RestartMetabase"], statement.Sid) } == {
      SeeFunctions    = ["arn:aws:lambda:us-east-1:123456789012:function:tapehouse-dev-*"]
      RestartMetabase = ["arn:aws:ecs:us-east-1:123456789012:service/tapehouse-dev-metabase/tapehouse-dev-metabase"]
    }
    error_message = "The deployment's functions, and the one service."
  }
}

run "without_metabase_there_are_no_rights_on_it" {
  command = plan

  assert {
    condition     = !strcontains(aws_iam_role_policy.operate["operator"].policy, "etabase")
    error_message = "What is not there needs no right."
  }
}

run "without_functions_there_are_no_rights_on_them" {
  command = plan

  variables {
    function_arns          = []
    queue_arns             = []
    dead_letter_queue_arns = []
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.operate["operator"].policy, "lambda:") && !strcontains(aws_iam_role_policy.operate["operator"].policy, "sqs:")
    error_message = "What is not there needs no right."
  }
}

run "without_a_cluster_there_are_no_rights_on_one" {
  command = plan

  variables {
    cluster_name   = null
    task_role_arns = []
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.operate["operator"].policy, "ecs") && !strcontains(aws_iam_role_policy.operate["operator"].policy, "iam:PassRole")
    error_message = "What is not there needs no right."
  }
}

run "policies_fit_into_a_role" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/0a1b"
  }

  assert {
    condition     = sum([for policy in [aws_iam_role_policy.read["operator"].policy, aws_iam_role_policy.operate["operator"].policy] : length(replace(policy, "/\\s/", ""))]) <= 10240
    error_message = "IAM takes 10,240 characters of a role's inline policies."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    prefix     = "T"
    partition  = "azure"
    region     = "europe"
    account_id = "12"
    readers    = ["*"]
    operators  = ["arn:aws:iam::123456789012:group/all"]
    session_s  = 60
    lake_uri   = "s3://tapehouse-dev-lake"
    workgroups = {
      reader   = { name = "a b", results_uri = "s3://tapehouse-dev-results/athena/reader/" }
      operator = { name = "tapehouse-dev-operators", results_uri = "tapehouse-dev-results" }
    }
    databases       = { bronze = "bronze" }
    bronze_database = "Bronze"
    kms_key_arn     = "alias/mine"
    stream_arn      = "tapehouse-dev-trades"
    job_arns        = ["*"]
    cluster_name    = "a b"
    task_role_arns  = ["*"]
    function_arns   = ["*"]
    queue_arns      = ["*"]

    dead_letter_queue_arns = ["*"]
    metabase_service       = { cluster = "a b", name = "*" }
  }

  expect_failures = [
    var.prefix, var.partition, var.region, var.account_id, var.readers, var.operators, var.session_s, var.lake_uri,
    var.workgroups, var.databases, var.bronze_database, var.kms_key_arn, var.stream_arn,
    var.job_arns, var.cluster_name, var.task_role_arns, var.function_arns, var.queue_arns, var.dead_letter_queue_arns,
    var.metabase_service,
  ]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
