//! The catalog and searches in an index of 100,000 repositories, 10,000 accounts and 1,000 groups.
//!
//! The index is filled with SQL and queried in this process: the same root on disk would be more
//! than a million files.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use regctl::index::Index;
use regctl::oci::{AccountName, NamePattern, Right, Visibility};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::report::{Metric, Target};

pub(super) const SEARCH: Work = Work {
    name: "search",
    between: Between::Registries,
    metrics: &[
        Metric::less(
            "catalog of 100,000, first page of a caller, p50",
            "ms",
            Target::AtMost(2.0),
        ),
        Metric::less(
            "catalog of 100,000, first page of an administrator, p50",
            "ms",
            Target::AtMost(2.0),
        ),
        Metric::less(
            "search of 100,000, 10,000 names match, p50",
            "ms",
            Target::AtMost(20.0),
        ),
        Metric::less(
            "search of 100,000, 10,000 descriptions match, p50",
            "ms",
            Target::AtMost(20.0),
        ),
        Metric::less(
            "search of 100,000, one matches, p50",
            "ms",
            Target::AtMost(20.0),
        ),
        Metric::less(
            "search of 100,000 for a caller who sees 600, p50",
            "ms",
            Target::AtMost(20.0),
        ),
    ],
    begin,
};

/// Repositories, accounts and groups; half of the repositories have a description of 30 words.
const FILL: &[&str] = &[
    "CREATE TEMP TABLE numbers (i INTEGER PRIMARY KEY)",
    "INSERT INTO numbers WITH RECURSIVE n(i) AS \
     (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) SELECT i FROM n",
    "INSERT INTO repositories (id, name, created_at, pushed_at, public) \
     SELECT i + 1, 'team-' || (i % 1000) || '/' || \
     CASE WHEN i % 10 = 0 THEN 'web' ELSE 'service' END || '-' || i, 0, 0, i % 1000 = 7 \
     FROM numbers",
    "INSERT INTO blobs (id, digest, size, created_at) VALUES \
     (1, 'sha256:' || substr('0000000000000000000000000000000000000000000000000000000000000000', 1), 2, 0)",
    "INSERT INTO manifests (repository_id, digest, blob_id, media_type, platforms, size, \
     content_size, readable, pushed_at) SELECT i + 1, 'sha256:' || i, 1, 'x', '[]', 2, 2, TRUE, 0 \
     FROM numbers",
    "INSERT INTO words (id, word) SELECT i + 1, 'w' || (i * 7919 % 100003) FROM numbers WHERE i < 20000",
    "INSERT INTO words (id, word) VALUES (100001, 'payments')",
    "INSERT OR IGNORE INTO description_words (word_id, repository_id) \
     SELECT (n.i * 31 + k.i * 977) % 20000 + 1, n.i + 1 FROM numbers n \
     JOIN numbers k ON k.i < 30 WHERE n.i % 2 = 0 ORDER BY 1, 2",
    "INSERT INTO description_words (word_id, repository_id) \
     SELECT 100001, i + 1 FROM numbers WHERE i % 10 = 2",
    "INSERT INTO descriptions (repository_id, summary, text, searched, updated_at) \
     SELECT r, substr(t, 1, 100), t, t, 0 FROM (SELECT l.repository_id AS r, \
     group_concat(w.word, ' ') AS t FROM description_words l JOIN words w ON w.id = l.word_id \
     GROUP BY l.repository_id)",
    "INSERT INTO accounts (name, password, admin, disabled, created_at) \
     SELECT 'user' || i, NULL, FALSE, FALSE, 0 FROM numbers WHERE i < 10000",
    "INSERT INTO account_groups (name, created_at) SELECT 'group' || i, 0 FROM numbers WHERE i < 1000",
    "INSERT INTO group_members (group_name, account) \
     SELECT 'group' || ((a.i + g.i * 97) % 1000), 'user' || a.i FROM numbers a \
     JOIN numbers g ON g.i < 5 WHERE a.i < 10000",
];

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    if subject.regctl().is_none() {
        return Ok(Box::new(|_| Ok(vec![None; 6])));
    }
    let repositories = scene.size(100_000_i64, 20_000);
    let directory = scene.root()?;
    let file = directory.path().join("index.db");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let index = runtime.block_on(async {
        open(&file).await?.close().await;
        fill(&file, repositories).await?;
        let index = open(&file).await?;
        // Together, since writes that wait share a commit.
        try_join_all((0..1000).map(|group| grant(&index, group))).await?;
        Ok::<_, anyhow::Error>(index)
    })?;
    Ok(Box::new(move |_| {
        let _kept = &directory;
        runtime.block_on(async {
            let caller: AccountName = "user4711".parse()?;
            let few = visibility(&index, &caller).await?;
            let all = Visibility::Everything;
            let rare = format!("service-{}", repositories - 1);
            Ok(vec![
                Some(catalog(&index, &few).await?),
                Some(catalog(&index, &all).await?),
                Some(search(&index, &all, "web", 1000).await?),
                Some(search(&index, &all, "payments", 1000).await?),
                Some(search(&index, &all, &rare, 1).await?),
                Some(search(&index, &few, "payments", 1).await?),
            ])
        })
    }))
}

