//! The hooks in real shells on real terminals.

/// Makes a test of each function for each shell: `mod bash { #[test] fn NAME() }` and so on.
macro_rules! in_each_shell {
    ($($test:ident)*) => {
        in_shell! { bash Bash $($test)* }
        in_shell! { zsh Zsh $($test)* }
        in_shell! { fish Fish $($test)* }
    };
}

/// The same for one shell.
macro_rules! in_shell {
    ($module:ident $shell:ident $($test:ident)*) => {
        mod $module {
            $(#[test]
            fn $test() {
                super::$test($crate::support::Shell::$shell);
            })*
        }
    };
}

pub(crate) use {in_each_shell, in_shell};

mod cases;
mod exit;
mod fixture;
mod hints;
mod hook;
mod log;
mod options;
mod original;
mod other_user;
mod quiet;
mod session;
mod state;
mod tmux;
mod traps;
