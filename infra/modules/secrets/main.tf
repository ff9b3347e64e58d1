resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV_AWS_149:The account's own key for Secrets Manager encrypts it; kms_key_arn takes another, at 1 USD a month.
  #checkov:skip=CKV2_AWS_57:A vendor gives no way to make a new key but its site; README tells how one is replaced.
  for_each = var.versions

  name                    = "${var.prefix}/${each.key}"
  description             = "Tapehouse (${var.prefix}): ${each.key}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = var.versions

  secret_id = aws_secretsmanager_secret.this[each.key].id

  # Most plans come without values, and the provider wants some text beside the number. Empty is never stored: AWS refuses
  # it, so a new number without its value fails, and the secret stays as it was.
  secret_string_wo         = lookup(var.values, each.key, "")
  secret_string_wo_version = each.value

  lifecycle {
    # The other way round, that failure would come after the old one was let go.
    create_before_destroy = true
  }
}
