# The emulator on this machine. Its addresses change with each start, and the environment is the caller's choice:
# `make deploy-terraform TARGET=local` gives both, and a state that is a file.
emulator      = true
max_retries   = 5
force_destroy = true

# What stands at home in place of the stream that grows by itself.
shard_count     = 2
retention_hours = 24

# moto fails at emptying a bucket that keeps what was deleted, and destroy with it.
versioning_days = 0
