"""The rules, one a file; a rule's module docstring is its page."""
