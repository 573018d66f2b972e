"""Studying: the store of reviews, the memories computed from them, and the queue of prompts."""
