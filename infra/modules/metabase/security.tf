locals {
  signs_in = var.cognito != null || var.oidc != null
}

# -- the load balancer: from those who are allowed, to the task --------------------------------------------------------

resource "aws_security_group" "balancer" {
  name        = "${local.name}-balancer"
  description = "Metabase's load balancer: HTTPS from those who are allowed"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = var.allowed_cidrs

  security_group_id = aws_security_group.balancer.id
  description       = "HTTPS from ${each.key}"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "The task"
  referenced_security_group_id = aws_security_group.task.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_egress_rule" "sign_in" {
  count = local.signs_in ? 1 : 0

  security_group_id = aws_security_group.balancer.id
  description       = "The identity provider, whose addresses are its own"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# -- the task: from the load balancer, to its database and AWS ---------------------------------------------------------

resource "aws_security_group" "task" {
  name        = "${local.name}-task"
  description = "Metabase: from its load balancer, to its database and AWS"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  security_group_id            = aws_security_group.task.id
  description                  = "The load balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

# 443 is AWS and the image's registry; at 444 Athena streams results to its driver.
resource "aws_vpc_security_group_egress_rule" "aws" {
  for_each = toset(["443", "444"])

  security_group_id = aws_security_group.task.id
  description       = "AWS, port ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_egress_rule" "database" {
  security_group_id            = aws_security_group.task.id
  description                  = "The database"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

# -- the database: from the task alone ---------------------------------------------------------------------------------

resource "aws_security_group" "database" {
  name        = "${local.name}-database"
  description = "Metabase's database, from its task alone"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "The task"
  referenced_security_group_id = aws_security_group.task.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
