//! A command line that starts a container and stays with it: what can be told of it without running it.

use std::path::Path;

use super::flags::{self, Booleans};
use super::line;

/// What a command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCommand {
    pub program: String,
    /// The options in front of its command: they say which engine is meant.
    pub options: Vec<String>,
    /// The variables that `env` sets for it.
    pub assignments: Vec<(String, String)>,
    /// The number of the word `run`.
    pub run: usize,
    /// The file that the user wants to have the id in.
    pub cidfile: Option<String>,
    /// Whether the container is removed when it ends.
    pub removed: bool,
}

/// What the words of a command say; `None` if it is not certain that they start a container and stay with it.
pub fn parse(words: &[String]) -> Option<ClientCommand> {
    match line::of_shell(words) {
        Some(line) => parse_words(&line::words(line).into_iter().map(|word| word.text).collect::<Vec<_>>(), true),
        None => parse_words(words, false),
    }
}

/// The words with a label, and a file for the id if the user wants none, behind `run`.
pub fn mark(mut words: Vec<String>, cidfile: Option<&str>, label: &str) -> Vec<String> {
    let Some(client) = parse(&words) else { return words };
    let marks: Vec<&str> =
        cidfile.map(|path| ["--cidfile", path]).into_iter().flatten().chain(["--label", label]).collect();
    if let Some(line) = line::of_shell(&words).and_then(|text| line::insert_behind(text, client.run, &marks)) {
        words[2] = line;
        return words;
    }
    let behind = words.split_off(client.run + 1);
    words.into_iter().chain(marks.into_iter().map(str::to_owned)).chain(behind).collect()
}

/// A shell sets variables for one command as `env` does.
fn parse_words(words: &[String], in_shell: bool) -> Option<ClientCommand> {
    let mut client = ClientCommand::default();
    let is_env = is_named(words.first()?, "env");
    let mut at = usize::from(is_env);
    if is_env || in_shell {
        while let Some((name, value)) = words.get(at)?.split_once('=').filter(|(name, _)| !name.starts_with('-')) {
            client.assignments.push((name.to_owned(), value.to_owned()));
            at += 1;
        }
    }
    let program = words.get(at)?;
    let flags = flags::of(Path::new(program).file_name()?.to_str()?)?;
    client.program.clone_from(program);
    let (_, command) = options(words, at + 1, &flags.global)?;
    client.options = words[at + 1..command].to_vec();
    let is_group = words.get(command)? == "container";
    client.run = if is_group { command + 1 } else { command };
    if words.get(client.run)? != "run" {
        return None;
    }
    let (given, image) = options(words, client.run + 1, &flags.run)?;
    words.get(image)?;
    for Given { name, value } in given {
        match name {
            "d" | "detach" if is_on(value)? => return None,
            "help" => return None,
            "cidfile" => client.cidfile = value.map(str::to_owned),
            "rm" => client.removed = is_on(value)?,
            _ => {}
        }
    }
    Some(client)
}

fn is_named(word: &str, name: &str) -> bool {
    Path::new(word).file_name().is_some_and(|it| it == name)
}

struct Given<'w> {
    name: &'w str,
    value: Option<&'w str>,
}

/// The options from a place on, and the place of the first word that is none; `None` where a value is missing.
fn options<'w>(words: &'w [String], mut at: usize, booleans: &Booleans) -> Option<(Vec<Given<'w>>, usize)> {
    let mut given = Vec::new();
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') && word.len() > 1) {
        at += 1;
        let Some(long) = word.strip_prefix("--") else {
            at += shorts(&word[1..], words.get(at), booleans, &mut given)?;
            continue;
        };
        if long.is_empty() {
            break;
        }
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None if booleans.long.contains(&long) => (long, None),
            None => {
                at += 1;
                (long, Some(words.get(at - 1)?.as_str()))
            }
        };
        given.push(Given { name, value });
    }
    Some((given, at))
}

/// Options by letters, as in `-it` and `-eNAME=value`. Returns how many of the next words they take.
fn shorts<'w>(
    letters: &'w str,
    next: Option<&'w String>,
    booleans: &Booleans,
    given: &mut Vec<Given<'w>>,
) -> Option<usize> {
    for (at, letter) in letters.char_indices() {
        let (name, rest) = letters[at..].split_at(letter.len_utf8());
        let value = rest.strip_prefix('=');
        let is_boolean = booleans.short.contains(letter);
        if is_boolean && value.is_none() {
            given.push(Given { name, value: None });
            continue;
        }
        let value = value.or((!rest.is_empty()).then_some(rest));
        given.push(Given { name, value: Some(value.or(next.map(String::as_str))?) });
        return Some(usize::from(value.is_none()));
    }
    Some(0)
}

