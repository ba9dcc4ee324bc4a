//! The measured hazards of Cedar and of hostile input: the wanted behaviour, each with a control that shows
//! what happens without the protection.

mod cedar;
mod errors;
mod facts;
mod files;
mod nesting;
mod stack;

/// Runs on a thread with a stack of that many bytes.
fn on_stack<T: Send + 'static>(bytes: usize, run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(bytes).spawn(run).unwrap().join().unwrap()
}

/// A named pipe: whoever opens it to read waits for a writer.
fn fifo(path: &std::path::Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
