"""The SQL in files of its own: all of it shipped, used, said to do something in its first line, and planned well."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from app.store.sql import open_engine
from app.store.sql.tokens.rows import MOVES as LEDGER

ROOT = Path(__file__).parents[3]
FOLDER = files("app.store.sql.tokens") / "moves"
MOVES = sorted(path.name.removesuffix(".sql") for path in FOLDER.iterdir())


def test_the_wheel_holds_every_statement_and_every_script():
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    wanted = {
        str(path.relative_to(ROOT)) for kind in ("*.sql", "*.lua") for path in (ROOT / "app").rglob(kind)
    }
    assert {f"app/store/sql/tokens/moves/{name}.sql" for name in MOVES} <= wanted <= shipped


def test_every_statement_is_used():
    source = "".join(path.read_text() for path in (ROOT / "app/store/sql/tokens").glob("*.py"))
    used = set(re.findall(r'MOVES\["(\w+)"\]', source)) | set(re.findall(r'"(\w+)"', source))
    assert [name for name in MOVES if name not in used and name.removeprefix("sweep_") not in used] == []


@pytest.mark.parametrize("name", MOVES)
def test_a_statement_begins_with_its_contract(name):
    first, *rest = (FOLDER / f"{name}.sql").read_text().splitlines()
    assert re.fullmatch(r"-- [A-Z].+\.", first)
    assert ":" not in first.replace(": ", "")
    assert ";" not in "".join(rest)


@pytest.mark.parametrize("name", [name for name in MOVES if name != "sweep_keys"])
def test_no_statement_reads_a_whole_table(name, sqlite_url):
    """But for the handful of keys. Asked of SQLite, which plans by the indexes there are and not by how much is in."""
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        statement, order = LEDGER[name].compiled(connection.dialect)
        explain = f"EXPLAIN QUERY PLAN {statement}"
        plan = [line for *_, line in connection.exec_driver_sql(explain, (0,) * len(order))]
    engine.dispose()
    assert [line for line in plan if line.startswith("SCAN")] == []
