#!/usr/bin/env bash
# The statement of a month: `mandat statement` beside DuckDB (benches/statement/duckdb.py), on the same orders and
# the same tariffs. Both run in turns; each run is a whole process, from the start to the last byte written. Then
# their outputs are compared, posting by posting and cent by cent.
#
#   ROWS=5000000 ROUNDS=5 SEED=1 benches/statement.sh          (needs `pip install duckdb`)
set -euo pipefail
cd "$(dirname "$0")/.."

ROWS="${ROWS:-5000000}"
ROUNDS="${ROUNDS:-5}"
SEED="${SEED:-1}"
MONTH=2026-10

python3 -c 'import duckdb' || { echo "duckdb is not installed: pip install duckdb" >&2; exit 1; }

cargo build --locked --quiet --release --bin mandat --example orders_generator
BIN="${CARGO_TARGET_DIR:-target}/release"

WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

"$BIN/examples/orders_generator" "$ROWS" "$SEED" > "$WORK/orders.csv"
echo "orders: $ROWS rows, $(stat -c %s "$WORK/orders.csv" | numfmt --to=si)B; $(nproc) cores;" \
     "duckdb $(python3 -c 'import duckdb; print(duckdb.__version__)')"

# One run: wall seconds, CPU seconds and the peak of memory in megabytes, as the system counts them for a child.
measure() {
  local name="$1"; shift
  rm -rf "$WORK/$name"
  python3 - "$name" "$@" <<'PYTHON' | tee -a "$WORK/rounds.txt"
import resource, subprocess, sys, time
name, *command = sys.argv[1:]
start = time.monotonic()
code = subprocess.call(command, stdout=subprocess.DEVNULL)
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if code:
    sys.exit(f"{name} ended with exit code {code}")
print(f"{name:9} {wall:8.2f} s {used.ru_utime + used.ru_stime:8.2f} s CPU {used.ru_maxrss / 1024:8.0f} MB", flush=True)
PYTHON
}

for _ in $(seq "$ROUNDS"); do
  measure mandat "$BIN/mandat" statement "$WORK/orders.csv" --bundle . --month "$MONTH" --out "$WORK/mandat"
  measure duckdb python3 benches/statement/duckdb.py "$WORK/orders.csv" tariffs --month "$MONTH" --out "$WORK/duckdb"
  measure mandat-1 "$BIN/mandat" statement "$WORK/orders.csv" --bundle . --month "$MONTH" --out "$WORK/mandat-1" \
    --threads 1
done

# Two empty statements would agree as well.
[ "$(wc -l < "$WORK/mandat/postings.csv")" -gt 1 ] || { echo "no postings: the comparison says nothing" >&2; exit 1; }
python3 benches/statement/compare.py "$WORK/mandat" "$WORK/duckdb"
cmp "$WORK/mandat/postings.csv" "$WORK/mandat-1/postings.csv"

# The median of a column of one program's rounds.
median() {
  awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$WORK/rounds.txt" | sort -n \
    | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}
echo "medians of $ROUNDS rounds:"
for name in mandat duckdb mandat-1; do
  awk -v name="$name" -v rows="$ROWS" -v wall="$(median "$name" 2)" -v cpu="$(median "$name" 4)" \
      -v peak="$(median "$name" 7)" 'BEGIN {
    printf "%-9s %8.2f s %8.2f s CPU %8.0f MB %8.2f M rows/s\n", name, wall, cpu, peak, rows / wall / 1e6 }'
done
awk -v mandat="$(median mandat 2)" -v duckdb="$(median duckdb 2)" -v one="$(median mandat-1 2)" 'BEGIN {
  printf "mandat is %.2f times as fast as duckdb, with one thread %.2f times\n", duckdb / mandat, duckdb / one }'
