"""Collection and history → what to ask next."""
