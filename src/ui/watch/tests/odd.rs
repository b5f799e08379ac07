//! Windows of any size, and texts that want more than to be read.

use proptest::prelude::*;

use super::{NOW, drawn, server, session, stopped_for};
use crate::session::view::ServerView;
use crate::text::is_plain;
use crate::ui::watch::state::{Message, State};

proptest! {
    #[test]
    fn no_size_is_too_small_or_too_odd(width in 1_u16..130, height in 1_u16..40, count in 0_usize..30, all: bool, down in 0_isize..40) {
        let servers = (0..count).map(|number| server(&format!("s{number}"), 1 << number, 1.0)).collect();
        let mut state = State::new(all, true);
        state.update(vec![session("pts3-4800-k7f2", servers)], NOW);
        state.log = vec!["ä wide 漢字 line".repeat(20); 50];
        state.message = Some(Message::Failed("could not".to_owned()));
        state.select(down);
        let text = drawn(&state, width, height);
        prop_assert!(text.lines().count() <= usize::from(height));
    }
}

proptest! {
    #[test]
    fn no_text_of_others_is_more_than_shown(
        text in "([ -~]|\u{1b}\\[[0-9;]{0,3}[mJH]|\n|\r|\t|\u{9b}|\u{202e}|\u{200b}|\u{ad}|\u{e0041}|ü|你){0,20}"
    ) {
        let evil = ServerView { warnings: vec![text.clone()], ..stopped_for("web", &text) };
        let mut state = State::new(true, true);
        state.update(vec![session(&text, vec![evil])], NOW);
        state.log = vec![text.clone(), text.clone()];
        state.message = Some(Message::Failed(text));
        let shown = drawn(&state, 80, 24);
        prop_assert!(shown.chars().all(|it| it == '\n' || is_plain(it)), "{:?}", shown);
    }
}
