//! `Link: <address>; rel="next"` (RFC 8288) in paged listings.
//!
//! Pure. Only path and query of a link count: behind a proxy many registries name themselves by an
//! internal host, or without the port, and the next request goes to the same registry anyway.
//! Invariant: an unreadable header is an error, never the end of a listing; a caller that took it
//! for the end might delete the content of the next page.

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// Why a link is not followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    /// The header does not match RFC 8288.
    #[error("its Link header can't be read")]
    Header,
    /// A link without a relation leads outside of this listing.
    #[error("its Link header does not say what it links to (rel)")]
    Relation,
    /// The target is not a URL.
    #[error("its link to the next page is not an address")]
    Address,
}

/// One link of a header.
struct Link<'a> {
    target: &'a str,
    /// The relations, separated by spaces; `None` where the parameter is absent.
    relations: Option<&'a str>,
}

/// The address of the next page, from all `Link` headers of an answer: path and query, without the
/// leading slash. `page` is the address of this page.
pub(super) fn next(headers: &HeaderMap, page: &Url) -> Result<Option<String>, LinkError> {
    for value in headers.get_all(LINK) {
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| LinkError::Header)?;
        for link in parse(text)? {
            let is_next = |relations: &str| {
                let mut relations = relations.split_ascii_whitespace();
                relations.any(|relation| relation.eq_ignore_ascii_case("next"))
            };
            match link.relations {
                Some(relations) if is_next(relations) => return address(link.target, page),
                Some(_) => {}
                // Some registries omit it, and other clients follow every link.
                None => {
                    let target = page.join(link.target).map_err(|_| LinkError::Address)?;
                    if target.path() != page.path() {
                        return Err(LinkError::Relation);
                    }
                    return address(link.target, page);
                }
            }
        }
    }
    Ok(None)
}

fn address(target: &str, page: &Url) -> Result<Option<String>, LinkError> {
    let link = page.join(target).ok();
    let link = link.filter(Url::has_host).ok_or(LinkError::Address)?;
    let path = link.path().trim_start_matches('/');
    Ok(Some(match link.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }))
}

/// The links of one header value.
fn parse(header: &str) -> Result<Vec<Link<'_>>, LinkError> {
    let mut links = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(links);
        }
        let after = rest.strip_prefix('<').ok_or(LinkError::Header)?;
        let (target, after) = after.split_once('>').ok_or(LinkError::Header)?;
        let mut relations = None;
        rest = after.trim_start();
        while let Some(after) = rest.strip_prefix(';') {
            let (name, value, after) = parameter(after)?;
            if name.eq_ignore_ascii_case("rel") && relations.is_none() {
                relations = Some(value);
            }
            rest = after.trim_start();
        }
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(LinkError::Header);
        }
        links.push(Link { target, relations });
    }
}

/// The name and value of a parameter, and the rest of the text.
fn parameter(text: &str) -> Result<(&str, &str, &str), LinkError> {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(value) = rest.strip_prefix('=') else {
        return Ok((name.trim(), "", rest));
    };
    let value = value.trim_start();
    if let Some(quoted) = value.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"').ok_or(LinkError::Header)?;
        return Ok((name.trim(), value, rest));
    }
    let end = value.find([';', ',']).unwrap_or(value.len());
    let (value, rest) = value.split_at(end);
    Ok((name.trim(), value.trim(), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn follow_all(values: &[&[u8]]) -> Result<Option<String>, LinkError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_bytes(value).unwrap());
        }
        next(
            &headers,
            &Url::parse("https://h:5000/v2/_catalog?n=2").unwrap(),
        )
    }

    fn follow(header: &str) -> Result<Option<String>, LinkError> {
        follow_all(&[header.as_bytes()])
    }

    #[test]
    fn relative_absolute_and_several() {
        let page = Ok(Some("v2/_catalog?last=b&n=2".to_owned()));
        for header in [
            "</v2/_catalog?last=b&n=2>; rel=\"next\"",
            "<http://h:5000/v2/_catalog?last=b&n=2>; rel=next",
            "<?x>; rel=\"prev\", <?last=b&n=2>; title=x; rel=\"next last\"",
            "</x>; rel=preload; title=\"a, <b>; rel=next\", <?last=b&n=2>;rel = NEXT",
            "<?last=b&n=2>",
            "<?last=b&n=2>; title=\"page 2\"",
        ] {
            assert_eq!(follow(header), page, "{header}");
        }
        assert_eq!(
            follow_all(&[b"</x.css>; rel=preload", b"<?last=b&n=2>; rel=next"]),
            page
        );
        assert_eq!(
            follow("<?last=\u{e9}>; rel=next"),
            Ok(Some("v2/_catalog?last=%C3%A9".to_owned()))
        );
        for header in ["<?x>; rel=\"prev\"", "", " , "] {
            assert_eq!(follow(header), Ok(None), "{header}");
        }
    }

    #[test]
    fn an_unreadable_link_is_not_the_end() {
        for header in [
            "nothing",
            "/v2/_catalog?last=b; rel=\"next\"",
            "<?last=b; rel=next",
            "<?last=b> rel=next",
            "<?last=b>; rel=\"next",
            "<?x>; rel=prev, ?last=b",
        ] {
            assert_eq!(follow(header), Err(LinkError::Header), "{header}");
        }
        let latin1 = follow_all(&[b"<?last=\xe9>; rel=next"]);
        assert_eq!(latin1, Err(LinkError::Header));
        assert_eq!(follow("</other>"), Err(LinkError::Relation));
    }

    /// The request goes to the registry itself, whatever host the link names.
    #[test]
    fn the_host_is_ignored() {
        let page = Ok(Some("v2/_catalog?last=b".to_owned()));
        for header in [
            "<http://internal:5000/v2/_catalog?last=b>; rel=next",
            "<https://h/v2/_catalog?last=b>; rel=next",
            "<//evil/v2/_catalog?last=b>; rel=next",
            "<https://h:5000@evil/v2/_catalog?last=b>; rel=next",
            "<https://internal/v2/_catalog?last=b>",
        ] {
            assert_eq!(follow(header), page, "{header}");
        }
        let rest = Ok(Some("evil/v2".to_owned()));
        assert_eq!(follow("<https://internal//evil/v2>; rel=next"), rest);
        assert_eq!(follow("<https://[/>; rel=next"), Err(LinkError::Address));
        assert_eq!(follow("<data:x>; rel=next"), Err(LinkError::Address));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[<>;=,\"a-z /é]{0,60}") {
            let _ = follow(&text);
        }
    }
}
