"""`python -m app`: the command line."""

import gc


def run() -> None:
    """Run the command line.

    The garbage collector is off while modules are imported, because they are never garbage: looking through them took a
    third of a short command.
    """
    gc.disable()
    from app.cli import main

    gc.freeze()
    gc.enable()
    main()


if __name__ == "__main__":  # a worker process imports this module again under another name
    run()
