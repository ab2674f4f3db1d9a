# Installs the SSM agent on images without one, such as Fedora's. The last line on the console says how it ended.
# Systems Manager user guide, "Verifying the signature of SSM Agent": the package and its detached signature are
# verified with AWS's published key. Today's rpm refuses the SHA-1 signature inside of the package, so it is installed
# without that check, and never without the other one.
# usage: AGENT_URL (ending in linux_ARCH, without the package) KEYRING_BASE64
agent_url=$1 keyring=$2
umask 077
work=$(mktemp -d)
code= text=

# Cloud-init sends standard output to the console on most images, and /dev/console is it on the others.
say() {
  printf '\nfedimg-agent: %s\n' "$*"
  printf '\nfedimg-agent: %s\n' "$*" >/dev/console 2>/dev/null || true
}

fail() {
  code=$1 text=$(printf '%s' "$2" | tr -c '[:print:]' ' ' | tail -c 400)
  return 1
}

has() { command -v "$1" >/dev/null 2>&1; }

is_active() {
  systemctl is-active --quiet amazon-ssm-agent || systemctl is-active --quiet snap.amazon-ssm-agent.amazon-ssm-agent
}

# usage: fetch URL FILE CODE (of a server that does not have it)
fetch() {
  local answer status=0
  has curl || { fail no-curl 'the image has no curl'; return; }
  answer=$(curl --fail --silent --show-error --proto '=https' --connect-timeout 20 --max-time 300 \
    --output "$2" --write-out '%{http_code}' "$1" 2>"$work/curl.log") || status=$?
  case $status in
  0) case $answer in 2*) return 0 ;; esac ;;
  23) fail no-space "the image has no room for the package: $(cat "$work/curl.log")"; return ;;
  22) ;;
  *) fail no-network "$1 cannot be reached: $(cat "$work/curl.log")"; return ;;
  esac
  fail "$3" "the server answered $answer for $1"
}

# The tool comes from the distribution's own repositories, which its package tool verifies. Sequoia's tools refuse
# the SHA-1 self-signature of AWS's key.
need_verifier() {
  if has gpgv || has gpg; then return 0; fi
  if has dnf; then
    dnf install -y /usr/bin/gpgv
  elif has zypper; then
    zypper --non-interactive install gpg2
  elif has yum; then
    yum install -y gnupg2
  elif has apt-get; then
    apt-get update && apt-get install -y gpgv
  fi >"$work/verifier.log" 2>&1
  if has gpgv || has gpg; then return 0; fi
  fail no-gpg-tool "the image has neither gpgv nor gpg, and none could be installed: $(tail -n 1 "$work/verifier.log")"
}

# usage: verify SIGNATURE PACKAGE
verify() {
  local report
  printf '%s' "$keyring" | base64 -d >"$work/keyring.gpg"
  mkdir -p "$work/gnupg"
  if has gpgv; then
    report=$(gpgv --homedir "$work/gnupg" --keyring "$work/keyring.gpg" --status-fd 1 "$1" "$2" 2>"$work/gpg.log") || true
  else
    report=$(gpg --homedir "$work/gnupg" --batch --no-default-keyring --keyring "$work/keyring.gpg" --status-fd 1 \
      --verify "$1" "$2" 2>"$work/gpg.log") || true
  fi
  case $report in
  *'] BADSIG '*) fail bad-signature "the package is not the one that AWS signed" ;;
  *'] NO_PUBKEY '* | *'] ERRSIG '*) fail unknown-key "the signature is by a key that fedimg does not have" ;;
  *'] EXPKEYSIG '* | *'] REVKEYSIG '*) fail expired-key "the key of the signature has expired or was revoked" ;;
  *'] EXPSIG '*) fail bad-signature "the signature has expired" ;;
  *'] GOODSIG '*'] VALIDSIG '*) return 0 ;;
  *) fail bad-signature "the signature cannot be read: $(tail -n 1 "$work/gpg.log")" ;;
  esac
}

install_agent() {
  local url=$agent_url kind=rpm package
  if ! has dnf && ! has zypper && ! has yum && has dpkg; then kind=deb url=${agent_url/linux_/debian_}; fi
  [ "$kind" = deb ] || has rpm || { fail no-package-tool 'the image has neither rpm nor dpkg'; return; }
  package=$work/amazon-ssm-agent.$kind
  fetch "$url/amazon-ssm-agent.$kind" "$package" no-package || return
  fetch "$url/amazon-ssm-agent.$kind.sig" "$package.sig" no-signature || return
  need_verifier || return
  verify "$package.sig" "$package" || return
  if [ "$kind" = deb ]; then
    dpkg -i "$package" >"$work/install.log" 2>&1
  else
    rpm -U --nosignature --nodigest "$package" >"$work/install.log" 2>&1
  fi || { fail install-refused "the package tool refused the package: $(tail -n 1 "$work/install.log")"; return; }
  systemctl enable --now amazon-ssm-agent >"$work/start.log" 2>&1 ||
    fail start-refused "the agent is installed and does not start: $(tail -n 1 "$work/start.log")"
}

# An installed agent may only be switched off.
if is_active || systemctl enable --now amazon-ssm-agent >/dev/null 2>&1; then
  say "present: the image has the SSM agent"
else
  # The network may come up after cloud-init's first try.
  for _ in 1 2 3 4 5; do
    if install_agent; then code=installed text='the SSM agent was installed and verified'; fi
    [ "$code" = no-network ] || break
    sleep 10
  done
  say "$code: $text"
fi
rm -rf "$work"
