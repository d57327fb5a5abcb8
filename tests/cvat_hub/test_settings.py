"""Settings: one table for flags, variables and help."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import pytest

from cvat_hub.settings import Settings, SettingsError, add_arguments, from_arguments, variable


def _settings(args: list[str], environment: dict[str, str]) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return from_arguments(parser.parse_args(args), environment)


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_default() -> None:
    assert _settings([], {}) == Settings()
    environment = {"CVAT_HUB_PORT": "1", "CVAT_HUB_DATA_DIR": "x"}
    found = _settings(["--port", "2"], environment)
    assert (found.port, found.data_dir, found.host) == (2, Path("x"), "127.0.0.1")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"CVAT_HUB_PORT": "many"}, "$CVAT_HUB_PORT: 'many' is not of type int"),
        ({"CVAT_HUB_PORT": "70000"}, "port: 70000 is not between 0 and 65535"),
        ({"CVAT_HUB_PREPARATIONS": "0"}, "preparations: 0 is not between 1 and 64"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _settings([], environment)
    assert str(caught.value) == reason


def test_secrets_have_no_flag_and_are_not_shown() -> None:
    found = _settings([], {"CVAT_HUB_ADMIN_PASSWORD": "hush"})
    assert found.admin_password == "hush"
    assert "hush" not in repr(found)
    with pytest.raises(SystemExit):
        _settings(["--admin-password", "hush"], {})


def test_the_help_names_every_setting_and_its_variable() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    text = parser.format_help()
    for option in dataclasses.fields(Settings):
        assert variable(option.name) in text.replace("\n", "")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "sqlite:///x/hub.sqlite3"),
        ("sqlite:////var/h.db", "sqlite:////var/h.db"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_the_database_has_an_address(given: str, url: str) -> None:
    assert Settings(database=given, data_dir=Path("x")).database_url == url
