"""Shared by all front ends: the open project, the open study, exam preparation."""
