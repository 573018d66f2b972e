"""The memories of prompts: a store of reviews, what follows from them, and what to ask next."""
