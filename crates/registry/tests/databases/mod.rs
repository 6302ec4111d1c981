//! Databases for tests: a file for SQLite, and one PostgreSQL server for all tests of a process, which
//! ends when the process does, however that ends. Whoever uses this has `Store` in scope.

use super::Store;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($engine:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn on($engine: Engine) $body
            #[tokio::test]
            async fn sqlite() { on(Engine::Sqlite).await }
            #[tokio::test]
            async fn postgres() { on(Engine::Postgres).await }
        }
    )*};
}
pub(crate) use on_both;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An empty database. Its files go when this does.
pub(crate) struct Fresh {
    pub(crate) address: String,
    _folder: Option<Folder>,
}

impl Fresh {
    pub(crate) async fn new(engine: Engine) -> Fresh {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        match engine {
            Engine::Sqlite => {
                let folder = Folder::new(&format!("sqlite-{number}"));
                let address = format!("sqlite:{}", folder.0.join("registry.db").display());
                Fresh { address, _folder: Some(folder) }
            }
            Engine::Postgres => {
                let server = Server::running();
                server.make_database(&format!("t{number}")).await;
                Fresh { address: server.address(&format!("t{number}")), _folder: None }
            }
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.address).await.unwrap()
    }

    /// An empty database and the store in it.
    pub(crate) async fn opened(engine: Engine) -> (Fresh, Store) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        (fresh, store)
    }
}

/// A folder that is removed with its owner.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tongke-store-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A PostgreSQL server on a socket in a folder of its own.
struct Server {
    folder: PathBuf,
    /// The server's keeper reads from this process; the end of what it reads is the server's end.
    _keeper: Child,
}

impl Server {
    fn running() -> &'static Server {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Server::start)
    }

    /// Makes a cluster and waits until it takes connections.
    fn start() -> Server {
        // The server refuses to run as root; then it runs as the user that its package made.
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh", "-c", KEEPER]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", KEEPER]);
            command
        };
        command.args(["keeper".as_ref(), programs().as_os_str(), std::env::temp_dir().as_os_str()]);
        let mut keeper =
            command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let folder = ready.trim().strip_prefix("ready ").expect("PostgreSQL starts; why not is said above");
        Server { folder: folder.into(), _keeper: keeper }
    }

    fn address(&self, database: &str) -> String {
        let host = self.folder.join("socket").display().to_string().replace('/', "%2F");
        format!("postgres://tongke@{host}/{database}")
    }

    async fn make_database(&self, name: &str) {
        use sqlx::{AnyConnection, Connection as _, Executor as _};
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.address("postgres")).await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Starts a server and stops it when its standard input ends. `$1`: its programs, `$2`: where its folder
/// is to be. The server's locale is one that does not sort byte by byte, as those of most servers do not.
const KEEPER: &str = r#"
bin=$1
at=$(mktemp -d "$2/tongke-postgres-XXXXXX") && mkdir "$at/socket"
{
    "$bin/initdb" --pgdata "$at/data" --username tongke --auth trust --encoding UTF8 \
        --locale-provider icu --icu-locale zh --no-sync &&
    "$bin/pg_ctl" --pgdata "$at/data" --wait --options \
        "-c listen_addresses='' -c unix_socket_directories='$at/socket' -c fsync=off -c max_connections=400" start
} >"$at/log" 2>&1 </dev/null && echo "ready $at" || cat "$at/log" >&2
cat >/dev/null
"$bin/pg_ctl" --pgdata "$at/data" --mode immediate stop >/dev/null 2>&1
rm -rf "$at"
"#;

/// Debian's package puts the programs of each version into a folder of its own.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin"));
    let mut programs: Vec<PathBuf> = programs.filter(|bin| Path::new(bin).join("initdb").exists()).collect();
    programs.sort();
    programs.pop().expect("PostgreSQL is installed (deploy/install-build-packages.sh --tests)")
}
