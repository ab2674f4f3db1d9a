terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  # The policies of the worker that are on; policies.tf has all.
  worker_policies = merge(
    { read = local.policies.read, worker = local.policies.worker },
    var.read_quotas ? { quotas = local.policies.quotas } : {},
    length(var.ami_parameter_arns) > 0 ? { "ami-parameter" = local.policies.ami_parameter } : {},
    length(var.kms_key_arns) > 0 ? { encryption = local.policies.encryption } : {},
    var.ebs_direct ? { "ebs-direct" = local.policies.ebs_direct } : {},
  )

  # The instances that are reached over SSM.
  instances = var.test_transport == "ssm" ? toset(["utility", "test"]) : toset(["utility"])

  tags = { "fedimg:deployment" = var.deployment }
}

resource "aws_iam_role" "worker" {
  name        = "${var.deployment}-worker"
  description = "The worker of fedimg"
  tags        = local.tags

  assume_role_policy = local.worker_trust
}

resource "aws_iam_policy" "worker" {
  for_each = local.worker_policies

  name   = "${var.deployment}-${each.key}"
  policy = each.value
  tags   = local.tags
}

resource "aws_iam_role_policy_attachment" "worker" {
  for_each = local.worker_policies

  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.worker[each.key].arn
}

resource "aws_iam_instance_profile" "worker" {
  count = var.worker_service == "ecs-tasks.amazonaws.com" ? 0 : 1

  name = "${var.deployment}-worker"
  role = aws_iam_role.worker.name
}

resource "aws_iam_role" "instance" {
  for_each = local.instances

  name        = "${var.deployment}-${each.key}"
  description = "The ${each.key} instance of fedimg: the SSM agent and nothing else"
  tags        = local.tags

  assume_role_policy = local.instance_trust
}

resource "aws_iam_role_policy" "instance" {
  for_each = local.instances

  name   = "ssm-agent"
  role   = aws_iam_role.instance[each.key].id
  policy = local.policies.instance
}

resource "aws_iam_instance_profile" "instance" {
  for_each = local.instances

  name = "${var.deployment}-${each.key}"
  role = aws_iam_role.instance[each.key].name
}

resource "aws_security_group" "instances" {
  name        = "${var.deployment}-instances"
  description = "Instances of fedimg: no way in, HTTPS and HTTP out"
  vpc_id      = var.vpc_id
  tags        = local.tags

  egress {
    description = "SSM and image servers"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    description = "Image servers without TLS"
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
