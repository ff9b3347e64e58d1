variable "prefix" {
  description = "Beginning of every name (3-32 of a-z 0-9 -): the deployment's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,31}$", var.prefix))
    error_message = "prefix: '${var.prefix}' cannot begin a name; use 3-32 of a-z 0-9 -."
  }
}

variable "partition" {
  description = "The partition of ARNs: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition: '${var.partition}' is no partition; take aws, aws-cn or aws-us-gov."
  }
}

variable "region" {
  description = "The region, as us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is no region; one is us-east-1."
  }
}

variable "account_id" {
  description = "The account's number (12 digits): only its own tasks and schedules get the roles."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: '${var.account_id}' is no account's number of 12 digits."
  }
}

variable "emulator" {
  description = "Whether this is the emulator: nobody waits for the task, which it does not start, and the database's password has no rotation, which it does not know."
  type        = bool
  default     = false
  nullable    = false
}

# -- where it is ------------------------------------------------------------------------------------------------------

variable "vpc_id" {
  description = "The VPC."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-z]+$", var.vpc_id))
    error_message = "vpc_id: '${var.vpc_id}' is no VPC's id, as vpc-0a1b2c3d."
  }
}

variable "task_subnet_ids" {
  description = "Subnets for the task (1 or more, one a zone), each with a way to the internet: the image comes from there, unless it is in ECR, and Athena is asked there."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.task_subnet_ids) >= 1 && alltrue([for id in var.task_subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))])
    error_message = "task_subnet_ids: '${join(", ", var.task_subnet_ids)}' are not the ids of one or more subnets, as subnet-0a1b2c3d."
  }
}

variable "assign_public_ip" {
  description = "Whether the task gets a public address (3.65 USD a month), which takes nothing in. Needed in subnets without a NAT gateway before them."
  type        = bool
  default     = false
  nullable    = false
}

variable "database_subnet_ids" {
  description = "Subnets for the database (2 or more, in different zones); private ones, it needs no way out."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.database_subnet_ids) >= 2 && alltrue([for id in var.database_subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))])
    error_message = "database_subnet_ids: '${join(", ", var.database_subnet_ids)}' are not the ids of two or more subnets; RDS wants two zones."
  }
}

variable "load_balancer_subnet_ids" {
  description = "Subnets for the load balancer (2 or more, in different zones): private ones, or public ones where internal is false."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.load_balancer_subnet_ids) >= 2 && alltrue([for id in var.load_balancer_subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))])
    error_message = "load_balancer_subnet_ids: '${join(", ", var.load_balancer_subnet_ids)}' are not the ids of two or more subnets; a load balancer wants two zones."
  }
}

# -- who may come in --------------------------------------------------------------------------------------------------

variable "internal" {
  description = "Whether the load balancer is seen from the VPC alone, and from what is joined to it (a VPN, a peering). false gives it public addresses (7.30 USD a month), behind allowed_cidrs all the same."
  type        = bool
  default     = true
  nullable    = false
}

variable "allowed_cidrs" {
  description = "IPv4 networks (1 or more) whose clients may connect, as 203.0.113.0/24: an office, a VPN. Wider than /8 only with open_to_everyone."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0)) && try(cidrhost(cidr, 0) == split("/", cidr)[0], false) && can(regex("^[0-9.]+/[0-9]+$", cidr))])
    error_message = "allowed_cidrs: ${jsonencode(var.allowed_cidrs)} is not one or more IPv4 networks, as 203.0.113.0/24; with none, nobody could look at anything."
  }

  # 0.0.0.0/0 in two halves is everyone too.
  validation {
    condition     = var.open_to_everyone || alltrue([for cidr in var.allowed_cidrs : try(tonumber(split("/", cidr)[1]), 32) >= 8])
    error_message = "allowed_cidrs: ${jsonencode(var.allowed_cidrs)} lets in the whole internet, or much of it; name the networks that look at dashboards, or say open_to_everyone = true."
  }
}

variable "open_to_everyone" {
  description = "Whether allowed_cidrs may be 0.0.0.0/0 or the like. Then only Metabase's own sign-in stands before the lake, and that was got past in August 2026: put cognito or oidc before it."
  type        = bool
  default     = false
  nullable    = false
}

variable "host" {
  description = "The name that it is asked by, as metabase.example.com; the certificate is for it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.host)) && length(var.host) <= 253
    error_message = "host: '${var.host}' is no host's name, as metabase.example.com, without https:// and without a path."
  }
}

