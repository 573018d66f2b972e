"""Reading untrusted files; every limit is a constant here."""
