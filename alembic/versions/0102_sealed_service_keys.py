"""The keys of the service are encrypted; the secret of the system role.

A key that stood in clear, also in backups, is not kept: the service makes another one, and every token ends.
"""

import sqlalchemy as sa

from alembic import op

revision = '0102'
down_revision = '0101'


def upgrade() -> None:
    op.execute('delete from service_key')
    op.add_column('service_key', sa.Column('form', sa.SmallInteger(), nullable=False))
    op.add_column('service_key', sa.Column('algorithm', sa.Text(), nullable=False))
    op.add_column('service_key', sa.Column('key_id', sa.Text(), nullable=False))
    op.add_column('service_key', sa.Column('ciphertext', sa.LargeBinary(), nullable=False))
    op.drop_column('service_key', 'secret')
    op.create_table('system_secret',
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('secret', name=op.f('pk_system_secret')),
    comment='Signs for which divisions the system role acts in a transaction; made by a migration, read by the keeper.'
    )
    op.execute('insert into system_secret values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))')


def downgrade() -> None:
    op.drop_table('system_secret')
    op.execute('delete from service_key')
    op.add_column('service_key', sa.Column('secret', sa.LargeBinary(), nullable=False))
    op.drop_column('service_key', 'ciphertext')
    op.drop_column('service_key', 'key_id')
    op.drop_column('service_key', 'algorithm')
    op.drop_column('service_key', 'form')
