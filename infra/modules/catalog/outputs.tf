output "databases" {
  description = "Names of the databases, by layer."
  value       = { for layer, database in aws_glue_catalog_database.this : layer => database.name }
}

output "database_arns" {
  description = "ARNs of the databases, by layer."
  value       = { for layer, database in aws_glue_catalog_database.this : layer => database.arn }
}

output "table_arns" {
  description = "ARNs of the tables, by name as layer.table."
  value       = { for name, table in aws_glue_catalog_table.this : name => table.arn }
}
