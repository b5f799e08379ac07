//! Diffs as they are shown.

use super::{Shown, diff};
use crate::syntax::edit::{Edit, apply, places_after};

fn edit(text: &str, old: &str, new: &str) -> Edit {
    let start = text.find(old).expect("it stands there");
    Edit { span: start..start + old.len(), text: new.to_owned() }
}

/// The diff in which these values are masked.
fn shown(text: &str, edits: &[Edit], hidden: &[&str]) -> String {
    let mask = |text: &str| -> Vec<Edit> {
        let all = hidden.iter().flat_map(|value| text.match_indices(value));
        let mut masks: Vec<Edit> =
            all.map(|(at, value)| Edit { span: at..at + value.len(), text: "***".to_owned() }).collect();
        masks.sort_by_key(|mask| mask.span.start);
        masks
    };
    let after = apply(text, edits);
    let gone: Vec<_> = edits.iter().map(|edit| edit.span.clone()).collect();
    let old = Shown::around(text, &gone, |_| mask(text));
    let new = Shown::around(&after, &places_after(edits), |_| mask(&after));
    let diff = diff(&old, edits, &new);
    anstream::adapter::strip_str(&diff).to_string()
}

#[test]
fn changes_are_shown_with_the_lines_around_them() {
    let text = (1..=24).map(|number| format!("line {number}\r\n")).collect::<Vec<_>>().concat();
    let edits =
        [edit(&text, "line 2\r", "two\r\nand a half\r"), edit(&text, "line 5\r", "five\r"), edit(&text, "line 20", "")];
    insta::assert_snapshot!(shown(&text, &edits, &[]));
}

#[test]
fn what_is_added_to_the_end_or_to_nothing_is_shown() {
    let added =
        |text: &str, new: &str| shown(text, &[Edit { span: text.len()..text.len(), text: new.to_owned() }], &[]);
    let all = [added("", "a\n"), added("a\n", "\nb\n"), added("a", "\nb\n"), added("\n", "a"), added("a\r\n", "\r\nb")];
    insta::assert_snapshot!(all.join("--\n"), @r"
    @@ -0,0 +1,1 @@
    +a
    --
    @@ -1,1 +1,3 @@
     a
    +
    +b
    --
    @@ -1,1 +1,2 @@
     a
    +b
    --
    @@ -1,1 +1,2 @@
     
    +a
    --
    @@ -1,1 +1,3 @@
     a
    +
    +b
    ");
}

#[test]
fn masked_values_are_not_shown_and_long_lines_in_part() {
    let text = format!(
        "{{\"a\": \"SECRET\",\n{}\"command\": \"npx\"{}\n\"b\": \"SECRET\nSECRET\"}}",
        "x".repeat(300),
        "y".repeat(300)
    );
    let hidden = ["\"SECRET\"", "\"SECRET\nSECRET\""];
    let shown = shown(&text, &[edit(&text, "npx", "mcp-hook")], &hidden);
    assert!(!shown.contains("SECRET"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_masked_is_masked_in_what_comes_and_goes_and_at_its_ends() {
    let text = "\"run --key SECRET\"\n";
    let moved = [edit(text, "\"run --key SECRET\"", "\"mcp-hook\", \"run --key SECRET\"")];
    insta::assert_snapshot!(shown(text, &moved, &["SECRET"]), @r#"
    @@ -1,1 +1,1 @@
    -"run --key ***"
    +"mcp-hook", "run --key ***"
    "#);
    let half = [edit(text, "RET\"", "RET\" x")];
    insta::assert_snapshot!(shown(text, &half, &["SECRET"]), @r#"
    @@ -1,1 +1,1 @@
    -"run --key ******"
    +"run --key ******" x
    "#);
}
