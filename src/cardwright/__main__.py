"""`python -m cardwright` is `cards`."""

import sys

if sys.path and not sys.flags.safe_path:
    # Python puts the current folder first, and a stranger's project might hold a `yaml.py`.
    del sys.path[0]

from cardwright.cli.start import main

main()
