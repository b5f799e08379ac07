//! Which names say that a value is nobody's business.

/// Whether the name of a variable or a key says so of this value.
pub fn is_telling(name: &str, value: &str) -> bool {
    tells(name) && !says_nothing(name, value)
}

/// Whether that of an option, a parameter or a header does, which are shorter.
pub fn is_secret(name: &str, value: &str) -> bool {
    stands_for_secret(name) && !says_nothing(name, value)
}

fn stands_for_secret(name: &str) -> bool {
    tells(name) || parts(name).iter().any(|part| PARTS.contains(&part.as_str()))
}

fn tells(name: &str) -> bool {
    let name = name.to_lowercase().replace(['-', '.'], "_");
    TELLING.iter().any(|word| name.contains(word)) || name.match_indices(TOKEN).any(|(at, _)| is_token(&name[at..]))
}

/// What has one of these words in its name is a secret.
const TELLING: [&str; 7] = ["secret", "password", "passwd", "apikey", "api_key", "authorization", "credential"];
const TOKEN: &str = "token";

/// A tokenizer has none.
fn is_token(name: &str) -> bool {
    !name[TOKEN.len()..].starts_with("iz")
}

/// What is a secret if it is a part of a name.
const PARTS: [&str; 9] = ["key", "auth", "pass", "pwd", "pat", "bearer", "jwt", "cookie", "dsn"];

/// Whether a value tells nothing of a secret: a switch, or a number where something is counted or measured.
fn says_nothing(name: &str, value: &str) -> bool {
    if matches!(value, "true" | "false") {
        return true;
    }
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (counted, others): (Vec<String>, Vec<String>) = parts(name).into_iter().partition(|part| part == "tokens");
    let is_measured = others.iter().any(|part| MEASURES.contains(&part.as_str()));
    is_measured || (!counted.is_empty() && !stands_for_secret(&others.join("_")))
}

/// A number behind a name with one of these is no secret, but how long or how many those are.
const MEASURES: [&str; 12] =
    ["max", "min", "limit", "count", "budget", "size", "length", "window", "ttl", "timeout", "lifetime", "expires"];

/// The parts of a name in small letters, as signs and capitals set them apart.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        let is_new = !letter.is_alphanumeric() || (was_small && letter.is_uppercase());
        if is_new && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| letter.is_alphanumeric()) {
            part.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase() || letter.is_numeric();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whether_its_value_is_a_secret() {
        for (name, value) in [
            ("API_TOKEN", "abc"),
            ("token", "123456"),
            ("PASSWORD", "1234"),
            ("max-tokens", "abc"),
            ("MAX_TOKENS", "12a"),
            ("AUTH_TOKENS", "123456"),
            ("x-api-key", "1"),
            ("apiKey", "0"),
            ("sshKey", "abc"),
            ("pat", "abc"),
        ] {
            assert!(is_secret(name, value), "{name} {value}");
        }
        for (name, value) in [
            ("max-tokens", "100"),
            ("tokens", "100"),
            ("maxOutputTokens", "8192"),
            ("token-limit", "-1"),
            ("TOKEN_TTL", "3600"),
            ("KEY_SIZE", "2048"),
            ("num_tokens", "5"),
            ("tokenizer", "cl100k_base"),
            ("TOKENIZERS_PARALLELISM", "false"),
            ("USE_TOKEN", "true"),
            ("keyboard", "us"),
            ("monkey", "abc"),
            ("", "abc"),
        ] {
            assert!(!is_secret(name, value), "{name} {value}");
        }
        assert!(is_telling("GitHub-Api-Key", "abc") && !is_telling("KEY", "abc") && !is_telling("MAX_TOKENS", "100"));
    }

    #[test]
    fn a_name_has_parts() {
        assert_eq!(parts("--max-Tokens"), ["max", "tokens"]);
        assert_eq!(parts("maxOutputTokens"), ["max", "output", "tokens"]);
        assert_eq!(parts("X_KEY"), ["x", "key"]);
    }
}
