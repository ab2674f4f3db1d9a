#!/bin/sh
# Makes the namespace and fedimg's search attributes, where they are missing. Repeatable.
# After samples-server/compose/scripts/create-namespace.sh.
set -eu
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
retention=${TEMPORAL_RETENTION:-90d}
attempts=60

# A new namespace, and a server that has just started, answer after some seconds.
retry() {
  left=$attempts
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "gave up: $*" >&2; exit 1; }
    sleep 2
  done
}

healthy() { temporal operator cluster health >/dev/null 2>&1; }

namespace() {
  temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention "$retention"
}

attributes() {
  known=$(temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE") || return 1
  set --
  for name in Compose Image Architecture Phase Outcome Attention; do
    echo "$known" | grep -qw "$name" || set -- "$@" --name "$name" --type Keyword
  done
  [ "$#" -eq 0 ] || temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" "$@"
}

retry healthy
retry namespace
retry attributes
echo "The namespace $TEMPORAL_NAMESPACE has fedimg's search attributes."
