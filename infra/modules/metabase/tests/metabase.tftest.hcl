mock_provider "aws" {
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/made" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/made:7" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/made" }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/made/1", arn_suffix = "app/made/1" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/made/2", arn_suffix = "targetgroup/made/2" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/made/1/3" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:made-AbCdEf" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-1" }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      address            = "made.rds.amazonaws.com"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1-AbCdEf", kms_key_id = "", secret_status = "active" }]
    }
  }
}

variables {
  prefix                   = "tapehouse-dev"
  region                   = "us-east-1"
  account_id               = "123456789012"
  vpc_id                   = "vpc-1"
  task_subnet_ids          = ["subnet-1", "subnet-2"]
  database_subnet_ids      = ["subnet-3", "subnet-4"]
  load_balancer_subnet_ids = ["subnet-1", "subnet-2"]
  allowed_cidrs            = ["203.0.113.0/24"]
  host                     = "metabase.example.com"
  certificate_arn          = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  image                    = "metabase/metabase:v0.64.6.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  admin_email              = "data@example.com"
  lake_uri                 = "s3://tapehouse-dev-lake/lake"
  workgroup                = { name = "tapehouse-dev", results_uri = "s3://tapehouse-dev-results/athena/reader/" }
  alarm_topic_arn          = "arn:aws:sns:us-east-1:123456789012:tapehouse-dev-alarms"
}

