#!/usr/bin/env bash
# Replays of a log of a million decisions, on the facts as they were and as they are: wall time, CPU time, peak of memory.
#
#   RECORDS=1000000 REVISIONS=2000 ROUNDS=3 benches/replay.sh
set -euo pipefail
cd "$(dirname "$0")/.."

RECORDS="${RECORDS:-1000000}"
REVISIONS="${REVISIONS:-2000}"
ROUNDS="${ROUNDS:-3}"

cargo build --locked --quiet --release --bin mandat --example facts_generator --example log_generator
BIN="${CARGO_TARGET_DIR:-target}/release"

WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

"$BIN/examples/facts_generator" 2000 --lines > "$WORK/facts.jsonl"
"$BIN/mandat" facts import "$WORK/facts.jsonl" --store "$WORK/facts.db" --unchecked
"$BIN/examples/log_generator" "$WORK/facts.db" "$RECORDS" "$REVISIONS" > "$WORK/log.jsonl"
echo "log: $RECORDS records, $(stat -c %s "$WORK/log.jsonl" | numfmt --to=si)B, over $REVISIONS revisions; $(nproc) cores"

# What is replayed under the bundle that decided comes out the same, or the log is none to measure by.
"$BIN/mandat" replay "$WORK/log.jsonl" --store "$WORK/facts.db" --fail-on changed > /dev/null

measure() {
  local name="$1"; shift
  python3 - "$name" "$RECORDS" "$@" <<'PYTHON'
import resource, subprocess, sys, time
name, records, *command = sys.argv[1:]
start = time.monotonic()
code = subprocess.call(command, stdout=subprocess.DEVNULL)
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if code:
    sys.exit(f"{name} ended with exit code {code}")
print(f"{name:6} {wall:7.2f} s wall {used.ru_utime + used.ru_stime:7.2f} s CPU {used.ru_maxrss / 1024:6.0f} MB "
      f"{int(records) / wall:10,.0f} decisions/s", flush=True)
PYTHON
}

for _ in $(seq "$ROUNDS"); do
  for facts in were now; do
    measure "$facts" "$BIN/mandat" replay "$WORK/log.jsonl" --store "$WORK/facts.db" --facts-as "$facts"
  done
done
