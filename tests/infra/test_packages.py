"""What a producer's revision of before runs outlives the apply that brings the next, as the real provider does it.

A mocked provider does not know what the real one removes: under a key of its own, a package goes when the key changes.
"""

import hashlib
import json
import shutil
from pathlib import Path

import boto3
import pytest

from tests.infra.conftest import Terraform

ROOT_OF_ITS_OWN = """
variable "endpoint" {
  type = string
}

variable "file" {
  type = string
}

provider "aws" {
  region            = "us-east-1"
  max_retries       = 2
  s3_use_path_style = true

  endpoints {
    s3  = var.endpoint
    sts = var.endpoint
  }
}

module "lake" {
  source = "./lake"

  prefix          = "tapehouse-packages"
  account_id      = "123456789012"
  emulator        = true
  versioning_days = 0

  packages = { package = { file = var.file, sha256 = filesha256(var.file), versioned = true } }
}

output "package" {
  value = module.lake.packages["package"]
}
"""


@pytest.mark.timeout(1_800)  # four starts of the provider
def test_a_package_of_before_is_there_until_all_is_destroyed(terraform: Terraform, tmp_path: Path, moto: str) -> None:
    shutil.copytree(terraform.folder / "modules/lake", tmp_path / "lake")
    (tmp_path / "main.tf").write_text(ROOT_OF_ITS_OWN)
    here = Terraform(tmp_path)
    here.init(backend=True)
    s3 = boto3.client(
        "s3",
        endpoint_url=moto,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )

    def deploy(content: bytes) -> dict[str, str]:
        """What names the package afterwards."""
        path = tmp_path / hashlib.sha256(content).hexdigest()[:16] / "producers.tar.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        told = {"endpoint": moto, "file": str(path)}
        applied = here.run(["apply", "-no-color", "-input=false", "-auto-approve"], variables=told)
        assert applied.returncode == 0, applied.stderr
        found = json.loads(here.run(["output", "-json", "package"]).stdout)
        return {"Bucket": found["bucket"], "Key": found["key"], "VersionId": found["version"]}

    before, after = deploy(b"before"), deploy(b"after")
    assert [s3.get_object(**each)["Body"].read() for each in (before, after)] == [b"before", b"after"]
    told = {"endpoint": moto, "file": str(tmp_path / "main.tf")}
    destroyed = here.run(["destroy", "-no-color", "-input=false", "-auto-approve"], variables=told)
    assert destroyed.returncode == 0, destroyed.stderr
    assert [each["Name"] for each in s3.list_buckets()["Buckets"] if "tapehouse-packages" in each["Name"]] == []
