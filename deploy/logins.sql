-- Run once by psql (15 or newer) as a superuser, on an empty server. The passwords are taken from the environment.
\set ON_ERROR_STOP on
\getenv deploy LEDGER_DEPLOY_PASSWORD
\getenv app LEDGER_APP_PASSWORD
\getenv backup LEDGER_BACKUP_PASSWORD
create role ledger_deploy login createrole password :'deploy';
create role ledger_app login noinherit password :'app';
-- Reads every row, past row security, and changes none: what pg_dump needs. Nothing but the backup job logs in as it.
create role ledger_backup login bypassrls in role pg_read_all_data password :'backup';
create database ledger owner ledger_deploy encoding 'UTF8';
