//! The solver: a program that reads SMT-LIB and says whether a question has a solution.
//!
//! It is cvc5: the one that `$CVC5` names, else `cvc5` on PATH, else the one that `tools/solver/install` has put into
//! the user's data directory. It is never looked for in the bundle's directory: whoever checks somebody else's bundle
//! must not run a program that came with it.

use std::{
    env,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use cedar_policy_symcc::solver::{Decision, DecisionWithModel, Solver, SolverError};

use crate::problem::Problem;

/// What is said where no solver is found.
pub const NONE: &str = "no solver is installed here";
/// What to do then.
pub const HELP: &str =
    "run `tools/solver/install`, or install cvc5 and name it by the environment variable CVC5 or have it on PATH";

/// Longest time for one question, in milliseconds; the programme's take a few dozen.
const LIMIT_MS: u32 = 60_000;

/// A solver that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The program.
    pub program: PathBuf,
}

/// Looks for the solver; none where there is none.
///
/// # Errors
/// `$CVC5` names something that is no file: what was asked for by name must not be replaced in silence.
pub fn find() -> Result<Option<Found>, Problem> {
    if let Some(named) = env::var_os("CVC5").filter(|named| !named.is_empty()) {
        let program = PathBuf::from(named);
        if !program.is_file() {
            return Err(Problem::new(format!("the environment variable CVC5 names no file: `{}`", program.display()))
                .help("name the program cvc5 by its path, or unset the variable"));
        }
        return Ok(Some(Found { program }));
    }
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    // A relative entry would depend on where mandat is started: in somebody else's bundle, say.
    let on_path = on_path.into_iter().filter(|dir| dir.is_absolute()).map(|dir| dir.join("cvc5"));
    let program = on_path.chain(installed()).find(|program| program.is_file());
    Ok(program.map(|program| Found { program }))
}

/// Where `tools/solver/install` puts it.
fn installed() -> Option<PathBuf> {
    let data = match env::var_os("XDG_DATA_HOME").filter(|dir| Path::new(dir).is_absolute()) {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(env::var_os("HOME")?).join(".local/share"),
    };
    Some(data.join("mandat/solver/bin/cvc5"))
}

/// A running solver.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the solver.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(solver: &Found) -> Result<Self, String> {
        let cannot = |reason: String| format!("the solver `{}` cannot be started: {reason}", solver.program.display());
        let mut child = Command::new(&solver.program)
            .args(["--lang", "smt", &format!("--tlimit-per={LIMIT_MS}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| cannot(error.to_string()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { child, input, output: BufReader::new(output) }),
            _ => Err(cannot("it has no pipes".to_owned())),
        }
    }

    /// Whether a question has no solution.
    ///
    /// # Errors
    /// The solver gave up, failed, or ended.
    pub fn settle(&mut self, text: &str) -> Result<bool, String> {
        self.write(b"(reset)\n")?;
        self.write(text.as_bytes())?;
        match self.line()?.trim() {
            "unsat" => Ok(true),
            "sat" => Ok(false),
            "unknown" => Err(format!("the solver gave up after {} s", LIMIT_MS / 1000)),
            other => Err(format!("the solver answered `{other}`")),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = self.input.write_all(bytes).and_then(|()| self.input.flush());
        written.map_err(|error| format!("the solver takes no question: {error}"))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err("the solver has ended".to_owned()),
            Ok(_) => Ok(line),
            Err(error) => Err(format!("the solver cannot be read: {error}")),
        }
    }

    fn model(&mut self) -> Result<String, String> {
        self.write(b"(get-model)\n")?;
        let mut model = self.line()?;
        if model.trim() != "(" {
            return Err(format!("the solver answered `{}`", model.trim()));
        }
        loop {
            let line = self.line()?;
            model.push_str(&line);
            if line.trim() == ")" {
                return Ok(model);
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that is busy with a question would not see its input end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One question to a process in the symbolic compiler's own form, which can ask for the solution too.
#[derive(Debug)]
pub(super) struct Session {
    process: Option<Process>,
    question: Vec<u8>,
    answered: bool,
}

impl Session {
    pub(super) fn new(process: Process) -> Self {
        Self { process: Some(process), question: Vec::new(), answered: false }
    }

    /// The process, if it can be asked again.
    pub(super) fn release(&mut self) -> Option<Process> {
        self.process.take().filter(|_| self.answered)
    }

    fn ask(&mut self) -> Result<Decision, String> {
        let question = std::mem::take(&mut self.question);
        let process = self.process.as_mut().ok_or(NONE)?;
        process.write(&question)?;
        process.write(b"(check-sat)\n")?;
        match process.line()?.trim() {
            "unsat" => Ok(Decision::Unsat),
            "sat" => Ok(Decision::Sat),
            "unknown" => Ok(Decision::Unknown),
            other => Err(format!("the solver answered `{other}`")),
        }
    }

    fn solve(&mut self) -> Result<DecisionWithModel, String> {
        let decision = self.ask()?;
        let answer = match decision {
            Decision::Sat => DecisionWithModel::Sat { model: self.process.as_mut().ok_or(NONE)?.model()? },
            Decision::Unsat => DecisionWithModel::Unsat,
            Decision::Unknown => DecisionWithModel::Unknown,
        };
        self.answered = true;
        Ok(answer)
    }
}

impl Solver for Session {
    fn smtlib_input(&mut self) -> &mut (dyn tokio::io::AsyncWrite + Unpin + Send) {
        &mut self.question
    }

    async fn enable_models(&mut self) -> Result<(), SolverError> {
        self.question.extend_from_slice(b"(set-option :produce-models true)\n");
        Ok(())
    }

    async fn check_sat(&mut self) -> Result<Decision, SolverError> {
        let decision = self.ask().map_err(SolverError::Solver)?;
        self.answered = true;
        Ok(decision)
    }

    async fn check_sat_with_model(&mut self) -> Result<DecisionWithModel, SolverError> {
        self.solve().map_err(SolverError::Solver)
    }
}
