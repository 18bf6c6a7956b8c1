"""Renaming an attribute of a mapped class: which places name it."""
