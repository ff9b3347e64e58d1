output "secrets" {
  description = "The secrets by name: the name that Tapehouse's settings take (TAPEHOUSE_FINNHUB_SECRET), the ARN, and the number of the value."
  value = { for name, number in var.versions : name => {
    name    = aws_secretsmanager_secret.this[name].name
    arn     = aws_secretsmanager_secret.this[name].arn
    version = number
  } }

  # Who reads the secret starts after it has a value.
  depends_on = [aws_secretsmanager_secret_version.this]
}
