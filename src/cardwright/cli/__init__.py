"""The command line: one module per command, and one exit point."""
