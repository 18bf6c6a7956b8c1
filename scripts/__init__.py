"""What make and the tests run around sqla-guard; not part of the package."""