variable "certificate_arn" {
  description = "ARN of the certificate of host in ACM, in the region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:${var.region}:[0-9]{12}:certificate/[a-zA-Z0-9-]+$", var.certificate_arn))
    error_message = "certificate_arn: '${var.certificate_arn}' is no certificate of ${var.region}; take arn:aws:acm:${var.region}:<account>:certificate/<id>. There is no way without HTTPS."
  }
}

variable "zone_id" {
  description = "Id of the Route 53 zone that gets a record of host. null makes none: lead the name to the output load_balancer yourself."
  type        = string
  default     = null

  validation {
    condition     = var.zone_id == null ? true : can(regex("^Z[A-Z0-9]{1,31}$", var.zone_id))
    error_message = "zone_id: '${coalesce(var.zone_id, "null")}' is no zone's id, as Z0123456789ABC."
  }
}

variable "access_log_bucket" {
  description = "Name of a bucket for the load balancer's access log, which lets ELB write to it. null keeps none: then an alarm says that somebody came, and nothing says who."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_log_bucket))
    error_message = "access_log_bucket: '${coalesce(var.access_log_bucket, "null")}' is no bucket's name."
  }
}

# -- a sign-in before it ----------------------------------------------------------------------------------------------

variable "cognito" {
  description = "A Cognito user pool that has to be signed in to before Metabase is reached: the pool's ARN, a client of it that has a secret, its domain. The secret stays in Cognito, so this is the way to take an identity provider (OIDC or SAML, behind the pool). null is none."
  type = object({
    user_pool_arn = string
    client_id     = string
    domain        = string
  })
  default = null

  validation {
    condition     = var.cognito == null ? true : can(regex("^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[A-Za-z0-9_-]+$", var.cognito.user_pool_arn)) && can(regex("^[a-z0-9]{1,128}$", var.cognito.client_id)) && can(regex("^[a-z0-9.-]{1,253}$", var.cognito.domain))
    error_message = "cognito: ${var.cognito == null ? "null" : jsonencode(var.cognito)} is not a pool's ARN, its client's id and its domain's name."
  }
}

variable "oidc" {
  description = "An OpenID Connect provider that has to be signed in to before Metabase is reached: its issuer, its endpoints, all https://, and the client's id there. null is none. Its client's secret lies in the state: see oidc_client_secret."
  type = object({
    issuer                 = string
    authorization_endpoint = string
    token_endpoint         = string
    user_info_endpoint     = string
    client_id              = string
  })
  default = null

  validation {
    condition     = var.oidc == null ? true : alltrue([for url in [var.oidc.issuer, var.oidc.authorization_endpoint, var.oidc.token_endpoint, var.oidc.user_info_endpoint] : can(regex("^https://[^ ]+$", url))])
    error_message = "oidc: ${var.oidc == null ? "null" : jsonencode(var.oidc)} has an address that is not https://."
  }

  validation {
    condition     = (var.oidc == null || var.cognito == null) && (var.oidc == null) == (var.oidc_client_secret == null)
    error_message = "oidc: ${var.oidc == null ? "null" : var.oidc.issuer} goes with oidc_client_secret, and neither with cognito; give both or none."
  }
}

variable "oidc_client_secret" {
  description = "The client's secret at the provider of oidc. The load balancer's API has no write-only argument for it: whoever reads the state reads it. Use a client that is good for this sign-in alone, or cognito."
  type        = string
  default     = null
  sensitive   = true
}

variable "session_s" {
  description = "Seconds (300-604800) until who signed in by cognito or oidc has to do it again."
  type        = number
  default     = 43200
  nullable    = false

  validation {
    condition     = var.session_s >= 300 && var.session_s <= 604800 && floor(var.session_s) == var.session_s
    error_message = "session_s: ${var.session_s} is not a whole number of 300-604800 seconds."
  }
}

variable "machine_cidrs" {
  description = "IPv4 networks (0-3), among allowed_cidrs, that need no sign-in by cognito or oidc: where Metabase is provisioned and the doctor asks from. Metabase's own sign-in stays."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.machine_cidrs) <= 3 && alltrue([for cidr in var.machine_cidrs : can(cidrhost(cidr, 0)) && try(tonumber(split("/", cidr)[1]), 0) >= 16])
    error_message = "machine_cidrs: ${jsonencode(var.machine_cidrs)} is not 0-3 IPv4 networks of /16 or narrower; a load balancer's rule takes three."
  }
}

