//! The keys that only regctl has: collection, retention, the background check.

use super::{load_text, request, settings};
use crate::config::{
    AccessSettings, CollectionSettings, ConfigChoice, PagesSettings, Request, ScrubSettings, load,
};
use crate::oci::RetentionRule;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

const WHOLE: &str = "\
regctl:
  gc:
    schedule: '0 3 * * *'
    untagged: 7d
    lease: 30m
    trash: 2d
  retention:
    - repositories: 'team/*'
      keep-last: 10
      older-than: 30d
      match: 'v*'
      exclude: ['release-*', stable]
      not-pulled-for: 90d
  scrub: {rate: 2MiB/s, interval: 14d}
  audit: {keep: 30d}
  pages: {enabled: false, browse-only: true, base-path: /registry/, repositories-per-page: 10, tags-per-page: 100}
";

#[test]
fn every_key_has_its_meaning() {
    let settings = settings(WHOLE, &[]);
    let CollectionSettings {
        schedule,
        untagged,
        lease,
        trash,
    } = settings.collection;
    assert_eq!(schedule.unwrap().to_string(), "at 0 3 * * *");
    assert_eq!((untagged, trash), (Some(7 * DAY), 2 * DAY));
    assert_eq!(lease, Duration::from_mins(30));
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rule = RetentionRule {
        repositories: texts(&["team/*"]),
        keep_last: Some(10),
        older_than: Some(30 * 86_400_000),
        matching: texts(&["v*"]),
        exclude: texts(&["release-*", "stable"]),
        not_pulled_for: Some(90 * 86_400_000),
        all: false,
    };
    assert_eq!(settings.retention, [rule]);
    let scrub = ScrubSettings {
        rate: 2 << 20,
        interval: 14 * DAY,
    };
    assert_eq!(settings.scrub, Some(scrub));
    let pages = PagesSettings {
        enabled: false,
        browse_only: true,
        base_path: Some("/registry".to_owned()),
        repositories_per_page: 10,
        tags_per_page: 100,
    };
    assert_eq!(settings.pages, pages);
    assert_eq!(settings.audit, 30 * DAY);
    let text = format!("version: 0.1\n{WHOLE}");
    let described = load_text(&text, &[]).unwrap().describe();
    let lines: Vec<&str> = described
        .lines()
        .filter(|line| {
            ["Collects", "Deleted", "Deletes", "Reads"]
                .iter()
                .any(|word| line.starts_with(word))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Collects garbage: at 0 3 * * *, with untagged manifests older than 168h
    Deleted tags: can be restored for 48h (regctl restore)
    Deletes tags from team/*: beyond the last 10, older than 30d, not pulled for 90d, that match v*, but not release-* or stable
    Reads everything: every 14d, at most 2097152 bytes a second
    ");
}

#[test]
fn variables_set_them_too() {
    let settings = settings(
        WHOLE,
        &[
            ("REGISTRY_REGCTL_GC_SCHEDULE", "12h"),
            ("REGISTRY_REGCTL_GC_UNTAGGED", "false"),
            ("REGISTRY_REGCTL_GC_TRASH", "0"),
            ("REGISTRY_REGCTL_RETENTION_0_KEEPLAST", "3"),
            ("REGISTRY_REGCTL_SCRUB_ENABLED", "false"),
        ],
    );
    let collection = settings.collection;
    assert_eq!(collection.schedule.unwrap().to_string(), "every 12h");
    assert_eq!(
        (collection.untagged, collection.trash),
        (None, Duration::ZERO)
    );
    assert_eq!(settings.retention[0].keep_last, Some(3));
    assert_eq!(settings.scrub, None);
}

#[test]
fn omitted_keys() {
    let plain = settings("regctl: {}\n", &[]);
    assert_eq!(plain.collection, CollectionSettings::default());
    assert_eq!((plain.retention.len(), plain.scrub), (0, None));
    let variable = [("REGISTRY_REGCTL_SCRUB_RATE", "1k")];
    assert_eq!(settings("", &variable).scrub.unwrap().rate, 1024);
    let all = settings("regctl: {gc: {untagged: true, schedule: 1d}}\n", &[]);
    assert_eq!(all.collection.untagged, Some(Duration::ZERO));
}

#[test]
fn invalid_values_are_refused() {
    let refused = |own: &str| {
        let text = format!("version: 0.1\nregctl:\n  {own}\n");
        load_text(&text, &[]).unwrap_err()
    };
    let refusals = [
        "gc: {schedule: soon}",
        "gc: {schedule: 0s}",
        "gc: {lease: 0s}",
        "gc: {trash: 5}",
        "gc: {untagged: perhaps}",
        "retention: [{repositories: a, keep-lst: 3}]",
        "retention: [{keep-last: 3}]",
        "retention: [{repositories: a, exclude: b}]",
        "retention: [{repositories: '[', keep-last: 3}]",
        "retention: [{repositories: 'a b', keep-last: 3}]",
        "retention: [{repositories: a, older-than: 40000d}]",
        "scrub: {rate: fast}",
        "pages: {tags-per-page: 101}",
        "audit: {keep: 0s}",
        "retention: [{repositories: a, keep-last: 3, match: []}]",
        "accounts: {first-admin: root}",
        "accounts: {enabled: false, new-repositories: private}",
        "accounts: {first-admin-password-file: /x}",
    ]
    .map(refused);
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    config.yml:3:18: regctl.gc.schedule is "soon", which is neither a cron pattern nor a duration; hint: write a cron pattern as in '0 3 * * *', or an interval as in 24h
    config.yml:3:18: regctl.gc.schedule is "0s", which is zero; hint: write a cron pattern as in '0 3 * * *', or an interval as in 24h
    config.yml:3:15: regctl.gc.lease is zero; hint: write how long, as in 24h
    config.yml:3:15: regctl.gc.trash is "5", which is not a duration; hint: write it with units, as in 12h, 7d or 2w
    config.yml:3:18: regctl.gc.untagged is "perhaps", which is not true, false or a duration; hint: write true, or the minimum age of manifests, as in 7d
    config.yml:3:43: regctl.retention[0].keep-lst is not a key of a retention rule, and without it the rule could delete too much; hint: the keys are repositories, keep-last, older-than, match, exclude, not-pulled-for, all
    config.yml:3:15: regctl.retention[0] names no repositories; hint: write repositories: 'team/*', or '**' for all
    config.yml:3:15: regctl.retention[0] does not say which tags to delete; hint: give it keep-last, older-than, match or not-pulled-for
    config.yml:3:30: regctl.retention[0].repositories is "[", which is not a pattern; hint: write it as in 'v*' or 'team/**'
    config.yml:3:30: regctl.retention[0].repositories is "a b", which is not a pattern of 1 to 255 ASCII characters without spaces; hint: write it as in 'v*' or 'team/**'
    config.yml:3:15: regctl.retention[0] can't be used: an age of the rule is not between 0 and 36,500 days; hint: make several rules of it, or correct the age
    config.yml:3:17: regctl.scrub.rate is "fast", which is not a number of bytes a second; hint: write it as in 4MiB
    config.yml:3:26: regctl.pages.tags-per-page is "101", which is not a number from 1 to 100; hint: write it as in 25
    config.yml:3:17: regctl.audit.keep is zero; hint: write how long, as in 24h
    config.yml:3:47: regctl.retention[0].match is empty, so it matches no tag; hint: write patterns, or remove the key
    config.yml:3:27: regctl.accounts.first-admin requires regctl's own accounts, which are not enabled; hint: write regctl.accounts.enabled: true
    config.yml:3:48: regctl.accounts.new-repositories requires regctl's own accounts, which are not enabled; hint: write regctl.accounts.enabled: true
    config.yml:3:41: regctl.accounts.first-admin-password-file requires regctl's own accounts, which are not enabled; hint: write regctl.accounts.enabled: true
    "#);
}

#[test]
fn a_rule_without_a_schedule_is_a_warning() {
    let text = "version: 0.1\nregctl: {retention: [{repositories: '**', keep-last: 3}]}\n";
    let loaded = load_text(text, &[]).unwrap();
    let expected = "config.yml:2: regctl.retention has no effect without \
                    regctl.gc.schedule";
    assert_eq!(loaded.warnings, [expected]);
}

#[test]
fn an_empty_list_is_not_a_missing_one() {
    let trusted = |list: &str, variables: &[(&str, &str)]| {
        let own = format!("regctl: {{trusted-proxies: {list}}}\n");
        settings(&own, variables).reach.trusted_proxies.len()
    };
    assert_eq!((trusted("[]", &[]), trusted("''", &[])), (0, 0));
    assert_eq!(trusted("null", &[]), 2);
    let variable = [("REGISTRY_REGCTL_TRUSTEDPROXIES", "[]")];
    assert_eq!(trusted("[10.0.0.0/8]", &variable), 0);
    // Nobody has rights, instead of everybody.
    let file = "auth: {htpasswd: {path: /x}}\nregctl: {access: {}}\n";
    let AccessSettings::Htpasswd { rules, .. } = settings(file, &[]).access else {
        panic!("an htpasswd file");
    };
    assert_eq!(rules, Some(Vec::new()));
    let allowed = |urls: &str| {
        let text = format!("validation: {{manifests: {{urls: {urls}}}}}\n");
        settings(&text, &[]).validation.urls_allow
    };
    assert_eq!(allowed("{allow: []}"), ["^$"]);
    assert!(allowed("{allow: [], deny: [a]}").is_empty() && allowed("{}").is_empty());
}

#[test]
fn keys_without_effect_are_named() {
    let loaded = load_text(
        "\
version: 0.1
storage: {maintenance: {readonly: {enabled: true}, uploadpurging: {age: 1h}}}
http: {tls: {minimumtls: tls1.3}}
validation: {manifests: {indexes: {platforms: list}}}
regctl:
  gc: {schedule: 1d}
  scrub: {rate: 1MiB}
  proxy-user-header: X-Remote-User
  socket: {mode: 0660}
  limits: {address: {burst: 3}, account: {rate: 1}}
",
        &[],
    )
    .unwrap();
    insta::assert_snapshot!(loaded.warnings.join("\n"), @r"
    config.yml:2: storage.maintenance.uploadpurging has no effect while storage.maintenance.readonly is enabled
    config.yml:3: http.tls.minimumtls has no effect: there is no http.tls.certificate
    config.yml:4: validation.manifests.indexes.platforms has no effect without a platformlist
    config.yml:6: regctl.gc.schedule has no effect while storage.maintenance.readonly is enabled
    config.yml:7: regctl.scrub has no effect while storage.maintenance.readonly is enabled
    config.yml:8: regctl.proxy-user-header has no effect without a sign-in: auth, or regctl.accounts.enabled
    config.yml:9: regctl.socket has no effect without http.net: unix
    config.yml:10: regctl.limits.address.burst has no effect without regctl.limits.address.rate
    config.yml:10: regctl.limits.account has no effect without a sign-in: auth, or regctl.accounts.enabled
    ");
    let described = loaded.describe();
    for line in [
        "Collects garbage: on request (regctl gc)\n",
        "Unfinished uploads: kept\n",
    ] {
        assert!(described.contains(line), "{described}");
    }
    assert!(!described.contains("Reads everything"), "{described}");
    let other = load_text(
        "\
version: 0.1
validation: {manifests: {indexes: {platformlist: [{os: linux}]}}}
regctl:
  accounts: {enabled: true, first-admin-password-file: /x}
  gc: {untagged: 7d}
  index: /x
  proxy-user-header: X-Remote-User
",
        &[("REGISTRY_REGCTL_LIMITS_ACCOUNT_BURST", "5")],
    );
    insta::assert_snapshot!(other.unwrap().warnings.join("\n"), @r"
    config.yml:2: validation.manifests.indexes.platformlist has no effect without platforms: list
    config.yml:4: regctl.accounts.first-admin-password-file has no effect without regctl.accounts.first-admin
    config.yml:5: regctl.gc.untagged has no effect without regctl.gc.schedule
    config.yml:6: regctl.index has no effect without storage.maintenance.readonly.enabled: true
    REGISTRY_REGCTL_LIMITS_ACCOUNT_BURST: regctl.limits.account.burst has no effect without regctl.limits.account.rate
    ");
}

/// `serve --accounts` may use the same file.
#[test]
fn a_command_beside_the_server_takes_keys_of_accounts_that_are_not_enabled() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yml");
    let text = "version: 0.1\nregctl: {accounts: {first-admin: root, new-repositories: public}}\n";
    std::fs::write(&path, text).unwrap();
    let load_as = |accounts| {
        load(&Request {
            accounts,
            ..request(ConfigChoice::File(path.clone()), &[])
        })
    };
    assert!(load_as(Some(false)).is_err());
    for accounts in [None, Some(true)] {
        load_as(accounts).unwrap();
    }
}
