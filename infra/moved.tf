# There was one workgroup for all.
moved {
  from = module.athena
  to   = module.athena["reader"]
}
