//! `mandat facts get UID`: print one entity.

use super::{failed, invalid, unavailable};
use crate::cli::{Exit, input::StorePlace, output};

/// Arguments of `mandat facts get`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The entity, such as `Organization::"clinic"`, or `Organization clinic` as two words.
    #[arg(value_name = "UID", num_args = 1..=2, required = true)]
    uid: Vec<String>,
    #[command(flatten)]
    place: StorePlace,
}

/// Prints the entity in Cedar's JSON.
pub fn run(arguments: &Arguments) -> Exit {
    let Some((entity_type, id)) = name(&arguments.uid) else {
        return invalid(
            &crate::problem::Problem::new(format!("`{}` names no entity; write Type::\"id\"", arguments.uid.join(" ")))
                .into(),
            false,
        );
    };
    let moment = match arguments.place.engine() {
        Ok(engine) => engine.moment(),
        Err(problems) => return invalid(&problems, false),
    };
    match moment.and_then(|moment| moment.fact(&entity_type, &id)) {
        Ok(Some(json)) => match output::json(&json) {
            Ok(()) => Exit::Success,
            Err(error) => failed(error.to_string(), false),
        },
        Ok(None) => failed(format!("the facts have no {entity_type}::\"{id}\""), false),
        Err(error) => unavailable(&error, false),
    }
}

/// Type and id of `Type::"id"`, or of two words.
pub fn name(words: &[String]) -> Option<(String, String)> {
    match words {
        [entity_type, id] => Some((entity_type.clone(), id.clone())),
        [uid] => {
            let (entity_type, quoted) = uid.split_once("::\"")?;
            Some((entity_type.to_owned(), quoted.strip_suffix('"')?.to_owned()))
        }
        _ => None,
    }
}
