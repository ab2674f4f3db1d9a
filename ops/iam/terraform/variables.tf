variable "deployment" {
  description = "deployment of fedimg.toml. The worker may change only what has it as a tag."
  type        = string
  default     = "fedimg"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,31}$", var.deployment))
    error_message = "A deployment has 1 to 32 of a-z, 0-9 and -, and begins with a letter or a digit."
  }
}

variable "worker_service" {
  description = "Where the worker runs: the service that assumes its role."
  type        = string
  default     = "ec2.amazonaws.com"

  validation {
    condition     = contains(["ec2.amazonaws.com", "ec2.amazonaws.com.cn", "ecs-tasks.amazonaws.com"], var.worker_service)
    error_message = "Use ec2.amazonaws.com, ec2.amazonaws.com.cn or ecs-tasks.amazonaws.com."
  }
}

variable "worker_principal_arns" {
  description = "Users and roles that may assume the worker's role, too, such as those of a worker outside of AWS."
  type        = list(string)
  default     = []
}

variable "test_transport" {
  description = "test.transport of fedimg.toml. With console the test instance has no role."
  type        = string
  default     = "ssm"

  validation {
    condition     = contains(["ssm", "console"], var.test_transport)
    error_message = "Use ssm or console."
  }
}

variable "read_quotas" {
  description = "Whether the worker may read the quota of public AMIs. Without it, it assumes 5."
  type        = bool
  default     = true
}

variable "ebs_direct" {
  description = "Whether images are written through the EBS direct APIs."
  type        = bool
  default     = false
}

variable "kms_key_arns" {
  description = "KMS keys of encrypted AMIs, in every region."
  type        = list(string)
  default     = []
}

variable "ami_parameter_arns" {
  description = "SSM parameters of your own that the AMI list names (resolve:ssm:NAME)."
  type        = list(string)
  default     = []
}

variable "vpc_id" {
  description = "The VPC of the security group. null is the default VPC."
  type        = string
  default     = null
}
