"""A stream goes from provisioned to on-demand and back in place, as the real provider judges it.

A mocked provider does not know what the real one refuses: with ``shard_count`` left in place, or in ``ignore_changes``,
the plan to on-demand fails there.
"""

import json
import shutil
from pathlib import Path

import pytest

from tests.infra.conftest import Terraform

ROOT_OF_ITS_OWN = """
variable "endpoint" {
  type = string
}

variable "shard_count" {
  type    = number
  default = null
}

provider "aws" {
  region      = "us-east-1"
  max_retries = 2

  endpoints {
    kinesis = var.endpoint
    sts     = var.endpoint
  }
}

module "stream" {
  source = "./stream"

  name        = "tapehouse-dev-trades"
  shard_count = var.shard_count
}
"""


@pytest.mark.timeout(1_800)  # five starts of the provider
def test_the_stream_is_changed_in_place_in_both_directions(terraform: Terraform, tmp_path: Path, moto: str) -> None:
    shutil.copytree(terraform.folder / "modules/stream", tmp_path / "stream")
    (tmp_path / "main.tf").write_text(ROOT_OF_ITS_OWN)
    here = Terraform(tmp_path)
    here.init(backend=True)
    for shards, made in (("2", "create"), (None, "update"), ("3", "update")):
        variables = {"endpoint": moto} | ({} if shards is None else {"shard_count": shards})
        planned = here.run(["plan", "-no-color", "-input=false", "-out=plan"], variables=variables)
        assert planned.returncode == 0, planned.stderr
        (change,) = json.loads(here.run(["show", "-json", "plan"]).stdout)["resource_changes"]
        assert change["change"]["actions"] == [made]
        assert change["change"]["after"]["shard_count"] == (None if shards is None else int(shards))
        applied = here.run(["apply", "-no-color", "-input=false", "plan"])
        assert applied.returncode == 0, applied.stderr
