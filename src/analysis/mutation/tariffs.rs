//! Mutants of tariffs and of tables of tax rates: each rate, bound, date, word and order, by the form of the file.
//!
//! The form that the loader checks with says what stands behind a key: a rate goes up and down by its last digit, a
//! bound by one, a date by a day; a word becomes each other word that the form knows, a step changes places with its
//! neighbour, a band or country is left out. What says only where a figure comes from is left alone.

mod edits;
mod table;

pub use self::edits::{Edit, of};
use super::{Fate, Mutant, Tried};
use crate::{
    analysis::{
        prices::{
            Answer, Case,
            answer::{answer, check},
        },
        prover::parallel,
    },
    bundle::tariffs::Tariffs,
    problem::{Problems, Source},
};

/// The tariffs as they are, with what they answer to the price cases.
pub struct Bench<'b> {
    tariffs: &'b Tariffs,
    asked: Vec<(&'b Case, Answer)>,
}

impl<'b> Bench<'b> {
    /// Answers every case.
    ///
    /// # Errors
    /// Cases that fail: what is wrong already says nothing about changes.
    pub fn new(tariffs: &'b Tariffs, cases: &'b [Case]) -> Result<Self, Problems> {
        let problems = check(tariffs, cases);
        let asked = cases.iter().map(|case| (case, answer(tariffs, &case.asked))).collect();
        problems.into_result(Self { tariffs, asked })
    }

    /// Every change of every file.
    pub fn edits(&self) -> Vec<(usize, Edit)> {
        let files = self.tariffs.sources().iter().enumerate();
        files.flat_map(|(number, source)| of(source).into_iter().map(move |edit| (number, edit))).collect()
    }

    /// The change as it is shown.
    pub fn mutant(&self, (file, edit): &(usize, Edit)) -> Mutant {
        Mutant::new(&self.tariffs.sources()[*file], edit.range.clone(), &edit.with, &edit.path, edit.kind)
    }

    /// Tries changes, in their order; `each` is called after each.
    pub fn run(&self, edits: &[(usize, Edit)], each: &(dyn Fn() + Sync)) -> Vec<Tried> {
        parallel::each(edits, |edit| {
            let tried = Tried { mutant: self.mutant(edit), fate: self.fate(edit) };
            each();
            tried
        })
    }

    fn fate(&self, (file, edit): &(usize, Edit)) -> Fate {
        let mut sources = self.tariffs.sources().to_vec();
        let source = &sources[*file];
        sources[*file] = Source::new(source.name.clone(), edit.apply(&source.text));
        let Ok(changed) = Tariffs::of(&sources) else { return Fate::Invalid };
        let notices = |(case, before): &&(&Case, Answer)| answer(&changed, &case.asked) != *before;
        match self.asked.iter().find(notices) {
            Some((case, _)) => Fate::Killed(format!("{} ({})", case.name, case.at.short())),
            None if edit.path.starts_with("benefits.") && table::same(self.tariffs, &changed) => {
                Fate::Proved(table::PROOF.to_owned())
            }
            None => Fate::Survived,
        }
    }
}
