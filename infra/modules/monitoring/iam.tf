locals {
  # Who tells the topic something, and of what: this deployment's alarms and rules, and the account's budgets.
  # EventBridge gives neither account nor source when it publishes: with a condition its rules tell nothing
  # (EventBridge user guide, "Amazon SNS permissions"; SNS developer guide, "Enable compatibility between event sources
  # from AWS services and encrypted topics"). A rule of another account cannot have our topic as its target.
  publishers = {
    "cloudwatch.amazonaws.com" = "arn:${var.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:${var.prefix}-*"
    "budgets.amazonaws.com"    = "arn:${var.partition}:budgets::${var.account_id}:*"
    "events.amazonaws.com"     = null
  }

  topic_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for service, source in local.publishers : merge(
        {
          Sid       = "From${title(split(".", service)[0])}"
          Effect    = "Allow"
          Principal = { Service = service }
          Action    = "sns:Publish"
          Resource  = aws_sns_topic.this.arn
        },
        source == null ? {} : { Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnLike      = { "aws:SourceArn" = source }
        } },
      )],
      [{
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
    )
  })

  # In a key's own policy a resource of * is this key.
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "Own"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
          "kms:EnableKey", "kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:GetKeyPolicy",
          "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
          "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      }],
      [for service, source in local.publishers : merge(
        {
          Sid       = "Through${title(split(".", service)[0])}"
          Effect    = "Allow"
          Principal = { Service = service }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
        },
        source == null ? {} : { Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } } },
      )],
    )
  })
}
