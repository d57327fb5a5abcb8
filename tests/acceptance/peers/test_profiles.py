"""Saved logins: one file serves both packages."""

import pytest

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(("writer", "reader"), [("official", "ours"), ("ours", "official")])
def test_what_one_saves_the_other_uses_and_changes(sides, tmp_path, writer, reader):
    def cli(side, *arguments):
        done = sides[side].run("-m", "cvat_cli", *arguments, XDG_CONFIG_HOME=str(tmp_path))
        assert done.returncode == 0, done.stderr
        return done.stdout

    for name in ("lab", "home"):
        cli(writer, "--server-host", f"{name}.test", "profile", "create", "--name", name, "t-123")
    cli(writer, "config", "default-server", "http://kept.test")
    listed = cli(reader, "profile", "list")
    assert listed == "home\thttps://home.test\nlab\thttps://lab.test\t(default)\n"
    assert listed == cli(writer, "profile", "list")
    assert cli(reader, "config", "default-server") == "http://kept.test\n"
    cli(reader, "profile", "default", "home")
    cli(reader, "profile", "delete", "lab")
    assert cli(writer, "profile", "default") == "home\n"
    assert cli(writer, "profile", "list", "--names-only") == "home\n"
