locals {
  address = "https://${var.host}"
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:An access log wants a bucket that lets ELB write to it; access_log_bucket takes one.
  name               = local.balancer_name
  load_balancer_type = "application"
  internal           = var.internal
  subnets            = var.load_balancer_subnet_ids
  security_groups    = [aws_security_group.balancer.id]

  # A question may take as long as Athena lets it.
  idle_timeout               = 300
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection

  dynamic "access_logs" {
    for_each = var.access_log_bucket[*]

    content {
      bucket  = access_logs.value
      prefix  = local.name
      enabled = true
    }
  }
}

locals {
  # AWS takes 32 characters; a prefix has up to 32 of its own. What is cut off is told apart by its hash.
  balancer_name = length(local.name) <= 32 ? local.name : "${trimsuffix(substr(local.name, 0, 25), "-")}-${substr(sha256(local.name), 0, 6)}"
}

resource "aws_lb_target_group" "this" {
  name        = local.balancer_name
  port        = local.port
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = var.vpc_id

  # What is under way may end; the new task waits for it.
  deregistration_delay = 30

  # It asks whether Metabase reaches its database: after a changed password a task that cannot is replaced by one that can.
  health_check {
    path                = "/api/health"
    matcher             = "200"
    interval            = 30
    timeout             = 10
    healthy_threshold   = 2
    unhealthy_threshold = 5
  }
}

# There is no listener on port 80: nobody's password goes over it, not even before a redirect.
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  dynamic "default_action" {
    for_each = var.cognito[*]

    content {
      type  = "authenticate-cognito"
      order = 1

      authenticate_cognito {
        user_pool_arn              = default_action.value.user_pool_arn
        user_pool_client_id        = default_action.value.client_id
        user_pool_domain           = default_action.value.domain
        on_unauthenticated_request = "authenticate"
        scope                      = "openid"
        session_timeout            = var.session_s
      }
    }
  }

  dynamic "default_action" {
    for_each = var.oidc[*]

    content {
      type  = "authenticate-oidc"
      order = 1

      authenticate_oidc {
        issuer                     = default_action.value.issuer
        authorization_endpoint     = default_action.value.authorization_endpoint
        token_endpoint             = default_action.value.token_endpoint
        user_info_endpoint         = default_action.value.user_info_endpoint
        client_id                  = default_action.value.client_id
        client_secret              = var.oidc_client_secret
        on_unauthenticated_request = "authenticate"
        scope                      = "openid"
        session_timeout            = var.session_s
      }
    }
  }

  default_action {
    type             = "forward"
    order            = 2
    target_group_arn = aws_lb_target_group.this.arn
  }
}

# Through it instances were taken over in August 2026 (GHSA-vwf4-m7j8-wcjf). The image is patched, and this is the second
# wall; since nothing else is answered so, its count is that of the tries. It is held against the path as it was written:
# whether Metabase takes %5F for _ was not tried, and is why it is the second.
resource "aws_lb_listener_rule" "reset_password" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 1

  condition {
    path_pattern {
      values = ["*session*reset*password*"]
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      status_code  = "403"
      content_type = "text/plain"
      message_body = "Ask an administrator for another password."
    }
  }

  tags = { Name = "${local.name}-reset-password" }
}

# Who provisions has no browser to sign in with.
resource "aws_lb_listener_rule" "machines" {
  count = local.signs_in && length(var.machine_cidrs) > 0 ? 1 : 0

  listener_arn = aws_lb_listener.https.arn
  priority     = 2

  condition {
    source_ip {
      values = var.machine_cidrs
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  tags = { Name = "${local.name}-machines" }
}

resource "aws_route53_record" "this" {
  count = var.zone_id == null ? 0 : 1

  zone_id = var.zone_id
  name    = var.host
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false
  }
}
