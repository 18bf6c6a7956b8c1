"""The tests of sqla-guard."""
