"""Producers: real venues, the synthetic source and recorded files, all through one confirmed sink into Kinesis."""
