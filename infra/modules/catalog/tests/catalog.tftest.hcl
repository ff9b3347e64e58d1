mock_provider "aws" {}

variables {
  lake_uri = "s3://tapehouse-dev-lake-123456789012/lake"
}

run "databases_are_the_layers" {
  command = plan

  assert {
    condition     = output.databases == { bronze = "bronze", silver = "silver", gold = "gold" }
    error_message = "The databases are bronze, silver and gold: questions name gold.candles as it is."
  }
  assert {
    condition     = aws_glue_catalog_database.this["gold"].location_uri == "s3://tapehouse-dev-lake-123456789012/lake/gold/"
    error_message = "A database lies where the layer's tables do."
  }
}

run "every_table_is_delta_where_the_lake_has_it" {
  command = plan

  assert {
    condition     = alltrue([for table in aws_glue_catalog_table.this : table.table_type == "EXTERNAL_TABLE" && table.parameters == tomap({ EXTERNAL = "TRUE", "spark.sql.sources.provider" = "delta" })])
    error_message = "Athena knows a Delta table by EXTERNAL and spark.sql.sources.provider."
  }
  assert {
    condition     = alltrue([for name, table in aws_glue_catalog_table.this : table.storage_descriptor[0].location == "s3://tapehouse-dev-lake-123456789012/lake/${replace(name, ".", "/")}/"])
    error_message = "A table lies at <lake>/<layer>/<name>/."
  }
  assert {
    condition     = alltrue([for table in aws_glue_catalog_table.this : table.storage_descriptor[0].ser_de_info[0].parameters == tomap({ path = table.storage_descriptor[0].location, "serialization.format" = "1" })])
    error_message = "Spark and Athena find the table by the path of its serde."
  }
}

run "columns_are_the_real_ones" {
  command = plan

  assert {
    condition     = contains(keys(aws_glue_catalog_table.this), "gold.candles") && [for column in aws_glue_catalog_table.this["gold.candles"].storage_descriptor[0].columns : column.name if contains(["open", "high", "low", "close"], column.name)] == ["open", "high", "low", "close"]
    error_message = "gold.candles has its prices as columns."
  }
  assert {
    condition     = one([for column in aws_glue_catalog_table.this["silver.trades"].storage_descriptor[0].columns : column.type if column.name == "price"]) == "decimal(28,12)"
    error_message = "A price is a decimal, exact to the twelfth place."
  }
  assert {
    condition     = one([for column in aws_glue_catalog_table.this["silver.rejected"].storage_descriptor[0].columns : column.type if column.name == "reasons"]) == "array<string>"
    error_message = "Reasons are an array."
  }
  assert {
    condition     = alltrue([for table in aws_glue_catalog_table.this : length(table.storage_descriptor[0].columns) > 1 && alltrue([for column in table.storage_descriptor[0].columns : column.comment != ""])])
    error_message = "No table has a dummy column, and each column says what it is."
  }
}

run "a_partitions_column_is_a_column" {
  command = plan

  assert {
    condition     = contains([for column in aws_glue_catalog_table.this["bronze.trades"].storage_descriptor[0].columns : column.name], "arrival_date") && length(aws_glue_catalog_table.this["bronze.trades"].partition_keys) == 0
    error_message = "Delta's log knows the partitions; the catalog has none registered."
  }
}

run "a_prefix_makes_room_beside_another_deployment" {
  command = plan

  variables {
    database_prefix = "eu_"
  }

  assert {
    condition     = output.databases == { bronze = "eu_bronze", silver = "eu_silver", gold = "eu_gold" } && aws_glue_catalog_table.this["gold.candles"].database_name == "eu_gold"
    error_message = "The prefix stands before every database, and tables follow."
  }
}

run "refuses_what_aws_would_refuse" {
  command = plan

  variables {
    lake_uri        = "s3://bucket/lake/"
    database_prefix = "EU-"
  }

  expect_failures = [var.lake_uri, var.database_prefix]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}
