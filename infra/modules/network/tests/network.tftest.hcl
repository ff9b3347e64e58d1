mock_provider "aws" {}

variables {
  prefix = "tapehouse-dev"
  region = "us-east-1"
  zones  = ["us-east-1a", "us-east-1b"]
}

run "costs_nothing_by_the_hour" {
  command = plan

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && length(aws_vpc_endpoint.this) == 0 && length(aws_subnet.private) == 0 && length(output.private_subnet_ids) == 0
    error_message = "By default there is neither a NAT gateway nor an interface endpoint."
  }
  assert {
    condition     = output.assign_public_ip
    error_message = "Without a NAT gateway a task needs an address of its own."
  }
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.us-east-1.s3"
    error_message = "S3 is reached by the free gateway."
  }
}

run "nothing_gets_an_address_or_a_rule_by_being_there" {
  command = plan

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "Only who asks for a public address gets one."
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The VPC's own security group allows nothing."
  }
}

run "subnets_do_not_overlap_and_stay_when_a_zone_is_added" {
  command = plan

  variables {
    zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
    nat   = true
  }

  assert {
    condition     = length(distinct(concat([for subnet in aws_subnet.public : subnet.cidr_block], [for subnet in aws_subnet.private : subnet.cidr_block]))) == 6
    error_message = "Six subnets have six ranges."
  }
  assert {
    condition     = [for zone in ["us-east-1a", "us-east-1b"] : aws_subnet.public[zone].cidr_block] == ["10.61.0.0/24", "10.61.1.0/24"]
    error_message = "The first zones' ranges do not depend on how many zones there are."
  }
  assert {
    condition     = [for zone in ["us-east-1a", "us-east-1b"] : aws_subnet.private[zone].cidr_block] == ["10.61.8.0/24", "10.61.9.0/24"]
    error_message = "Private ranges stay apart from public ones."
  }
}

run "one_nat_gateway_serves_all_zones" {
  command = plan

  variables {
    nat = true
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route_table_association.private) == 2 && !output.assign_public_ip
    error_message = "Private subnets share one NAT gateway, and tasks in them need no address of their own."
  }
}

run "what_is_to_be_hidden_has_subnets_without_a_way_out" {
  command = plan

  variables {
    private = true
  }

  assert {
    condition     = length(output.private_subnet_ids) == 2 && length(output.public_subnet_ids) == 2 && length(aws_route_table_association.private) == 0 && length(aws_nat_gateway.this) == 0
    error_message = "Private subnets without a NAT gateway have no route but the VPC's own."
  }
  assert {
    condition     = output.assign_public_ip && length(output.subnet_ids) == 2 && [for zone in var.zones : aws_subnet.private[zone].cidr_block] == ["10.61.8.0/24", "10.61.9.0/24"]
    error_message = "Tasks stay where they were, and a NAT gateway that comes later moves no subnet."
  }
}

run "endpoints_are_reached_from_inside_alone" {
  command = plan

  variables {
    interface_endpoints = ["kinesis-streams", "secretsmanager"]
  }

  assert {
    condition     = aws_vpc_endpoint.this["kinesis-streams"].service_name == "com.amazonaws.us-east-1.kinesis-streams" && aws_vpc_endpoint.this["kinesis-streams"].private_dns_enabled
    error_message = "The service's own name leads to the endpoint."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints[0].cidr_ipv4 == "10.61.0.0/20" && aws_vpc_security_group_ingress_rule.endpoints[0].from_port == 443 && aws_vpc_security_group_ingress_rule.endpoints[0].to_port == 443
    error_message = "HTTPS from the VPC, and nothing else."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    prefix              = "T"
    zones               = ["us-east-1a", "us-east-1a"]
    cidr                = "10.61.1.0/20"
    interface_endpoints = ["s3"]
  }

  expect_failures = [var.prefix, var.zones, var.cidr, var.interface_endpoints]
}

run "refuses_a_network_that_is_too_small" {
  command = plan

  variables {
    cidr = "10.61.0.0/28"
  }

  expect_failures = [var.cidr]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "europe"
  }

  expect_failures = [var.region]
}

run "refuses_another_regions_zone" {
  command = plan

  variables {
    zones = ["eu-west-1a"]
  }

  expect_failures = [var.zones]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
