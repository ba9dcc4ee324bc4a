# What happens on the day that docs/reviewing.md reviews, as functions for its shell.

SERVICE=${SERVICE:-http://127.0.0.1:8180}

ask() {
  curl -s "$SERVICE/access/v1/evaluation" -H 'Content-Type: application/json' -d "$1"
  echo
}

# A change that happens if the question before it is allowed.
change() {
  curl -s "$SERVICE/v1/transactions" -H 'Content-Type: application/json' -H "Idempotency-Key: $1" \
    -d "{\"evaluations\": [$2], \"changes\": [$3]}"
  echo
}

BOB_ENTERS='{"subject": {"type": "User", "id": "u-bob"}, "action": {"name": "enterClientAccount"},
  "resource": {"type": "Partnership", "id": "florist:alpenhost"}}'
TINA_SETS='{"subject": {"type": "User", "id": "u-tina"}, "action": {"name": "configureNotices"},
  "resource": {"type": "Organization", "id": "bakery"}, "context": {"leadDays": 14}}'

morning() {
  local user
  for user in u-bob u-ada; do
    ask '{"subject": {"type": "User", "id": "'$user'"}, "action": {"name": "addClient"},
      "resource": {"type": "Organization", "id": "alpenhost"},
      "context": {"client": {"type": "Organization", "id": "gallery"}, "access": "limited"}}'
  done
  ask "$BOB_ENTERS"
  ask "$TINA_SETS"
}

partnership() {
  local it='{"type": "Partnership", "id": "florist:alpenhost"}' florist='{"type": "Organization", "id": "florist"}'
  change accept '{"subject": {"type": "User", "id": "u-rita"}, "action": {"name": "acceptRequest"}, "resource": '"$it"',
      "context": {"access": "full", "paymentMode": "client", "products": []}}' '
    {"set": {"entity": '"$it"', "attribute": "status", "value": "active"}},
    {"set": {"entity": '"$it"', "attribute": "paymentMode", "value": "client"}},
    {"set": {"entity": '"$florist"', "attribute": "fullPartnership", "value": '"$it"'}}'
  ask "$BOB_ENTERS"
  change end '{"subject": {"type": "User", "id": "u-rita"}, "action": {"name": "endPartnership"}, "resource": '"$it"',
      "context": {"confirmed": true, "passwordVerified": true}}' '
    {"set": {"entity": '"$it"', "attribute": "status", "value": "ended"}},
    {"unset": {"entity": '"$florist"', "attribute": "fullPartnership"}}'
  ask "$BOB_ENTERS"
}

# The log as it is at this moment, in a file of its own.
copy_log() {
  python3 -c 'import sqlite3, sys; sqlite3.connect("mandat.decisions.db").backup(sqlite3.connect(sys.argv[1]))' "$1"
}

# The author changes the policy and the scenario that knew of the old rule; the service takes both up.
new_rule() {
  sed -i '/^@id("accounting.configure-notices")/,/^};/s/administrators.contains(principal))/administrators.contains(principal) || resource.billingUsers.contains(principal))/' policies/accounting.cedar
  sed -i '/collaborator with the billing right sets them"/,/^missing/{s/^code = .*/expect = "allow"/;/^missing/d}' \
    tests/scenarios/accounting.toml
  curl -s -X POST "$SERVICE/v1/bundle/reload"
  echo
  ask "$TINA_SETS"
}

# Somebody with all rights on a log makes Tina's first Deny an Allow.
forge_log() {
  python3 - "$1" <<'END'
import sqlite3, sys
log = sqlite3.connect(sys.argv[1])
log.execute("DROP TRIGGER records_stay")
log.execute("UPDATE records SET line = replace(line, 'false', 'true') WHERE line LIKE '%configureNotices%'")
log.commit()
END
}