# Applied once, with everything at its default, and looked at from all sides.
run "as_it_is_by_default" {
  command = apply

  variables {
    secret_values = { encryption-key = "not-a-real-key-at-all", admin-password = "not-a-real-password-1" }
  }

  # -- who gets in
  assert {
    condition     = aws_lb.this.internal && aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_deletion_protection
    error_message = "The load balancer is seen from inside alone."
  }
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.balancer : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"] == ["203.0.113.0/24 443-443"]
    error_message = "In come those who are allowed, by HTTPS, and nobody else."
  }
  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13") && [for action in aws_lb_listener.https.default_action : action.type] == ["forward"]
    error_message = "The only listener speaks TLS, and leads to the task."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.task.from_port == 3000 && aws_vpc_security_group_ingress_rule.task.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.database.cidr_ipv4 == null
    error_message = "Task and database are reached from the one before them, by no address."
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.sign_in) == 0
    error_message = "Where nobody signs in before it, the load balancer reaches the task alone."
  }

  # -- the path that instances were taken over through
  assert {
    condition = (
      aws_lb_listener_rule.reset_password.priority == 1 &&
      one(aws_lb_listener_rule.reset_password.action).type == "fixed-response" &&
      one(one(aws_lb_listener_rule.reset_password.action).fixed_response).status_code == "403" &&
      flatten([for condition in aws_lb_listener_rule.reset_password.condition : [for path in condition.path_pattern : tolist(path.values)]]) == ["*session*reset*password*"]
    )
    error_message = "Whatever is written around it, the path is answered 403 before anything else is looked at."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["metabase-reset-password"].metric_name == "HTTP_Fixed_Response_Count" &&
      aws_cloudwatch_metric_alarm.this["metabase-reset-password"].threshold == 1 &&
      aws_cloudwatch_metric_alarm.this["metabase-reset-password"].dimensions == tomap({ LoadBalancer = "app/made/1" }) &&
      aws_cloudwatch_metric_alarm.this["metabase-reset-password"].alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:tapehouse-dev-alarms"])
    )
    error_message = "Who tries it is told of; the doctor's one question is not."
  }

  # -- what runs
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].image == var.image
    error_message = "The image is the one that was said, digest and all."
  }
  assert {
    condition = { for pair in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : pair.name => pair.value } == {
      AWS_REGION                                 = "us-east-1"
      JAVA_TIMEZONE                              = "UTC"
      JAVA_TOOL_OPTIONS                          = "-Xmx3072m -XX:+ExitOnOutOfMemoryError"
      MB_ANON_TRACKING_ENABLED                   = "false"
      MB_APPLICATION_DB_MAX_CONNECTION_POOL_SIZE = "15"
      MB_DB_DBNAME                               = "metabase"
      MB_DB_HOST                                 = "made.rds.amazonaws.com"
      MB_DB_PORT                                 = "5432"
      MB_DB_TYPE                                 = "postgres"
      MB_ENABLE_PUBLIC_SHARING                   = "false"
      MB_JETTY_HOST                              = "0.0.0.0"
      MB_JETTY_PORT                              = "3000"
      MB_LOAD_SAMPLE_CONTENT                     = "false"
      MB_PASSWORD_LENGTH                         = "15"
      MB_SITE_URL                                = "https://metabase.example.com"
    }
    error_message = "What Metabase is told."
  }
  assert {
    condition = { for pair in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets : pair.name => pair.valueFrom } == {
      MB_DB_PASS               = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1-AbCdEf:password::"
      MB_DB_USER               = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1-AbCdEf:username::"
      MB_ENCRYPTION_SECRET_KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:made-AbCdEf"
    }
    error_message = "Secrets come from Secrets Manager when the task starts; the administrator's is not among them."
  }
  assert {
    condition = (
      aws_ecs_service.this.deployment_maximum_percent == 100 && aws_ecs_service.this.deployment_minimum_healthy_percent == 0 &&
      aws_ecs_service.this.desired_count == 1
    )
    error_message = "Never two versions on one database."
  }
  assert {
    condition = (
      aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback && aws_ecs_service.this.wait_for_steady_state &&
      aws_ecs_service.this.health_check_grace_period_seconds == 900 && aws_lb_target_group.this.health_check[0].path == "/api/health" && aws_lb_target_group.this.health_check[0].matcher == "200"
    )
    error_message = "It has time to start; a revision that does not come up is rolled back, and apply waits for it."
  }

  # -- its database
  assert {
    condition = (
      aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.backup_retention_period == 14 &&
      aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_subnet_group.this.subnet_ids == toset(["subnet-3", "subnet-4"])
    )
    error_message = "What people drew is encrypted, private, kept, and not deleted by mistake."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.password_wo == null
    error_message = "RDS keeps its password itself."
  }
  assert {
    condition     = one([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"]) == "1" && aws_db_parameter_group.this.family == "postgres17"
    error_message = "No connection is unencrypted."
  }
  assert {
    condition = (
      [for rules in aws_secretsmanager_secret_rotation.database[0].rotation_rules : "${rules.schedule_expression} ${rules.duration}"] == ["cron(0 3 1 1,4,7,10 ? *) 1h"] &&
      aws_secretsmanager_secret_rotation.database[0].rotate_immediately == false &&
      aws_scheduler_schedule.restart.schedule_expression == "cron(15 4 1 1,4,7,10 ? *)" && aws_scheduler_schedule.restart.schedule_expression_timezone == "UTC"
    )
    error_message = "The task starts anew after the hour in which the password changes, on the same days."
  }
  assert {
    condition     = jsondecode(aws_scheduler_schedule.restart.target[0].input) == { Cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/made", ForceNewDeployment = true, Service = "tapehouse-dev-metabase" }
    error_message = "It is the same revision that starts anew."
  }

  # -- its secrets
  assert {
    condition     = sort([for secret in aws_secretsmanager_secret.this : secret.name]) == tolist(["tapehouse-dev/metabase-admin-password", "tapehouse-dev/metabase-encryption-key"])
    error_message = "A secret is named <prefix>/metabase-<what>."
  }
  assert {
    condition     = alltrue([for made in aws_secretsmanager_secret_version.this : try(made.secret_string, null) == null && made.secret_string_wo == null && made.secret_string_wo_version == 1])
    error_message = "Values are given by the write-only argument alone, which no plan and no state keeps."
  }

  # -- what it may do
  assert {
    condition = sort(flatten([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Action if contains(statement.Resource, "*")])) == tolist([
      "athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups",
    ])
    error_message = "A star is a resource only of the actions that know no other."
  }
  assert {
    condition = alltrue(flatten([for policy in [aws_iam_role_policy.task.policy, aws_iam_role_policy.execution.policy, aws_iam_role_policy.restart.policy] :
    [for statement in jsondecode(policy).Statement : [for action in statement.Action : !strcontains(action, "*")]]]))
    error_message = "No action is a star."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Resource if contains(statement.Action, "athena:StartQueryExecution")] == [["arn:aws:athena:us-east-1:123456789012:workgroup/tapehouse-dev"]]
    error_message = "It asks its own workgroup, whose limits hold."
  }
  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Sid => statement.Resource if contains(["SeeTables", "ReadTables", "KeepResults"], statement.Sid) } == {
      KeepResults = ["arn:aws:s3:::tapehouse-dev-results/athena/reader/*"]
      ReadTables  = ["arn:aws:s3:::tapehouse-dev-lake/lake/gold/*", "arn:aws:s3:::tapehouse-dev-lake/lake/silver/*"]
      SeeTables = [
        "arn:aws:glue:us-east-1:123456789012:catalog", "arn:aws:glue:us-east-1:123456789012:database/default",
        "arn:aws:glue:us-east-1:123456789012:database/gold", "arn:aws:glue:us-east-1:123456789012:database/silver",
        "arn:aws:glue:us-east-1:123456789012:table/gold/*", "arn:aws:glue:us-east-1:123456789012:table/silver/*",
      ]
    }
    error_message = "Of the lake it reads silver and gold, and writes results alone."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Sid == "KeepResults" || !anytrue([for action in statement.Action : can(regex("s3:(Put|Delete)|glue:(Create|Update|Delete)|secretsmanager", action))])])
    error_message = "It changes no table, and reads no secret."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"] == [["arn:aws:secretsmanager:us-east-1:123456789012:secret:made-AbCdEf", "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1-AbCdEf"]]
    error_message = "What starts it reads its two secrets."
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.task, aws_iam_role.execution, aws_iam_role.restart] : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"])
    error_message = "Nobody of another account can take a role."
  }

  # -- what is told
  assert {
    condition     = output.alarm_names == tolist(["tapehouse-dev-metabase-database-busy", "tapehouse-dev-metabase-database-full", "tapehouse-dev-metabase-down", "tapehouse-dev-metabase-errors", "tapehouse-dev-metabase-reset-password", "tapehouse-dev-metabase-unanswered"])
    error_message = "Each alarm is named by the deployment: its topic lets no others in."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["metabase-down"].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.this["metabase-down"].treat_missing_data == "breaching"
    error_message = "That there is no target at all is an alarm."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.stopped.event_pattern).detail.clusterArn == ["arn:aws:ecs:us-east-1:123456789012:cluster/made"] && aws_cloudwatch_event_target.stopped.arn == var.alarm_topic_arn
    error_message = "A task that ends by itself is told of."
  }
  assert {
    condition     = output.address == "https://metabase.example.com" && output.admin.name == "tapehouse-dev/metabase-admin-password" && output.task_definition_arn == "arn:aws:ecs:us-east-1:123456789012:task-definition/made:7"
    error_message = "What is needed to look at it, to provision it, and to see whether it was rolled back."
  }
}

