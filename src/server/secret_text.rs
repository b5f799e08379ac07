//! What in a text is nobody's business wherever the text stands: who logs in at a URL, a secret among its parameters, and what
//! begins as the tokens of well-known services do.

use std::ops::Range;

use super::secret_name;

/// Whether a text only names a variable, perhaps behind the name of a scheme (RFC 9110, 11.1): the value stands elsewhere.
pub fn is_reference(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = ["Bearer ", "Basic ", "Token "].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let inside = text.trim_start_matches('$');
    let inside = inside.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or(inside);
    let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | ':' | '.');
    (text.is_empty() || text.starts_with(['$', '{'])) && inside.chars().all(is_name)
}

/// Who logs in at a URL (RFC 3986, 3.2.1), and the secrets among its parameters.
pub fn in_url(word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, sign) in word.match_indices("://") {
        let start = at + sign.len();
        let rest = word[start..].split(char::is_whitespace).next().unwrap_or_default();
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some(end) = authority.rfind('@') {
            let is_user_of_ssh = word[..at].ends_with("ssh") && !authority[..end].contains(':');
            if !is_user_of_ssh && !is_reference(&authority[..end]) {
                found.push(start..start + end);
            }
        }
        let Some((path, query)) = rest.split_once('?') else { continue };
        let mut begin = start + path.len() + 1;
        for parameter in query.split(['&', '#']) {
            if let Some((name, value)) = parameter.split_once('=')
                && secret_name::is_secret(name, value)
                && !is_reference(value)
            {
                found.push(begin + name.len() + 1..begin + parameter.len());
            }
            begin += parameter.len() + 1;
        }
    }
    found
}

/// Whatever begins as a token of a well-known service does.
pub fn tokens(word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let is_of_token = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.');
    let mut begin = 0;
    for run in word.split(|it| !is_of_token(it)) {
        let is_random = run.len() >= SHORTEST && run.contains(|it: char| it.is_ascii_digit());
        if is_random && BEGINNINGS.iter().any(|beginning| run.starts_with(beginning)) {
            found.push(begin..begin + run.len());
        }
        let end = begin + run.len();
        begin = end + word[end..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

const BEGINNINGS: [&str; 17] = [
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "AIza",
    "hf_",
    "npm_",
    "eyJ",
];

/// A shorter word is no token, in bytes.
const SHORTEST: usize = 20;
