"""The command line `roam-lite`: thin commands that parse, call and print."""

from roam_lite.cli.main import main

__all__ = ["main"]
