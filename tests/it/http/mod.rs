//! The service through a real socket: what callers see, and what hostile ones do not get.
//!
//! Most tests ask about the to-do list of `tests/bundles/todo`: Ada owns the list "groceries", Cleo is one
//! of its readers, Bob reads it as a member of the team "kitchen".

mod batch;
mod bombs;
mod client;
mod clock;
mod connection;
mod deadline;
mod evaluation;
mod explanation;
mod form;
mod limits;
mod log;
mod operation;
pub mod process;
mod readiness;
mod serve;
mod shutdown;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use mandat::{
    bundle::Bundle,
    config::ServerSettings,
    engine::Engine,
    facts::memory::MemoryFacts,
    http::{self, Service, reload::Reloads, tls::Tls},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub use self::client::{Client, Reply};

/// The bundle of another domain.
pub fn todo_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bundles/todo")
}

/// Its facts.
pub fn todo_facts() -> PathBuf {
    todo_dir().join("tests/facts/household.json")
}

pub fn todo_engine() -> Engine {
    let bundle = Bundle::load(&todo_dir()).unwrap();
    let facts = MemoryFacts::read(&todo_facts(), &bundle.schema).unwrap();
    Engine::new(bundle, facts)
}

/// A service in this process; it stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl Server {
    /// A service on the to-do list with the default settings.
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// A service on the to-do list with other settings.
    pub fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        let mut settings = ServerSettings::default();
        change(&mut settings);
        let server = Self::without_bundle(settings, false);
        server.service.activate(todo_engine()).unwrap();
        server
    }

    /// A service that listens but has no bundle yet.
    pub fn without_bundle(settings: ServerSettings, trust_caller_clock: bool) -> Self {
        Self::on_threads(2, settings, trust_caller_clock)
    }

    /// The same, with so many threads to compute on.
    pub fn on_threads(threads: usize, settings: ServerSettings, trust_caller_clock: bool) -> Self {
        Self::begin(threads, settings, trust_caller_clock, |service| service)
    }

    /// A service without a bundle that presents certificates.
    pub fn over_tls(settings: ServerSettings, tls: Tls) -> Self {
        Self::begin(2, settings, false, |service| service.over_tls(tls))
    }

    /// A service without a bundle whose bundles come from a directory.
    pub fn reloading(reloads: Reloads) -> Self {
        Self::begin(2, ServerSettings::default(), false, |service| service.reloading(reloads))
    }

    fn begin(
        threads: usize,
        settings: ServerSettings,
        trust_caller_clock: bool,
        equip: impl FnOnce(Service) -> Service,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let base = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let service = Arc::new(equip(Service::new(settings, &base, trust_caller_clock).unwrap()));
        let (stop, stopped) = oneshot::channel();
        let serving = std::thread::spawn({
            let service = service.clone();
            move || {
                let runtime =
                    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
                runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                    http::serve(listener, service, async { drop(stopped.await) }).await;
                });
            }
        });
        Self { address, service, stop: Some(stop), serving: Some(serving) }
    }

    /// Tells the service to stop; it finishes what has begun.
    pub fn tell_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until it has stopped.
    pub fn wait(&mut self) {
        self.serving.take().unwrap().join().unwrap();
    }

    pub fn client(&self) -> Client {
        Client::of(self.address)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.client().get(path)
    }

    pub fn evaluate(&self, body: &Value) -> Reply {
        self.client().post("/access/v1/evaluation", body)
    }

    pub fn evaluate_all(&self, body: &Value) -> Reply {
        self.client().post("/access/v1/evaluations", body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

/// An evaluation of the to-do list.
pub fn asks(person: &str, action: &str, resource_type: &str, resource: &str) -> Value {
    json!({
        "subject": {"type": "Person", "id": person},
        "action": {"name": action},
        "resource": {"type": resource_type, "id": resource},
    })
}

/// Ada renames her list: allowed.
pub fn allowed() -> Value {
    asks("ada", "renameList", "List", "groceries")
}

/// Bob renames Ada's list: denied.
pub fn denied() -> Value {
    asks("bob", "renameList", "List", "groceries")
}

/// Sends bytes as they are and reads until the other side closes.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    stream.write_all(bytes).unwrap();
    read_all(&mut stream)
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

pub fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// The head of an evaluation's request that closes its connection.
pub fn head(length: usize) -> String {
    format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nhost: mandat\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}
