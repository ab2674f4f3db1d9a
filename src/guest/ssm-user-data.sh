# Installs the SSM agent on images without one, such as Fedora's.
# usage: AGENT_URL (ending in linux_ARCH, without the package)
agent_url=$1
if ! systemctl is-active --quiet amazon-ssm-agent && ! systemctl is-active --quiet snap.amazon-ssm-agent.amazon-ssm-agent; then
  # The network may come up after cloud-init's first try.
  for _ in 1 2 3 4 5; do
    if command -v dnf >/dev/null 2>&1; then
      dnf install -y "$agent_url/amazon-ssm-agent.rpm" && break
    elif command -v apt-get >/dev/null 2>&1; then
      curl -fsSLo /tmp/amazon-ssm-agent.deb "${agent_url/linux_/debian_}/amazon-ssm-agent.deb" &&
        apt-get install -y /tmp/amazon-ssm-agent.deb && break
    elif command -v zypper >/dev/null 2>&1; then
      zypper --non-interactive --no-gpg-checks install "$agent_url/amazon-ssm-agent.rpm" && break
    elif command -v yum >/dev/null 2>&1; then
      yum install -y "$agent_url/amazon-ssm-agent.rpm" && break
    fi
    sleep 10
  done
  systemctl enable --now amazon-ssm-agent
fi
