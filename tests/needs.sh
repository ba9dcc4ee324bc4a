#!/usr/bin/env bash
# What the tests need besides a Rust toolchain: PostgreSQL's server, which they start themselves, Python 3.11 or newer,
# in which the pricing oracle is written, and Chromium with Node.js, in which the reports are looked at. Installs what is
# missing where it may, says what to install where it may not, and does nothing where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
python3 -c 'import tomllib' 2>/dev/null || missing+=(python3)
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        echo "the tests need ${missing[*]}: install them first, on Debian by \`apt-get install ${missing[*]}\`" >&2
        exit 1
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"
fi

# axe and what drives the browser: exactly what the lock says, each with its digest; no package runs a script.
if ! cmp -s browser/package-lock.json browser/node_modules/.mandat-lock; then
    npm ci --prefix browser --ignore-scripts --no-audit --no-fund --silent
    cp browser/package-lock.json browser/node_modules/.mandat-lock
fi
