#!/bin/sh
# Copies the key and the passwords of the logins out of the data directory, into a folder of the day in KEYS_DIR.
set -eu
umask 077
from=${LEDGER_DATA_DIR:-/var/lib/inspection-ledger}
to=${KEYS_DIR:-/keys}/$(date +%Y%m%d)
mkdir -p "$to"
cp "$from/secret-key" "$from/database-passwords.json" "$to/"
echo "密钥已复制到 $to，请与数据库备份分开保管。/ The keys were copied: keep them away from the dumps."
