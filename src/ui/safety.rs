//! Whatever names and texts hold, what is shown has the same lines, and obeys nobody but us.

use anstream::adapter::strip_str;
use anyhow::Context;
use proptest::prelude::*;

use super::{checked, clients, definitions, details, error_text, findings, review, table};
use crate::app::clients::{ClientView, FileView as ClientFileView, ServerView as ClientServerView, Way};
use crate::app::doctor::Finding;
use crate::client::scope::Scope;
use crate::definition::allowed::Permission;
use crate::definition::catalogue::DefinitionState;
use crate::definition::check::Checked;
use crate::definition::document::Origin;
use crate::definition::review::{EntryRole, ReplacedServer, Review, ReviewRow, ReviewedEntry, RowValue};
use crate::definition::view::{DefinitionView, FileView};
use crate::failure::{Hint, listed};
use crate::server::endpoint::Endpoint;
use crate::server::settings::LauncherPolicy;
use crate::session::view::{OwnerView, RecordView, ServerView, SessionView, StateView, UsageSum};
use crate::text::is_plain;

const CALM: &str = "calm";

fn server(text: &str) -> ServerView {
    let many = || vec![text.to_owned(), text.to_owned()];
    let record = RecordView {
        command: many(),
        source: Some(text.into()),
        endpoint: Some(Endpoint { number: 1, url: Some(text.to_owned()), shown: None, address: None, public: false }),
        log: text.into(),
        ..RecordView::blank()
    };
    let state = StateView::Failed { reason: text.to_owned(), exit: None, last_words: many() };
    let blank = ServerView::new("web".parse().expect("a name"), state);
    ServerView { warnings: many(), record: Some(record), ..blank }
}

fn session(text: &str) -> SessionView {
    SessionView {
        id: "pts3-1-a".to_owned(),
        current: true,
        owner: OwnerView { pid: 1, alive: true, place: None },
        tty: Some(text.into()),
        shell: text.to_owned(),
        created: 0,
        sum: UsageSum::default(),
        servers: vec![server(text)],
    }
}

fn file(text: &str, error: Option<&str>) -> FileView {
    let server = DefinitionView {
        name: text.to_owned(),
        state: DefinitionState::Broken(text.to_owned()),
        command: Some(vec![text.to_owned(), text.to_owned()]),
        url: Some(text.to_owned()),
        port: None,
        autostart: true,
        launcher: LauncherPolicy::default(),
    };
    let error = error.map(str::to_owned);
    let notes = vec![text.to_owned()];
    FileView {
        file: text.into(),
        origin: Origin::Project,
        permission: Permission::Changed,
        notes,
        error,
        servers: vec![server],
    }
}

fn reviewed(text: &str) -> Review {
    let row = |value| ReviewRow { key: text.to_owned(), value };
    let entry = |role| ReviewedEntry {
        name: text.to_owned(),
        role,
        rows: vec![row(RowValue::Text(text.to_owned())), row(RowValue::Words(vec![text.to_owned(), text.to_owned()]))],
        replaces: Some(ReplacedServer { file: text.into(), command: vec![text.to_owned()] }),
        risks: vec![text.to_owned()],
    };
    let entries = vec![entry(EntryRole::Server), entry(EntryRole::Broken(text.to_owned()))];
    Review { file: text.into(), target: Some(text.into()), entries, unknown: Some(text.to_owned()) }
}

fn client(text: &str, error: Option<&str>) -> ClientView {
    let server = |reason: Option<&str>| ClientServerView {
        name: text.to_owned(),
        scope: Scope::Local,
        disabled: true,
        way: Way::Direct,
        command: vec![text.to_owned(), text.to_owned()],
        reason: reason.map(str::to_owned),
    };
    let servers = vec![server(None), server(Some(text))];
    let file = ClientFileView { path: text.to_owned(), error: error.map(str::to_owned), written: true, servers };
    ClientView { id: "codex", name: "Codex", files: vec![file] }
}

/// Everything that is shown, about a text that others chose.
fn shown(text: &str) -> Vec<String> {
    let lines = || vec![text.to_owned(), text.to_owned()];
    let (name, hint) = (Some(text.to_owned()), Some(text.to_owned()));
    let checked = Checked { name, file: text.into(), problems: lines(), warnings: lines(), hint };
    let chain = || Err::<(), _>(anyhow::anyhow!("{text}")).with_context(|| text.to_owned());
    vec![
        table::sessions(&[session(text)], true, None),
        details::details(&server(text)),
        review::review(&reviewed(text)),
        definitions::files(&[file(text, None), file(text, Some(text))]),
        clients::clients(&[client(text, None), client(text, Some(text))]),
        checked::servers(&[checked]),
        findings::findings(&[Finding::problem("root", text, text)]),
        error_text(&chain().hint(|| text.to_owned()).expect_err("an error")),
        error_text(&listed(text.to_owned(), lines(), text)),
    ]
}

proptest! {
    #[test]
    fn no_text_of_others_moves_hides_or_forges_anything(
        text in prop_oneof![any::<String>(), "(\u{1b}\\[[0-9;]{0,3}[mJH]|\n|\r|\u{202e}|\u{200b}|\u{e0041}|[a-z]){1,9}"]
    ) {
        for (shown, calm) in shown(&text).iter().zip(shown(CALM)) {
            prop_assert_eq!(shown.matches('\n').count(), calm.matches('\n').count(), "{:?}", shown);
            let bare = strip_str(shown).to_string();
            let is_kept = |it: char| is_plain(it) || matches!(it, '\n' | '\t' | '\u{fe0e}' | '\u{fe0f}');
            prop_assert!(bare.chars().all(is_kept), "{:?}", bare);
        }
    }
}
