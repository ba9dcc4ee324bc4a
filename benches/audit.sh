#!/usr/bin/env bash
# What the decision log costs and how fast it is checked: throughput without it, available and strict, turn by turn in one
# run; then a log of RECORDS decisions, its size, verification, a proof and a replay. Figures go to docs/benchmarks.md.
#
#   MODES="off strict strict-files strict-postgres" RECORDS=0 benches/audit.sh
#
# compares the places of a log: PostgreSQL is started from Debian's package, on the same cores.
set -euo pipefail
cd "$(dirname "$0")/.."

ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-8} CONNECTIONS=${CONNECTIONS:-256} RECORDS=${RECORDS:-1000000}
MODES=${MODES:-off available strict} ORGANIZATIONS=500 PORT=${PORT:-8197} DATABASE_PORT=${DATABASE_PORT:-8198}

# BUILT=1 takes what was built before.
[ -n "${BUILT:-}" ] || cargo build --locked --release --bin mandat --example decision_load --example facts_generator
target=${CARGO_TARGET_DIR:-target}/release
dir=$(mktemp -d "${DIR:-${TMPDIR:-/tmp}}/mandat-audit.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
"$target/examples/facts_generator" $ORGANIZATIONS > "$dir/facts.json"

serve() { # MODE HOME
    mkdir -p "$dir/$2"
    local log=(--audit store)
    case "$1" in
        off) log=(--audit off) ;;
        *-files) log=(--audit "$dir/$2/log") ;;
        *-postgres) log=(--audit "postgresql://postgres@127.0.0.1:$DATABASE_PORT/postgres" --audit-key "$dir/key") ;;
    esac
    [ "$1" = off ] || log+=(--audit-mode "${1%-*}")
    "$target/mandat" serve --store "$dir/$2/facts.db" --seed "$dir/facts.json" --listen "127.0.0.1:$PORT" \
        "${log[@]}" 2>> "$dir/log" &
    service=$!
    until curl -fsS "http://127.0.0.1:$PORT/readyz" > /dev/null 2>&1; do sleep 0.1; done
}
stop() { kill "$service"; wait "$service" || true; }
cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$service/stat"; }
ask() { "$target/examples/decision_load" "127.0.0.1:$PORT" --connections "$CONNECTIONS" --organizations $ORGANIZATIONS "$@"; }

postgres() {
    local bin; bin=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -1)
    local as=(); [ "$(id -u)" -ne 0 ] || { chown postgres "$dir"; as=(runuser -u postgres --); }
    "${as[@]}" "$bin/initdb" --pgdata "$dir/database" --username postgres --auth trust > "$dir/initdb"
    "${as[@]}" "$bin/postgres" -D "$dir/database" -p "$DATABASE_PORT" -h 127.0.0.1 -k "" 2> "$dir/postgres" &
    until "$bin/pg_isready" -q -h 127.0.0.1 -p "$DATABASE_PORT"; do sleep 0.1; done
}
if [[ "$MODES" == *-postgres* ]]; then postgres; fi

echo '== latency of the disk: a write of 64 kB and its fsync'
python3 - "$dir" <<'PY'
import os, statistics, sys, time
file = os.open(sys.argv[1] + '/fsync', os.O_CREAT | os.O_WRONLY)
took = []
for _ in range(300):
    begun = time.perf_counter(); os.write(file, bytes(65536)); os.fsync(file); took.append(time.perf_counter() - begun)
took.sort()
print(f'median {took[150] * 1e3:.2f} ms, 99 % {took[297] * 1e3:.2f} ms')
PY

echo "== throughput at $CONNECTIONS connections, turn by turn"
for round in $(seq "$ROUNDS"); do
    for mode in $MODES; do
        serve $mode "$mode-$round"
        ask --seconds 2 > /dev/null
        before=$(cpu)
        answers=$(ask --seconds "$SECONDS_EACH" --seed "$round")
        spent=$(($(cpu) - before))
        python3 - "$mode" "$answers" "$spent" <<'PY'
import json, sys
mode, said, spent = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
print(f"{mode:15} {said['per_second']:8.0f}/s  p50 {said['ms']['p50']:.1f} ms  p99 {said['ms']['p99']:.1f} ms  "
      f"errors {said['errors']}  CPU {spent * 1000 / said['answers']:.1f} us an answer")
PY
        stop
        rm -rf "$dir/$mode-$round"
    done
done

[ "$RECORDS" -gt 0 ] || exit 0
echo "== a log of $RECORDS decisions"
serve strict long
ask --requests "$RECORDS"
stop
log=$dir/long/facts.decisions.db
echo "$(stat -c %s "$log") bytes"
for _ in 1 2 3; do "$target/mandat" audit verify --log "$log" | tail -1; done
record=$("$target/mandat" audit list --log "$log" --limit 1 --json | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["id"])')
"$target/mandat" audit prove "$record" --log "$log" > "$dir/proof.json"
"$target/mandat" audit check "$dir/proof.json" --key "$("$target/mandat" audit key --log "$log")" | tail -1
timed() { local TIMEFORMAT="%R s"; time "$@" > "$dir/out"; }
echo "== by subject, the newest hundred; the decision report; replay of all"
timed "$target/mandat" audit list --log "$log" --subject 'User::"u-11-lr"'
timed "$target/mandat" report decisions --log "$log" --out "$dir/reports"
timed "$target/mandat" replay "$log" --bundle . --store "$dir/long/facts.db"
head -3 "$dir/out"
