//! How other programs spell what a client puts in: whose spelling it is, and what to write here instead.

use std::fmt;
use std::path::Path;

use super::entry::{Definition, ServerKind, is_variable_name};
use super::reader::join;
use crate::text::excerpt::excerpt;

/// At most this many are reported.
const MOST: usize = 20;

/// Another program's spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    pub whose: &'static str,
    pub instead: String,
}

impl fmt::Display for Spelling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "that is the spelling of {}: {}", self.whose, self.instead)
    }
}

const EDITORS: &str = "Cursor, VS Code and Windsurf";
const FOLDERS: &str = "Cursor and VS Code";
const SHELLS: &str = "shells";

fn spelling(whose: &'static str, instead: impl Into<String>) -> Spelling {
    Spelling { whose, instead: instead.into() }
}

/// What stands between `${` and `}` and is not the name of a variable.
pub fn of_inside(inside: &str) -> Option<Spelling> {
    if let Some((kind, rest)) = inside.split_once(':') {
        match kind {
            "env" if is_variable_name(rest) => return Some(spelling(EDITORS, format!("write ${{{rest}}}"))),
            "input" => return Some(spelling("VS Code", "set a variable, and write that")),
            "command" | "config" => return Some(spelling("VS Code", "write what it stands for")),
            _ => {}
        }
    }
    if inside == "/" {
        return Some(spelling("VS Code", "write /"));
    }
    if inside.starts_with('{') {
        return Some(spelling("Continue and GitHub Actions", "set a variable, and write that as ${NAME}"));
    }
    of_shell(inside)
}

/// What POSIX shells, bash and zsh have between the braces beside a name.
fn of_shell(inside: &str) -> Option<Spelling> {
    let end = inside.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    if !is_variable_name(name) {
        let is_theirs = inside.starts_with(['#', '!']) && is_variable_name(&inside[1..]);
        return is_theirs.then(|| spelling(SHELLS, "have one do it, in a script"));
    }
    if let Some(default) = rest.strip_prefix('-').or_else(|| rest.strip_prefix(":=")).or_else(|| rest.strip_prefix('='))
    {
        return Some(spelling(SHELLS, format!("write ${{{name}:-{}}}", excerpt(default))));
    }
    let is_theirs = rest.starts_with([':', '#', '%', '/', '^', ',', '@', '[', '+', '?']);
    is_theirs.then(|| spelling(SHELLS, "have one do it, in a script"))
}

/// A name that is a variable's here, but something else elsewhere.
pub fn of_name(name: &str) -> Option<Spelling> {
    const PATH: &str = "write the path: for a project's servers, it is relative to the directory of the file";
    match name {
        "workspaceFolder" | "workspaceRoot" | "fileWorkspaceFolder" => Some(spelling(FOLDERS, PATH)),
        "workspaceFolderBasename" => Some(spelling(FOLDERS, "write the directory's name")),
        "userHome" => Some(spelling(FOLDERS, "write ${HOME}")),
        "pathSeparator" => Some(spelling(FOLDERS, "write /")),
        "extensionPath" | "workspacePath" => Some(spelling("Gemini CLI's extensions", PATH)),
        _ => None,
    }
}

/// A text that is taken as it stands here, but not elsewhere.
fn of_text(text: &str, is_for_shell: bool) -> Option<Spelling> {
    if !is_for_shell && (text == "~" || text.starts_with("~/")) {
        return Some(spelling(SHELLS, format!("write ${{HOME}}{}", excerpt(&text[1..]))));
    }
    if let Some(name) = text.strip_prefix('$').filter(|name| !is_for_shell && is_variable_name(name)) {
        return Some(spelling("Gemini CLI and shells", format!("write ${{{name}}}")));
    }
    let (_, rest) = text.split_once("{env:").or_else(|| text.split_once("{file:"))?;
    let (inside, _) = rest.split_once('}')?;
    let is_of_editors = text.contains("${env:");
    let instead =
        if is_variable_name(inside) { format!("write ${{{inside}}}") } else { "write what it stands for".to_owned() };
    (!is_of_editors).then(|| spelling("opencode", instead))
}

/// All foreign spellings in a definition: where each stands, its text, and whose it is.
pub fn all(definition: &Definition) -> Vec<(String, String, Spelling)> {
    let mut texts: Vec<(String, &str, bool)> = Vec::new();
    if let ServerKind::Program { command, args, env, cwd } = &definition.kind {
        // A shell expands what stands in its arguments.
        let program = Path::new(command).file_name();
        let is_shell = SHELL_NAMES.iter().any(|shell| program.is_some_and(|name| name == *shell));
        texts.push(("command".to_owned(), command, false));
        texts.extend(args.iter().enumerate().map(|(index, arg)| (format!("args[{index}]"), arg.as_str(), is_shell)));
        texts.extend(env.iter().map(|(name, text)| (join("env", name), text.as_str(), false)));
        texts.extend(cwd.iter().map(|cwd| ("cwd".to_owned(), cwd.as_str(), false)));
    }
    texts.extend(definition.url.iter().map(|url| ("url".to_owned(), url.as_str(), false)));
    texts.extend(definition.headers.iter().map(|(name, text)| (join("headers", name), text.as_str(), false)));
    texts.extend(definition.hook.config.iter().map(|it| ("hook.config.source".to_owned(), it.source.as_str(), false)));
    let watched = definition.hook.settings.watch.iter().enumerate();
    texts.extend(watched.map(|(index, text)| (format!("hook.watch[{index}]"), text.as_str(), false)));
    let mut found = Vec::new();
    for (place, text, is_for_shell) in texts {
        if let Some(spelling) = of_text(text, is_for_shell) {
            found.push((place, excerpt(text).into_owned(), spelling));
        }
    }
    found.truncate(MOST);
    found
}

