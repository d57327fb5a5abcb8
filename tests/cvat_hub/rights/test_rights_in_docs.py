"""docs/security.md tells the rights that the tables of `access` give."""

from __future__ import annotations

from pathlib import Path

from cvat_hub.rights import access
from cvat_hub.rights.access import Right

DOCS = Path(__file__).parents[3] / "docs" / "security.md"
TABLES = {
    "a task, its labels, frames and annotations": access.TASK,
    "a job, beside what one is to its task": access.JOB,
    "a project": access.PROJECT,
    "an organization": access.ORGANIZATION,
    "another user": access.USER,
    "a function": access.FUNCTION,
}


def reference() -> str:
    """Return the tables as the docs show them; run this module to print them."""
    parts: list[str] = []
    for noun, table in TABLES.items():
        used = [right for right in Right if any(right in rights for rights in table.values())]
        parts += [
            f"| to {noun} one is | {' | '.join(right.value for right in used)} |",
            "|---" * (len(used) + 1) + "|",
            *(
                f"| {role} | {' | '.join('yes' if right in rights else '' for right in used)} |"
                for role, rights in table.items()
            ),
            "",
        ]
    return "\n".join(parts)


def test_the_docs_have_the_tables_of_rights() -> None:
    text = DOCS.read_text(encoding="utf-8")
    written = text.partition("<!-- rights -->\n")[2].partition("<!-- end of rights -->")[0]
    assert written == reference()


if __name__ == "__main__":
    print(reference(), end="")
