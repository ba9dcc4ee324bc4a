//! One span: each line names the hash of the one before, and all together have the root that is signed.

use super::Flaw;
use crate::audit::{
    Failed,
    checkpoint::Checkpoint,
    ledger::Ledger,
    line::{Hash, NOTHING, Place, hash},
    tree::Growing,
};

/// Checks the lines of a span, of which the line before had this hash; tells how many there are, or the first flaw.
pub(super) fn check(
    ledger: &dyn Ledger,
    span: &Checkpoint,
    before: Hash,
    kept: &[(u64, Hash)],
) -> Result<Result<u64, Flaw>, Failed> {
    let (previous, tree) = ([NOTHING, before], Growing::default());
    let mut walk = Walk { span, kept, next: span.first, previous, tree, doubt: None, flaw: None };
    ledger.lines(span.writer, span.first..=span.last, &mut |line| Ok(walk.step(line)))?;
    Ok(walk.end())
}

struct Walk<'s> {
    span: &'s Checkpoint,
    kept: &'s [(u64, Hash)],
    next: u64,
    /// Hashes of the last two lines.
    previous: [Hash; 2],
    tree: Growing,
    /// A line that does not follow the one before it: which of the two was changed shows in the next.
    doubt: Option<u64>,
    flaw: Option<Flaw>,
}

impl Walk<'_> {
    fn step(&mut self, line: &[u8]) -> bool {
        if let Err(flaw) = self.place(line) {
            self.flaw = Some(flaw);
            return false;
        }
        self.previous = [self.previous[1], hash(line)];
        let kept_otherwise = |(at, head): &(u64, Hash)| *at == self.next && *head != self.previous[1];
        if self.kept.iter().any(kept_otherwise) {
            self.flaw = Some(flaw(self.next, "it is another one than the kept checkpoint signs"));
            return false;
        }
        self.tree.push(self.previous[1]);
        self.next += 1;
        true
    }

    fn place(&mut self, line: &[u8]) -> Result<(), Flaw> {
        let place = Place::of(line);
        if let Some(flaw) = self.doubted(place.is_some_and(|place| place.previous == self.previous[1])) {
            return Err(flaw);
        }
        let Some(place) = place else {
            return Err(flaw(self.next, "it was changed: it does not begin as lines do"));
        };
        let [before, _] = self.previous;
        let again = Place { writer: self.span.writer, sequence: self.next - 1, previous: before };
        if place == again && self.next > self.span.first {
            return Err(flaw(self.next - 1, "two lines stand in its place: one was put in"));
        }
        if self.next > self.span.last {
            return Err(flaw(self.next, "it was put in behind the last line of its span"));
        }
        if (place.writer, place.sequence) != (self.span.writer, self.next) {
            let what = format!(
                "in its place stands line {} of chain {}: lines were removed, put in or moved",
                place.sequence, place.writer
            );
            return Err(Flaw { line: self.next, what });
        }
        if place.previous != self.previous[1] {
            // The first line of a span follows one that is signed.
            if self.next == self.span.first {
                return Err(flaw(self.next, "it was changed: it does not follow the line before"));
            }
            self.doubt = Some(self.next);
        }
        Ok(())
    }

    /// Whether a line that does not follow the one before it was changed itself, or that one was: it was not where it is what
    /// the next one follows, or what was signed.
    fn doubted(&self, is_followed: bool) -> Option<Flaw> {
        let doubt = self.doubt?;
        let what = "it was changed: it is not what the next line follows";
        Some(if is_followed {
            flaw(doubt - 1, what)
        } else {
            flaw(doubt, "it was changed, its link to the line before too")
        })
    }

    fn end(self) -> Result<u64, Flaw> {
        let doubted = self.doubted(self.previous[1] == self.span.head);
        let Self { span, next, previous: [_, previous], tree, flaw: found, .. } = self;
        if let Some(found) = found.or(doubted) {
            return Err(found);
        }
        if next <= span.last {
            return Err(flaw(next, "it was removed"));
        }
        if previous != span.head || tree.root() != span.root {
            let what = format!(
                "lines {} to {} were changed and linked anew, the last of them at least",
                span.first, span.last
            );
            return Err(Flaw { line: span.last, what });
        }
        Ok(span.lines())
    }
}

fn flaw(line: u64, what: &str) -> Flaw {
    Flaw { line, what: what.to_owned() }
}
