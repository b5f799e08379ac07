//! The container of a server, as `status` tells of it.

use serde::Serialize;

use crate::container::Container;

/// The container of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerView {
    /// Its id, once its client has written it down.
    pub id: Option<String>,
    /// The client of its engine.
    pub engine: String,
    /// Whether it should have ended but is still there.
    pub left: bool,
    /// Why it is, and what would end it.
    #[serde(skip)]
    pub complaint: Option<String>,
}

impl ContainerView {
    /// The container of a server that runs, or what is left of one that has ended.
    pub fn of(container: &Container, is_over: bool) -> Option<Self> {
        let left = container.is_left();
        let id = if left { container.left.first().cloned() } else { container.id() };
        let complaint = left.then(|| format!("{}; to end it: {}", container.complaint(), container.remedy()));
        (left || !is_over).then(|| Self { id, engine: container.engine.name(), left, complaint })
    }
}
