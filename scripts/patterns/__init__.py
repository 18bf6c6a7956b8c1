"""The regular expressions of the package, inputs that would hurt them, and what those cost."""
