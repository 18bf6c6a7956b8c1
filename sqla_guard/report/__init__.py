"""Reports as text; pure functions, one output format a module."""
