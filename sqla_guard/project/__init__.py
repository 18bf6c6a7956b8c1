"""Facts of many files put together: modules, bases, mapped classes, tables, revisions."""