# -- what runs --------------------------------------------------------------------------------------------------------

variable "image" {
  description = "Metabase's image by exact version and digest, as metabase/metabase:v0.64.6.2@sha256:…, from Docker Hub or a repository of one's own. The digest is what runs; the version says what that is."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9.-]+(:[0-9]+)?/)?([a-z0-9._-]+/)*metabase:v0\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image: '${var.image}' does not say exactly what runs; take metabase/metabase:v0.64.<point>.<fix>@sha256:<64 hex digits>. A tag such as latest or v0.64.x is another image tomorrow."
  }

  # Line, point and fix as one number; what does not say them is refused above.
  validation {
    condition     = try(sum([for at, part in regex(":v0\\.([0-9]+)\\.([0-9]+)\\.([0-9]+)@", var.image) : tonumber(part) * pow(1000, 2 - at)]), local.least) >= local.least
    error_message = "image: '${var.image}' is older than ${local.least_version}; instances of older ones were taken over in August 2026. Take the newest of line 0.64."
  }
}

variable "image_repository_arn" {
  description = "ARN of the ECR repository of the account that the image is in. null where it is in none: a public image needs no right."
  type        = string
  default     = null

  validation {
    condition     = var.image_repository_arn == null ? true : can(regex("^arn:aws[a-z-]*:ecr:[a-z0-9-]+:[0-9]{12}:repository/.+$", var.image_repository_arn))
    error_message = "image_repository_arn: '${coalesce(var.image_repository_arn, "null")}' is no repository's ARN; take arn:aws:ecr:<region>:<account>:repository/<name>, or null."
  }
}

variable "architecture" {
  description = "The task's processor: X86_64, or ARM64, which costs a fifth less. The image is for both."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture: '${var.architecture}' is neither X86_64 nor ARM64."
  }
}

variable "cpu" {
  description = "The task's processor (512, 1024, 2048 or 4096; 1024 is one vCPU, good for some twenty people at once)."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = contains([512, 1024, 2048, 4096], var.cpu)
    error_message = "cpu: ${var.cpu} is not 512, 1024, 2048 or 4096."
  }
}

variable "memory_mb" {
  description = "The task's memory in MB (2048-30720, as Fargate pairs it with cpu); three quarters are the heap."
  type        = number
  default     = 4096
  nullable    = false

  validation {
    condition = contains(lookup({
      "512"  = range(2048, 4097, 1024)
      "1024" = range(2048, 8193, 1024)
      "2048" = range(4096, 16385, 1024)
      "4096" = range(8192, 30721, 1024)
    }, tostring(var.cpu), []), var.memory_mb)
    error_message = "memory_mb: Fargate has no task of cpu ${var.cpu} with memory_mb ${var.memory_mb}, or Metabase does not run in it; 1024 goes with 2048 to 8192."
  }
}

variable "start_s" {
  description = "Seconds (120-3600) that a task may take until it answers: the first start and each new version change the database before."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.start_s >= 120 && var.start_s <= 3600 && floor(var.start_s) == var.start_s
    error_message = "start_s: ${var.start_s} is not a whole number of 120-3600 seconds."
  }
}

# -- its database -----------------------------------------------------------------------------------------------------

variable "postgres_version" {
  description = "PostgreSQL's major version (15-18). RDS raises it in its next maintenance window, and never lowers it."
  type        = number
  default     = 17
  nullable    = false

  validation {
    condition     = contains([15, 16, 17, 18], var.postgres_version)
    error_message = "postgres_version: ${var.postgres_version} is not 15, 16, 17 or 18."
  }
}

variable "database_class" {
  description = "The database's machine, as db.t4g.micro (12 USD a month), which does for some twenty people."
  type        = string
  default     = "db.t4g.micro"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.database_class))
    error_message = "database_class: '${var.database_class}' is no class of RDS, as db.t4g.micro."
  }
}

variable "multi_az" {
  description = "Whether a second machine in another zone stands by, at the price of the first. Without one a zone's end is the end of Metabase until it is back; the lake does not notice."
  type        = bool
  default     = false
  nullable    = false
}

variable "backup_days" {
  description = "Days (1-35) to any second of which the database can be brought back."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days: ${var.backup_days} is not a whole number of 1-35; without backups, what people drew is gone with one mistake."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database and the load balancer. To destroy them, apply with false first; the database then goes without a last snapshot."
  type        = bool
  default     = true
  nullable    = false
}

