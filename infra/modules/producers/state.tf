# The producers' marks: through where each market is confirmed, and which gaps are open. They say what to read back after
# a stop, so they outlive the task. Kilobytes, written once a second: bursting throughput takes that for nothing more than
# the storage, where elastic throughput bills each write, at 32 KiB or more.
locals {
  state = "/state"
}

resource "aws_efs_file_system" "this" {
  #checkov:skip=CKV_AWS_184:The account's own key for EFS encrypts it: it holds only how far each producer read of a venue's public trades, and another key would replace it, with all marks.
  creation_token   = "${var.prefix}-producers"
  encrypted        = true
  performance_mode = "generalPurpose"
  throughput_mode  = "bursting"

  tags = { Name = "${var.prefix}-producers" }
}

resource "aws_efs_mount_target" "this" {
  count = length(var.subnet_ids)

  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = var.subnet_ids[count.index]
  security_groups = [aws_security_group.state.id]
}

# A folder a producer, which sees nothing else, as the user that it runs as.
resource "aws_efs_access_point" "this" {
  for_each = local.producers

  file_system_id = aws_efs_file_system.this.id

  posix_user {
    uid = 10001
    gid = 10001
  }

  root_directory {
    path = "/${each.key}"

    creation_info {
      owner_uid   = 10001
      owner_gid   = 10001
      permissions = "0700"
    }
  }

  tags = { Name = "${var.prefix}-producer-${each.key}" }
}

# With a policy, whoever merely reaches the file system may do nothing: the roles' own policies decide.
resource "aws_efs_file_system_policy" "this" {
  count = var.emulator ? 0 : 1

  file_system_id = aws_efs_file_system.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"]
        Resource  = aws_efs_file_system.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
