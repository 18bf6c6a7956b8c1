"""Settings: files, keys, globs, and what they do to a run."""
