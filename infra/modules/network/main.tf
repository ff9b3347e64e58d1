locals {
  # Each zone has a public subnet and, where there is a NAT gateway or something to hide, a private one behind the public
  # ones. 4 bits are room for 16 subnets: a zone that is added later moves none of the others.
  public  = { for at, zone in var.zones : zone => cidrsubnet(var.cidr, 4, at) }
  private = { for at, zone in var.zones : zone => cidrsubnet(var.cidr, 4, at + 8) if var.nat || var.private }

  tasks = var.nat ? aws_subnet.private : aws_subnet.public
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Producers take nothing in, Metabase's load balancer has an access log of its own, and flow logs of the venues' sockets cost more than the tasks that hold them.
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.prefix }
}

# The group that AWS makes of itself lets its members talk to each other. Nobody is a member, and nothing is allowed.
resource "aws_default_security_group" "this" {
  vpc_id  = aws_vpc.this.id
  ingress = []
  egress  = []

  tags = { Name = "${var.prefix}-default-unused" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.prefix }
}

# -- public subnets ----------------------------------------------------------------------------------------------------

resource "aws_subnet" "public" {
  for_each = local.public

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  # A task asks for its public address itself; nothing else is to get one by being put here.
  map_public_ip_on_launch = false

  tags = { Name = "${var.prefix}-public-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = local.public

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

# -- private subnets, with a way out where there is a NAT gateway ------------------------------------------------------

resource "aws_subnet" "private" {
  for_each = local.private

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.prefix}-private-${each.key}" }
}

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:It is the NAT gateway's.
  count = var.nat ? 1 : 0

  domain = "vpc"

  tags = { Name = "${var.prefix}-nat" }

  depends_on = [aws_internet_gateway.this] # an address is of use, and can be had, only behind one
}

# One for all zones: a second costs as much again, and what a zone's end would interrupt is read back over REST.
resource "aws_nat_gateway" "this" {
  count = var.nat ? 1 : 0

  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[var.zones[0]].id

  tags = { Name = var.prefix }

  depends_on = [aws_route.internet] # it is born failed where its subnet has no way out
}

resource "aws_route_table" "private" {
  count = var.nat ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-private" }
}

resource "aws_route" "nat" {
  count = var.nat ? 1 : 0

  route_table_id         = aws_route_table.private[0].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}

# Without it a private subnet has the VPC's main table, which knows of no way out.
resource "aws_route_table_association" "private" {
  for_each = { for zone, cidr in local.private : zone => cidr if var.nat }

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[0].id
}
