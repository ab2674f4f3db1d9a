#!/bin/sh
# Makes this version of the workers current if the deployment has no current version yet; an upgrade is the operator's
# act (docs/production.md). Waits for the first worker.
set -eu
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${TEMPORAL_DEPLOYMENT_NAME:?}" "${FEDIMG_BUILD_ID:?}"
attempts=90

current() {
  temporal worker deployment describe --name "$TEMPORAL_DEPLOYMENT_NAME" -o json 2>/dev/null |
    tr -d ' \n' | sed -n 's/.*"currentVersionBuildID":"\([^"]*\)".*/\1/p'
}

while [ "$attempts" -gt 0 ]; do
  version=$(current)
  if [ -n "$version" ]; then
    echo "Current version of $TEMPORAL_DEPLOYMENT_NAME: $version"
    exit 0
  fi
  temporal worker deployment set-current-version --yes \
    --deployment-name "$TEMPORAL_DEPLOYMENT_NAME" --build-id "$FEDIMG_BUILD_ID" || true
  attempts=$((attempts - 1))
  sleep 2
done
echo "No worker of version $FEDIMG_BUILD_ID has reported to Temporal; look at the log of the service worker." >&2
exit 1
