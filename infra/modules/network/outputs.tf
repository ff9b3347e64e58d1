output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Ids of the subnets that tasks belong in, one a zone, once they have their way out."
  value       = [for zone in var.zones : local.tasks[zone].id]

  # A task that starts before its route cannot fetch anything.
  depends_on = [aws_route.internet, aws_route.nat, aws_route_table_association.public, aws_route_table_association.private, aws_vpc_endpoint.s3]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, one a zone, for what needs no way out; none where neither nat nor private is true."
  value       = [for zone in var.zones : aws_subnet.private[zone].id if contains(keys(local.private), zone)]
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, one a zone, for what is to be seen from the internet."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "assign_public_ip" {
  description = "Whether a task there needs a public address: true where no NAT gateway stands before it."
  value       = !var.nat
}
