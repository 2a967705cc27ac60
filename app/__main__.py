"""`python -m app`: the command line."""

import gc


def run() -> None:
    """The command. What is imported is never garbage, and looking through it took a third of a short command."""
    gc.disable()
    from app.cli import main

    gc.freeze()
    gc.enable()
    main()


if __name__ == "__main__":  # a worker process imports this module again under another name
    run()
