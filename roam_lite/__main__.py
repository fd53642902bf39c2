"""`python -m roam_lite`: the command line, if the script `roam-lite` is not on the path."""

import sys

from roam_lite.cli import main

if __name__ == "__main__":
    sys.exit(main())
