"""Settings: one table for flags, variables and help."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cvat_hub.settings import (
    Settings,
    SettingsError,
    add_arguments,
    from_arguments,
    options,
    reference,
)

DOCS = Path(__file__).parents[2] / "docs" / "run-a-hub.md"


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
    ("name", "text", "reason"),
    [
        ("port", "many", "'many' is not a whole number"),
        ("port", "70000", "70000 is not between 0 and 65535"),
        ("port", "-1", "-1 is not between 0 and 65535"),
        ("preparations", "0", "0 is not between 1 and 64"),
        ("stop_seconds", "1.5", "'1.5' is not a whole number"),
        ("log_format", "xml", "'xml' is not one of text, json"),
        ("log_level", "INFO", "'INFO' is not one of debug, info, warning, error"),
        ("trusted_proxies", "10.0.0.300", "'10.0.0.300' does not appear to be an IPv4 or IPv6"),
        ("trusted_proxies", "10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("trusted_proxies", "*", "'*' does not appear to be an IPv4 or IPv6"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name(
    name: str, text: str, reason: str
) -> None:
    [option] = [option for option in options() if option.name == name]
    for args, environment, place in (
        ([f"{option.flag}={text}"], {}, option.flag),
        ([], {option.variable: text}, f"${option.variable}"),
    ):
        with pytest.raises(SettingsError) as caught:
            _settings(args, environment)
        assert str(caught.value).startswith(f"{place}: {reason}")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "0", 0),
        ("log_format", "json", "json"),
        ("trusted_proxies", "10.0.0.1, 10.1.0.0/16,::1", "10.0.0.1, 10.1.0.0/16,::1"),
        ("data_dir", "/x y", Path("/x y")),
    ],
)
def test_a_setting_that_makes_sense_is_taken(name: str, text: str, value: object) -> None:
    [option] = [option for option in options() if option.name == name]
    assert getattr(_settings([], {option.variable: text}), name) == value


def test_settings_made_in_python_are_checked_as_well() -> None:
    with pytest.raises(SettingsError, match="log_format: 'xml' is not one of"):
        Settings(log_format="xml")


def test_secrets_have_no_flag_and_are_not_shown() -> None:
    found = _settings([], {"CVAT_HUB_ADMIN_PASSWORD": "hush"})
    assert found.admin_password == "hush"
    assert "hush" not in repr(found)
    assert "hush" not in repr(Settings(database="postgresql://hub:hush@db/hub"))
    with pytest.raises(SystemExit):
        _settings(["--admin-password", "hush"], {})


def test_the_help_names_every_setting_and_its_variable() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    text = parser.format_help()
    for option in options():
        assert option.variable in text.replace("\n", "")


def test_the_docs_have_the_table_of_all_settings() -> None:
    """Its text is what `python -c "from cvat_hub import settings; print(settings.reference())"`
    prints."""
    text = DOCS.read_text(encoding="utf-8")
    written = text.partition("<!-- settings -->\n")[2].partition("<!-- end of settings -->")[0]
    assert written == reference()


def test_a_part_of_the_settings_can_have_flags() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser, ("data_dir",))
    assert from_arguments(parser.parse_args(["--data-dir", "x"]), {}).data_dir == Path("x")
    with pytest.raises(SystemExit):
        parser.parse_args(["--port", "1"])


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