async fn open(file: &std::path::Path) -> Result<Index> {
    let observer = Arc::new(|_| Box::pin(std::future::ready(())) as _);
    Ok(Index::open(file, observer).await?)
}

/// A group gets rights in the namespace of its number.
async fn grant(index: &Index, group: usize) -> Result<()> {
    let grant = format!("team-{group}/*:pull,push");
    let grant = grant.parse().map_err(anyhow::Error::msg)?;
    let grantee = format!("group{group}").parse()?;
    ensure!(index.grant(grantee, grant, 0).await?, "no group{group}");
    Ok(())
}

/// Runs [`FILL`] in one transaction, with enough memory that no page is written twice.
async fn fill(file: &std::path::Path, repositories: i64) -> Result<()> {
    let mut connection = SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(false)
        .pragma("cache_size", "-400000")
        .pragma("temp_store", "MEMORY")
        .connect()
        .await?;
    sqlx::query("BEGIN").execute(&mut connection).await?;
    for statement in FILL {
        let mut query = sqlx::query(*statement);
        if statement.contains("$1") {
            query = query.bind(repositories);
        }
        query
            .execute(&mut connection)
            .await
            .with_context(|| (*statement).to_owned())?;
    }
    sqlx::query("COMMIT").execute(&mut connection).await?;
    Ok(())
}

/// The repositories visible to an account: those of its groups, and public ones.
async fn visibility(index: &Index, account: &AccountName) -> Result<Visibility> {
    let grants = index.grants_for(Some(account)).await?;
    let mut patterns: Vec<NamePattern> = grants
        .into_iter()
        .filter(|record| record.grant.rights.contains(Right::Pull))
        .map(|record| record.grant.pattern)
        .collect();
    patterns.sort();
    ensure!(patterns.len() == 5, "{patterns:?}");
    Ok(Visibility::Only {
        public: true,
        patterns: patterns.into(),
    })
}

async fn catalog(index: &Index, visibility: &Visibility) -> Result<f64> {
    median(async || {
        let page = index.repositories(visibility, "", 101).await?;
        ensure!(page.len() == 101, "{} on a page", page.len());
        Ok(())
    })
    .await
}

async fn search(index: &Index, visibility: &Visibility, term: &str, least: u64) -> Result<f64> {
    median(async || {
        let page = index.search(visibility, term, 0, 25).await?;
        ensure!(page.total >= least, "{term}: {} found", page.total);
        Ok(())
    })
    .await
}

/// The median of 100 runs, in milliseconds.
async fn median(mut work: impl AsyncFnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..100 {
        let begun = Instant::now();
        work().await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
