//! Requests for operations, and the errors of malformed ones.
//!
//! A malformed request gets an answer in words of this protocol and not of a JSON library. The names
//! of the operations and of their fields come from their definition. Invariant: no value of the request
//! is repeated, because it may be a password.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{AccountOperation, Failure, FailureKind, Operation, Reason, VERSION};

/// The field with the name of an operation.
const OPERATION: &str = "operation";
/// The field with the name of an operation on accounts.
const DO: &str = "do";

/// A request for an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The protocol version of the sender; the current one if absent.
    #[serde(default = "current")]
    pub version: u32,
    /// The operation.
    #[serde(flatten)]
    pub operation: Operation,
}

fn current() -> u32 {
    VERSION
}

impl Request {
    /// A request of the current version.
    pub fn new(operation: Operation) -> Self {
        Self {
            version: VERSION,
            operation,
        }
    }

    /// Parses a request of any version.
    pub fn parse(line: &[u8]) -> Result<Self, Failure> {
        let object = object(line)?;
        let name = named::<Operation>(&object, OPERATION, "")?;
        let what = if name == "account" {
            let account = named::<AccountOperation>(&object, DO, "account ")?;
            format!("account {account}")
        } else {
            name.to_owned()
        };
        let parse = |object: &Map<String, Value>| {
            serde_json::from_value::<Self>(Value::Object(object.clone()))
        };
        let request = parse(&object).map_err(|error| {
            let error = error.to_string();
            let fails_alike = |rest: &Map<String, Value>| {
                parse(rest).err().map(|other| other.to_string()) == Some(error.clone())
            };
            let wrong = wrong_field(&object, &fails_alike).map(|field| {
                let within = object.get(&field).and_then(Value::as_object);
                let inner = within.and_then(|within| {
                    wrong_field(within, &|rest| {
                        let mut whole = object.clone();
                        whole.insert(field.clone(), Value::Object(rest.clone()));
                        fails_alike(&whole)
                    })
                });
                // An unknown field is named by the error itself.
                match inner.filter(|_| !error.starts_with("unknown field")) {
                    Some(inner) => format!("{field}.{inner}"),
                    None => field,
                }
            });
            malformed(&complaint(&what, wrong.as_deref(), &error))
        })?;
        match unknown_field(&Value::Object(object), &known_fields(&request)?) {
            Some(unknown) => Err(malformed(&format!("{what}: {unknown}"))),
            None => Ok(request),
        }
    }
}

/// All fields that a request of its kind can have: a request is written with those that have their
/// defaults, too.
fn known_fields(request: &Request) -> Result<Value, Failure> {
    serde_json::to_value(request)
        .map_err(|error| malformed(&format!("the request can't be checked: {error}")))
}

/// A sentence about a field that is not known, at any depth. Serde does not refuse these in an
/// enumeration with a tag.
fn unknown_field(sent: &Value, known: &Value) -> Option<String> {
    match (sent, known) {
        (Value::Object(sent), Value::Object(known)) => {
            if let Some(unknown) = sent.keys().find(|key| !known.contains_key(*key)) {
                let fields = known.keys().map(String::as_str);
                let fields = fields.filter(|key| ![OPERATION, DO, "version"].contains(key));
                let fields: Vec<&str> = fields.collect();
                let hint = if fields.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("its fields are {}", fields.join(", "))
                };
                return Some(format!("unknown field {unknown:?}; hint: {hint}"));
            }
            let mut fields = sent.iter();
            fields.find_map(|(key, sent)| unknown_field(sent, known.get(key)?))
        }
        (Value::Array(sent), Value::Array(known)) => {
            let mut items = sent.iter().zip(known);
            items.find_map(|(sent, known)| unknown_field(sent, known))
        }
        _ => None,
    }
}

/// The field that is wrong: without it, the error is another one or none.
fn wrong_field(
    object: &Map<String, Value>,
    fails_alike: &dyn Fn(&Map<String, Value>) -> bool,
) -> Option<String> {
    let keys = object.keys();
    let mut fields = keys.filter(|key| *key != OPERATION && *key != DO);
    let wrong = fields.find(|key| {
        let mut rest = object.clone();
        rest.remove(*key);
        !fails_alike(&rest)
    });
    wrong.cloned()
}

/// The object of a request.
fn object(line: &[u8]) -> Result<Map<String, Value>, Failure> {
    if line.trim_ascii().is_empty() {
        return Err(malformed("the request is empty"));
    }
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("the request is not a JSON object")),
        Err(error) if error.is_eof() => {
            Err(malformed("the request is cut off: its JSON has no end"))
        }
        Err(error) => Err(malformed(&format!(
            "the request is not JSON; the error is in line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// The name of an operation in a field.
fn named<'a, T: DeserializeOwned>(
    object: &'a Map<String, Value>,
    field: &str,
    prefix: &str,
) -> Result<&'a str, Failure> {
    let names = names::<T>(field);
    let known = names.join(", ");
    let Some(name) = object.get(field).and_then(Value::as_str) else {
        let reason = if object.contains_key(field) {
            format!("the field {field:?} is not a string")
        } else {
            format!("the request has no field {field:?}")
        };
        return Err(malformed(&format!("{reason}; it is one of {known}")));
    };
    if names.iter().any(|known| known == name) {
        return Ok(name);
    }
    let reason = Reason::UnknownOperation { version: VERSION };
    let message = format!(
        "the server has no operation {:?}; it has {known}; hint: use a command of the \
         same version as the server",
        format!("{prefix}{name}")
    );
    Err(Failure::new(FailureKind::Usage, reason, message))
}

/// The names of the operations, which serde lists for an unknown one.
fn names<T: DeserializeOwned>(field: &str) -> Vec<String> {
    let unknown = serde_json::from_value::<T>(json!({ field: "" }));
    let error = unknown.err().map(|error| error.to_string());
    let error = error.unwrap_or_default();
    // The unknown name comes first.
    let quoted = error.split('`').skip(1).step_by(2).skip(1);
    quoted.map(str::to_owned).collect()
}

/// What is wrong with the fields of an operation, from the error of serde.
fn complaint(what: &str, field: Option<&str>, error: &str) -> String {
    if let Some(field) = between(error, "missing field `", "`") {
        return format!("{what} lacks the field {field:?}");
    }
    let field = match field {
        Some(field) => format!("the field {field:?}"),
        None => "a field".to_owned(),
    };
    if let Some(unknown) = between(error, "unknown field `", "`") {
        return format!("{what}: {field} has the unknown field {unknown:?}");
    }
    let expected = error.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some(expected) if error.starts_with("invalid ") || error.starts_with("unknown ") => {
            let expected = match expected {
                "u8" | "u16" | "u32" | "u64" | "usize" | "i64" => "a number from 0 on",
                expected if expected.starts_with("struct ") => "an object",
                expected => expected,
            };
            let expected = expected.replace('`', "");
            let expected = expected.replace("a sequence", "a list");
            format!("{what}: {field} has to be {expected}")
        }
        _ => format!("{what}: {field} is wrong: {error}"),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(between, _)| between)
}

fn malformed(message: &str) -> Failure {
    Failure::new(FailureKind::Usage, Reason::MalformedRequest, message)
}
