"""The engine: candidates to facts, facts through the rules, findings to a report."""
