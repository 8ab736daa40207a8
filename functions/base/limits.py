"""The limits among the settings.

Each default is what the documentation states and the tests run with. Limits that belong to one operation (its deadline,
its tasks' seconds) are in its module of `functions.operations`; facts of a format or protocol are where they are used.
"""

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """The limits by what they are about; the process reads them as fields of `get_settings()`."""

    model_config = ConfigDict(defer_build=True)

    # what the entrypoint accepts

    max_request_bytes: int = 1_048_576
    """Bytes of a request's body; a larger request is answered 413."""
    page_size: int = Field(default=20, ge=1)
    """Items of a list's page, when none or more are asked for."""
    waiting_requests: int = Field(default=8, ge=1)
    """Requests of a process that wait for their operation's end at once; further ones are answered before it. Half of
    the threads leaves room for all other requests."""
    rate_limit_get: int = 200
    """GET requests a minute of a project, counted by each process for itself; -1 = unlimited."""
    rate_limit_post: int = 200
    """POST requests a minute of a project, counted by each process for itself; -1 = unlimited."""
    rate_limit_put: int = 200
    """PUT and PATCH requests a minute of a project, counted by each process for itself; -1 = unlimited."""
    rate_limit_delete: int = 200
    """DELETE requests a minute of a project, counted by each process for itself; -1 = unlimited."""
    idempotency_takeover_seconds: int = Field(default=60, ge=1)
    """Seconds after which a request without an answer counts as cut short: a repetition is carried out."""
    idempotency_keep_hours: int = Field(default=24, ge=1)
    """Hours that the answer to a request with an Idempotency-Key is kept for repetitions."""

    # what a project may have, unless an administrator set its own limit

    max_volume_size: int = 10
    """GB of an instance's volume; a larger one is refused."""
    quota_instances: int = 10
    """Instances of a project; -1 = unlimited."""
    quota_volumes: int = 40
    """GB of volumes of a project; -1 = unlimited."""
    quota_backups: int = 50
    """Backups of a project; -1 = unlimited."""
    quota_ram: int = -1
    """MB of memory of a project; -1 = unlimited."""

    # the calls of steps; the same in the groups `control` and `hosts`

    step_seconds: float = Field(default=25.0, gt=0, le=30)
    """Seconds in which a step of an operation, sweep or schedule has to answer. Mistral's HTTP request gives up after
    40."""
    step_lease_seconds: int = Field(default=30, ge=30)
    """Seconds after which a call can take the lease of a call that died; at least `step_seconds`."""
    step_crash_attempts: int = Field(default=3, ge=1)
    """Attempts of a step that crashed before its error is final."""
    step_targets_at_once: int = Field(default=8, ge=1)
    """Instances that one call of a step works on at once."""
    step_error_characters: int = Field(default=2000, ge=100)
    """Characters of a step's error message that the timeline keeps."""
    long_poll_seconds: float = Field(default=5.0, ge=0, le=20)
    """Seconds that a step waits for a stack or job before it answers `done: false`. A thread of Mistral's executor
    waits with it: long makes few calls, short leaves threads for other operations."""
    poll_interval_seconds: float = Field(default=0.1, gt=0)
    """Seconds between a step's first two looks at what it waits for; each pause after that is half as long again."""
    poll_longest_seconds: float = Field(default=1.0, gt=0)
    """Seconds between two such looks at most: each costs Heat a request."""

    # the sweep, the reconciliation, and what is kept of ended operations

    undoing_seconds: int = Field(default=1800, ge=60)
    """Seconds past its deadline that an operation may be undone before it needs an operator; its token expires then."""
    sweep_grace_seconds: int = Field(default=10, ge=1)
    """Seconds in which the sweep leaves an accepted operation to its request, and an ended one to its workflow."""
    sweep_settlements: int = Field(default=4, ge=2)
    """Settlements of an operation after which it needs an operator."""
    sweep_configurations: int = Field(default=50, ge=1)
    """Instances to which a run of the sweep brings the new values of their configuration group."""
    sweep_replicas: int = Field(default=20, ge=1)
    """Replicas that a run of the sweep brings back to their source."""
    rejoins_an_hour: int = Field(default=3, ge=1)
    """Times within an hour that a replica is brought back by itself; beyond it its operating status is ERROR."""
    sweep_portions: int = Field(default=10, ge=1)
    """Portions of old operations and audit events that a run of the sweep removes."""
    sweep_portion_seconds: float = Field(default=8.0, gt=0)
    """Seconds that a run of the sweep must have left to begin another portion."""
    removal_portion: int = Field(default=200, ge=1)
    """Old operations, audit events or idempotency keys that one transaction removes."""
    operation_retention_days: int = Field(default=90, ge=0)
    """Days after which an ended operation and its tasks are removed, once its audit events are; 0 = never."""
    audit_retention_days: int = Field(default=90, ge=0)
    """Days after which the audit events of ended operations are removed; 0 = never."""
    totals_margin_seconds: int = Field(default=300, ge=60)
    """Seconds after its end that an operation is added to the totals; longer than the transaction that ends one."""
    reconcile_quiet_seconds: int = Field(default=120, ge=60)
    """Seconds after an operation's end in which reconciling leaves its stack and objects alone: a last call of a step
    may still be under way."""

    # the runs of backup schedules

    schedule_patience_seconds: int = Field(default=600, ge=60)
    """Seconds that a run waits for a busy instance before it counts as missed. Twice as long after its time a run that
    Mistral did not start counts as lost, and the trigger is created again."""
    schedule_early_seconds: int = Field(default=5, ge=2)
    """Seconds before its time at which a run is due. Mistral starts triggers up to 2 seconds early."""
    schedule_trigger_grace_seconds: int = Field(default=30, ge=1)
    """Seconds after a change of a schedule, whose request changes the trigger, before the sweep changes it."""
    schedule_runs_counted: int = Field(default=10_000, ge=1)
    """Missed runs of a schedule that are counted at most. 10,000 are about a week of one a minute."""
    schedule_token_days: int = Field(default=3650, ge=1)
    """Days until the token of a schedule's trigger expires; it allows nothing once the schedule has ended."""

    # requests to the state database, Keystone, Heat, Mistral and Swift

    database_connections: int = Field(default=8, ge=1)
    """Connections to the state database that a process keeps open."""
    database_extra_connections: int = Field(default=24, ge=0)
    """Connections that a process opens beyond those when all are in use, and closes after use."""
    service_request_seconds: float = Field(default=15.0, gt=0)
    """Seconds after which a request to Keystone, Heat or Swift fails; the workflow retries the step."""
    mistral_request_seconds: float = Field(default=10.0, gt=0)
    """Seconds after which a request to Mistral fails."""
    swift_retries: int = Field(default=1, ge=0)
    """Times that a failed request to Swift is repeated within a step."""
    swift_manifest_segments: int = Field(default=1000, ge=1)
    """Segments of one manifest, at most Swift's `max_manifest_segments`; a larger backup gets sub-manifests."""
    swift_deletes: int = Field(default=1000, ge=1)
    """Objects that one request deletes, at most Swift's `max_deletes_per_request`."""

    # backups in Swift

    backup_segment_bytes: int = Field(default=32 * 2**20, ge=2**20)
    """Bytes of one segment of a backup. An upload holds two in the host's memory."""
    backup_url_slack_seconds: int = Field(default=300, ge=0)
    """Seconds past its operation's deadline that the TempURL of a backup is valid."""
    backup_remove_seconds: float = Field(default=10.0, gt=0)
    """Seconds that a step must have left to begin the removal of another backup."""
    import_copy_seconds: float = Field(default=10.0, gt=0)
    """Seconds that a step must have left to begin the copy of another segment of an imported backup."""
    import_index_bytes: int = Field(default=32 * 2**20, ge=2**20)
    """Bytes of an imported backup's list of segments; a larger one is refused. 32 MiB are some 200,000 segments."""

    # hosts: SSH connections, commands and jobs

    ssh_connections: int = Field(default=16, ge=1)
    """SSH connections that a process keeps; beyond it the least recently used idle one is closed."""
    ssh_sessions: int = Field(default=10, ge=1, le=20)
    """Commands at once over one SSH connection. The hosts' sshd allows 20 (MaxSessions)."""
    ssh_connect_seconds: float = Field(default=10.0, gt=0)
    """Seconds after which an attempt to connect by SSH fails, and again the login."""
    ssh_keepalive_seconds: float = Field(default=5.0, gt=0)
    """Seconds between keepalive messages; an SSH connection is closed after three without an answer."""
    command_grace_seconds: float = Field(default=1.0, gt=0)
    """Seconds before the end of a step's time at which the host ends the step's command, to report that in time."""
    command_kill_seconds: int = Field(default=2, ge=1)
    """Seconds after TERM at which the host kills a command that passed its time limit."""
    command_output_bytes: int = Field(default=16 * 2**20, ge=2**20)
    """Bytes of standard output, and of standard error, that a command may write; beyond it the step fails."""
    host_change_seconds: int = Field(default=30, ge=1)
    """Seconds that the host has for a change of accounts at least, however near the operation's deadline is."""
    host_job_seconds: int = Field(default=600, ge=1)
    """Seconds that a job has at least, so that it can be undone past the operation's deadline."""
    host_silence_seconds: int = Field(default=300, ge=1)
    """Seconds after which a host that has never answered fails the operation."""

    # certificates of SSH and of the databases' TLS

    certificate_skew_seconds: int = Field(default=60, ge=0)
    """Seconds before its issue from which a certificate is valid: the clock that checks it may be behind ours."""
    ssh_user_certificate_seconds: int = Field(default=300, ge=60)
    """Seconds that an SSH user certificate, and a connection opened with it, can be used."""
    ssh_host_certificate_days: int = Field(default=3650, ge=1)
    """Days that a host's SSH certificate is valid: as long as the host may live. It opens nothing."""
    database_certificate_days: int = Field(default=398, ge=1, le=398)
    """Days that a database's TLS certificate is valid, or as long as its authority's. Clients refuse more than 398."""
    certificate_renewal_days: int = Field(default=30, ge=1)
    """Days before its end from which a database's certificate is renewed."""
    certificate_renewals: int = Field(default=200, ge=1)
    """Certificates that one run renews."""
    certificate_renewals_at_once: int = Field(default=16, ge=1)
    """Hosts to which one run delivers certificates at once."""

    # the watch over groups with automatic failover, in the group `hosts`

    watch_run_seconds: float = Field(default=20.0, gt=0)
    """Seconds that a run watches; the next one begins before its end, and takes over."""
    watch_interval_seconds: float = Field(default=1.0, gt=0)
    """Seconds between two looks at a primary."""
    watch_look_seconds: float = Field(default=2.5, gt=1)
    """Seconds that a host has for the answer to one look, of which it gets one less for its command."""
    watch_silent_looks: int = Field(default=3, ge=1)
    """Looks in a row without an answer after which the replicas are asked."""
    watch_patience_seconds: float = Field(default=60.0, gt=0)
    """Seconds without an answer, in place of those looks, while an operation has the primary for itself."""
    watch_contact_seconds: float = Field(default=4.0, gt=0)
    """Seconds since it last heard of the primary up to which a connected replica sees it."""
    watch_claim_seconds: int = Field(default=8, ge=4)
    """Seconds after which another run takes a group whose run has ended."""
    watch_groups_at_once: int = Field(default=64, ge=1)
    """Groups that a run watches at most."""
    failover_pause_seconds: int = Field(default=60, ge=1)
    """Seconds after a failover that failed before the next one of that group."""

    # failover

    fence_seconds: float = Field(default=5.0, gt=0)
    """Seconds after which a member that does not answer is left out of a failover, and an old primary is isolated."""
    fence_longest_seconds: float = Field(default=45.0, gt=0, le=50)
    """Seconds, in place of those, for a replica without which the failover could not go on."""

    # the health probe, in the group `hosts`

    probe_interval_seconds: int = Field(default=20, ge=1)
    """Seconds between two probes of an instance. The interval doubles with each silence of its host."""
    probe_longest_interval_seconds: int = Field(default=600, ge=1)
    """Seconds between two probes of an instance whose host stays silent."""
    probe_claim_seconds: int = Field(default=60, ge=30)
    """Seconds after which an instance can be probed by another run when the run that claimed it recorded nothing."""
    probe_run_seconds: float = Field(default=10.0, gt=0)
    """Seconds after which a run begins no probe. One more probe, asked twice, must fit into Mistral's 40 seconds."""
    probe_seconds: float = Field(default=8.0, gt=0)
    """Seconds that a host has for the answer to one question."""
    probe_pause_seconds: float = Field(default=0.5, ge=0)
    """Seconds before an instance whose answer was not good is asked again."""
    astray_seconds: int = Field(default=30, ge=1)
    """Seconds for which a replica may be found not to follow its source before it is BLOCKED and brought back."""
    probes_at_once: int = Field(default=128, ge=1)
    """Instances that a run asks at once; most of these threads wait for silent hosts, where there are such."""
    probe_batch: int = Field(default=16, ge=1)
    """Instances that a run claims together, at least, while so many are due."""
