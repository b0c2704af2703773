//! The Chinese README has the same sections, commands, tables and code words as the English one.

use std::collections::BTreeSet;

/// The parts that are equal in every language.
#[derive(Debug, PartialEq, Eq)]
struct Section {
    level: usize,
    blocks: Vec<String>,
    /// The number of cells, row by row.
    rows: Vec<usize>,
    /// Names and commands in the text.
    code: BTreeSet<String>,
}

fn sections(text: &str) -> Vec<(String, Section)> {
    let mut sections: Vec<(String, Section)> = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        if let Some(open) = &mut block {
            if line == "```" {
                let (_, section) = sections.last_mut().unwrap();
                section.blocks.extend(block.take());
            } else {
                open.push_str(line);
                open.push('\n');
            }
            continue;
        }
        if line.starts_with("```") {
            block = Some(String::new());
            continue;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if level > 0 {
            let section = Section {
                level,
                blocks: Vec::new(),
                rows: Vec::new(),
                code: BTreeSet::new(),
            };
            sections.push((line.to_owned(), section));
            continue;
        }
        let (_, section) = sections.last_mut().unwrap();
        if line.starts_with('|') {
            let cells = line.replace("\\|", "").matches('|').count();
            section.rows.push(cells);
        }
        let code = line.split('`').skip(1).step_by(2);
        section.code.extend(code.map(str::to_owned));
    }
    assert!(block.is_none(), "a block of code does not end");
    sections
}

#[test]
fn the_chinese_readme_has_the_sections_commands_and_tables_of_the_english_one() {
    let english = sections(include_str!("../../README.md"));
    let chinese = sections(include_str!("../../README.zh-CN.md"));
    for ((title, english), (translated, chinese)) in english.iter().zip(&chinese) {
        let place = format!("{title:?} of README.md and {translated:?} of README.zh-CN.md");
        assert_eq!(english.level, chinese.level, "{place}");
        assert_eq!(english.blocks, chinese.blocks, "{place}");
        assert_eq!(english.rows, chinese.rows, "{place}");
        let missing: Vec<_> = english.code.difference(&chinese.code).collect();
        let surplus: Vec<_> = chinese.code.difference(&english.code).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{place}: missing {missing:?}, surplus {surplus:?}"
        );
    }
    assert_eq!(english.len(), chinese.len());
}

/// The anchors of this file, as GitHub names headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = sections(text);
    let names = headings.iter().map(|(title, _)| {
        let title = title.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|character| {
            character.is_alphanumeric() || matches!(character, ' ' | '-' | '_')
        });
        kept.collect::<String>().replace(' ', "-")
    });
    names.collect()
}

#[test]
fn links_have_targets() {
    let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [
        "README.md",
        "README.zh-CN.md",
        "src/ARCHITECTURE.md",
        "tests/bench/README.md",
    ] {
        let path = project.join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let anchors = anchors(&text);
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if let Some(anchor) = link.strip_prefix('#') {
                assert!(anchors.contains(anchor), "{name}: {link}");
            } else if !link.contains("://") {
                assert!(path.parent().unwrap().join(link).exists(), "{name}: {link}");
            }
        }
    }
}
