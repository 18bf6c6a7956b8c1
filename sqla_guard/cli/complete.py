"""What the shell completes beyond options and choices."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def complete_rule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the rules that ``incomplete`` can become: codes where it begins like one, names elsewhere."""
    from sqla_guard.check.rule_names import own_names

    if incomplete[:1].isupper():
        return [CompletionItem(code, help=name) for name, code in own_names() if code.startswith(incomplete)]
    return [CompletionItem(name, help=code) for name, code in own_names() if name.startswith(incomplete)]
