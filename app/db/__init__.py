"""The database: roles, pools, the caller in each transaction, the embedded Postgres."""
