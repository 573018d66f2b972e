"""Preparing for an exam on a date: the plan, expected recall, mock exams and misses."""
