#!/usr/bin/env bash
# CPU per request over HTTP: the service on facts of a few thousand entities, beside a bare axum handler
# that parses the same JSON and answers a constant. Both run at once; wrk turns to one and the other in
# rounds, and CPU time is read from /proc before and after each round.
#
#   ROUNDS=5 DURATION=10 CONNECTIONS=32 ORGANIZATIONS=500 PROFILE=release benches/load.sh
set -euo pipefail
cd "$(dirname "$0")/.."

export ORGANIZATIONS="${ORGANIZATIONS:-500}"
ROUNDS="${ROUNDS:-5}"
DURATION="${DURATION:-10}"
CONNECTIONS="${CONNECTIONS:-32}"
PROFILE="${PROFILE:-release}"

command -v wrk >/dev/null || { echo "wrk is not installed: apt-get install wrk" >&2; exit 1; }

cargo build --locked --quiet --profile "$PROFILE" --bin mandat --example bare_axum --example facts_generator
BIN="${CARGO_TARGET_DIR:-target}/$([ "$PROFILE" = dev ] && echo debug || echo "$PROFILE")"

WORK="$(mktemp -d)"
PIDS=()
# Ends only the two servers that were started here.
trap '[ ${#PIDS[@]} -eq 0 ] || kill "${PIDS[@]}" 2>/dev/null || true; rm -rf "$WORK"' EXIT

"$BIN/examples/facts_generator" "$ORGANIZATIONS" > "$WORK/facts.json"
echo "facts: $(grep -c '"uid"' "$WORK/facts.json") entities of $ORGANIZATIONS organisations"

"$BIN/mandat" serve --facts "$WORK/facts.json" --listen 127.0.0.1:0 2> "$WORK/mandat.log" &
PIDS+=($!); MANDAT=$!
"$BIN/examples/bare_axum" 127.0.0.1:0 2> "$WORK/bare.log" &
PIDS+=($!); BARE=$!

# The address that a server's log names, once it is ready.
address() {
  local log="$1" found
  for _ in $(seq 300); do
    found="$(grep -o 'listens on http://[0-9.:]*' "$log" | head -1 | cut -d' ' -f3)" || true
    [ -n "$found" ] && { echo "$found"; return; }
    sleep 0.1
  done
  cat "$log" >&2
  exit 1
}
MANDAT_URL="$(address "$WORK/mandat.log")"
BARE_URL="$(address "$WORK/bare.log")"

# User and system time of a process so far, in microseconds.
cpu() {
  awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); printf "%d", ($12 + $13) * 1000000 / hz }' "/proc/$1/stat"
}

# One round against one server: CPU per request, requests per second, latencies.
round() {
  local name="$1" pid="$2" url="$3" before after requests
  before="$(cpu "$pid")"
  wrk -t1 -c"$CONNECTIONS" -d"${DURATION}s" --latency -s benches/load.lua "$url" > "$WORK/wrk.txt"
  after="$(cpu "$pid")"
  if grep -qE 'Non-2xx|Socket errors' "$WORK/wrk.txt"; then cat "$WORK/wrk.txt" >&2; exit 1; fi
  requests="$(awk '/requests in/ { print $1 }' "$WORK/wrk.txt")"
  awk -v name="$name" -v cpu="$((after - before))" -v requests="$requests" '
    /Requests\/sec/ { rate = $2 } $1 == "50%" { p50 = $2 } $1 == "99%" { p99 = $2 }
    END { printf "%-7s %8.2f us CPU/request %10.0f requests/s   p50 %s   p99 %s\n", name, cpu / requests, rate, p50, p99 }
  ' "$WORK/wrk.txt" | tee -a "$WORK/rounds.txt"
}

# Both are warm before the first round is measured.
wrk -t1 -c"$CONNECTIONS" -d1s -s benches/load.lua "$BARE_URL" > /dev/null
wrk -t1 -c"$CONNECTIONS" -d1s -s benches/load.lua "$MANDAT_URL" > /dev/null
for _ in $(seq "$ROUNDS"); do
  round bare "$BARE" "$BARE_URL"
  round mandat "$MANDAT" "$MANDAT_URL"
done

median() {
  awk -v name="$1" '$1 == name { print $2 }' "$WORK/rounds.txt" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}
BARE_CPU="$(median bare)"
MANDAT_CPU="$(median mandat)"

# A mix in which all is allowed or all denied would measure something else.
curl --silent "$MANDAT_URL/metrics" | awk '
  /^mandat_decisions_total/ { split($0, parts, "result=\""); split(parts[2], result, "\""); count[result[1]] += $NF; all += $NF }
  END {
    for (name in count) printf "decisions %-18s %5.1f %%\n", name, 100 * count[name] / all
    if (!count["permitted"] || count["permitted"] == all) { print "the mix is not mixed" > "/dev/stderr"; exit 1 }
  }'

awk -v bare="$BARE_CPU" -v mandat="$MANDAT_CPU" 'BEGIN {
  printf "median CPU per request: bare %.2f us, mandat %.2f us, ratio %.2f (at most 3)\n", bare, mandat, mandat / bare
  exit mandat / bare > 3
}'
