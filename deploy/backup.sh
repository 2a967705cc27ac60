#!/bin/sh
# One dump of the ledger, into BACKUP_DIR; the address is in PGHOST, PGUSER and so on. Dumps older than BACKUP_DAYS are
# removed, after a new one is complete. It holds neither the key nor the passwords: those are copied by copy-keys.sh.
set -eu
umask 077
day=$(date +%Y%m%d-%H%M%S)
new=$BACKUP_DIR/ledger-$day.part
trap 'rm -f "$new"' EXIT
pg_dump --format=custom --file="$new"
pg_restore --list "$new" >/dev/null # it can be read
mv "$new" "$BACKUP_DIR/ledger-$day.dump"
find "$BACKUP_DIR" -maxdepth 1 -name 'ledger-*.dump' -mtime "+${BACKUP_DAYS:-30}" -delete
echo "已备份到 $BACKUP_DIR/ledger-$day.dump / Backed up."
