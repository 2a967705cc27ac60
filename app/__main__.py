"""`python -m app`: the command line."""

from app.cli import main

if __name__ == "__main__":  # a worker process imports this module again under another name
    main()
