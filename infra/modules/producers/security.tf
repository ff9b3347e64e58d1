# Nothing comes in to a task. Out go HTTPS and the venues' sockets.
resource "aws_security_group" "tasks" {
  name        = "${var.prefix}-producers"
  description = "Producers: out to the venues and to AWS, nothing in"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "venues" {
  for_each = toset([for port in var.venue_ports : tostring(port)])

  security_group_id = aws_security_group.tasks.id
  description       = "Venues and AWS, port ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_egress_rule" "state" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "The file system of the marks"
  referenced_security_group_id = aws_security_group.state.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_security_group" "state" {
  name        = "${var.prefix}-producers-state"
  description = "The file system of the producers' marks, from the producers alone"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "state" {
  security_group_id            = aws_security_group.state.id
  description                  = "The producers"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}
