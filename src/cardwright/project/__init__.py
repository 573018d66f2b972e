"""The way in: YAML sources → Collection, with everything that is wrong with them."""
