# Written by scripts/write-iam.ts from ops/iam/policies. Change those, and run: npx tsx scripts/write-iam.ts

locals {
  policies = {
    ami_parameter = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "ReadParametersOfUtilityImages"
          "Effect" = "Allow"
          "Action" = [
            "ssm:GetParameter",
          ]
          "Resource" = var.ami_parameter_arns
        },
      ]
    })
    ebs_direct = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "StartSnapshotsWithOurTags"
          "Effect" = "Allow"
          "Action" = [
            "ebs:StartSnapshot",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:RequestTag/managed-by"        = "fedimg"
              "aws:RequestTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "TagSnapshotsThatAreStarted"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CreateTags",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:RequestTag/managed-by"        = "fedimg"
              "aws:RequestTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "NoteTheHashOfOurSnapshots"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CreateTags",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
            "ForAllValues:StringEquals" = {
              "aws:TagKeys" = [
                "fedimg:raw-sha256",
              ]
            }
          }
        },
        {
          "Sid"    = "WriteAndReadOurSnapshots"
          "Effect" = "Allow"
          "Action" = [
            "ebs:CompleteSnapshot",
            "ebs:GetSnapshotBlock",
            "ebs:ListSnapshotBlocks",
            "ebs:PutSnapshotBlock",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
      ]
    })
    encryption = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "UseKeysThroughEC2"
          "Effect" = "Allow"
          "Action" = [
            "kms:Decrypt",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
          ]
          "Resource" = var.kms_key_arns
          "Condition" = {
            "StringLike" = {
              "kms:ViaService" = [
                "ec2.*.amazonaws.com",
                "ec2.*.amazonaws.com.cn",
              ]
            }
          }
        },
        {
          "Sid"    = "GrantKeysToEBS"
          "Effect" = "Allow"
          "Action" = [
            "kms:CreateGrant",
          ]
          "Resource" = var.kms_key_arns
          "Condition" = {
            "Bool" = {
              "kms:GrantIsForAWSResource" = "true"
            }
          }
        },
        {
          "Sid"    = "LookAtKeys"
          "Effect" = "Allow"
          "Action" = [
            "kms:DescribeKey",
          ]
          "Resource" = var.kms_key_arns
        },
      ]
    })
    instance = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "BeReachedBySSM"
          "Effect" = "Allow"
          "Action" = [
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
          ]
          "Resource" = "*"
        },
      ]
    })
    quotas = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "ReadQuotasOfPublicImagesAndCpus"
          "Effect" = "Allow"
          "Action" = [
            "servicequotas:GetServiceQuota",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:servicequotas:*:${data.aws_caller_identity.current.account_id}:ec2/L-0E3CBAB9",
            "arn:${data.aws_partition.current.partition}:servicequotas:*:${data.aws_caller_identity.current.account_id}:ec2/L-1216C47A",
          ]
        },
        {
          "Sid"    = "ReadDefaultQuota"
          "Effect" = "Allow"
          "Action" = [
            "servicequotas:GetAWSDefaultServiceQuota",
          ]
          "Resource" = "*"
        },
      ]
    })
    read = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "Read"
          "Effect" = "Allow"
          "Action" = [
            "ec2:DescribeImages",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeRegions",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSnapshots",
            "ec2:DescribeSubnets",
            "ec2:DescribeVolumes",
            "ec2:DescribeVpcs",
            "ec2:GetEbsEncryptionByDefault",
            "ec2:GetImageBlockPublicAccessState",
            "ec2:GetSnapshotBlockPublicAccessState",
            "ssm:DescribeInstanceInformation",
            "ssm:GetCommandInvocation",
            "ssm:ListCommandInvocations",
          ]
          "Resource" = "*"
        },
        {
          "Sid"    = "ReadPermissionsOfSnapshots"
          "Effect" = "Allow"
          "Action" = [
            "ec2:DescribeSnapshotAttribute",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
        },
        {
          "Sid"    = "FindAmazonLinux"
          "Effect" = "Allow"
          "Action" = [
            "ssm:GetParameter",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ssm:*::parameter/aws/service/ami-amazon-linux-latest/*"
        },
      ]
    })
    worker = jsonencode({
      "Version" = "2012-10-17"
      "Statement" = [
        {
          "Sid"    = "LaunchWithOurTags"
          "Effect" = "Allow"
          "Action" = [
            "ec2:RunInstances",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:instance/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:network-interface/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:volume/*",
          ]
          "Condition" = {
            "StringEquals" = {
              "aws:RequestTag/managed-by"        = "fedimg"
              "aws:RequestTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "LaunchFrom"
          "Effect" = "Allow"
          "Action" = [
            "ec2:RunInstances",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:ec2:*::image/*",
            "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:security-group/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:subnet/*",
          ]
        },
        {
          "Sid"    = "MakeSnapshotsWithOurTags"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CopySnapshot",
            "ec2:CreateSnapshot",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:RequestTag/managed-by"        = "fedimg"
              "aws:RequestTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "MakeImagesWithOurTags"
          "Effect" = "Allow"
          "Action" = [
            "ec2:RegisterImage",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::image/*"
          "Condition" = {
            "StringEquals" = {
              "aws:RequestTag/managed-by"        = "fedimg"
              "aws:RequestTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "SnapshotOurVolumes"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CreateSnapshot",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:volume/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "CopySnapshotsOfThisAccount"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CopySnapshot",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/snap-*"
          "Condition" = {
            "StringEquals" = {
              "ec2:Owner" = "${data.aws_caller_identity.current.account_id}"
            }
          }
        },
        {
          "Sid"    = "RegisterOurSnapshots"
          "Effect" = "Allow"
          "Action" = [
            "ec2:RegisterImage",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "TagWhatIsBeingMade"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CreateTags",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:ec2:*::image/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:instance/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:network-interface/*",
            "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:volume/*",
          ]
          "Condition" = {
            "StringEquals" = {
              "ec2:CreateAction" = [
                "CopySnapshot",
                "CreateSnapshot",
                "RegisterImage",
                "RunInstances",
              ]
            }
          }
        },
        {
          "Sid"    = "MarkOurResults"
          "Effect" = "Allow"
          "Action" = [
            "ec2:CreateTags",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:ec2:*::image/*",
            "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*",
          ]
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
            "ForAllValues:StringLike" = {
              "aws:TagKeys" = [
                "fedimg:adopted-from",
                "fedimg:keep-until",
                "fedimg:left-out:*",
                "fedimg:passed:*",
                "fedimg:run",
                "fedimg:state",
                "fedimg:step",
                "fedimg:untested:*",
                "fedimg:workflow",
              ]
            }
          }
        },
        {
          "Sid"    = "PublishOurImages"
          "Effect" = "Allow"
          "Action" = [
            "ec2:ModifyImageAttribute",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::image/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "PublishOurSnapshots"
          "Effect" = "Allow"
          "Action" = [
            "ec2:ModifySnapshotAttribute",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "RemoveOurImages"
          "Effect" = "Allow"
          "Action" = [
            "ec2:DeregisterImage",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::image/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "RemoveOurSnapshots"
          "Effect" = "Allow"
          "Action" = [
            "ec2:DeleteSnapshot",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*::snapshot/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "EndOurInstances"
          "Effect" = "Allow"
          "Action" = [
            "ec2:GetConsoleOutput",
            "ec2:TerminateInstances",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:instance/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "RemoveOurVolumes"
          "Effect" = "Allow"
          "Action" = [
            "ec2:DeleteVolume",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:volume/*"
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "DetachOurVolumes"
          "Effect" = "Allow"
          "Action" = [
            "ec2:DetachVolume",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:instance/*",
            "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:volume/*",
          ]
          "Condition" = {
            "StringEquals" = {
              "aws:ResourceTag/managed-by"        = "fedimg"
              "aws:ResourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "RunShellScripts"
          "Effect" = "Allow"
          "Action" = [
            "ssm:SendCommand",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ssm:*::document/AWS-RunShellScript"
        },
        {
          "Sid"    = "RunThemOnOurInstances"
          "Effect" = "Allow"
          "Action" = [
            "ssm:SendCommand",
          ]
          "Resource" = "arn:${data.aws_partition.current.partition}:ec2:*:${data.aws_caller_identity.current.account_id}:instance/*"
          "Condition" = {
            "StringEquals" = {
              "ssm:resourceTag/managed-by"        = "fedimg"
              "ssm:resourceTag/fedimg:deployment" = "${var.deployment}"
            }
          }
        },
        {
          "Sid"    = "HandOverInstanceRoles"
          "Effect" = "Allow"
          "Action" = [
            "iam:PassRole",
          ]
          "Resource" = [
            "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.deployment}-utility",
            "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.deployment}-test",
          ]
          "Condition" = {
            "StringEquals" = {
              "iam:PassedToService" = [
                "ec2.amazonaws.com",
                "ec2.amazonaws.com.cn",
              ]
            }
          }
        },
      ]
    })
  }
}
