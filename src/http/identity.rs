//! The context of a request, which is passed down to the index.

use std::net::IpAddr;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue};

use crate::oci::{Caller, Context};

/// Maximum length of a recorded `User-Agent`.
const AGENT_LIMIT: usize = 256;

/// The context of a request with this id, from this address.
pub(super) fn context(headers: &HeaderMap, address: Option<IpAddr>, id: &HeaderValue) -> Context {
    let agent = headers.get(USER_AGENT).map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.chars().take(AGENT_LIMIT).collect::<String>().into()
    });
    Context {
        caller: Caller::Anonymous,
        request: id.to_str().unwrap_or_default().into(),
        address,
        agent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_names_request_address_and_agent() {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, "docker/28.0".parse().unwrap());
        let address: IpAddr = "192.0.2.7".parse().unwrap();
        let id = HeaderValue::from_static("run-7");
        let context = context(&headers, Some(address), &id);
        assert_eq!(context.caller, Caller::Anonymous);
        assert_eq!(&*context.request, "run-7");
        assert_eq!(context.address, Some(address));
        assert_eq!(context.agent.as_deref(), Some("docker/28.0"));
    }

    #[test]
    fn a_long_agent_is_cut_and_a_missing_one_is_none() {
        let id = HeaderValue::from_static("x");
        let mut headers = HeaderMap::new();
        assert_eq!(context(&headers, None, &id).agent, None);
        headers.insert(USER_AGENT, "a".repeat(1000).parse().unwrap());
        let agent = context(&headers, None, &id).agent.unwrap();
        assert_eq!(agent.len(), AGENT_LIMIT);
    }
}
