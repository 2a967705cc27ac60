"""The inspection ledger (巡察台账). The floors of the house are described in docs/decisions/0001-floors.md."""
