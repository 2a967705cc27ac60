"""What an administrator does with a principal beside changing it: unlocking, another secret, another password."""
