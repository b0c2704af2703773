//! `Link: <address>; rel="next"` (RFC 8288) in paged listings.
//!
//! Pure. What a link may lead to is decided here too: only to another page of the same registry.

use url::Url;

/// Why a link is not followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    /// It is no address.
    #[error("its link to the next page is not an address")]
    Form,
    /// It leads to another registry.
    #[error("its link to the next page leads to another host")]
    Elsewhere,
}

/// The address of the next page in a `Link` header: path and query, without the leading slash.
/// `page` is the address of this page. Proxies often mix up http and https in links; the scheme is
/// the caller's, so it is not looked at.
pub(super) fn next(header: &str, page: &Url) -> Result<Option<String>, LinkError> {
    let Some(target) = target(header) else {
        return Ok(None);
    };
    let link = page.join(target).map_err(|_| LinkError::Form)?;
    if link.host_str() != page.host_str() || link.port() != page.port() {
        return Err(LinkError::Elsewhere);
    }
    let path = link.path().trim_start_matches('/');
    Ok(Some(match link.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }))
}

/// The target of the first link whose relation is `next`.
fn target(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end].split([';', ',']).any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split(' ')
                        .any(|relation| relation.eq_ignore_ascii_case("next"))
            })
        });
        if is_next {
            return Some(target);
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn follow(header: &str) -> Result<Option<String>, LinkError> {
        next(
            header,
            &Url::parse("https://h:5000/v2/_catalog?n=2").unwrap(),
        )
    }

    #[test]
    fn relative_absolute_and_several() {
        let page = Ok(Some("v2/_catalog?last=b&n=2".to_owned()));
        assert_eq!(follow("</v2/_catalog?last=b&n=2>; rel=\"next\""), page);
        assert_eq!(
            follow("<http://h:5000/v2/_catalog?last=b&n=2>; rel=next"),
            page
        );
        assert_eq!(
            follow("<?x>; rel=\"prev\", <?last=b&n=2>; title=x; rel=\"next last\""),
            page
        );
        assert_eq!(follow("<?x>; rel=\"prev\""), Ok(None));
        assert_eq!(follow("nothing"), Ok(None));
    }

    #[test]
    fn another_host_is_refused() {
        for header in [
            "<https://evil/v2/_catalog>; rel=next",
            "<//evil/v2>; rel=next",
            "<https://h:5001/v2/_catalog>; rel=next",
            "<https://h:5000@evil/v2>; rel=next",
        ] {
            assert_eq!(follow(header), Err(LinkError::Elsewhere), "{header}");
        }
        assert_eq!(follow("<https://[/>; rel=next"), Err(LinkError::Form));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[<>;=,\"a-z /é]{0,60}") {
            let _ = follow(&text);
        }
    }
}
