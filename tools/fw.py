#!/usr/bin/env python3
"""usocket's one command line: set up, build, run and test. See --help."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"fw.py needs Python 3.11 or later; this is {sys.version.split()[0]}.")

from fwlib import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