run "the_emulator_is_not_waited_for" {
  command = plan

  variables {
    emulator = true
  }

  assert {
    condition     = aws_ecs_service.this.wait_for_steady_state == false && length(aws_secretsmanager_secret_rotation.database) == 0
    error_message = "It starts no task, and knows no rotation of what RDS keeps."
  }
}

run "all_that_can_be_chosen" {
  command = plan

  variables {
    prefix               = "tapehouse-a-long-environment"
    internal             = false
    allowed_cidrs        = ["0.0.0.0/0"]
    open_to_everyone     = true
    machine_cidrs        = ["198.51.100.7/32"]
    zone_id              = "Z0123456789ABC"
    access_log_bucket    = "logs"
    oidc                 = { issuer = "https://id.example.com", authorization_endpoint = "https://id.example.com/a", token_endpoint = "https://id.example.com/t", user_info_endpoint = "https://id.example.com/u", client_id = "metabase" }
    oidc_client_secret   = "not-a-real-secret"
    image                = "123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/metabase/metabase:v0.64.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    image_repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/docker-hub/metabase/metabase"
    architecture         = "ARM64"
    assign_public_ip     = true
    deletion_protection  = false
    kms_key_arn          = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    secret_versions      = { admin-password = 2 }
  }

  assert {
    condition     = [for action in aws_lb_listener.https.default_action : action.type] == ["authenticate-oidc", "forward"] && length(aws_vpc_security_group_egress_rule.sign_in) == 1
    error_message = "Who comes signs in first, and the load balancer reaches the provider."
  }
  assert {
    condition     = aws_lb_listener_rule.machines[0].priority == 2 && one(aws_lb_listener_rule.machines[0].action).type == "forward"
    error_message = "Machines need no browser; the path that is refused is refused to them too."
  }
  assert {
    condition     = length(aws_lb.this.name) <= 32 && startswith(aws_lb.this.name, "tapehouse-a-long-environm-") && !aws_lb.this.internal
    error_message = "AWS takes 32 characters of a load balancer's name, and they tell deployments apart."
  }
  assert {
    condition     = aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.kms_key_id == var.kms_key_arn && aws_db_instance.this.master_user_secret_kms_key_id == var.kms_key_arn
    error_message = "What is not protected leaves nothing; the own key encrypts the database and its secret."
  }
  assert {
    condition     = { for what, made in aws_secretsmanager_secret_version.this : what => made.secret_string_wo_version } == { admin-password = 2, encryption-key = 1 }
    error_message = "Each value has a number of its own."
  }
  assert {
    condition     = aws_route53_record.this[0].name == "metabase.example.com"
    error_message = "With a zone the name leads there."
  }
}

