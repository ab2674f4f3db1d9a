output "worker_role_arn" {
  value = aws_iam_role.worker.arn
}

output "utility_instance_profile" {
  description = "utility.instance_profile of fedimg.toml"
  value       = aws_iam_instance_profile.instance["utility"].name
}

output "test_instance_profile" {
  description = "test.instance_profile of fedimg.toml; null with test_transport = \"console\""
  value       = try(aws_iam_instance_profile.instance["test"].name, null)
}

output "security_group" {
  description = "utility.security_group and test.security_group of fedimg.toml"
  value       = aws_security_group.instances.id
}
