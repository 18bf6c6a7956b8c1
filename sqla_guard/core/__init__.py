"""The words every room speaks: source files, spans, diagnostics, fixes, configuration.

Standard library only, no input or output.
"""
