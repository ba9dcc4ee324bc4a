//! A network between one replica and PostgreSQL: it can be cut, or fall silent.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

const OPEN: u8 = 0;
const SILENT: u8 = 1;
const CUT: u8 = 2;

/// The way to a server on this machine.
pub struct Link {
    address: SocketAddr,
    network: Arc<Network>,
}

#[derive(Default)]
struct Network {
    state: AtomicU8,
    connections: Mutex<Vec<TcpStream>>,
}

impl Link {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let link = Self { address: listener.local_addr().unwrap(), network: Arc::default() };
        let network = link.network.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let far = (!network.is(CUT)).then(|| TcpStream::connect(("127.0.0.1", port)));
                if let Some(Ok(far)) = far {
                    network.join(&near, &far);
                    network.join(&far, &near);
                }
            }
        });
        link
    }

    /// The URL of a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@{}/{database}", self.address)
    }

    /// Connections break, new ones too.
    pub fn cut(&self) {
        self.network.state.store(CUT, Ordering::SeqCst);
        for connection in self.network.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Connections stay, and nothing goes through.
    pub fn silence(&self) {
        self.network.state.store(SILENT, Ordering::SeqCst);
    }

    /// Everything goes through again.
    pub fn mend(&self) {
        self.network.state.store(OPEN, Ordering::SeqCst);
    }
}

impl Network {
    fn is(&self, state: u8) -> bool {
        self.state.load(Ordering::SeqCst) == state
    }

    /// Carries what comes from one side to the other.
    fn join(self: &Arc<Self>, from: &TcpStream, to: &TcpStream) {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        self.connections.lock().unwrap().push(from.try_clone().unwrap());
        let network = self.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                while network.is(SILENT) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                if to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
