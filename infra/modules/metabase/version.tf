# What may run. Instances were taken over in August 2026 through lines 58 to 63 (GHSA-vwf4-m7j8-wcjf, GHSA-r495-55cx-fjh7);
# the vendor's least safe release of the last of them is 0.63.13, of 14 August. Line 64, which is kept up for long, came
# after those. With the next advisory this goes up, and every plan below it fails.
locals {
  least_version = "0.64.1.0"

  # Line, point and fix as one number, each below 1000.
  least = sum([for at, part in slice(split(".", local.least_version), 1, 4) : tonumber(part) * pow(1000, 2 - at)])
}
