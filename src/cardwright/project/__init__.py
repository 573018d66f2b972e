"""Reading a project: YAML sources → Collection and diagnostics."""
