"""The doctor: what is wrong with a user's store, project, sync folder and backups, and what to do."""
