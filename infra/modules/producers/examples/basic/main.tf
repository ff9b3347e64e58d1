# Two venues and a vendor with a key, in subnets whose tasks have public addresses. They wait to be started.
module "producers" {
  source = "../.."

  prefix     = "tapehouse-dev"
  region     = "us-east-1"
  account_id = "123456789012"

  producers = {
    coinbase = { symbols = ["BTC-USD", "ETH-USD"] }
    kraken   = { symbols = ["BTC-USD"] }
    finnhub  = { symbols = ["binance:BTC-USDT", "us:AAPL-USD"] }
  }
  secrets = {
    finnhub = { name = "tapehouse-dev/finnhub", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tapehouse-dev/finnhub-AbCdEf", version = 1 }
  }
  package = {
    bucket  = "tapehouse-dev-code-123456789012"
    key     = "packages/producers.tar.gz"
    version = "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH"
    sha256  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  vpc_id      = "vpc-0a1b2c3d"
  subnet_ids  = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  stream_name = "tapehouse-dev-trades"
  stream_arn  = "arn:aws:kinesis:us-east-1:123456789012:stream/tapehouse-dev-trades"
  lake_uri    = "s3://tapehouse-dev-lake-123456789012/lake"
}

output "service_names" {
  description = "The services, to start and stop."
  value       = module.producers.service_names
}
