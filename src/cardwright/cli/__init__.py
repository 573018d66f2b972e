"""What you type: one file a command, and one exit point."""
