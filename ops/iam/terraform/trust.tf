# Who may assume the roles.

locals {
  worker_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Principal = merge(
        { Service = var.worker_service },
        length(var.worker_principal_arns) > 0 ? { AWS = var.worker_principal_arns } : {},
      )
      Action = "sts:AssumeRole"
    }]
  })

  instance_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
      Action    = "sts:AssumeRole"
    }]
  })
}
