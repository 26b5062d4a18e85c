"""The databases that tests run on: SQLite in the test's own folder, or one of a PostgreSQL cluster that the tests start themselves."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import NullPool, create_engine

from somnia_server.store.connections import close_all
from somnia_server.store.schema import upgrade
from somnia_server.store.tables import Base
from tests.server.wires import Wire

KINDS = ("sqlite", "postgresql")
ON_BOTH = frozenset({"store", "work", "access", "api", "test_databases.py"})
"""The folders (and a file) of tests/server whose tests run on each kind."""
PACKAGE = "postgresql"
ACCOUNT = "postgres"
TEMPLATE = "migrated"
START_S = 30.0
LEAN = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "shared_buffers=32MB",
    "max_connections=60",
    "max_wal_size=64MB",
    "min_wal_size=32MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "listen_addresses=",
)
SHAPE = """
SELECT (SELECT string_agg(version_num, ' ') FROM alembic_version), (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_indexes),
string_agg(table_name || column_name || data_type || is_nullable, ' ' ORDER BY 1)
FROM information_schema.columns WHERE table_schema = 'public'
"""
"""What a database looks like without its rows."""
RESTART = "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
KEEP = """
folder=$1; signal=$2; shift 2
"$@" &
read -r word
kill -"$signal" $!
wait
[ "$word" = stay ] || rm -rf "$folder"
"""
"""Ends the server when told to or when the tests have died (their end of the pipe then closes), and leaves nothing behind."""


class Cluster:
    """A PostgreSQL server of its own that speaks through a socket in its folder only; root hands it to the account of the package."""

    def __init__(self) -> None:
        self.programs = _programs()
        self._spare: list[str] = []
        self._shape: tuple[object, ...] = ()
        self.folder = Path(tempfile.mkdtemp(prefix="somnia-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, ACCOUNT, ACCOUNT)
        command = [self.programs / "initdb", "-D", self.data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **_as_whom())
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        server = [self.programs / "postgres", "-D", self.data, "-k", self.folder, *(word for part in LEAN for word in ("-c", part))]
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", KEEP, "keep", self.folder, "QUIT", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **_as_whom(),
            )
        until = time.monotonic() + START_S
        while True:
            try:
                return self.run("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > until or self._keeper.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self, *, stay: bool = False) -> None:
        """End the server at once, as a loss of power does; its folder goes too, unless it is to stay for another start."""
        self._keeper.communicate(b"stay\n" if stay else b"go\n")

    def run(self, statement: str, database: str = ACCOUNT) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(host=str(self.folder), user=ACCOUNT, dbname=database, autocommit=True) as connection:
            connection.execute(statement)

    def url(self, database: str) -> str:
        return f"postgresql://{ACCOUNT}@/{database}?host={self.folder}"

    @contextlib.contextmanager
    def empty(self) -> Iterator[str]:
        """Make a database without tables for a while; its URL."""
        name = f"t{secrets.token_hex(8)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextlib.contextmanager
    def migrated(self) -> Iterator[str]:
        """Lend a database with all tables and no rows; its URL. Emptying one takes a tenth of the time of making one."""
        name = self._spare.pop() if self._spare else self._make()
        try:
            yield self.url(name)
        finally:
            if self._clear(name):
                self._spare.append(name)
            else:
                self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _make(self) -> str:
        if not self._shape:
            self.run(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
            upgrade(create_engine(self.url(TEMPLATE), poolclass=NullPool))
            self._shape = self._ask(SHAPE, TEMPLATE)
        name = f"t{secrets.token_hex(8)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def _clear(self, name: str) -> bool:
        """Empty a database; False when a test has changed its tables."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        if self._ask(SHAPE, name) != self._shape:
            return False
        wipe = "; ".join(f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables)
        self.run(f"BEGIN; SET LOCAL session_replication_role = replica; {wipe}; {RESTART}; COMMIT", name)
        return True

    def _ask(self, query: str, database: str) -> tuple[object, ...]:
        with psycopg.connect(host=str(self.folder), user=ACCOUNT, dbname=database) as connection:
            found = connection.execute(query).fetchone()
            assert found is not None
            return found


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for this session (of this worker, when several share the tests)."""
    server = Cluster()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which kind of database a test runs on: its URL; empty for SQLite in the instance's folder."""
    if getattr(request, "param", KINDS[0]) == KINDS[0]:
        yield ""
        return
    server: Cluster = request.getfixturevalue("cluster")
    with server.migrated() as url:
        yield url
        close_all()


@pytest.fixture
def blank(environ: dict[str, str], database: str, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment of an instance whose database has no tables yet."""
    if not database:
        yield environ
        return
    server: Cluster = request.getfixturevalue("cluster")
    with server.empty() as url:
        yield environ | {"SOMNIA_DATABASE_URL": url}


@pytest.fixture
def wire(cluster: Cluster) -> Iterator[Wire]:
    """A wire to the PostgreSQL server that can be cut."""
    made = Wire(cluster.folder / ".s.PGSQL.5432")
    yield made
    close_all()
    made.close()


@pytest.fixture
def distant(cluster: Cluster, wire: Wire, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an instance whose database is at the other end of the wire."""
    with cluster.migrated() as url:
        name = url.partition("?")[0].rpartition("/")[2]
        yield _environ(tmp_path) | {"SOMNIA_DATABASE_URL": f"postgresql://{ACCOUNT}@127.0.0.1:{wire.port}/{name}"}
        close_all()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of its own for this session, that keeps nothing on the disk."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis here; on Debian 12: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()]
    server = subprocess.Popen(
        ["sh", "-c", KEEP, "keep", "", "TERM", *command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    client, until = redis.Redis(port=port), time.monotonic() + START_S
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
    client.close()
    yield f"redis://127.0.0.1:{port}/0"
    server.communicate(b"stay\n")


@pytest.fixture
def disk(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> Callable[[], bytes]:
    """Return a function that reads every byte which the instance and its database have on the disk; not the key, which lies elsewhere."""

    def read() -> bytes:
        folders = [tmp_path / "instance"]
        if database:
            server: Cluster = request.getfixturevalue("cluster")
            server.run("CHECKPOINT")
            folders += [server.data / "base", server.data / "pg_wal"]
        return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())

    return read


@pytest.fixture
def environ(tmp_path: Path, database: str) -> dict[str, str]:
    return _environ(tmp_path) | ({"SOMNIA_DATABASE_URL": database} if database else {})


def kind_of(environ: dict[str, str]) -> str:
    """Return on which kind of database an instance runs."""
    return KINDS["SOMNIA_DATABASE_URL" in environ]


def choose_databases(metafunc: pytest.Metafunc) -> None:
    """Run a test of the folders named above on each kind of database; one marked `sqlite` is about SQLite only."""
    if "database" not in metafunc.fixturenames or metafunc.definition.get_closest_marker("sqlite"):
        return
    if ON_BOTH & set(metafunc.definition.path.relative_to(Path(__file__).parent).parts):
        metafunc.parametrize("database", KINDS, indirect=True)


def _environ(folder: Path) -> dict[str, str]:
    return {"SOMNIA_INSTANCE": str(folder / "instance"), "SOMNIA_KEY_FILE": str(folder / "keys" / "master.key")}


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL that is installed; without one the test is skipped."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip(f"no PostgreSQL here; on Debian 12: apt-get install {PACKAGE}")
    return found[-1].parent


def _as_whom() -> dict[str, object]:
    """Return as whom the server runs: it refuses root."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        pytest.skip(f"no account {ACCOUNT} here, which root needs for PostgreSQL; on Debian 12: apt-get install {PACKAGE}")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
