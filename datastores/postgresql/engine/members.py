"""What a server keeps for the other members of its group: their account, their slots, and which epoch made a timeline.

Two primaries of which neither knew the other may have made timelines of the same number. `trove.promotions` tells them
apart: it is part of the data, so a member's own row is in a primary's table if that has its history.
"""

from __future__ import annotations

from collections.abc import Sequence

from datastores.postgresql.engine import access, group
from datastores.postgresql.engine.node import Node
from datastores.postgresql.engine.scram import verifier
from datastores.postgresql.engine.sql import execute
from datastores.protocol.replication import Credential, Member

_ACCOUNT = """
SELECT 'CREATE ROLE replicator' FROM input WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \\gexec
SELECT format('ALTER ROLE replicator LOGIN REPLICATION NOSUPERUSER CONNECTION LIMIT -1 VALID UNTIL ''infinity'''
              ' PASSWORD %L', d->>'verifier') FROM input \\gexec
GRANT pg_checkpoint TO replicator;
GRANT CONNECT ON DATABASE pg_trove TO replicator;
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text),
  pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
CREATE SCHEMA IF NOT EXISTS trove;
CREATE TABLE IF NOT EXISTS trove.promotions (epoch integer, timeline integer, PRIMARY KEY (epoch, timeline));
GRANT USAGE ON SCHEMA trove TO replicator;
GRANT SELECT ON trove.promotions TO replicator;
"""
_RECORD = """
CREATE SCHEMA IF NOT EXISTS trove;
CREATE TABLE IF NOT EXISTS trove.promotions (epoch integer, timeline integer, PRIMARY KEY (epoch, timeline));
INSERT INTO trove.promotions
  SELECT (d->>'epoch')::integer, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
    FROM input
  ON CONFLICT DO NOTHING;
"""
_DISMISS_ACCOUNT = """
DROP SCHEMA IF EXISTS trove CASCADE;
SELECT 'DROP OWNED BY replicator' FROM pg_roles WHERE rolname = 'replicator' \\gexec
SELECT 'DROP ROLE replicator' FROM pg_roles WHERE rolname = 'replicator' \\gexec
"""
_ADD_SLOTS = """
SELECT pg_create_physical_replication_slot(name, true) IS NULL FROM (
  SELECT jsonb_array_elements_text(d->'slots') AS name FROM input) AS wanted
 WHERE name NOT IN (SELECT slot_name FROM pg_replication_slots);
"""
_END_OTHERS = """
SELECT pg_terminate_backend(active_pid, 5000) IS NULL FROM input, pg_replication_slots
 WHERE starts_with(slot_name, 'trove_m_') AND NOT (d->'slots') ? slot_name AND active;
"""
_DROP_OTHERS = """
SELECT pg_drop_replication_slot(slot_name) IS NULL FROM input, pg_replication_slots
 WHERE starts_with(slot_name, 'trove_m_') AND NOT (d->'slots') ? slot_name AND NOT active;
"""
_LOST = """
SELECT pg_drop_replication_slot(slot_name) IS NULL FROM pg_replication_slots
 WHERE starts_with(slot_name, 'trove_m_') AND NOT active AND wal_status = 'lost';
"""
_DROP_IDLE = """
SELECT pg_drop_replication_slot(slot_name) IS NULL FROM pg_replication_slots
 WHERE starts_with(slot_name, 'trove_m_') AND NOT active;
"""


def admit(node: Node, others: Sequence[Member]) -> None:
    """Let exactly these members in, and keep the log for them from now on; one that needs older log than is there any
    more gets a new slot, for a new copy."""
    access.apply(node)
    node.psql(_LOST)
    document = {"slots": group.slots(others)}
    execute(node, _END_OTHERS + _DROP_OTHERS + _ADD_SLOTS, document)


def make_account(node: Node, credential: Credential) -> None:
    """Make the account by which members come in, or set its password."""
    execute(node, _ACCOUNT, {"verifier": verifier(credential.secret)}, whole=True)


def record(node: Node, epoch: int) -> None:
    """Write down which timeline this epoch's primary writes."""
    execute(node, _RECORD, {"epoch": epoch}, whole=True)


def forget_history(node: Node) -> None:
    """Drop what another group, whose backup these data are of, wrote down of its primaries."""
    node.psql("DROP TABLE IF EXISTS trove.promotions;")


def drop_idle(node: Node) -> None:
    """Drop the slots that nobody uses, of a member that was a primary."""
    node.psql(_DROP_IDLE)


def dismiss(node: Node) -> None:
    """Keep nothing for other members, and let none in."""
    access.apply(node)
    execute(node, _END_OTHERS + _DROP_OTHERS, {"slots": []})
    node.psql(_DISMISS_ACCOUNT)
