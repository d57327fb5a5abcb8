"""Users, logins and tokens in the store."""

from __future__ import annotations

import datetime

from cvat_hub.store import Store, tables, users

HOUR = datetime.timedelta(hours=1)


def test_a_login_is_over_at_its_time(store: Store, user_id: int, now: datetime.datetime) -> None:
    with store.write() as connection:
        users.log_in(connection, user_id, "session", "key", now, now + HOUR)
        for secret in ("session", "key"):
            found = users.by_login(connection, secret, now + HOUR)
            assert found is not None
            assert (found.id, found.last_login) == (user_id, now)
            assert users.by_login(connection, secret, now + 2 * HOUR) is None


def test_a_name_goes_before_the_same_address_of_another(
    store: Store, user_id: int, now: datetime.datetime
) -> None:
    with store.write() as connection:
        other = users.create(connection, "bob", "hash", now)
        connection.execute(
            tables.users.update().values(email="ada").where(tables.users.c.id == other)
        )
        by_name, by_mail = (users.by_name(connection, name) for name in ("ada", "bob"))
        assert by_name is not None
        assert by_mail is not None
        assert (by_name.id, by_mail.id) == (user_id, other)
        assert users.by_name(connection, "") is None


def test_secrets_are_not_in_the_store_nor_in_what_is_shown(
    store: Store, user_id: int, now: datetime.datetime
) -> None:
    with store.write() as connection:
        users.log_in(connection, user_id, "hush", "hush too", now, now + HOUR)
        users.add_access_token(
            connection, user_id, "mine", "hush three", now, read_only=True, until=None
        )
        for table in (tables.logins, tables.access_tokens):
            assert "hush" not in str(connection.execute(table.select()).all())
        assert "hash" not in repr(users.get(connection, user_id))
