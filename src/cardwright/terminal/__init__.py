"""Everything shown in a terminal."""
