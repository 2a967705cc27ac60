"""What everyone does with the own account: password and sessions."""
