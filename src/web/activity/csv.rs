//! Events as a CSV file (RFC 4180).

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Response};

use super::super::{Answer, format};
use crate::registry::Event;

/// A cell of CSV (RFC 4180). A text that a spreadsheet would interpret as a formula is escaped.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// The answer with the events as a file.
pub(super) fn file(events: &[Event]) -> Answer {
    let mut text = String::from(
        "time,action,actor,account,address,repository,tag,digest,size,agent,request,detail\r\n",
    );
    for event in events {
        let cells = [
            format::exact(event.at),
            event.action.clone(),
            event.actor.clone(),
            event.account.clone(),
            event.address.clone().unwrap_or_default(),
            event
                .repository
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event
                .tag
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event
                .digest
                .map(|digest| digest.to_string())
                .unwrap_or_default(),
            event.size.map(|size| size.to_string()).unwrap_or_default(),
            event.agent.clone().unwrap_or_default(),
            event.request.clone(),
            event
                .detail
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push_str("\r\n");
    }
    let mut answer = Response::new(Bytes::from(text));
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"activity.csv\""),
    );
    answer
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(cell("=cmd()"), "\"'=cmd()\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
