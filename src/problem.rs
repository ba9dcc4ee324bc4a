//! What is wrong, where, and what to do: one form for every mistake that a person can make in a file.
//!
//! A policy author saves a file with a typing error. Cedar, the TOML parser and our own checks each
//! describe mistakes in their own way; all of them become a [`Problem`] with the file's name, the line
//! and column, the text to underline and a help. [`Problems`] keeps every one found, so that an author
//! sees them all at once; the command line prints them with the source underlined, programs get JSON.

use std::{fmt, sync::Arc};

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceSpan};

/// A file as it was read: its path relative to the bundle (or as the caller named it) and its text.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path shown to people, with `/` between its parts.
    pub name: Arc<str>,
    /// The whole text, UTF-8.
    pub text: Arc<str>,
    /// Where each line starts: places are asked for by the thousand.
    lines: Arc<[usize]>,
}

impl Source {
    /// A source under the name that messages will show.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
        Self { name: name.into(), text, lines }
    }

    /// Where a byte offset of this file lies.
    pub fn location(&self, offset: usize) -> Location {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= end);
        let line_start = self.lines.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        Location { file: self.name.clone(), line, column: self.text[line_start..end].chars().count() + 1 }
    }

    /// The byte offset of a place in this file.
    pub fn offset(&self, location: &Location) -> usize {
        let start = self.lines.get(location.line.wrapping_sub(1)).copied().unwrap_or(0);
        let line = self.text.get(start..).unwrap_or_default();
        start + line.char_indices().nth(location.column.wrapping_sub(1)).map_or(0, |(offset, _)| offset)
    }
}

/// A place in a file; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file's name as messages show it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// `file:line`, the short form of explanations.
    pub fn short(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One mistake in one place.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Option<&'static str>,
    message: String,
    help: Option<String>,
    place: Option<Box<Place>>,
    source: Option<Source>,
}

#[derive(Debug, Clone)]
struct Place {
    span: SourceSpan,
    label: String,
    location: Location,
    named: NamedSource<Arc<str>>,
}

impl Problem {
    /// A problem that has no place of its own (a directory that is missing).
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), help: None, place: None, source: None }
    }

    /// A problem at a stretch of a file.
    pub fn at(source: &Source, span: impl Into<SourceSpan>, message: impl Into<String>) -> Self {
        let span = span.into();
        Self {
            code: None,
            message: message.into(),
            help: None,
            source: Some(source.clone()),
            place: Some(Box::new(Place {
                span,
                label: String::new(),
                location: source.location(span.offset()),
                named: NamedSource::new(&*source.name, source.text.clone()),
            })),
        }
    }

    /// Another tool's diagnostic (Cedar's), kept with its own labels and help, under our file name.
    pub fn from_diagnostic(source: &Source, diagnostic: &dyn Diagnostic) -> Self {
        let message = describe(diagnostic);
        let help = diagnostic.help().map(|help| help.to_string());
        let label = diagnostic.labels().and_then(|mut labels| labels.next());
        let mut problem = match &label {
            Some(label) => Self::at(source, *label.inner(), message),
            None => Self::at(source, (0, 0), message),
        };
        if let (Some(place), Some(text)) = (&mut problem.place, label.as_ref().and_then(LabeledSpan::label)) {
            place.label = text.to_owned();
        }
        problem.help = help;
        problem
    }

    /// What the author can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A stable code by which it can be looked up: `E…` is an error, `W…` a warning.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The words under the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(place) = &mut self.place {
            place.label = label.into();
        }
        self
    }

    /// The stable code, where it has one.
    pub fn code_text(&self) -> Option<&'static str> {
        self.code
    }

    /// Whether it is only a warning: what it speaks of can be meant so.
    pub fn is_warning(&self) -> bool {
        self.code.is_some_and(|code| code.starts_with('W'))
    }

    /// What is wrong, without its place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The help, where there is one.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Where it is, unless it has no place.
    pub fn location(&self) -> Option<&Location> {
        self.place.as_ref().map(|place| &place.location)
    }

    /// The text that is underlined.
    pub fn underlined(&self) -> Option<&str> {
        let (place, source) = (self.place.as_ref()?, self.source.as_ref()?);
        source.text.get(place.span.offset()..place.span.offset() + place.span.len())
    }
}

/// An error with its causes in one line: Cedar keeps the essential part in the innermost.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.is_warning() { Severity::Warning } else { Severity::Error })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.place.as_ref().map(|place| &place.named as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = (!place.label.is_empty()).then(|| place.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(label, place.span))))
    }
}

/// Every problem found in one go; never empty when it is an error.
#[derive(Debug, Clone, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one more.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Nothing wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the warnings out: they are told, but keep nothing from being used.
    pub fn take_warnings(&mut self) -> Self {
        let (warnings, errors) = std::mem::take(&mut self.0).into_iter().partition(Problem::is_warning);
        self.0 = errors;
        Self(warnings)
    }

    /// All of them, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// The value if nothing was wrong, else every problem.
    ///
    /// # Errors
    /// The problems themselves, ordered by file, line and column.
    pub fn into_result<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by_key(place);
        Err(self)
    }

    /// All of them, by file, line and column.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort_by_key(place);
        self
    }
}

fn place(problem: &Problem) -> Option<(Arc<str>, usize, usize)> {
    problem.location().map(|at| (at.file.clone(), at.line, at.column))
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let Some(location) = problem.location() {
                write!(f, "{location}: ")?;
            }
            match (problem.code, &problem.help) {
                (Some(code), Some(help)) => write!(f, "{code}: {}; {help}", problem.message)?,
                (Some(code), None) => write!(f, "{code}: {}", problem.message)?,
                (None, _) => f.write_str(&problem.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
