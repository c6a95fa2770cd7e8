"""Migrations lead from nothing to the tables and back, whoever else is migrating."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from app.store.sql import (
    act_tables,  # noqa: F401 - the same
    case_tables,  # noqa: F401 - its tables are in the same metadata
    console_tables,  # noqa: F401 - the same
    feedback_tables,  # noqa: F401 - the same
    figure_tables,  # noqa: F401 - the same
    is_current,
    lock_tables,  # noqa: F401 - the same
    migrate,
    open_engine,
    passkey_tables,  # noqa: F401 - its tables are in the same metadata
    token_tables,  # noqa: F401 - the same
    user_tables,  # noqa: F401 - the same
    webhook_tables,  # noqa: F401 - the same
)
from app.store.sql.migrating import EMPTY
from app.store.sql.tables import metadata


@pytest.fixture
def engine(empty_database_url):
    engine = open_engine(empty_database_url)
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_code(engine):
    assert not is_current(engine)
    migrate(engine)
    assert is_current(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(engine):
    migrate(engine)
    migrate(engine)
    assert is_current(engine)


def test_the_way_back_leaves_nothing(engine):
    migrate(engine)
    migrate(engine, EMPTY)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate(engine)
    assert is_current(engine)


def test_a_migration_that_fails_leaves_nothing_behind(engine):
    with engine.begin() as connection:
        metadata.tables["api_keys"].create(connection)  # in the way of the first migration's last table
    with pytest.raises(Exception, match="api_keys"):
        migrate(engine)
    assert inspect(engine).get_table_names() == ["api_keys"]


def test_processes_that_start_at_once_all_find_it_migrated(empty_database_url, engine):
    program = "import sys; from app.store.sql import migrate; sys.stdin.read(1); migrate(sys.argv[1])"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database_url], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in started:
        process.stdin.write(b"!")
        process.stdin.flush()
    told = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert is_current(engine)
