//! Every text of the pages, in each language. The catalogue is a struct with one constant for each
//! language, so that a missing text is a compile error.

/// Declares a catalogue of texts, with a constant for each language.
macro_rules! catalogue {
    ($(#[$about:meta])* $name:ident: $($key:ident: $english:literal, $chinese:literal;)*) => {
        $(#[$about])*
        pub(in crate::web) struct $name {
            $(pub(in crate::web) $key: &'static str),*
        }

        /// In English.
        pub(super) const ENGLISH: $name = $name { $($key: $english),* };

        /// In Chinese, simplified.
        pub(super) const CHINESE: $name = $name { $($key: $chinese),* };
    };
}

mod account;
mod en;
mod upkeep;
mod zh;

pub(super) use account::AccountText;
pub(super) use upkeep::UpkeepText;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// English.
    English,
    /// Chinese, simplified.
    Chinese,
}

impl Language {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The tag of the language (BCP 47).
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// The language's own name for itself.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// Its texts.
    pub(super) fn text(self) -> &'static Text {
        match self {
            Self::English => &en::TEXT,
            Self::Chinese => &zh::TEXT,
        }
    }

    /// The texts about accounts.
    pub(super) fn account_text(self) -> &'static AccountText {
        match self {
            Self::English => &account::ENGLISH,
            Self::Chinese => &account::CHINESE,
        }
    }

    /// Its texts about storage, collection and retention.
    pub(super) fn upkeep_text(self) -> &'static UpkeepText {
        match self {
            Self::English => &upkeep::ENGLISH,
            Self::Chinese => &upkeep::CHINESE,
        }
    }

    /// The language of a tag, by its first part.
    pub(super) fn parse(tag: &str) -> Option<Self> {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        match first.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// The best language in an `Accept-Language` header (RFC 9110, section 12.5.4); English if none
    /// is supported.
    pub(super) fn accepted(header: &str) -> Self {
        let mut best = (Self::English, 0.0);
        for entry in header.split(',') {
            let mut parts = entry.trim().split(';');
            let Some(language) = parts.next().and_then(Self::parse) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |text| text.parse().unwrap_or(0.0));
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }
}