/// Whether an option without a value, or with one, is on; `None` for a value that the client refuses.
fn is_on(value: Option<&str>) -> Option<bool> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Some(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Some(false),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    /// Program and options, the word `run` and what follows it, the file, whether it is removed.
    fn shown(line: &str) -> String {
        let words = words(line);
        let Some(client) = parse(&words) else { return "none".to_owned() };
        let options = client.options.join(" ");
        let behind = words.get(client.run + 1).map_or("", String::as_str);
        let cidfile = client.cidfile.as_deref().unwrap_or("-");
        format!("{}|{options}|{behind}|{cidfile}|{}", client.program, client.removed)
    }

    #[test]
    fn a_container_is_ours_if_its_client_stays_with_it() {
        for (line, expected) in [
            ("docker run -i --rm image", "docker||-i|-|true"),
            ("docker container run --rm=false image", "docker||--rm=false|-|false"),
            ("/usr/bin/docker run image -d", "/usr/bin/docker||image|-|false"),
            ("docker -H unix:///s run image", "docker|-H unix:///s|image|-|false"),
            ("docker -Hunix:///s -D --context=far run image", "docker|-Hunix:///s -D --context=far|image|-|false"),
            (
                "docker --tlsverify --config /c --host tcp://h run image",
                "docker|--tlsverify --config /c --host tcp://h|image|-|false",
            ),
            ("podman --root /r --remote run --replace image", "podman|--root /r --remote|--replace|-|false"),
            ("nerdctl -n ns --debug run -it image", "nerdctl|-n ns --debug|-it|-|false"),
            ("docker run -it -e A=1 -eB=2 -v /a:/b --name d image --detach", "docker||-it|-|false"),
            ("docker run --cidfile /c image", "docker||--cidfile|/c|false"),
            ("docker run --cidfile=/c --rm image --cidfile x", "docker||--cidfile=/c|/c|true"),
            ("docker run --detach-keys ctrl-a --detach=false image", "docker||--detach-keys|-|false"),
            ("docker run -h host -- image", "docker||-h|-|false"),
            ("docker run --new-option value image", "docker||--new-option|-|false"),
            ("env DOCKER_HOST=unix:///s X= docker run image", "docker||image|-|false"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn what_does_not_stay_or_is_not_certain_is_left_alone() {
        for line in [
            "docker run -d image",
            "docker run -itd image",
            "docker run -d=true image",
            "docker run --detach image",
            "docker run --detach=1 image",
            "docker run --detach=maybe image",
            "docker run",
            "docker run -i --rm",
            "docker run --name",
            "docker run --help",
            "docker compose run service",
            "docker exec -i id server",
            "docker start -ai id",
            "docker --context far exec -i id run",
            "docker container exec -i id run",
            "docker -H",
            "docker",
            "podman pod run image",
            "env -i docker run image",
            "env A=1",
            "npx docker run image",
            "mydocker run image",
            "sudo docker run image",
        ] {
            assert_eq!(shown(line), "none", "{line}");
        }
        assert_eq!(parse(&[]), None);
    }

    #[test]
    fn the_variables_of_env_are_known() {
        let client = parse(&words("env DOCKER_HOST=unix:///s X= docker run image")).expect("a client");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(client.assignments, [pair("DOCKER_HOST", "unix:///s"), pair("X", "")]);
    }

    #[test]
    fn what_is_inserted_stands_right_behind_run() {
        let marked = |line: &str, cidfile| mark(words(line), cidfile, "l=v").join(" ");
        assert_eq!(marked("docker -D run -i image", Some("/c")), "docker -D run --cidfile /c --label l=v -i image");
        assert_eq!(marked("docker container run image", None), "docker container run --label l=v image");
        assert_eq!(marked("docker run -d image", Some("/c")), "docker run -d image");
        let line = |text: &str| mark(vec!["sh".into(), "-c".into(), text.into()], Some("/a b"), "l=v")[2].clone();
        assert_eq!(line("docker run -i image 2>&1"), "docker run '--cidfile' '/a b' '--label' 'l=v' -i image 2>&1");
        assert_eq!(line("A=1 exec docker run -i image"), "A=1 exec docker run -i image");
        assert_eq!(line("A=1 docker run image $B"), "A=1 docker run '--cidfile' '/a b' '--label' 'l=v' image $B");
        assert_eq!(line("echo; docker run -i image"), "echo; docker run -i image");
        assert_eq!(line("docker run -v $HOME:/x image"), "docker run -v $HOME:/x image");
    }
}
