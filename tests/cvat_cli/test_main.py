from __future__ import annotations

from collections.abc import Callable

import pytest

from cvat_cli.__main__ import make_parser
from cvat_sdk.version import VERSION

Cli = Callable[..., tuple[int, str, str]]

ANNOTATE = ("task", "auto-annotate", "5", "--function-module", "json")


def test_the_version_is_data(cli: Cli) -> None:
    assert cli("--version") == (0, f"{VERSION}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        *((), ("task",), ("task", "create"), ("task", "auto-annotate"), ("ls",)),
        *(("project",), ("project", "create"), ("profile",), ("profile", "create"), ("config",)),
    ],
)
def test_help_is_data(cli: Cli, words: tuple[str, ...]) -> None:
    code, out, err = cli(*words, "--help")
    assert (code, err) == (0, "")
    assert out.startswith("usage: cvat-cli")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "required: COMMAND"),
        (("task",), "required: COMMAND"),
        (("tusk",), "invalid choice: 'tusk'"),
        (("--auth", ":x", "task", "ls"), "expected USER or USER:PASS"),
        (("--server-port", "http", "task", "ls"), "invalid int value: 'http'"),
        (("task", "delete", "five"), "invalid int value: 'five'"),
        (("task", "delete"), "required: ids"),
        (("task", "create", "n", "cloud", "a.jpg"), "'cloud' is not one of local, share, remote"),
        (("task", "create", "n", "local"), "required: resources"),
        (("task", "create", "n", "--labels", "[", "local", "a.jpg"), "the text is not JSON"),
        (("task", "auto-annotate", "5"), "one of the arguments --function-module --function-file"),
        ((*ANNOTATE, "--function-file", "f.py"), "not allowed with argument --function-module"),
        ((*ANNOTATE, "-p", "x=int:many"), "'many' is not of type int"),
        ((*ANNOTATE, "--conf-threshold", "7"), "'7' is not a number between 0 and 1"),
        (("task", "frames", "5", "0", "--quality", "best"), "invalid choice: 'best'"),
        (("project", "create"), "required: name"),
        (("project", "create", "n", "--dataset_path", "x"), "unrecognized arguments"),
        (("project", "delete"), "required: ids"),
        (("profile", "delete"), "required: NAME"),
        (("config", "server"), "invalid choice: 'server'"),
    ],
)
def test_wrong_arguments_end_with_2_and_a_reason(
    cli: Cli, args: tuple[str, ...], message: str
) -> None:
    code, out, err = cli(*args)
    assert (code, out) == (2, "")
    assert message in err


def test_a_server_that_is_not_there_is_one_line(cli: Cli, closed_port: int) -> None:
    code, out, err = cli("--auth", "ann", "--server-host", f"http://127.0.0.1:{closed_port}", "ls")
    assert (code, out) == (1, "")
    warning, line = err.splitlines()
    assert "say 'task ls' instead" in warning
    assert line.startswith(f"cvat-cli: error: http://127.0.0.1:{closed_port} cannot be reached")


def test_debug_shows_the_traceback(cli: Cli, closed_port: int) -> None:
    address = ("--server-host", f"http://127.0.0.1:{closed_port}")
    code, _, err = cli("--debug", "--auth", "ann:very-secret", *address, "task", "ls")
    assert code == 1
    assert "Traceback" in err
    assert "very-secret" not in err


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (("--server-host", "http://a:1", "--server-port", "2"), "leave out --server-port"),
        (("--server-host", "ftp://a"), "begins with http:// or https://"),
        (("--server-host", "http://"), "is not the address of a server"),
        (("--server-host", "http://a:b", "--server-port", "2"), "is not the address of a server"),
        (("--server-host", "a:b:c"), "is not the address of a server"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(
    cli: Cli, address: tuple[str, ...], message: str
) -> None:
    code, out, err = cli("--auth", "ann", *address, "task", "ls")
    assert (code, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1


OFFICIAL = {
    "task ls": "--json",
    "task create": "--bug_tracker --bug --chunk_size --completion_verification_period --copy_data "
    "--frame_step --image_quality --labels --project_id --overlap --segment_size --subset "
    "--sorting-method --start_frame --stop_frame --use_cache --use_zip_chunks --cloud_storage_id "
    "--filename_pattern",
    "task delete": "",
    "task frames": "--outdir --quality",
    "task auto-annotate": "--function-module --function-file --function-parameter -p "
    "--clear-existing --allow-unmatched-labels --conf-threshold --conv-mask-to-poly",
    "project ls": "--json",
    "project create": "--bug_tracker --bug --labels",
    "project delete": "",
    "profile list": "--names-only",
    "profile default": "--unset",
    "profile delete": "",
    "profile create": "--name --set-default --force --file",
    "config default-server": "--unset",
    "": "--version --insecure --auth --server-host --server-port --organization --org --profile "
    "--debug",
}


@pytest.mark.parametrize(("words", "options"), OFFICIAL.items())
def test_every_official_option_is_there(cli: Cli, words: str, options: str) -> None:
    forms = {words, words.removeprefix("task ")}
    for form in forms:
        _, out, _ = cli(*form.split(), "--help")
        assert [option for option in options.split() if option not in out] == []


def test_the_old_forms_are_the_new_ones() -> None:
    parser = make_parser()
    old, new = parser.parse_args(["delete", "5"]), parser.parse_args(["task", "delete", "5"])
    assert (old.command, old.ids) == (new.command, new.ids)
    assert (old.old_form, new.old_form) == (True, False)
