"""Preparing for an exam with a date: the plan to it, expected recall, mock exams, misses."""
