"""An exam with a date: the plan to it, what is known on the day, mock exams, misses."""
