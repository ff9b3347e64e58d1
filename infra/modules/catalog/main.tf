locals {
  # Made by scripts/terraform_data.py from the declarations in tapehouse/tables; a test fails where it drifts.
  tables = jsondecode(file("${path.module}/tables.json"))
  layers = toset([for table in local.tables : table.layer])
}

resource "aws_glue_catalog_database" "this" {
  for_each = local.layers

  name         = "${var.database_prefix}${each.key}"
  description  = "Tapehouse: the ${each.key} tables of ${var.lake_uri}"
  location_uri = "${var.lake_uri}/${each.key}/"
}

resource "aws_glue_catalog_table" "this" {
  for_each = local.tables

  name          = each.value.name
  database_name = aws_glue_catalog_database.this[each.value.layer].name
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  # By these Athena knows a Delta table. It reads the schema, and which files there are, from Delta's own log.
  parameters = {
    EXTERNAL                     = "TRUE"
    "spark.sql.sources.provider" = "delta"
  }

  # No partition_keys: Delta's log knows the partitions, and a key without registered partitions is an empty table to
  # whoever does not know Delta. So the columns of partitions are columns as any other.
  storage_descriptor {
    location = "${var.lake_uri}/${each.value.layer}/${each.value.name}/"

    ser_de_info {
      parameters = {
        path                   = "${var.lake_uri}/${each.value.layer}/${each.value.name}/"
        "serialization.format" = "1"
      }
    }

    # The real ones: Metabase takes its fields from here, and views and Lake Formation compare them with the log.
    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }
}
