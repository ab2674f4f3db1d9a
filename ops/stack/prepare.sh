#!/usr/bin/env bash
# Makes the folder of the stack: its secrets, and a configuration to edit. Keeps every file that is there.
# Usage: ops/stack/prepare.sh [FOLDER]; the default is ./stack.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$here/stack}
secrets=$folder/secrets
config=$folder/config
command -v openssl >/dev/null || { echo 'openssl is missing. Install it, then run this again.' >&2; exit 2; }

mkdir -p "$secrets" "$config"
# A container reads a secret as a user of its own, so the files are readable; only this folder keeps others out.
chmod 700 "$secrets"

write() { # FILE, the text from stdin
  local draft
  draft=$(mktemp "$1.XXXXXX")
  cat >"$draft"
  chmod 444 "$draft"
  mv "$draft" "$1"
}

secret() {
  [ -e "$secrets/$1" ] || openssl rand -hex 24 | tr -d '\n' | write "$secrets/$1"
  cat "$secrets/$1"
}

# As RabbitMQ computes it: a salt of four bytes, before the password and before the digest.
password_hash() {
  local salt escaped
  salt=$(openssl rand -hex 4)
  escaped=$(sed 's/../\\x&/g' <<<"$salt")
  { printf '%b' "$escaped"; { printf '%b' "$escaped"; printf '%s' "$1"; } | openssl dgst -sha256 -binary; } | base64 -w 0
}

user() {
  printf '{"name":"%s","password_hash":"%s","hashing_algorithm":"rabbit_password_hashing_sha256","tags":[]}' \
    "$1" "$(password_hash "$2")"
}

# fedimg reads its queue and sends; composes announces composes; consumer reads what fedimg announces.
definitions() {
  cat <<JSON
{
  "users": [$(user fedimg "$(secret rabbitmq-password)"),
    $(user composes "$(secret rabbitmq-composes-password)"),
    $(user consumer "$(secret rabbitmq-consumer-password)")],
  "vhosts": [{"name": "/"}],
  "permissions": [
    {"user": "fedimg", "vhost": "/", "configure": "^$", "write": "^(amq\\\\.topic|fedimg)$", "read": "^(amq\\\\.topic|fedimg)$"},
    {"user": "composes", "vhost": "/", "configure": "^$", "write": "^amq\\\\.topic$", "read": "^$"},
    {"user": "consumer", "vhost": "/", "configure": "^$", "write": "^$", "read": "^announcements$"}
  ],
  "topic_permissions": [
    {"user": "composes", "vhost": "/", "exchange": "amq.topic", "write": "\\\\.pungi\\\\.", "read": "^$"}
  ],
  "queues": [
    {"name": "fedimg", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {}},
    {"name": "announcements", "vhost": "/", "durable": true, "auto_delete": false,
      "arguments": {"x-max-length": 100000, "x-overflow": "drop-head"}}
  ],
  "bindings": [
    {"source": "amq.topic", "vhost": "/", "destination": "fedimg", "destination_type": "queue",
      "routing_key": "#.pungi.compose.status.change", "arguments": {}},
    {"source": "amq.topic", "vhost": "/", "destination": "announcements", "destination_type": "queue",
      "routing_key": "#.fedimg.#", "arguments": {}},
    {"source": "amq.topic", "vhost": "/", "destination": "announcements", "destination_type": "queue",
      "routing_key": "#.fedora_image_uploader.#", "arguments": {}}
  ]
}
JSON
}

for name in postgres-password dashboard-token grafana-password; do secret "$name" >/dev/null; done
[ -e "$secrets/rabbitmq-definitions" ] || definitions | write "$secrets/rabbitmq-definitions"
# Without a profile here, the worker asks the role of the instance.
[ -e "$secrets/aws-credentials" ] || write "$secrets/aws-credentials" <<'INI'
# [default]
# aws_access_key_id = AKIA...
# aws_secret_access_key = ...
INI

if [ ! -e "$config/fedimg.toml" ]; then
  mkdir -p "$config/tests"
  [ -e "$config/tests/smoke.sh" ] || printf '#!/bin/bash\n# Runs on an instance of each new image; exit status 0 passes.\nset -eu\nsystemctl is-system-running --wait\n' >"$config/tests/smoke.sh"
  sed -e 's|^#url = "amqps://.*|url = "amqp://fedimg@rabbitmq/%2F"|' \
    -e 's|^#password_file = "/etc/fedimg/broker-password"|password_file = "/run/secrets/rabbitmq-password"|' \
    -e 's|^#topic_prefix = |topic_prefix = |' \
    "$here/fedimg.sample.toml" >"$config/fedimg.toml"
fi
echo "Secrets: $secrets"
echo "Next: edit $config/fedimg.toml and $config/tests/smoke.sh, then run: docker-compose up -d"
