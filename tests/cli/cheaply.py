"""`python -m app`, with passwords that cost next to nothing to hash: the product's take 0.25 s of processor each."""

from argon2 import PasswordHasher

from app.auth import passwords

passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._decoy = passwords._hasher.hash("no password")

if __name__ == "__main__":  # a worker process imports this module again under another name
    from app.__main__ import run

    run()
