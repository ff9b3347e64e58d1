locals {
  people = { for who, principals in { reader = var.readers, operator = var.operators } : who => principals if length(principals) > 0 }
  about  = { reader = "asks questions of silver and gold", operator = "asks questions, runs jobs, producers and functions, deletes no data" }
}

resource "aws_iam_role" "this" {
  for_each = local.people

  name                 = "${var.prefix}-${each.key}"
  description          = "Tapehouse (${var.prefix}): ${local.about[each.key]}"
  max_session_duration = var.session_s

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = sort(each.value) }
      # Where the key is absent nobody signed in with a second factor: Bool is then false, and the role is not given.
      Condition = { for test, keys in { Bool = { "aws:MultiFactorAuthPresent" = "true" } } : test => keys if var.require_mfa }
    }]
  })
}

resource "aws_iam_role_policy" "read" {
  #checkov:skip=CKV_AWS_355:The three Athena actions know no resources.
  for_each = local.people

  name   = "read"
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.read[each.key] })
}

resource "aws_iam_role_policy" "operate" {
  #checkov:skip=CKV_AWS_355:Reading metrics and alarms, and describing task definitions, know no resources.
  #checkov:skip=CKV_AWS_290:What writes is bound to this deployment's jobs, services, functions, queues and stream.
  for_each = { for who, principals in local.people : who => principals if who == "operator" }

  name   = "operate"
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.operate })
}
