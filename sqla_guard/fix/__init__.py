"""From findings to new bytes: edits, imports, plan, apply, verify, write."""
