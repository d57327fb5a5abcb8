"""What the migrations make is what the tables say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cvat_hub.store import Store, open_store
from cvat_hub.store.tables import metadata


def test_the_migrations_make_the_tables_that_the_code_expects(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_a_database_can_be_opened_again(database_url: str) -> None:
    open_store(database_url).close()
    open_store(database_url).close()
