"""The Spark side: Kinesis to bronze, bronze to silver, silver to gold. Nothing outside this room imports Spark."""
