#!/bin/sh
# Starts the server of temporalio/server with the password of a file; its own entry point reads only a variable.
set -eu
POSTGRES_PWD=$(cat "${POSTGRES_PASSWORD_FILE:?}")
export POSTGRES_PWD
exec "${TEMPORAL_ENTRYPOINT:-/etc/temporal/entrypoint.sh}"
