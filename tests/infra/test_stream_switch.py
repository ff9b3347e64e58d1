"""A stream goes from provisioned to on-demand and back in place, as the real provider judges it.

A mocked provider does not know what the real one refuses: with ``shard_count`` left in place, or in ``ignore_changes``,
the plan to on-demand fails there.
"""

import json
import shutil
from pathlib import Path

import pytest

from tapehouse import aws
from tests.infra.conftest import Terraform

NAME = "tapehouse-dev-trades"
ROOT_OF_ITS_OWN = f"""
variable "endpoint" {{
  type = string
}}

variable "shard_count" {{
  type    = number
  default = null
}}

provider "aws" {{
  region      = "us-east-1"
  max_retries = 2

  endpoints {{
    kinesis = var.endpoint
    sts     = var.endpoint
  }}
}}

module "stream" {{
  source = "./stream"

  name        = "{NAME}"
  shard_count = var.shard_count
}}
"""


@pytest.mark.timeout(1_800)  # four starts of the provider
def test_the_stream_is_changed_in_place_in_both_directions(terraform: Terraform, tmp_path: Path, moto: str) -> None:
    shutil.copytree(terraform.folder / "modules/stream", tmp_path / "stream")
    (tmp_path / "main.tf").write_text(ROOT_OF_ITS_OWN)
    here = Terraform(tmp_path)
    here.init(backend=True)
    kinesis = aws.client("kinesis", endpoint_url=moto, region="us-east-1")
    for shards, made in (("2", "create"), (None, "update"), ("3", "update")):
        variables = {"endpoint": moto} | ({} if shards is None else {"shard_count": shards})
        applied = here.run(["apply", "-json", "-input=false", "-auto-approve"], variables=variables)
        assert applied.returncode == 0, applied.stdout
        told = map(json.loads, applied.stdout.splitlines())
        assert [each["change"]["action"] for each in told if each["type"] == "planned_change"] == [made]
        stream = kinesis.describe_stream_summary(StreamName=NAME)["StreamDescriptionSummary"]
        assert stream["StreamModeDetails"]["StreamMode"] == ("ON_DEMAND" if shards is None else "PROVISIONED")
        assert shards is None or stream["OpenShardCount"] == int(shards)
