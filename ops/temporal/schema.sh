#!/bin/sh
# Makes Temporal's two databases in PostgreSQL, or brings them to the version of this temporal-sql-tool. Repeatable.
# After samples-server/compose/scripts/setup-postgres.sh; here the password comes from a file.
set -eu
: "${POSTGRES_SEEDS:?the host of PostgreSQL}" "${POSTGRES_USER:?}" "${POSTGRES_PASSWORD_FILE:?}"
SQL_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export SQL_PASSWORD
schema=${TEMPORAL_SCHEMA:-/etc/temporal/schema}/postgresql/v12

tool() {
  temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port "${DB_PORT:-5432}" --user "$POSTGRES_USER" "$@"
}

prepare() {
  tool --db "$1" create
  # Leaves the version of a database that has a higher one.
  tool --db "$1" setup-schema -v 0.0
  tool --db "$1" update-schema -d "$schema/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
echo 'The databases of Temporal are ready.'
