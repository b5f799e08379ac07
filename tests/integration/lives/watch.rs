//! `start --watch`: a server in the background is started again when its files change.

use std::fs;

use serde_json::{Value, json};

use crate::support::{BackgroundSession, Sandbox, wait};

/// Says which one it is and lives on.
fn program(line: &str) -> String {
    format!("echo {line}\nexec sleep 1000\n")
}

struct Developer<'s> {
    sandbox: &'s Sandbox,
    session: &'s BackgroundSession<'s>,
}

impl Developer<'_> {
    fn save(&self, text: &str) {
        let draft = self.sandbox.write("home/draft", text);
        fs::rename(draft, self.sandbox.path("home/server.sh")).unwrap();
    }

    #[track_caller]
    fn await_record(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        wait::try_until(|| self.session.record("web").filter(&is_so))
            .unwrap_or_else(|| panic!("waited in vain for {what}: {:?}", self.session.record("web")))
    }

    /// Waits until it runs and has said this.
    #[track_caller]
    fn await_line(&self, line: &str) {
        wait::until(line, || self.log().contains(&format!(" out {line}\n")).then_some(()));
        self.await_record("it to be ready", |record| record["state"]["ready"] == true);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.sandbox.runtime().join("logs").join(&self.session.id).join("web.log"))
            .unwrap_or_default()
    }
}

fn start_arguments<'a>(options: &[&'a str]) -> Vec<&'a str> {
    let watch = ["--watch", "server.sh", "--ready-log", "^v[0-9]"];
    [&watch, options, &["web", "--", "sh", "server.sh"]].concat()
}

#[test]
fn every_saved_change_starts_it_again_and_a_mistake_is_waited_for() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let it = Developer { sandbox: &sandbox, session: &session };
    it.save(&program("v1"));
    session.hook("start", &start_arguments(&[])).ok();
    it.save(&program("v2"));
    it.await_line("v2");
    let seen = sandbox.server("web").unwrap();
    assert_eq!(seen["restarts"], 1, "{seen}");
    assert_eq!(
        (&seen["last_exit"]["reason"], &seen["last_exit"]["changed"]),
        (&json!("file-changed"), &json!("server.sh"))
    );
    let shown = session.hook("status", &["web"]).ok().stdout;
    assert!(shown.contains("a watched file changed (server.sh), signal 15; started again 1 time"), "{shown}");
    assert!(it.log().contains("ended because a watched file changed (server.sh): signal 15"), "{}", it.log());

    it.save("exit 3\n");
    let record = it.await_record("the last attempt", |record| record["state"]["is"] == "idle");
    assert_eq!(record["state"]["cause"], "it failed 5 times within 60 s, last with exit status 3");
    let shown = session.hook("status", &["web"]).expect_code(3).stdout;
    assert!(shown.contains("failed"), "{shown}");
    let taken = session.hook("start", &start_arguments(&[])).expect_code(1).stderr;
    assert!(taken.contains("it has ended and is started again when it is wanted"), "{taken}");
    it.save(&program("v3"));
    it.await_line("v3");
    assert!(it.log().contains("started again because a watched file changed (server.sh)"), "{}", it.log());
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn only_a_change_starts_it_again_if_that_is_all_that_shall() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let it = Developer { sandbox: &sandbox, session: &session };
    it.save(&program("v1"));
    session.hook("start", &start_arguments(&["--restart", "no"])).ok();
    it.save("echo v2; exit 3\n");
    let record = it.await_record("its end", |record| record["state"]["is"] == "idle");
    assert_eq!(
        (&record["restarts"], &record["state"]["cause"]),
        (&json!(1), &json!("it ended by itself: exit status 3"))
    );
    it.save("exit 0\n");
    let record = it.await_record("its end", |record| record["state"]["is"] == "idle" && record["restarts"] == 2);
    assert_eq!(record["state"]["cause"], Value::Null, "{record}");
    session.hook("restart", &["web"]).expect_code(1);
    it.save(&program("v4"));
    it.await_line("v4");
    session.hook("stop", &["web"]).ok();
    session.hook("restart", &["web"]).ok();
    it.save(&program("v5"));
    it.await_line("v5");
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_first_start_that_fails_is_final_and_the_session_ends_what_waits() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    Developer { sandbox: &sandbox, session: &session }.save("exit 3\n");
    session.hook("start", &start_arguments(&[])).expect_code(1);
    session.assert_only_shell_left();
    let it = Developer { sandbox: &sandbox, session: &session };
    it.save(&program("v1"));
    session.hook("start", &start_arguments(&["--restart", "no"])).ok();
    it.save("exit 3\n");
    it.await_record("its end", |record| record["state"]["is"] == "idle");
    session.kill_shell();
    sandbox.assert_clean();
}
