"""What you see in a browser."""