# -- its secrets ------------------------------------------------------------------------------------------------------

variable "admin_email" {
  description = "Address of Metabase's first user, an administrator, whom the provisioner signs in as."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.admin_email))
    error_message = "admin_email: '${var.admin_email}' is no address."
  }
}

variable "secret_versions" {
  description = "The numbers (1 or more) of the values of encryption-key and admin-password. A value is sent when its number changes, and never else. Another encryption-key alone loses what the old one encrypted: see README."
  type        = object({ encryption-key = optional(number, 1), admin-password = optional(number, 1) })
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for number in values(var.secret_versions) : number >= 1 && floor(number) == number])
    error_message = "secret_versions: ${jsonencode(var.secret_versions)} is not made of whole numbers of 1 or more; begin with 1, and count up with each new value."
  }
}

variable "secret_values" {
  description = "The values: encryption-key (16-512 visible ASCII characters; openssl rand -base64 32 makes one) and admin-password (15-128, with a digit). Needed only where a number in secret_versions is new; in no plan and no state."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true

  # No message here echoes anything: which of them have values would tell of the values.
  validation {
    condition     = alltrue([for name in keys(var.secret_values) : contains(["encryption-key", "admin-password"], name)])
    error_message = "secret_values: one is neither encryption-key nor admin-password."
  }

  validation {
    condition     = can(regex("^[!-~]{16,512}$", lookup(var.secret_values, "encryption-key", "none-is-given-now")))
    error_message = "secret_values: encryption-key is not 16-512 visible ASCII characters, which Metabase wants."
  }

  validation {
    condition     = can(regex("^[!-~]{15,128}$", lookup(var.secret_values, "admin-password", "none-is-given-now-0"))) && can(regex("[0-9]", lookup(var.secret_values, "admin-password", "none-is-given-now-0")))
    error_message = "secret_values: admin-password is not 15-128 visible ASCII characters with a digit among them, which Metabase wants."
  }
}

variable "secret_recovery_days" {
  description = "Days (0, or 7-30) in which a deleted secret can be had back. Until they are over nothing of that name can be made."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = contains(concat([0], range(7, 31)), var.secret_recovery_days)
    error_message = "secret_recovery_days: ${var.secret_recovery_days} is neither 0 nor a whole number of 7-30."
  }
}

variable "kms_key_arn" {
  description = "ARN of the own KMS key of the lake, the results, the secrets, the log group and the database. null where they have none. Another one replaces the database."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: '${coalesce(var.kms_key_arn, "null")}' is no key's ARN; take arn:aws:kms:<region>:<account>:key/<id>, or null."
  }
}

# -- what it asks -----------------------------------------------------------------------------------------------------

variable "lake_uri" {
  description = "Where the tables are: s3://<bucket>/<prefix>, without a slash at the end."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)+$", var.lake_uri))
    error_message = "lake_uri: '${var.lake_uri}' is no place of a lake; take s3://<bucket>/<prefix>, without a slash at the end."
  }
}

variable "workgroup" {
  description = "The Athena workgroup that answers: name, and where results go (s3://<bucket>/<prefix>/)."
  type        = object({ name = string, results_uri = string })
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.workgroup.name)) && can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([^/]+/)+$", var.workgroup.results_uri))
    error_message = "workgroup: '${var.workgroup.name}' with results in '${var.workgroup.results_uri}' is not a workgroup's name and a place s3://<bucket>/<prefix>/."
  }
}

variable "databases" {
  description = "Glue databases that it may read, by layer (silver, gold). Bronze is as it came, and not for dashboards."
  type        = map(string)
  default     = { silver = "silver", gold = "gold" }
  nullable    = false

  validation {
    condition     = length(var.databases) > 0 && alltrue([for layer, name in var.databases : contains(["silver", "gold"], layer) && can(regex("^[a-z0-9_]{1,255}$", name))])
    error_message = "databases: ${jsonencode(var.databases)} is not one or both of silver and gold, each with a database's name of a-z 0-9 _."
  }
}

# -- how it is looked after -------------------------------------------------------------------------------------------

variable "alarm_topic_arn" {
  description = "ARN of the topic that its alarms go to: the monitoring module's."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn: '${var.alarm_topic_arn}' is no topic's ARN."
  }
}

variable "log_days" {
  description = "Days that the logs stay (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653)."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days: CloudWatch cannot keep logs for ${var.log_days} days; 30 or 365 are among what it can."
  }
}
