# Every task of a contributor. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# List the tasks.
default:
    @just --list

# Start the service on the sample facts.
serve *ARGS:
    cargo run --locked --quiet -- serve --seed tests/facts/programme.json {{ARGS}}

# Run all tests: the code's, and the scenarios of the policies.
test:
    tests/needs.sh && cargo test --locked

# Check the bundle: syntax, types, ids, annotations, rules, and what is worth a look; `just check --watch` goes on.
check *ARGS:
    cargo run --locked --quiet -- check {{ARGS}}

# Run the scenarios; `just scenarios CLI-01` runs those of one rule.
scenarios *ONLY:
    cargo run --locked --quiet -- test {{ if ONLY == "" { "" } else { "--only '" + ONLY + "'" } }}

# What the scenarios cover: the summary, and docs/coverage.md anew. It fails on a gap.
coverage:
    cargo run --locked --quiet -- test --strict --write
    MANDAT_GOLDEN=write cargo test --locked --test it coverage::programme

# Change the bundle one thing at a time and list what no scenario and no price case notices.
mutate *ARGS:
    cargo run --locked --quiet -- mutate {{ARGS}}

# Install the solver, prove what must hold, and keep the verdicts for machines without one.
prove *ARGS:
    tools/solver/install
    cargo run --locked --quiet -- prove --write {{ARGS}}

# Look at the reports of the sample facts in a browser, and put their pictures into docs/.
screenshots:
    tests/needs.sh
    cargo run --locked --quiet -- report policy-book --out target/reports --at 2026-10-01T12:00:00Z
    cargo run --locked --quiet -- report access --on Organization::alpenhost --facts tests/facts/programme.json --context '{"confirmed": true, "passwordVerified": true}' --out target/reports --at 2026-10-01T12:00:00Z
    cargo run --locked --quiet -- report tariffs --order tests/orders/bakery.json --facts tests/facts/programme.json --out target/reports --at 2026-10-01T12:00:00Z
    node tests/browser/check.mjs --shots docs target/reports/policy-book.html#rule-CLI-02 target/reports/access.html target/reports/tariffs.html#prices

# Rewrite the golden files; read their diff before you commit it.
golden:
    MANDAT_GOLDEN=write cargo test --locked --test it golden -- --test-threads 1
    MANDAT_GOLDEN=write cargo test --locked --test it readme -- --test-threads 1

# Long runs of the random and concurrent tests, prices beside the oracle's in Python too; CI runs a short form of each.
soak CASES="10000" ORDERS="2000000" ROUNDS="5000" REPLICAS="20000" KILLS="100" RESTARTS="30" LOG_KILLS="300":
    PROPTEST_CASES={{CASES}} cargo test --locked --release --test it properties
    PROPTEST_CASES=$(({{CASES}} / 50)) MANDAT_ROUNDS={{ROUNDS}} cargo test --locked --release --test it transactions
    MANDAT_REPLICA_ROUNDS={{REPLICAS}} MANDAT_RESTARTS={{RESTARTS}} cargo test --locked --release --test it replicas
    MANDAT_KILLS={{KILLS}} cargo test --locked --release --test it faults
    MANDAT_LOG_KILLS={{LOG_KILLS}} MANDAT_TAMPERINGS=100 cargo test --locked --release --test it audit
    PROPTEST_CASES=$(({{CASES}} / 20)) cargo test --locked --release --test it -- store:: search::
    MANDAT_ORACLE_ORDERS={{ORDERS}} cargo test --locked --release --test it oracle
    cargo run --locked --release --quiet -- mutate

# Measure decisions; figures go to docs/benchmarks.md.
bench:
    cargo bench --locked

# Measure the service over HTTP beside a bare handler (needs wrk).
load:
    benches/load.sh

# Measure imports, decisions and searches on both stores, up to a million entities.
stores:
    benches/stores.sh

# Replay a million recorded decisions, on the facts as they were and as they are.
replays:
    benches/replay.sh

# Measure the decision log: throughput in each mode, then a million decisions checked, proved and replayed.
audit:
    benches/audit.sh

# Settle five million order lines beside DuckDB (needs Python with the package duckdb, and GNU time).
settle:
    benches/statement.sh

# Format the code, the policies and the tariffs.
fmt:
    cargo fmt --all
    cargo run --locked --quiet -- fmt

# What CI checks besides the tests.
lint:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo deny check bans licenses sources

# Everything CI does.
ci:
    bash .ci/run