const SHELL_NAMES: [&str; 7] = ["sh", "bash", "zsh", "dash", "ksh", "fish", "busybox"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_here_is_named_after_those_who_know_it() {
        let said = |inside: &&str| {
            let said = of_inside(inside).map_or("nobody's".to_owned(), |spelling| spelling.to_string());
            format!("${{{inside}}}: {said}\n")
        };
        let all = [
            "env:TOKEN",
            "input:token",
            "command:x.y",
            "config:a.b",
            "/",
            "{ secrets.TOKEN ",
            "f##*/",
            "f%.c",
            "f-x",
            "f:=x",
            "f:?why",
            "f:+x",
            "f/a/b",
            "f:1:2",
            "#f",
            "!f",
            "f^^",
            "a[@]",
            "",
            "1A",
            "A B",
            "env:A B",
            "Ä",
            "#",
            "!-",
        ];
        insta::assert_snapshot!(all.iter().map(said).collect::<String>(), @r"
        ${env:TOKEN}: that is the spelling of Cursor, VS Code and Windsurf: write ${TOKEN}
        ${input:token}: that is the spelling of VS Code: set a variable, and write that
        ${command:x.y}: that is the spelling of VS Code: write what it stands for
        ${config:a.b}: that is the spelling of VS Code: write what it stands for
        ${/}: that is the spelling of VS Code: write /
        ${{ secrets.TOKEN }: that is the spelling of Continue and GitHub Actions: set a variable, and write that as ${NAME}
        ${f##*/}: that is the spelling of shells: have one do it, in a script
        ${f%.c}: that is the spelling of shells: have one do it, in a script
        ${f-x}: that is the spelling of shells: write ${f:-x}
        ${f:=x}: that is the spelling of shells: write ${f:-x}
        ${f:?why}: that is the spelling of shells: have one do it, in a script
        ${f:+x}: that is the spelling of shells: have one do it, in a script
        ${f/a/b}: that is the spelling of shells: have one do it, in a script
        ${f:1:2}: that is the spelling of shells: have one do it, in a script
        ${#f}: that is the spelling of shells: have one do it, in a script
        ${!f}: that is the spelling of shells: have one do it, in a script
        ${f^^}: that is the spelling of shells: have one do it, in a script
        ${a[@]}: that is the spelling of shells: have one do it, in a script
        ${}: nobody's
        ${1A}: nobody's
        ${A B}: nobody's
        ${env:A B}: that is the spelling of shells: have one do it, in a script
        ${Ä}: nobody's
        ${#}: nobody's
        ${!-}: nobody's
        ");
    }

    #[test]
    fn what_stays_as_it_is_but_means_something_elsewhere_is_noticed() {
        let said = |text: &str, is_for_shell| {
            let said = of_text(text, is_for_shell).map_or("nothing".to_owned(), |spelling| spelling.to_string());
            format!("{text}: {said}\n")
        };
        let ours = [
            "~",
            "~/x",
            "~me",
            "a~/x",
            "$TOKEN",
            "$1",
            "a $TOKEN",
            "${TOKEN}",
            "{env:TOKEN}",
            "a {file:./x} b",
            "{env:",
            "${env:A}",
        ];
        insta::assert_snapshot!(ours.map(|text| said(text, false)).concat(), @r"
        ~: that is the spelling of shells: write ${HOME}
        ~/x: that is the spelling of shells: write ${HOME}/x
        ~me: nothing
        a~/x: nothing
        $TOKEN: that is the spelling of Gemini CLI and shells: write ${TOKEN}
        $1: nothing
        a $TOKEN: nothing
        ${TOKEN}: nothing
        {env:TOKEN}: that is the spelling of opencode: write ${TOKEN}
        a {file:./x} b: that is the spelling of opencode: write what it stands for
        {env:: nothing
        ${env:A}: nothing
        ");
        insta::assert_snapshot!(["~/x", "$TOKEN", "{env:TOKEN}"].map(|text| said(text, true)).concat(), @r"
        ~/x: nothing
        $TOKEN: nothing
        {env:TOKEN}: that is the spelling of opencode: write ${TOKEN}
        ");
    }
}
