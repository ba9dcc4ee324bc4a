#!/usr/bin/env bash
# Measures imports, decisions and searches on both stores at several sizes, in one run. Needs PostgreSQL's server
# (tests/needs.sh), which it starts on a directory of its own. `SIZES="1000 100000"` leaves the largest out.
set -euo pipefail
cd "$(dirname "$0")/.."

SIZES=${SIZES:-1000 100000 1000000}
WORK=$(mktemp -d)
BIN=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
cleanup() {
    as_postgres "$BIN/pg_ctl" -D "$WORK/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$WORK"
}
trap cleanup EXIT

cargo build --locked --release --quiet --example store_bench --example facts_generator

if [ "$(id -u)" -eq 0 ]; then chown postgres "$WORK"; fi
as_postgres "$BIN/initdb" -D "$WORK/data" -A trust -U postgres --no-instructions >/dev/null
as_postgres "$BIN/pg_ctl" -D "$WORK/data" -w -l "$WORK/log" \
    -o "-c listen_addresses=127.0.0.1 -c port=${PORT:-54329} -c unix_socket_directories=$WORK -c shared_buffers=512MB -c max_wal_size=4GB" start >/dev/null

places=()
for size in $SIZES; do places+=("$WORK/facts-$size.db=$size"); done
for size in $SIZES; do
    as_postgres "$BIN/createdb" -h "$WORK" -p "${PORT:-54329}" -U postgres "facts$size"
    places+=("postgres://postgres@127.0.0.1:${PORT:-54329}/facts$size?sslmode=disable=$size")
done
chmod 777 "$WORK"
target/release/examples/store_bench "${places[@]}"
