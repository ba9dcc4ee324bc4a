//! The binary itself, as an operator runs it.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Client, todo_dir, todo_facts};

/// `mandat` without the variables that whoever runs the tests may have set.
pub fn mandat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mandat"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MANDAT_")) {
        command.env_remove(name);
    }
    command
}

/// `mandat serve` on the to-do list; killed when it is dropped.
pub struct Process {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    /// The line that names the address.
    pub first_line: String,
    pub address: SocketAddr,
}

impl Process {
    pub fn serve(arguments: &[&str]) -> Self {
        Self::serve_by(mandat(), arguments)
    }

    /// The same, by a command that was prepared.
    pub fn serve_by(mut command: Command, arguments: &[&str]) -> Self {
        command.args(["serve", "--facts"]).arg(todo_facts()).args(arguments);
        Self::start(command)
    }

    /// The same on whatever place of facts the command names.
    pub fn start(command: Command) -> Self {
        Self::start_on(&todo_dir(), command)
    }

    /// The same on another bundle.
    pub fn start_on(bundle: &Path, mut command: Command) -> Self {
        command.args(["--listen", "127.0.0.1:0", "--bundle"]).arg(bundle);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut first_line = String::new();
        log.read_line(&mut first_line).unwrap();
        let (_, address) = first_line
            .split_once("mandat listens on http://")
            .unwrap_or_else(|| panic!("no address in {first_line:?}"));
        let end = address.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(address.len());
        let address = address[..end].parse().unwrap();
        Self { child, log, first_line, address }
    }

    pub fn client(&self) -> Client {
        Client::of(self.address)
    }

    /// Resident memory, in kilobytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, waits for the end; the exit code and the rest of the log.
    pub fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that must end by itself; one that does not is killed, and has no exit code.
pub fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = mandat().args(arguments).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}
