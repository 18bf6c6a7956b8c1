"""From bytes to facts.

The only room that knows ``ast``, ``libcst`` and ``sqlglot``, and the only one that reads files.
"""