/// The texts of a language.
pub(super) struct Text {
    /// Name of the first page.
    pub(super) explore: &'static str,
    /// Name of the page about the registry.
    pub(super) about: &'static str,
    /// Link past the navigation.
    pub(super) skip: &'static str,
    /// Label of the search field.
    pub(super) search: &'static str,
    /// Button of the search.
    pub(super) search_button: &'static str,
    /// Label of the switch.
    pub(super) language: &'static str,
    /// Label of the switch.
    pub(super) theme: &'static str,
    /// A choice of colours.
    pub(super) theme_system: &'static str,
    /// A choice of colours.
    pub(super) theme_light: &'static str,
    /// A choice of colours.
    pub(super) theme_dark: &'static str,
    /// Button of a small form.
    pub(super) apply: &'static str,
    /// Heading of the switches.
    pub(super) preferences: &'static str,
    /// Heading and column.
    pub(super) repositories: &'static str,
    /// Column.
    pub(super) repository: &'static str,
    /// Heading of the namespaces.
    pub(super) namespaces: &'static str,
    /// The whole list.
    pub(super) all: &'static str,
    /// Label.
    pub(super) sort: &'static str,
    /// Column and order.
    pub(super) last_push: &'static str,
    /// Column and order.
    pub(super) name: &'static str,
    /// Column and order.
    pub(super) pulls: &'static str,
    /// Column.
    pub(super) stars: &'static str,
    /// Order.
    pub(super) version: &'static str,
    /// Column and order.
    pub(super) size: &'static str,
    /// Column and order.
    pub(super) last_pull: &'static str,
    /// Column.
    pub(super) tag: &'static str,
    /// Column and heading.
    pub(super) tags: &'static str,
    /// Column.
    pub(super) newest_tag: &'static str,
    /// A repository that not everybody may pull from.
    pub(super) private: &'static str,
    /// A repository that everybody may pull from.
    pub(super) public: &'static str,
    /// Label.
    pub(super) filter: &'static str,
    /// Syntax of the filter.
    pub(super) filter_hint: &'static str,
    /// Link to the page before.
    pub(super) previous: &'static str,
    /// Link to the page after.
    pub(super) next: &'static str,
    /// An empty list with a filter.
    pub(super) nothing_matches: &'static str,
    /// An empty list.
    pub(super) nothing_here: &'static str,
    /// Heading of an empty registry.
    pub(super) empty_title: &'static str,
    /// What to do with an empty registry.
    pub(super) empty_lead: &'static str,
    /// Heading of what docker needs.
    pub(super) plain_title: &'static str,
    /// What docker does with plain http.
    pub(super) plain_detail: &'static str,
    /// The remedy by a certificate.
    pub(super) plain_certificate: &'static str,
    /// The remedy by an exception.
    pub(super) plain_exception: &'static str,
    /// Heading of the commands.
    pub(super) pull_command: &'static str,
    /// Button.
    pub(super) copy: &'static str,
    /// Said after copying.
    pub(super) copied: &'static str,
    /// Label.
    pub(super) digest: &'static str,
    /// Label.
    pub(super) platform: &'static str,
    /// Column.
    pub(super) platforms: &'static str,
    /// Label and column.
    pub(super) created: &'static str,
    /// Label and column.
    pub(super) pushed: &'static str,
    /// Label.
    pub(super) media_type: &'static str,
    /// Label.
    pub(super) artifact_type: &'static str,
    /// Label.
    pub(super) author: &'static str,
    /// Label.
    pub(super) total_size: &'static str,
    /// Label.
    pub(super) unique_size: &'static str,
    /// Label.
    pub(super) pulls_30: &'static str,
    /// A date that never was.
    pub(super) never: &'static str,
    /// Heading.
    pub(super) layers: &'static str,
    /// Column.
    pub(super) layer_command: &'static str,
    /// Column: other repositories that hold a layer.
    pub(super) also_in: &'static str,
    /// A step of history without layer.
    pub(super) no_layer: &'static str,
    /// Heading.
    pub(super) configuration: &'static str,
    /// Label.
    pub(super) entrypoint: &'static str,
    /// Label.
    pub(super) command: &'static str,
    /// Label.
    pub(super) user: &'static str,
    /// Label.
    pub(super) working_directory: &'static str,
    /// Label.
    pub(super) ports: &'static str,
    /// Label.
    pub(super) volumes: &'static str,
    /// Label.
    pub(super) stop_signal: &'static str,
    /// Heading.
    pub(super) environment: &'static str,
    /// Heading.
    pub(super) labels: &'static str,
    /// Heading.
    pub(super) annotations: &'static str,
    /// Heading of the steps.
    pub(super) dockerfile: &'static str,
    /// Heading of referrers.
    pub(super) attached: &'static str,
    /// What attached things are.
    pub(super) attached_lead: &'static str,
    /// Column.
    pub(super) type_: &'static str,
    /// Heading of the JSON.
    pub(super) raw: &'static str,
    /// Heading of the JSON.
    pub(super) raw_config: &'static str,
    /// Label.
    pub(super) other_tags: &'static str,
    /// Mark of a tag whose digest is that of another.
    pub(super) same_digest: &'static str,
    /// Heading of what an index lists.
    pub(super) contents: &'static str,
    /// A manifest that attests another.
    pub(super) attestation: &'static str,
    /// Heading and button.
    pub(super) compare: &'static str,
    /// Label.
    pub(super) compare_with: &'static str,
    /// Input of the form.
    pub(super) compare_lead: &'static str,
    /// Heading.
    pub(super) shared_layers: &'static str,
    /// Heading, before a reference.
    pub(super) only_in: &'static str,
    /// Column of a comparison.
    pub(super) same: &'static str,
    /// Column.
    pub(super) what: &'static str,
    /// Label.
    pub(super) software: &'static str,
    /// Label.
    pub(super) address: &'static str,
    /// Label.
    pub(super) transport: &'static str,
    /// Heading of the state of TLS.
    pub(super) encrypted: &'static str,
    /// Heading of the state of TLS.
    pub(super) plain: &'static str,
    /// Label.
    pub(super) health: &'static str,
    /// The health checks pass.
    pub(super) healthy: &'static str,
    /// Label.
    pub(super) limits: &'static str,
    /// The limits of the registry.
    pub(super) limits_detail: &'static str,
    /// Title of a page that is not there.
    pub(super) not_found: &'static str,
    /// Its text.
    pub(super) not_found_detail: &'static str,
    /// Title of a page that could not be read.
    pub(super) failed: &'static str,
    /// Its text.
    pub(super) failed_detail: &'static str,
    /// Title where another registry does not answer.
    pub(super) upstream: &'static str,
    /// Its text.
    pub(super) upstream_detail: &'static str,
    /// Another registry does not show something.
    pub(super) denied_detail: &'static str,
    /// Title of a refusal.
    pub(super) refused: &'static str,
    /// Its text.
    pub(super) refused_detail: &'static str,
    /// Text of a method that is not allowed.
    pub(super) method_detail: &'static str,
    /// Label of the path to a page.
    pub(super) breadcrumbs: &'static str,
    /// Label of the links between pages.
    pub(super) pages: &'static str,
    /// Description of the chart of pulls.
    pub(super) bars: &'static str,
    /// A document that is not shown.
    pub(super) too_large: &'static str,
    /// Link to the bytes.
    pub(super) download: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_language() {
        for (header, expected) in [
            ("", Language::English),
            ("fr", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB, zh;q=0.9", Language::English),
            ("fr, zh;q=0.5, en;q=0.4", Language::Chinese),
            ("zh;q=0, en;q=0.1", Language::English),
            ("zh;q=oops", Language::English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
