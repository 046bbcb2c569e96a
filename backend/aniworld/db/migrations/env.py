"""Alembic's entry: runs on the connection that ``aniworld.db.migrate`` hands over."""

from alembic import context

from aniworld.db.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