run "cognito_keeps_the_secret_out_of_the_state" {
  command = plan

  variables {
    cognito = { user_pool_arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI", client_id = "1example23456789", domain = "tapehouse" }
  }

  assert {
    condition     = [for action in aws_lb_listener.https.default_action : action.type] == ["authenticate-cognito", "forward"] && length(aws_lb_listener_rule.machines) == 0
    error_message = "A pool is signed in to by its client's id alone."
  }
}

# -- what is refused ---------------------------------------------------------------------------------------------------

run "refuses_a_version_below_the_floor_and_everyone" {
  command = plan

  variables {
    image         = "metabase/metabase:v0.63.18.9@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    allowed_cidrs = ["203.0.113.0/24", "0.0.0.0/0"]
  }

  expect_failures = [var.image, var.allowed_cidrs]
}

run "refuses_a_version_just_below_the_floor_and_everyone_in_two_halves" {
  command = plan

  variables {
    image         = "metabase/metabase:v0.64.0.99@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    allowed_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.image, var.allowed_cidrs]
}

run "refuses_a_tag_without_a_digest_and_a_provider_without_its_secret" {
  command = plan

  variables {
    image           = "metabase/metabase:v0.64.6.2"
    oidc            = { issuer = "https://id.example.com", authorization_endpoint = "https://id.example.com/a", token_endpoint = "https://id.example.com/t", user_info_endpoint = "https://id.example.com/u", client_id = "metabase" }
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    memory_mb       = 1024
  }

  expect_failures = [var.image, var.oidc, var.certificate_arn, var.memory_mb]
}

run "refuses_a_tag_that_moves_and_weak_secrets" {
  command = plan

  variables {
    image         = "metabase/metabase:v0.64.6.x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    secret_values = { encryption-key = "too-short", admin-password = "no-digit-in-this-one", other = "value" }
  }

  expect_failures = [var.image, var.secret_values]
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    prefix                   = "T"
    partition                = "azure"
    region                   = "europe"
    account_id               = "12"
    vpc_id                   = "mine"
    task_subnet_ids          = []
    database_subnet_ids      = ["subnet-1"]
    load_balancer_subnet_ids = ["subnet-1"]
    allowed_cidrs            = []
    host                     = "https://metabase.example.com/"
    zone_id                  = "zone"
    access_log_bucket        = "A"
    cognito                  = { user_pool_arn = "pool", client_id = "Client", domain = "" }
    session_s                = 1
    machine_cidrs            = ["0.0.0.0/0"]
    image_repository_arn     = "metabase"
    architecture             = "arm"
    cpu                      = 256
    start_s                  = 1
    postgres_version         = 9
    database_class           = "t4g.micro"
    backup_days              = 0
    admin_email              = "admin"
    secret_versions          = { encryption-key = 0 }
    secret_recovery_days     = 1
    kms_key_arn              = "alias/mine"
    lake_uri                 = "s3://lake/"
    workgroup                = { name = "", results_uri = "s3://results" }
    databases                = { bronze = "bronze" }
    alarm_topic_arn          = "alarms"
    log_days                 = 2
  }

  expect_failures = [
    var.prefix, var.partition, var.region, var.account_id, var.vpc_id, var.task_subnet_ids, var.database_subnet_ids,
    var.load_balancer_subnet_ids, var.allowed_cidrs, var.host, var.zone_id, var.access_log_bucket,
    var.cognito, var.session_s, var.machine_cidrs, var.image_repository_arn, var.architecture, var.cpu,
    var.start_s, var.postgres_version, var.database_class, var.backup_days, var.admin_email, var.secret_versions,
    var.secret_recovery_days, var.kms_key_arn, var.lake_uri, var.workgroup, var.databases, var.alarm_topic_arn,
    var.log_days,
  ]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
