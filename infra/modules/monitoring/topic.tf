# Where alarms go. An own key, since no service of AWS's may write to a topic that AWS's own key encrypts.
resource "aws_kms_key" "this" {
  description             = "Tapehouse's alarms (${var.prefix})"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = local.key_policy
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.prefix}-alarms"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_sns_topic" "this" {
  name              = "${var.prefix}-alarms"
  display_name      = "Tapehouse ${var.prefix}"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = local.topic_policy
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.key
}
