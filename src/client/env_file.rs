//! Files of variables, a line each: `NAME=value`.

pub fn variables(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(assignment).collect()
}

fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
    let value = value.trim();
    let inner = |quote| value.strip_prefix(quote).and_then(|it: &str| it.strip_suffix(quote));
    let value = inner('"').or_else(|| inner('\'')).unwrap_or(value);
    Some((name.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_file_of_variables_is_read() {
        for (line, expected) in
            [("A=b", Some(("A", "b"))), (" export A = \"b c\" ", Some(("A", "b c"))), ("# A=b", None), ("", None)]
        {
            assert_eq!(assignment(line), expected.map(|(name, value)| (name.to_owned(), value.to_owned())), "{line}");
        }
    }
}
