resource "aws_budgets_budget" "this" {
  count = var.budget == null || var.emulator ? 0 : 1

  name         = "${var.prefix}-month"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget.usd)
  limit_unit   = "USD"

  dynamic "cost_filter" {
    for_each = var.budget.tag == null ? [] : [format("user:%s$%s", var.budget.tag, var.budget.tag_value)]

    content {
      name   = "TagKeyValue"
      values = [cost_filter.value]
    }
  }

  # At four fifths of what was spent, and as soon as the month's end looks too dear.
  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      comparison_operator       = "GREATER_THAN"
      subscriber_sns_topic_arns = [aws_sns_topic.this.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.this] # a budget is refused whose topic does not let it in
}
