"""Which imported functions a module may give SQL of its own."""

from __future__ import annotations

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.sql_across import read_called

DDL = "'CREATE TABLE t (metadata int)'"


def called(code: str) -> tuple[str, ...]:
    return read_called(SourceFile("m.py", "from app import run, BEGIN\nfrom functools import partial\n" + code))


@pytest.mark.parametrize(
    "code",
    [
        f"run({DDL})",
        f"run(sql={DDL})",
        f"run(None, [{DDL}])",
        f"SQL = {DDL}\nrun(SQL)",
        f"a = {DDL}\nb = a\ndef f():\n    for s in (b,):\n        run(s)",
        f"all = []\nall.append({DDL})\nrun(all)",
        "sql = 'ALTER '\nsql += kind\nrun(sql)",
        "run('Drop ' + kind)",
        "run(f'Rename {kind}')",
        f"class A:\n    Q = {DDL}\n    def f(self):\n        run(self.Q)",
        f"def f(sql):\n    run(sql)\nf({DDL})",
        f"class A:\n    def f(self, sql):\n        run(sql)\nA().f({DDL})",
        f"def f(sql={DDL}):\n    run(sql)",
        f"def f():\n    return {DDL}\nrun(f())",
        f"Q = {{'a': {DDL}}}\nrun(Q['a'])",
        f"Q = {DDL}\nrun(text(dedent(Q).format(x=1)).bindparams(y=2))",
        f"run((lambda: {DDL})())",
        f"go = partial(run, {DDL})\ngo()",
        "run('\\n-- why\\nUPDATE t SET metadata = 1')",
        "run(f'{first} ADD metadata int')",
        "run('%s ADD metadata int' % first)",
        "run(f'{BEGIN} t')",
        "run(BEGIN + ' t')",
        "run(BEGIN.format('t'))",
        "run('CREATE DEFINER = a TRIGGER x')",
        "run('(SELECT metadata FROM t)')",
        "run(b'DELETE FROM t')",
    ],
)
def test_sql_is_followed_to_the_call(code: str) -> None:
    assert "run" in called(code)


@pytest.mark.parametrize(
    "code",
    [
        "'''Update the metadata.'''\nrun(x)",
        "run('Create a new registry')",
        "run('Update failed')",
        "def f(event):\n    if event == 'start':\n        run(event)",
        f"rows = c.execute({DDL})\nrun(rows)",
        f"class A:\n    def f(self, sql):\n        c.execute(sql)\n        run(self)\nA().f({DDL})",
        "run(f'cannot drop {x}')",
    ],
)
def test_prose_and_results_of_queries_are_no_sql(code: str) -> None:
    assert called(code) == ()
