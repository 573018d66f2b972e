"""`python -m cardwright` is `cards`."""

from cardwright.cli.main import main

main()
