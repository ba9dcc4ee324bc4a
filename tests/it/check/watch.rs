//! `mandat check --watch`: a mistake is told when it is saved, and again when it is mended.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use super::{READ, bundle};

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(dir: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mandat"))
            .args(["check", "--watch"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, lines }
    }

    /// What is told until the next summary; waits as long as a very busy machine may need.
    fn round(&self) -> String {
        let mut told = String::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(120)).expect("the watch goes on");
            told.push_str(&line);
            told.push('\n');
            if line.ends_with("; watching") {
                return told;
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_mistake_is_told_once_and_so_is_its_end() {
    let dir = bundle("policies/pages.cedar", READ);
    let watching = Watching::start(dir.path());
    assert!(watching.round().ends_with("no problems; watching\n"));

    dir.write("policies/pages.cedar", &READ.replace("resource.owner", "resource.ownr"));
    let broken = watching.round();
    assert!(
        broken.contains("new E220") && broken.contains("`ownr`") && broken.ends_with("1 problem; watching\n"),
        "{broken}"
    );

    // The mistake moves down a line, and a second one is made.
    let moved = format!("\n{}", READ.replace("resource.owner", "resource.ownr"));
    dir.write("policies/pages.cedar", &format!("{moved}@id(\"b\")\nforbid (principal is Usr, action, resource);\n"));
    let more = watching.round();
    assert!(more.contains("`Usr`") && !more.contains("`ownr`") && more.ends_with("2 problems; watching\n"), "{more}");

    dir.write("policies/pages.cedar", READ);
    let mended = watching.round();
    assert!(mended.contains("solved policies/pages.cedar:10:8: ") && !mended.contains("new "), "{mended}");
    assert!(mended.ends_with("no problems; watching\n"), "{mended}");
}

#[test]
fn a_file_that_comes_or_goes_is_noticed() {
    let dir = bundle("policies/pages.cedar", READ);
    let watching = Watching::start(dir.path());
    watching.round();
    dir.write("policies/more.ceder", "");
    assert!(watching.round().contains("new E201"));
    std::fs::remove_file(dir.path().join("policies/more.ceder")).unwrap();
    assert!(watching.round().contains("solved `policies/more.ceder` is no file of a bundle"));
}
