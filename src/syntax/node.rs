//! What stands in a text, and where.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From its first byte to behind its last one.
    pub span: Range<usize>,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Fields(Vec<Field>),
    Items(Vec<Node>),
    /// A string, without quotes and escapes.
    Text(String),
    Flag(bool),
    /// A number, a date, or nothing.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// Where the name stands, quotes included.
    pub key: Range<usize>,
    pub value: Node,
}

/// There is more than one field of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} stands there more than once")]
pub struct StandsTwice(pub String);

impl Node {
    /// What a text of this length holds that holds nothing.
    pub fn nothing(length: usize) -> Self {
        Self { span: 0..length, content: Content::Fields(Vec::new()) }
    }

    pub fn fields(&self) -> Option<&[Field]> {
        match &self.content {
            Content::Fields(fields) => Some(fields),
            _ => None,
        }
    }

    pub fn items(&self) -> Option<&[Self]> {
        match &self.content {
            Content::Items(items) => Some(items),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The field of this name; the last one, if there are several, as most clients have it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields()?.iter().rfind(|field| field.name == name)
    }

    /// The only field of this name.
    ///
    /// # Errors
    /// When there are several: it is not clear which one counts.
    pub fn only(&self, name: &str) -> Result<Option<&Field>, StandsTwice> {
        let mut found = self.fields().unwrap_or_default().iter().filter(|field| field.name == name);
        let first = found.next();
        if found.next().is_some() { Err(StandsTwice(name.to_owned())) } else { Ok(first) }
    }

    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| Some(&node.field(name)?.value))
    }

    /// Moves everything to the right.
    pub fn shift(&mut self, by: usize) {
        let shifted = |span: &Range<usize>| span.start + by..span.end + by;
        self.span = shifted(&self.span);
        match &mut self.content {
            Content::Fields(fields) => fields.iter_mut().for_each(|field| {
                field.key = shifted(&field.key);
                field.value.shift(by);
            }),
            Content::Items(items) => items.iter_mut().for_each(|item| item.shift(by)),
            Content::Text(_) | Content::Flag(_) | Content::Other => {}
        }
    }
}
