"""Cards in a browser: the preview page."""
