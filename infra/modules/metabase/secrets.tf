# admin-password is what the first user signs in with: the provisioner reads it, Metabase does not.
locals {
  secrets = {
    encryption-key = "encrypts what Metabase keeps of its databases"
    admin-password = "password of Metabase's administrator ${var.admin_email}"
  }
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV_AWS_149:The account's own key for Secrets Manager encrypts it; kms_key_arn takes another, at 1 USD a month.
  #checkov:skip=CKV2_AWS_57:Another encryption key alone would lose what the old one encrypted, and another password has to be set in Metabase too: README tells how.
  for_each = local.secrets

  name                    = "${var.prefix}/metabase-${each.key}"
  description             = "Tapehouse (${var.prefix}): ${each.value}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.secret_recovery_days
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.secrets

  secret_id = aws_secretsmanager_secret.this[each.key].id

  # Most plans come without values, and the provider wants some text beside the number. Empty is never stored: AWS refuses
  # it, so a new number without its value fails, and the secret stays as it was.
  secret_string_wo         = lookup(var.secret_values, each.key, "")
  secret_string_wo_version = var.secret_versions[each.key]

  lifecycle {
    # The other way round, that failure would come after the old one was let go.
    create_before_destroy = true
  }
}
