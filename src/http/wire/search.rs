//! AuthZEN searches as they come over the wire, and their pages as they go back.
//!
//! Of what is looked for only the type is read: the specification has its `id` ignored. An empty token is none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    Action, Entity,
    read::{action, object, party, required, string, take},
};
use crate::{
    engine::search::token::{Sought, Token},
    request::{Invalid, Party, Properties, Request},
};

/// Which subjects may do the action to the resource?
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `search` reads")]
pub struct SubjectSearch {
    /// The type of subjects to look for.
    subject: TypeOnly,
    /// What is to be done.
    action: Action,
    /// What it is to be done to.
    resource: Entity,
    /// Circumstances, as of an evaluation.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// Which part of the results.
    page: Option<PageRequest>,
}

/// Which resources may the subject do the action to?
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `search` reads")]
pub struct ResourceSearch {
    /// Who asks to act.
    subject: Entity,
    /// What is to be done.
    action: Action,
    /// The type of resources to look for.
    resource: TypeOnly,
    /// Circumstances, as of an evaluation.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// Which part of the results.
    page: Option<PageRequest>,
}

/// Which actions may the subject do to the resource?
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `search` reads")]
pub struct ActionSearch {
    /// Who asks to act.
    subject: Entity,
    /// What is acted on.
    resource: Entity,
    /// Circumstances, as of an evaluation; an action whose context is another is not listed.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// Which part of the results.
    page: Option<PageRequest>,
}

/// What is looked for; an `id` is ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `search` reads")]
pub struct TypeOnly {
    /// Entity type as the schema spells it.
    r#type: String,
}

/// Which part of the results a page holds.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct PageRequest {
    /// The `next_token` of the page before; none for the first.
    pub token: Option<String>,
    /// Most results; the setting `search_limit` where none is given.
    pub limit: Option<u32>,
}

/// A page of subjects or resources.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntitiesAnswer {
    /// The results, in the order of the facts.
    pub results: Vec<FoundEntity>,
    /// Where it goes on.
    pub page: PageAnswer,
}

/// A page of actions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionsAnswer {
    /// The results by name.
    pub results: Vec<FoundAction>,
    /// Where it goes on.
    pub page: PageAnswer,
}

/// A subject or resource that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundEntity {
    /// Its type.
    pub r#type: String,
    /// Its identifier.
    pub id: String,
}

/// An action that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundAction {
    /// Its name.
    pub name: String,
}

/// Where a search goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageAnswer {
    /// What brings the next page; empty at the end.
    pub next_token: String,
    /// How many results this page has; a page may be short before the end.
    pub count: usize,
}

/// A search as it was read.
pub struct Search {
    /// What is looked for.
    pub sought: Sought,
    /// The question; of what is looked for only the type means something.
    pub request: Request,
    /// Where it goes on; none for the first page.
    pub token: Option<Token>,
    /// Most results, where the caller says so.
    pub limit: Option<u32>,
}

/// The search that a body holds.
///
/// # Errors
/// The part that is missing or of the wrong form, under its name on the wire.
pub fn search(body: Value, sought: Sought) -> Result<Search, Invalid> {
    let mut parts = object("body", body)?;
    let mut side = |field: &str, side: Sought| {
        let value = take(&mut parts, field);
        if side == sought { type_only(field, value) } else { party(field, value) }
    };
    let principal = side("subject", Sought::Subject)?;
    let resource = side("resource", Sought::Resource)?;
    let (action, action_properties) = match sought {
        Sought::Action => (String::new(), Properties::new()),
        _ => action(take(&mut parts, "action"))?,
    };
    let context = take(&mut parts, "context").map_or_else(|| Ok(Map::new()), |context| object("context", context))?;
    let (token, limit) = page(take(&mut parts, "page"))?;
    Ok(Search { sought, request: Request { principal, action, action_properties, resource, context }, token, limit })
}

fn type_only(field: &str, value: Option<Value>) -> Result<Party, Invalid> {
    let mut entity = object(field, required(field, value)?)?;
    Ok(Party::new(string(field, &mut entity, "type")?, ""))
}

fn page(value: Option<Value>) -> Result<(Option<Token>, Option<u32>), Invalid> {
    let Some(value) = value else { return Ok((None, None)) };
    let mut page = object("page", value)?;
    let token = match take(&mut page, "token") {
        None => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => Some(Token::read(&text)?),
        Some(_) => return Err(Invalid::new("page.token", "expected a string")),
    };
    let limit = match take(&mut page, "limit") {
        None => None,
        Some(limit) => {
            let number = limit.as_u64().filter(|limit| *limit > 0).and_then(|limit| u32::try_from(limit).ok());
            Some(number.ok_or_else(|| Invalid::new("page.limit", "expected a whole number of at least 1"))?)
        }
    };
    Ok((token, limit))
}
