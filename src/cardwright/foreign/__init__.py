"""Strangers' files, read without trusting them; every bound is a constant here."""
