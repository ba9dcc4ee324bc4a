//! PostgreSQL from the distribution's package, in a directory of its own.
//!
//! One server serves all tests of a process, each in a database of its own; a test that stops or restarts
//! PostgreSQL takes a [`Cluster::new`] for itself. A watchdog holds a pipe to this process: when the pipe
//! closes, however this process ended, the server is stopped and its directory removed.

use std::{
    ffi::OsStr,
    fs,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// What the watchdog does when the pipe closes; `$1` is the directory.
const WATCHDOG: &str = r#"
    cat >/dev/null
    pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    rm -rf "$1""#;

/// A PostgreSQL server on a port of 127.0.0.1.
pub struct Cluster {
    directory: PathBuf,
    port: u16,
    settings: Vec<String>,
    server: Mutex<Option<Child>>,
    /// Its pipe is open for as long as the server may run.
    watchdog: Child,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Cluster {
    /// The server that tests share; nobody stops it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(&[]))
    }

    /// A server of one's own, running, with more settings, such as `max_connections=10`.
    pub fn new(settings: &[&str]) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("mandat-pg-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let watchdog = watchdog(&directory);
        let cluster = Self { directory, port, settings, server: Mutex::new(None), watchdog };
        cluster.make();
        cluster.start();
        cluster
    }

    /// The data's directory, in which `server.crt` and the like are looked for.
    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// A new, empty database.
    pub fn database(&self) -> String {
        let name = format!("facts_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name}")).expect("a database");
        name
    }

    /// Runs SQL as the administrator: what it printed, or why it failed.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(program("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-X", "-q", "-A", "-t", "-c", sql])
            .output()
            .expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Has the server speak TLS with a certificate and its key.
    pub fn use_tls(&self, certificate: &str, key: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.data().join(name);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("rights");
            give_to_postgres(&path);
        }
        self.sql("postgres", "alter system set ssl = on").expect("TLS");
        self.stop();
        self.start();
    }

    /// Starts the server and waits until it answers.
    pub fn start(&self) {
        let log = fs::File::create(self.directory.join("log")).expect("a log");
        let mut command = as_postgres(&program("postgres"));
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-k"]).arg(&self.directory);
        // A killed process loses nothing that the operating system still has; only a power cut would.
        for setting in ["listen_addresses=127.0.0.1", "max_connections=300", "shared_buffers=64MB", "fsync=off"] {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let server = command.stdout(Stdio::null()).stderr(log).process_group(0).spawn().expect("postgres runs");
        *self.server.lock().unwrap() = Some(server);
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        for _ in 0..600 {
            if self.sql("postgres", "select 1").is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("postgres does not start:\n{}", fs::read_to_string(self.directory.join("log")).unwrap_or_default());
    }

    /// Stops the server as a crash would: at once, connections cut.
    pub fn crash(&self) {
        self.end("-QUIT");
    }

    /// Stops the server in good order, connections cut.
    pub fn stop(&self) {
        self.end("-INT");
    }

    fn end(&self, signal: &str) {
        let Some(mut server) = self.server.lock().unwrap().take() else { return };
        let sent = Command::new("kill").args([signal, &server.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "postgres had ended by itself");
        server.wait().expect("postgres ends");
    }

    fn make(&self) {
        give_to_postgres(&self.directory);
        let made = as_postgres(&program("initdb"))
            .arg("-D")
            .arg(self.data())
            .args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        if let Some(mut server) = self.server.lock().unwrap().take() {
            let _ = server.wait();
        }
        let _ = self.watchdog.wait();
    }
}

fn watchdog(directory: &Path) -> Child {
    Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog"])
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C ends the tests; the watchdog still has something to do then.
        .process_group(0)
        .spawn()
        .expect("sh runs")
}

/// PostgreSQL refuses to run as root; the package brings a user for it.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program).current_dir("/");
    command
}

fn give_to_postgres(path: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres:postgres").arg(path).status().expect("chown runs");
        assert!(given.success(), "{} belongs to postgres", path.display());
    }
}

fn is_root() -> bool {
    let own = fs::metadata("/proc/self").expect("/proc");
    std::os::unix::fs::MetadataExt::uid(&own) == 0
}

/// A program of the newest PostgreSQL that is installed.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name().and_then(OsStr::to_str).and_then(|name| name.parse::<u32>().ok());
    let newest =
        versions.map(|entry| entry.path()).filter(|path| path.join("bin").join(name).exists()).max_by_key(version);
    let newest = newest.unwrap_or_else(|| {
        panic!("PostgreSQL is not installed: run `tests/needs.sh`, or `apt-get install postgresql`")
    });
    newest.join("bin").join(name)
}
