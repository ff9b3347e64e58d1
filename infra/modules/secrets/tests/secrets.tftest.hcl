mock_provider "aws" {}

variables {
  prefix   = "tapehouse-dev"
  versions = { finnhub = 1, polygon = 3 }
}

run "a_secret_for_each_number" {
  command = plan

  variables {
    values = { finnhub = "not-a-real-key" }
  }

  assert {
    condition     = [for name in ["finnhub", "polygon"] : aws_secretsmanager_secret.this[name].name] == ["tapehouse-dev/finnhub", "tapehouse-dev/polygon"]
    error_message = "A secret is named <prefix>/<name>."
  }
  assert {
    condition     = aws_secretsmanager_secret_version.this["polygon"].secret_string_wo_version == 3
    error_message = "The value's number is the one that versions says."
  }
  assert {
    condition     = aws_secretsmanager_secret.this["finnhub"].recovery_window_in_days == 0
    error_message = "Nothing is left after destroy unless it is asked for."
  }
}

run "no_value_can_be_read_back" {
  command = plan

  variables {
    values = { finnhub = "not-a-real-key" }
  }

  assert {
    condition     = alltrue([for made in aws_secretsmanager_secret_version.this : try(made.secret_string, null) == null && made.secret_string_wo == null])
    error_message = "The value is given by the write-only argument alone, which no plan and no state keeps."
  }
}

run "nothing_is_a_deployment_too" {
  command = plan

  variables {
    versions = {}
  }

  assert {
    condition     = length(aws_secretsmanager_secret.this) == 0
    error_message = "Without a vendor there is no secret."
  }
}

run "refuses_names_and_numbers" {
  command = plan

  variables {
    prefix        = "T"
    versions      = { Finnhub = 0.5 }
    recovery_days = 3
    kms_key_arn   = "alias/mine"
  }

  expect_failures = [var.prefix, var.versions, var.recovery_days, var.kms_key_arn]
}

run "refuses_a_value_without_a_number" {
  command = plan

  variables {
    values = { finhub = "not-a-real-key" }
  }

  expect_failures = [var.values]
}

run "refuses_a_value_that_no_request_carries" {
  command = plan

  variables {
    values = { finnhub = "two words" }
  }

  expect_failures = [var.values]
}

run "a_value_may_be_a_json_object_of_texts" {
  command = plan

  variables {
    values = { finnhub = "{\"client_id\":\"not-an-app\",\"user_agent\":\"linux:tapehouse:1 (by /u/nobody)\"}" }
  }

  assert {
    condition     = length(aws_secretsmanager_secret_version.this) == 2
    error_message = "Reddit's app has several parts, and one of them has spaces."
  }
}

run "refuses_json_that_is_no_object_of_texts" {
  command = plan

  variables {
    values = { finnhub = "{\"client_id\":[\"not-an-app\"]}" }
  }

  expect_failures = [var.values]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
