# The emulator on this machine. Its addresses change with each start, so they are given beside this file:
#   terraform apply -var-file=local.tfvars -var 'endpoints={kinesis="http://127.0.0.1:4568",other="http://127.0.0.1:5000"}'
# with a local state: a file backend_override.tf that says `terraform { backend "local" {} }`.
environment   = "local"
emulator      = true
max_retries   = 2
force_destroy = true

# What stands at home in place of the stream that grows by itself.
shard_count     = 2
retention_hours = 24
