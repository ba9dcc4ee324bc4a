//! One record of the log, counted.
//!
//! The fields are those of the log's own form; a field that is not there is empty. A record that is of another form is
//! counted as unreadable, never passed over in silence.

use jiff::Timestamp;
use serde_json::Value;

use super::{Asked, Denial, MAX_ASKED_AGAIN, Tally};
use crate::analysis::replay::record::of_place;

/// What every answer of a record has in common.
struct Asking<'r> {
    caller: &'r str,
    /// The time that was asked about.
    at: Timestamp,
}

impl Tally {
    /// Counts a record, or why there is none.
    pub fn add(&mut self, record: Result<Value, String>) {
        if let Err(reason) = record.and_then(|record| self.count(&record)) {
            *self.unreadable.entry(reason).or_default() += 1;
        }
    }

    fn count(&mut self, record: &Value) -> Result<(), String> {
        let kind = record["kind"].as_str().ok_or("a record has no `kind`")?;
        let at: Timestamp =
            record["at"].as_str().and_then(|at| at.parse().ok()).ok_or("a record has no time in `at`")?;
        // A question about an earlier time says so.
        let at = match record["as_of"].as_str() {
            Some(earlier) => earlier.parse().map_err(|_| "a record has no time in `as_of`")?,
            None => at,
        };
        if !self.period.holds(at) {
            self.outside += 1;
            return Ok(());
        }
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        self.bundles.extend(record["bundle"].as_str().map(str::to_owned));
        let asking = Asking { caller: record["caller"].as_str().unwrap_or_default(), at };
        let gone = [texts(&record["masked"]), texts(&record["dropped"])];
        match record["evaluations"].as_array() {
            // A transaction's questions are each answered for itself.
            Some(evaluations) => {
                for (place, evaluation) in evaluations.iter().enumerate() {
                    self.answer(evaluation, &asking, gone.each_ref().map(|paths| of_place(paths, place).collect()));
                }
            }
            None if record.get("decision").is_some() || record.get("error").is_some() => {
                self.answer(record, &asking, gone);
            }
            None => {}
        }
        Ok(())
    }

    fn answer(&mut self, record: &Value, asking: &Asking, [masked, dropped]: [Vec<String>; 2]) {
        let action = record["question"]["action"]["name"].as_str().unwrap_or("(none)").to_owned();
        let answers = self.actions.entry(action.clone()).or_default();
        for fault in texts(&record["faults"]) {
            *self.faults.entry(fault).or_default() += 1;
        }
        if let Some(error) = record.get("error") {
            answers.errors += 1;
            let text = |field: &str| match &error[field] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            *self.errors.entry((action, text("status"), text("reason"))).or_default() += 1;
            return;
        }
        let allowed = record["decision"].as_bool() == Some(true);
        let side = |counts: &mut (usize, usize)| if allowed { counts.0 += 1 } else { counts.1 += 1 };
        side(self.callers.entry(asking.caller.to_owned()).or_default());
        for rule in texts(&record["rules"]) {
            side(self.rules.entry(rule).or_default());
        }
        if allowed {
            answers.allowed += 1;
            return;
        }
        answers.denied += 1;
        let denial = Denial {
            action,
            code: record["code"].as_str().unwrap_or_default().to_owned(),
            policies: texts(&record["policies"]).join(", "),
            rules: texts(&record["rules"]).join(", "),
        };
        *self.denials.entry(denial).or_default() += 1;
        self.keep(Asked { question: record["question"].clone(), at: asking.at, masked, dropped });
    }

    /// Keeps a denied question.
    fn keep(&mut self, asked: Asked) {
        let Asked { question, at, masked, dropped } = &asked;
        let key = format!("{question} {at} {masked:?} {dropped:?}");
        if self.kept.len() >= MAX_ASKED_AGAIN && !self.kept.contains_key(&key) {
            self.beyond += 1;
        } else {
            self.kept.entry(key).or_insert((asked, 0)).1 += 1;
        }
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
