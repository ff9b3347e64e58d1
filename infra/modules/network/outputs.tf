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

output "assign_public_ip" {
  description = "Whether a task there needs a public address: true where no NAT gateway stands before it."
  value       = !var.nat
}
