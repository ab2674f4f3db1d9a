/** Writes the CloudFormation template and the Terraform module of ops/iam from ops/iam/policies. */

import { writeFile } from 'node:fs/promises';
import { cloudFormation } from './iam/cloudformation.js';
import { IAM_FOLDER, readPolicies } from './iam/policies.js';
import { terraformPolicies } from './iam/terraform.js';

const policies = await readPolicies();
await writeFile(`${IAM_FOLDER}fedimg.cloudformation.yaml`, cloudFormation(policies));
await writeFile(`${IAM_FOLDER}terraform/policies.tf`, terraformPolicies(policies));
