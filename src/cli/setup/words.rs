//! Paths as words of a command line or of a list, in the files of systemd and cron.

/// Letters that no shell, no systemd and no cron reads as anything else.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "/._-+:,=@[]".contains(letter)
}

/// A word in a unit of systemd, as in lists of paths.
pub(super) fn unit_word(text: &str) -> String {
    let text = without_specifiers(text);
    if text
        .chars()
        .all(|letter| is_plain(letter) || "%$".contains(letter))
    {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A value in a unit of systemd that is not split into words.
pub(super) fn without_specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// A word of a command in a unit of systemd, which substitutes variables also in quotes.
pub(super) fn without_variables(word: &str) -> String {
    word.replace('$', "$$")
}

/// A word of a shell's command.
pub(super) fn shell_word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) && !text.contains(['[', ']']) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word of a shell's command in a line of cron, where a percent sign ends the command also in quotes.
pub(super) fn cron_word(text: &str) -> String {
    shell_word(text).replace('%', r"\%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_program_as_they_are() {
        for (text, unit, shell, cron) in [
            ("/srv/a", "/srv/a", "/srv/a", "/srv/a"),
            ("[::1]:81", "[::1]:81", "'[::1]:81'", "'[::1]:81'"),
            ("/a b", "\"/a b\"", "'/a b'", "'/a b'"),
            ("/p%d", "/p%%d", "'/p%d'", r"'/p\%d'"),
            ("/we ird$X", "\"/we ird$X\"", "'/we ird$X'", "'/we ird$X'"),
            (r#"/q"\"#, r#""/q\"\\""#, r#"'/q"\'"#, r#"'/q"\'"#),
            ("/it's", "\"/it's\"", r"'/it'\''s'", r"'/it'\''s'"),
        ] {
            assert_eq!(unit_word(text), unit);
            assert_eq!(shell_word(text), shell);
            assert_eq!(cron_word(text), cron);
        }
        assert_eq!(without_variables(&unit_word("/$%")), "/$$%%");
    }
}
