"""Settings: what production refuses, what never shows, and that the README's table is the truth."""

from __future__ import annotations

import base64
import os
import re
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.settings import Settings, SettingsFaulty, decode_key, load

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()
SAFE = {
    "env": "production",
    "secret_key": KEY,
    "public_url": "https://points.example",
    "redis_url": "redis://:hunter2@valkey:6379/0",
    "database_url": "postgresql://earnest:hunter2@postgres/earnest",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """No variable and no .env of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_nothing_has_to_be_set_to_begin():
    settings = load()
    assert settings.record_url == f"sqlite:///{Path.cwd()}/data/record.db"
    assert settings.hot_url == f"unix://{Path.cwd()}/data/valkey/valkey.sock"


def test_production_starts_when_everything_is_safe():
    settings = load(**SAFE)
    assert settings.hot_url == SAFE["redis_url"]
    assert settings.record_url == SAFE["database_url"]


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("secret_key", None, "EARNEST_SECRET_KEY is missing"),
        ("secret_key", "A" * 44, "EARNEST_SECRET_KEY is a placeholder"),
        ("secret_key", base64.b64encode(b"change me " * 5).decode(), "EARNEST_SECRET_KEY is a placeholder"),
        ("secret_key", base64.b64encode(b"short").decode(), "EARNEST_SECRET_KEY"),
        ("public_url", None, "EARNEST_PUBLIC_URL"),
        ("public_url", "http://points.example", "EARNEST_PUBLIC_URL"),
        ("public_url", "https://", "EARNEST_PUBLIC_URL"),
        ("redis_url", None, "EARNEST_REDIS_URL"),
        ("database_url", None, "EARNEST_DATABASE_URL"),
        ("database_url", "sqlite:///record.db", "EARNEST_DATABASE_URL"),
    ],
)
def test_production_refuses_one_unsafe_thing(field, value, word):
    with pytest.raises(SettingsFaulty) as refused:
        load(**{**SAFE, field: value})
    assert len(refused.value.faults) == 1
    assert word in refused.value.faults[0]


def test_one_message_names_every_fault():
    with pytest.raises(SettingsFaulty) as refused:
        load(env="production", public_url="http://x")
    assert len(refused.value.faults) == 4
    assert all(fault in str(refused.value) for fault in refused.value.faults)


def test_faults_of_form_are_listed_together_under_their_variables():
    with pytest.raises(SettingsFaulty) as refused:
        load(port=99_999, workers=0, secret_key="not base64!")
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        "EARNEST_PORT",
        "EARNEST_WORKERS",
        "EARNEST_SECRET_KEY",
    ]


def test_no_secret_shows_wherever_settings_or_their_errors_are_written():
    shown = [repr(load(**SAFE)), str(load(**SAFE)), str(load(**SAFE).as_environment())]
    for wrong in (
        {**SAFE, "secret_key": "hunter2"},
        {**SAFE, "public_url": None},
        {**SAFE, "port": "hunter2"},
    ):
        try:
            load(**wrong)
        except SettingsFaulty as error:
            shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
    assert len(shown) == 12
    assert not [text for text in shown if "hunter2" in text or KEY in text]


def test_arguments_outrank_variables_which_outrank_the_file(monkeypatch):
    Path(".env").write_text("EARNEST_PORT=1001\nEARNEST_HOST=file\nEARNEST_WORKERS=3\nOTHER=1\n")
    monkeypatch.setenv("EARNEST_PORT", "1002")
    monkeypatch.setenv("EARNEST_HOST", "variable")
    settings = load(port=1003, host=None)
    assert (settings.port, settings.host, settings.workers) == (1003, "variable", 3)


def test_a_child_that_reads_the_environment_gets_the_same_settings(monkeypatch):
    settings = load(port=1003, trusted_proxies="10.0.0.1, ::1", data_dir=Path("elsewhere"), metrics=False)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


@given(st.binary(min_size=32, max_size=64))
def test_every_key_of_enough_bytes_is_read_in_both_alphabets(key):
    for encoded in (base64.b64encode(key), base64.urlsafe_b64encode(key).rstrip(b"=")):
        assert decode_key(SecretStr(encoded.decode())) == key


def test_the_readme_lists_every_setting_with_its_default_and_meaning():
    text = (ROOT / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(EARNEST_\w+)` \| (.*) \|$", text, re.MULTILINE))
    expected = {}
    for name, field in Settings.model_fields.items():
        default = str(field.default).lower() if field.default is True else field.default
        shown = f"`{default}`" if default not in (None, ()) else ""
        expected[f"EARNEST_{name.upper()}"] = f"{shown} | {field.description}"
    assert rows == expected
