//! The shells: what each of them is, and what is printed for it to evaluate. A new one is a file like `zsh` and a line in
//! [`Shell::ALL`]; one that reads no known syntax brings its own, as `fish` does.

mod bash;
pub mod export;
mod fish;
mod homes;
mod interactive;
mod opened;
mod posix;
mod spec;
pub mod stale;
mod startup;
pub mod syntax;
mod zsh;

use clap::ValueEnum;
use clap::builder::PossibleValue;

pub use self::homes::Homes;
pub use self::interactive::Seen;
pub use self::opened::Opened;
pub use self::spec::Shell;
pub use self::startup::{HookLine, hook_lines};
use self::syntax::Syntax;

impl Shell {
    pub const ALL: [&'static Self; 3] = [&bash::SHELL, &zsh::SHELL, &fish::SHELL];

    /// The shell whose program is called so: `bash`, `-zsh`.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|shell| shell.name == name.trim_start_matches('-'))
    }
}

impl Syntax {
    pub const ALL: [&'static Self; 2] = [&posix::SYNTAX, &fish::SYNTAX];

    /// What a shell reads by the name of its program; one without a hook is taken for a relative of sh.
    pub fn of_program(name: &str) -> &'static Self {
        Shell::named(name).map_or(&posix::SYNTAX, |shell| shell.syntax)
    }
}

impl ValueEnum for &'static Shell {
    fn value_variants<'a>() -> &'a [Self] {
        &Shell::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name).help(self.about))
    }
}

impl ValueEnum for &'static Syntax {
    fn value_variants<'a>() -> &'a [Self] {
        &Syntax::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name).help(self.about))
    }
}
