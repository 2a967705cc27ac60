"""组办会商: a consultation between an inspection team and the inspection office."""
