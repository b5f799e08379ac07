//! Records of sessions that lie or are no records.

use std::fs::{self};

use serde_json::json;

use super::records::{Change, Stage, in_its_place};
use crate::support::Sandbox;
use crate::support::record::edit;

#[test]
fn case_28_what_is_no_file_of_ours_is_refused_as_a_session_record() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    stage.lie(|_, identity| identity["start"] = json!(1));
    let path = stage.session.file("session.json");
    let content = fs::read(&path).unwrap();
    in_its_place(&path, &content, |why| {
        for words in ["status", "stop web", "start x -- true", "restart web"] {
            let said = stage.session.hook(words).expect_code(1).stdout;
            assert!(said.contains("session.json") && said.contains(why) && said.contains("hint: "), "{words}: {said}");
            let said = stage.session.outside(&words.split(' ').take(2).collect::<Vec<_>>());
            assert_ne!(said.code(), 0, "{said}");
        }
        for words in [&["cleanup"][..], &["status", "--all"]] {
            let said = sandbox.hook(words).ok().stderr;
            assert!(said.contains("session.json") && said.contains(why), "{said}");
        }
        stage.innocent.assert_untouched();
    });
    fs::write(&path, content).unwrap();
    stage.end();
}

#[test]
fn case_28_session_record_that_lies_about_its_owner_makes_no_session() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    let path = stage.session.file("session.json");
    let whole = fs::read(&path).unwrap();
    let pid = stage.innocent.process.pid;
    let cases: [(&str, Change<'_>); 7] = [
        ("is gone", &|record| record["owner"] = json!({ "pid": pid, "start": 1 })),
        ("is gone", &|record| record["owner"]["start"] = json!(1)),
        ("is gone", &|record| record["host"]["boot"] = json!("another")),
        ("another pid namespace", &|record| record["host"]["namespace"] = json!("pid:[1]@1")),
        ("another host", &|record| {
            record["host"]["name"] = json!("another");
            record["host"]["boot"] = json!("another");
        }),
        ("it is a session of user 12345", &|record| record["user"] = json!(12345)),
        ("it is the record of pts9-1-aaaa", &|record| record["id"] = json!("pts9-1-aaaa")),
    ];
    for (why, change) in cases {
        edit(&path, change);
        let said = stage.session.outside(&["start", "x", "--", "sleep", "1000"]);
        assert!(said.stderr.contains(why) && said.stderr.contains("hint: "), "{said}");
        sandbox.hook(["cleanup", "--dry-run"]).ok();
        sandbox.hook(["status", "--all"]).ok();
        stage.innocent.assert_untouched();
        fs::write(&path, &whole).unwrap();
    }
    stage.session.hook("status").ok();
    stage.end();
}
