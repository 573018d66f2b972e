"""What you see in a terminal."""
